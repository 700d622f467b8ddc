"""From a file in ``topologies/`` to the topology it describes."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..exceptions import ProjectError, TopologyError
from ..topology import Topology

__all__ = ["import_file", "load_topology_file", "module_name", "on_path"]


def on_path(folder: Path) -> None:
    """Have modules of this folder found first, from now on."""
    place = str(folder)
    if sys.path[:1] != [place]:
        sys.path[:] = [place, *(entry for entry in sys.path if entry != place)]
        importlib.invalidate_caches()


def import_file(path: Path, name: str) -> ModuleType:
    """Run a file of Python as the module ``name``.

    :raises ProjectError: it cannot be run; names file, line and error.
    :raises TopologyError: a topology in it has mistakes; each names file and line.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ProjectError(f"{path}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _mistakes_located(path, name):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _mistakes_located(path: Path, name: str) -> Iterator[None]:
    try:
        yield
    except TopologyError as error:
        sys.modules.pop(name, None)
        place = _place(error, path)
        mistakes = [f"{place}: {mistake}" for mistake in error.mistakes]
        raise type(error)(mistakes) from error
    except SyntaxError as error:
        sys.modules.pop(name, None)
        place = f"{error.filename or path}:{error.lineno}"
        raise ProjectError(f"{place}: {type(error).__name__}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise ProjectError(f"{_place(error, path)}: {_told(error)}") from error


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def _place(error: BaseException, path: Path) -> str:
    """The line that led to the error: the last one in the project's own files."""
    project = path.resolve().parent.parent
    place = str(path)
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).resolve().is_relative_to(project):
            place = f"{frame.filename}:{frame.lineno}"
    return place


def module_name(path: Path) -> str:
    """The name of the module that a topology's file is run as.

    One of its own: "wordcount" may well be a package in ``src/``.
    """
    return f"pykafka_storm_topology_{path.stem}"


def load_topology_file(
    path: Path, source: Path, options: Mapping[str, Any] | None = None
) -> type[Topology]:
    """The topology (a class) that a ``.py`` or ``.clj`` file describes.

    :param source: the folder of the components (``src/``), which stays on ``sys.path``:
        components may import more of it when they run.
    :param options: Storm's options, which a ``.clj`` may ask for.
    :raises ProjectError: the file cannot be run, or holds none or several topologies.
    :raises TopologyError: the topology has mistakes.
    """
    on_path(source)
    if path.suffix == ".clj":
        from ..clojure import load_clj

        return load_clj(path, options)
    module = import_file(path, module_name(path))
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    found = [
        one for one in dict.fromkeys(classes) if issubclass(one, Topology) and one is not Topology
    ]
    here = [topology for topology in found if topology.__module__ == module.__name__]
    return _only_one(path, here or found)


def _only_one(path: Path, found: list[type[Topology]]) -> type[Topology]:
    """The one that no other inherits from."""
    last = [one for one in found if not any(one in other.__mro__[1:] for other in found)]
    if not last:
        raise ProjectError(f"{path}: holds no topology (a class derived from Topology)")
    if len(last) > 1:
        names = ", ".join(sorted(topology.__name__ for topology in last))
        raise ProjectError(f"{path}: holds several topologies ({names}): give each its own file")
    return last[0]
