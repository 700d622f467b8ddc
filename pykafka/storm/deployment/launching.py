"""How a worker starts a component under each of the deployments.

Storm gives a program exactly two words. Python takes the program text right after ``-c``, so these
two are enough, without a script on the worker. The working directory is the jar's ``resources/``,
which ``-c`` has on ``sys.path``.
"""

from __future__ import annotations

from ..topology.launcher import Launcher
from .unpack import RUNNER

__all__ = ["FALLBACK", "MODULE", "existing", "installed", "packed"]

#: The name of ``unpack.py`` in the jar's ``resources/``.
MODULE = "pykafka_unpack"
#: The folder of ``resources/`` with the pykafka that is used if the interpreter has none.
FALLBACK = "pykafka_fallback"


def packed(interpreter: str = "python3", serializer: str = "json") -> Launcher:
    """For components whose packages are wheels in the jar.

    :param interpreter: any Python from 3.10 on that the wheels are for: a path or a name.
    """
    arguments = _arguments(serializer)
    return Launcher(interpreter, f"-cimport {MODULE}; {MODULE}.main({arguments})")


def installed(interpreter: str, serializer: str = "json") -> Launcher:
    """For components whose interpreter (its path on the workers) has pykafka."""
    return Launcher(interpreter, "-c" + RUNNER.format(_arguments(serializer)))


def existing(interpreter: str, serializer: str = "json") -> Launcher:
    """For components whose interpreter may have pykafka.

    If it has none, the one that went along in the jar is used.
    """
    path = f"import sys; sys.path.append({FALLBACK!r}); "
    return Launcher(interpreter, f"-c{path}" + RUNNER.format(_arguments(serializer)))


def _arguments(serializer: str) -> str:
    path = "'{class_path}'"
    return path if serializer == "json" else f"{path}, serializer={serializer!r}"
