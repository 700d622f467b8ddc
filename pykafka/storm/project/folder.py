"""A project: a folder with ``config.json``, ``topologies/``, ``src/`` and ``virtualenvs/``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..exceptions import ConfigError, ProjectError
from ..topology import Topology
from .configuration import PROJECT, default_of, read_configuration
from .environment import Environment
from .loading import load_topology_file, module_name

__all__ = ["CONFIG_FILE", "Project"]

CONFIG_FILE = "config.json"
_SUFFIXES = (".py", ".clj")


class Project:
    """What a project's folder holds.

    :ivar root: the folder.
    :ivar config_path: the ``config.json`` that was read.
    :ivar config: its content.

    :param config_path: another file in the place of the folder's ``config.json``.
    :raises ConfigError: the file is not what it should be; tells all mistakes.
    """

    def __init__(self, root: Path | str, config_path: Path | str | None = None) -> None:
        self.root = Path(root).resolve()
        self.config_path = Path(config_path) if config_path else self.root / CONFIG_FILE
        self.config = read_configuration(self.config_path)

    @classmethod
    def find(
        cls, start: Path | str | None = None, config_path: Path | str | None = None
    ) -> Project:
        """The project that the folder ``start`` (default: the current one) belongs to.

        That is the nearest folder, going up, which has a ``config.json``.

        :raises ProjectError: there is none.
        :raises ConfigError: its file is not what it should be.
        """
        start = Path(start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / CONFIG_FILE).is_file():
                return cls(folder, config_path)
        if config_path:
            return cls(start, config_path)
        raise ProjectError(
            f"{start}: neither this folder nor one above it has a {CONFIG_FILE}: go to a project's"
            " folder, or make a project (pykafka storm quickstart NAME)"
        )

    def _get(self, key: str) -> Any:
        value = self.config.get(key)
        return default_of(PROJECT[key]) if value in (None, "") else value

    @property
    def source(self) -> Path:
        """The folder of the components: its content goes into the jar."""
        return self.root / "src"

    @property
    def environments(self) -> list[str]:
        """The names of the environments."""
        return list(self._get("envs") or {})

    def environment(self, name: str | None = None) -> Environment:
        """The environment of that name; without a name the only one there is.

        :raises ConfigError: there is none of that name, or several to choose from.
        """
        if name is None:
            name = self._only(self.environments, "environment", "an environment with -e")
        elif name not in self.environments:
            raise ConfigError(self._none_of("environment", name, self.environments))
        return Environment(
            name,
            self.config["envs"][name],
            serializer=self._get("serializer"),
            where=f"{self.config_path}: envs.{name}",
        )

    def topologies(self) -> dict[str, Path]:
        """The files of the topologies, by name.

        :raises ProjectError: the folder does not exist, or holds one name twice.
        """
        folder = self.root / self._get("topology_specs")
        if not folder.is_dir():
            raise ProjectError(f"{folder}: there is no such folder (topology_specs)")
        found: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            if path.suffix not in _SUFFIXES or path.name.startswith(("_", ".")):
                continue
            if path.stem in found:
                raise ProjectError(
                    f"{folder}: both {found[path.stem].name} and {path.name} are the topology"
                    f" {path.stem}: rename or remove one"
                )
            found[path.stem] = path
        return found

    def topology_name(self, name: str | None = None) -> str:
        """The name of a topology that exists; without ``name`` that of the only one there is.

        :raises ProjectError: there is none of that name, or several to choose from.
        """
        names = list(self.topologies())
        if name is None:
            return self._only(names, "topology", "a topology with -n")
        if name not in names:
            raise ProjectError(self._none_of("topology", name, names))
        return name

    def load_topology(
        self, name: str | None = None, options: Mapping[str, Any] | None = None
    ) -> type[Topology]:
        """The topology (a class) that ``topologies/NAME.py`` or ``NAME.clj`` describes.

        :param options: Storm's options, which a ``.clj`` may ask for.
        :raises ProjectError: there is no such file, or it cannot be run; names file and line.
        :raises TopologyError: the topology has mistakes; each names file and line.
        """
        path = self.topologies()[self.topology_name(name)]
        return load_topology_file(path, self.source, options)

    def topology_resources(self, name: str | None = None) -> dict[str, bytes | Path]:
        """What the jar's ``resources/`` need so that workers find components that are defined in
        the topology's own file.

        :raises ProjectError: there is no such topology.
        """
        path = self.topologies()[self.topology_name(name)]
        return {f"{module_name(path)}.py": path} if path.suffix == ".py" else {}

    def requirements(
        self, topology: str, environment: Environment, more: Sequence[Path | str] = ()
    ) -> list[Path]:
        """The files that say what a topology needs to be installed.

        Those that the command line names (``more``), else the environment's, else
        ``virtualenvs/NAME.txt`` (the name of the virtual environment, or of the topology).

        :raises ProjectError: one that is named does not exist.
        """
        if more:
            return self._existing(Path(path) for path in more)
        if named := environment.texts("requirements"):
            return self._existing(self.root / path for path in named)
        folder = self.root / self._get("virtualenv_specs")
        names = [environment.get("virtualenv_name"), topology]
        found = [folder / f"{name}.txt" for name in names if name]
        return [path for path in found if path.is_file()][:1]

    @staticmethod
    def _existing(paths: Iterable[Path]) -> list[Path]:
        paths = list(paths)
        if lacking := [str(path) for path in paths if not path.is_file()]:
            raise ProjectError(f"no such requirement file: {', '.join(lacking)}")
        return paths

    def wheel_folders(self, environment: Environment) -> list[Path]:
        """The folders in which pip finds wheels beside the index.

        :raises ProjectError: one does not exist.
        """
        folders = [self.root / folder for folder in environment.texts("wheels")]
        if lacking := [str(folder) for folder in folders if not folder.is_dir()]:
            raise ProjectError(f"no such folder of wheels: {', '.join(lacking)}")
        return folders

    def _only(self, names: list[str], what: str, choose: str) -> str:
        if len(names) == 1:
            return names[0]
        error = ConfigError if what == "environment" else ProjectError
        if not names:
            raise error(f"{self.root}: there is no {what} in this project")
        raise error(f"{self.root}: choose {choose}: there is {', '.join(names)}")

    def _none_of(self, what: str, name: str, names: list[str]) -> str:
        near = difflib.get_close_matches(name, names)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"{self.root}: no {what} {name!r}: {hint}there is {', '.join(names) or 'none'}"
