"""What a project does before and after a submit: functions in its ``tasks.py`` or ``fabfile.py``.

``pre_submit(topology_name, env_name, env_config, options)`` runs before anything is made or sent,
``post_submit`` (same arguments) when Nimbus has the topology and the tunnel to it is still open.
Both may stand in both files; then those of ``tasks.py`` come first. Those that streamparse 2 wrote
take no ``options``.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..exceptions import ProjectError
from .loading import import_file, on_path

__all__ = ["POST_SUBMIT", "PRE_SUBMIT", "Hooks"]

PRE_SUBMIT = "pre_submit"
POST_SUBMIT = "post_submit"
_FILES = ("tasks.py", "fabfile.py")


class Hooks:
    """The hooks of the project in the folder ``root``.

    A file is only run if it speaks of a hook: what else old projects keep there may need packages
    that are long gone.

    :raises ProjectError: such a file cannot be run; names file, line and a package that it lacks.
    """

    def __init__(self, root: Path) -> None:
        self._hooks: dict[str, list[tuple[Path, Callable[..., Any]]]] = {
            PRE_SUBMIT: [],
            POST_SUBMIT: [],
        }
        for path in (root / name for name in _FILES):
            if path.is_file() and self._speaks_of_hooks(path):
                self._read(path)

    def _speaks_of_hooks(self, path: Path) -> bool:
        source = path.read_text(encoding="utf-8", errors="replace")
        return any(name in source for name in self._hooks)

    def _read(self, path: Path) -> None:
        on_path(path.parent)
        try:
            module = import_file(path, f"pykafka_storm_hooks_{path.stem}")
        except ProjectError as error:
            if isinstance(error.__cause__, ModuleNotFoundError):
                package = error.__cause__.name
                raise ProjectError(
                    f"{error}: {path.name} holds hooks and needs {package}: install it beside"
                    f" pykafka, or take {PRE_SUBMIT} and {POST_SUBMIT} out of that file"
                ) from error
            raise
        for name, hooks in self._hooks.items():
            hook = getattr(module, name, None)
            if callable(hook):
                hooks.append((path, hook))

    def pre_submit(
        self,
        topology_name: str,
        env_name: str,
        env_config: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Call what is to run before the submit.

        :raises ProjectError: a hook raised; nothing was submitted.
        """
        self._call(PRE_SUBMIT, topology_name, env_name, env_config, options)

    def post_submit(
        self,
        topology_name: str,
        env_name: str,
        env_config: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Call what is to run after the submit.

        :raises ProjectError: a hook raised; the topology was submitted all the same.
        """
        self._call(POST_SUBMIT, topology_name, env_name, env_config, options)

    def _call(self, name: str, *arguments: Any) -> None:
        for path, hook in self._hooks[name]:
            try:
                hook(*arguments[: _takes(hook, len(arguments))])
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                raise ProjectError(
                    f"{name} of {path} raised {type(error).__name__}: {error}"
                    f" ({last.filename}:{last.lineno})"
                ) from error


def _takes(hook: Callable[..., Any], there: int) -> int:
    """How many of the arguments that there are a hook takes: all, or all but the options."""
    try:
        inspect.signature(hook).bind(*range(there))
    except TypeError:
        return there - 1
    return there
