"""From forms to topologies: what the functions of streamparse's and Storm's Clojure DSL meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..topology.mistakes import did_you_mean
from ..topology.specs import ComponentSpec, ShellBoltSpec, ShellSpoutSpec
from ..topology.streams import GlobalStreamId, Grouping, Stream
from .forms import Form
from .scope import Scope

__all__ = ["bolt_of", "spout_of"]

_GROUPINGS = {
    "shuffle": Grouping.SHUFFLE,
    "local-or-shuffle": Grouping.LOCAL_OR_SHUFFLE,
    "none": Grouping.NONE,
    "all": Grouping.ALL,
    "global": Grouping.GLOBAL,
    "direct": Grouping.DIRECT,
}


class _Call:
    """A call of one of the functions that describe components, and its arguments in turn."""

    def __init__(self, form: Form, kind: str, scope: Scope) -> None:
        self._scope = scope
        self._form = scope.resolved(form)
        known = [f"python-{kind}-spec", f"shell-{kind}-spec"]
        if self._form.kind != "list" or not self._form.value:
            scope.refuse(form, f"a {kind} is a call of {' or '.join(known)}; given: {form}")
        head, *self._rest = self._form.value
        self.function = str(head)
        if self.function == f"{kind}-spec":
            scope.refuse(
                form,
                f"{kind}-spec takes an object of Java or Clojure code, which is not executed; "
                f"write the topology in Python, with Java{kind.title()}.spec",
            )
        if self.function not in known:
            unknown = f"({head} ...) makes no {kind}"
            scope.refuse(form, unknown + did_you_mean(self.function, known, "functions"))

    @property
    def is_python(self) -> bool:
        return self.function.startswith("python-")

    def take(self, what: str) -> Form:
        """The next argument."""
        if not self._rest:
            self._scope.refuse(self._form, f"{self.function} lacks {what}")
        return self._scope.resolved(self._rest.pop(0))

    def has_two_strings(self) -> bool:
        """Whether a program and its argument follow, not as a vector."""
        return len(self._rest) > 1 and all(
            self._scope.resolved(each).kind == "string" for each in self._rest[:2]
        )

    def keywords(self) -> dict[str, Form]:
        """The rest of the arguments."""
        found: dict[str, Form] = {}
        while self._rest:
            key = self.take("a keyword")
            if key.kind != "keyword" or key.value not in ("p", "conf"):
                self._scope.refuse(key, f"{self.function} takes :p and :conf; given: {key}")
            if key.value in found:
                self._scope.refuse(key, f"{key} is there twice")
            found[key.value] = self.take(f"a value for {key}")
        return found


def spout_of(name: str, form: Form, scope: Scope) -> ComponentSpec:
    """The spec of a spout.

    :raises TopologyError: the form describes none that is understood.
    """
    call = _Call(form, "spout", scope)
    if call.is_python:
        scope.check_options(call.take("the options"))
    program = _program(call, scope)
    outputs = _outputs(call.take("its output"), scope)
    return ShellSpoutSpec(None, name, outputs=outputs, **program, **_rest(call, scope))


def bolt_of(name: str, form: Form, scope: Scope) -> ComponentSpec:
    """The spec of a bolt.

    :raises TopologyError: the form describes none that is understood.
    """
    call = _Call(form, "bolt", scope)
    if call.is_python:
        scope.check_options(call.take("the options"))
    inputs = _inputs(call.take("its inputs"), scope)
    program = _program(call, scope)
    outputs = _outputs(call.take("its output"), scope)
    return ShellBoltSpec(
        None, name, inputs=inputs, outputs=outputs, **program, **_rest(call, scope)
    )


def _program(call: _Call, scope: Scope) -> Mapping[str, Any]:
    """What runs: a class, or a command line."""
    if call.is_python:
        form = call.take("its class")
        path = scope.string(form, "the class")
        if not all(part.isidentifier() for part in path.split(".")) or "." not in path:
            scope.refuse(form, f'the class must be "module.Class"; given: {form}')
        return {"class_path": path}
    if call.has_two_strings():
        command, script = call.take("its command"), call.take("its script")
        return {"command": command.value, "script": script.value}
    form = call.take("its command line")
    items = scope.strings(form, "the command line")
    if not 1 <= len(items) <= 2:
        scope.refuse(
            form, f"Storm starts a program with one argument or none; given: {' '.join(items)!r}"
        )
    return {"command": items[0], "script": items[1] if len(items) == 2 else ""}


def _rest(call: _Call, scope: Scope) -> Mapping[str, Any]:
    keywords = call.keywords()
    found: dict[str, Any] = {}
    if "p" in keywords:
        par = scope.value(keywords["p"])
        if par is not None and (isinstance(par, bool) or not isinstance(par, int)):
            scope.refuse(keywords["p"], f":p must be a whole number; given: {par!r}")
        found["par"] = par
    if "conf" in keywords:
        config = scope.value(keywords["conf"])
        if config is not None and not isinstance(config, dict):
            scope.refuse(keywords["conf"], f":conf must be a map; given: {config!r}")
        found["config"] = config
    return found


def _outputs(form: Form, scope: Scope) -> list[Stream]:
    if form.kind != "map":
        fields, direct = _stream(form, scope)
        return [Stream(fields, direct=direct)] if fields or direct else []
    streams = []
    for key, value in form.value:
        fields, direct = _stream(scope.resolved(value), scope)
        streams.append(Stream(fields, scope.string(key, "the name of a stream"), direct))
    return streams


def _stream(form: Form, scope: Scope) -> tuple[list[str], bool]:
    """The fields of a stream, and whether it is direct."""
    if form.kind == "list" and form.value and form.value[0].is_symbol("direct-stream"):
        if len(form.value) != 2:
            scope.refuse(form, f"direct-stream takes a vector of fields; given: {form}")
        return scope.strings(form.value[1], "the fields of a stream"), True
    return scope.strings(form, "the fields of a stream"), False


def _inputs(form: Form, scope: Scope) -> dict[GlobalStreamId, Grouping]:
    if form.kind != "map":
        scope.refuse(form, f"the inputs must be a map of components to groupings; given: {form}")
    inputs = {}
    for key, value in form.value:
        source = _source(scope.resolved(key), scope)
        if source in inputs:
            scope.refuse(key, f'reads stream "{source.streamId}" of {source.componentId} twice')
        inputs[source] = _grouping(scope.resolved(value), scope)
    return inputs


def _source(form: Form, scope: Scope) -> GlobalStreamId:
    if form.kind != "vector":
        return GlobalStreamId(scope.string(form, "an input"))
    names = scope.strings(form, "an input")
    if len(names) != 2:
        scope.refuse(form, f'an input is "component" or ["component" "stream"]; given: {form}')
    return GlobalStreamId(*names)


def _grouping(form: Form, scope: Scope) -> Grouping:
    if form.kind == "keyword":
        if form.value not in _GROUPINGS:
            known = [f":{name}" for name in _GROUPINGS]
            scope.refuse(
                form, f"{form} is no grouping" + did_you_mean(str(form), known, "groupings")
            )
        return _GROUPINGS[form.value]
    fields = scope.strings(form, "a grouping that is no keyword")
    if not fields:
        scope.refuse(form, "a fields grouping needs at least one field; :global takes none")
    return Grouping.fields(fields)
