"""How a worker starts a component: a command and its only argument, as Storm takes them.

Storm gives a program exactly two words. Python takes the program text right after ``-c``, so these
two are enough, without a script on the worker. The working directory is the jar's ``resources/``,
which ``-c`` has on ``sys.path``.
"""

from __future__ import annotations

from .unpack import RUNNER

__all__ = ["FALLBACK", "MODULE", "existing", "installed", "packed"]

#: The name of ``unpack.py`` in the jar's ``resources/``.
MODULE = "pykafka_unpack"
#: The folder of ``resources/`` with the pykafka that is used if the interpreter has none.
FALLBACK = "pykafka_fallback"


def packed(
    class_path: str, interpreter: str = "python3", serializer: str = "json"
) -> tuple[str, str]:
    """Command and script for a component whose packages are wheels in the jar.

    :param class_path: ``module.Class``.
    :param interpreter: any Python from 3.10 on that the wheels are for: a path or a name.
    """
    return interpreter, f"-cimport {MODULE}; {MODULE}.main({_arguments(class_path, serializer)})"


def installed(class_path: str, interpreter: str, serializer: str = "json") -> tuple[str, str]:
    """Command and script for a component whose interpreter has pykafka.

    :param interpreter: its path on the workers.
    """
    return interpreter, "-c" + RUNNER.format(_arguments(class_path, serializer))


def existing(class_path: str, interpreter: str, serializer: str = "json") -> tuple[str, str]:
    """Command and script for a component whose interpreter may have pykafka.

    If it has none, the one that went along in the jar is used.
    """
    path = f"import sys; sys.path.append({FALLBACK!r}); "
    return interpreter, f"-c{path}" + RUNNER.format(_arguments(class_path, serializer))


def _arguments(class_path: str, serializer: str) -> str:
    if serializer == "json":
        return repr(class_path)
    return f"{class_path!r}, serializer={serializer!r}"
