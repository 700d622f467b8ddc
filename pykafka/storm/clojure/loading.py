"""Files with topologies: which of their definitions is one, and the class that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..exceptions import TopologyError
from ..topology.specs import ComponentSpec
from ..topology.topology import Topology, TopologyType
from .forms import Form
from .reader import read_forms
from .scope import Scope
from .translation import bolt_of, spout_of

__all__ = ["load_clj", "topology_of"]

#: Forms at the top of a file that say nothing on its topology.
_SILENT = ("ns", "in-ns", "use", "require", "import", "comment")


def load_clj(path: str | Path, options: Mapping[str, Any] | None = None) -> type[Topology]:
    """The topology of a ``.clj`` file of streamparse 1 or 2. Nothing in it is executed.

    :param path: the file. If it defines several, the topology that is called as the file is meant.
    :param options: what ``(get options "name" default)`` finds.
    :raises TopologyError: it says what is not understood here, or describes what Storm could not
        run. Each mistake begins with file and line.
    :raises OSError: the file cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TopologyError(f"{path}: is not UTF-8: {error}") from error
    return topology_of(text, str(path), options)


def topology_of(text: str, file: str, options: Mapping[str, Any] | None = None) -> type[Topology]:
    """As :func:`load_clj`, of a text.

    :param file: the name of the file that it is from.
    """
    definitions = _Definitions(read_forms(text, file), file)
    name, parts, parameter = definitions.chosen()
    scope = Scope(file, options or {}, parameter, definitions.constants)
    mistakes: list[str] = []
    spouts = _components(parts[0], spout_of, scope, mistakes)
    bolts = _components(parts[1], bolt_of, scope, mistakes)
    if mistakes:
        raise TopologyError(mistakes)
    namespace = {"spouts": spouts, "bolts": bolts, "__qualname__": name}
    try:
        made: type[Topology] = TopologyType(name, (Topology,), namespace)  # type: ignore[assignment]  # a subclass of Topology
    except TopologyError as error:
        lines = {form.value: form.line for part in parts for form, _ in part.value}
        raise TopologyError([_placed(each, file, lines) for each in error.mistakes]) from error
    return made


def _components(
    part: Form,
    make: Callable[[str, Form, Scope], ComponentSpec],
    scope: Scope,
    mistakes: list[str],
) -> list[ComponentSpec]:
    made = []
    for key, form in part.value:
        try:
            made.append(make(scope.string(key, "the name of a component"), form, scope))
        except TopologyError as error:
            mistakes += error.mistakes
        except (TypeError, ValueError) as error:
            mistakes.append(scope.at(form, f"{key}: {error}"))
    return made


def _placed(mistake: str, file: str, lines: Mapping[str, int]) -> str:
    line = lines.get(mistake.partition(":")[0])
    return f"{file}: {mistake}" if line is None else f"{file}:{line}: {mistake}"


class _Definitions:
    """What the forms of a file define.

    :ivar constants: names of plain data.
    """

    def __init__(self, forms: Sequence[Form], file: str) -> None:
        self._file = file
        self.constants: dict[str, Form] = {}
        #: Each topology's two maps, and the name of its parameter.
        self._topologies: dict[str, tuple[Sequence[Form], str | None]] = {}
        for form in forms:
            self._define(form)

    def chosen(self) -> tuple[str, Sequence[Form], str | None]:
        """The file's topology: its name, its two maps, and the name of its parameter."""
        names = list(self._topologies)
        stem = Path(self._file).stem
        if not names:
            raise TopologyError(
                f"{self._file}: defines no topology; one is a vector of two maps, of spouts and "
                "of bolts"
            )
        if len(names) > 1 and stem not in names:
            raise TopologyError(
                f"{self._file}: defines several topologies ({', '.join(names)}), and none is "
                f"called {stem}, as the file is"
            )
        name = names[0] if len(names) == 1 else stem
        return (name, *self._topologies[name])

    def _define(self, form: Form) -> None:
        if form.kind != "list" or not form.value:
            self._refuse(form, f"{form} defines nothing")
        head, *rest = form.value
        if head.kind == "symbol" and head.value in _SILENT:
            return
        if not (head.is_symbol("def") or head.is_symbol("defn")):
            self._refuse(form, f"({head} ...) is not understood here; there are ns, def and defn")
        if not rest or rest[0].kind != "symbol":
            self._refuse(form, f"{head} needs a name")
        name, *rest = rest
        if len(rest) > 1 and rest[0].kind == "string":
            rest = rest[1:]  # its documentation
        if head.is_symbol("def"):
            self._define_value(name, form, rest)
        else:
            self._define_function(name, form, rest)

    def _define_value(self, name: Form, form: Form, rest: Sequence[Form]) -> None:
        if len(rest) != 1:
            self._refuse(form, f"(def {name} ...) needs one value")
        if _is_topology(rest[0]):
            self._topologies[name.value] = (rest[0].value, None)
        else:
            self.constants[name.value] = rest[0]

    def _define_function(self, name: Form, form: Form, rest: Sequence[Form]) -> None:
        if len(rest) != 2 or rest[0].kind != "vector" or not _is_topology(rest[1]):
            self._refuse(
                form,
                f"{name} is not executed; all that a function may be here is "
                f"(defn {name} [options] [{{spouts}} {{bolts}}])",
            )
        parameters = rest[0].value
        if len(parameters) > 1 or any(each.kind != "symbol" for each in parameters):
            self._refuse(rest[0], f"{name} must take one parameter, its options")
        self._topologies[name.value] = (
            rest[1].value,
            parameters[0].value if parameters else None,
        )

    def _refuse(self, form: Form, why: str) -> NoReturn:
        raise TopologyError(f"{self._file}:{form.line}: {why}")


def _is_topology(form: Form) -> bool:
    return (
        form.kind == "vector"
        and len(form.value) == 2
        and all(part.kind == "map" for part in form.value)
    )
