"""What can be wrong with a topology: mistakes that Storm would refuse, or worse, would not."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..exceptions import TopologyError
from .mistakes import Mistakes, did_you_mean
from .specs import ComponentSpec, ShellComponentSpec
from .streams import GlobalStreamId, Grouping

if TYPE_CHECKING:
    from .topology import Topology

__all__ = ["check_configuration", "check_specs", "check_topology_name", "checks_for_submit"]

#: From this release on Storm takes the task of a direct emit for a Java Long, and its JSON parser
#: gives an Integer: the component dies (storm-client 2.6.0 to 2.8.8, observed with 2.8.3).
_DIRECT_BROKEN_FROM = (2, 6)


def check_specs(
    topology: str, specs: Sequence[ComponentSpec], config: Any, mistakes: Mistakes
) -> None:
    """Note each mistake in components whose inputs name components.

    :param topology: its name, for those that no single component makes.
    """
    by_name = {str(spec.name): spec for spec in specs}
    if not any(spec.is_spout for spec in specs):
        mistakes.add(f"{topology}: a topology needs at least one spout")
    if isinstance(config, Mapping):
        _check_config(topology, config, mistakes)
    else:
        mistakes.add_type(f"{topology}: config must be a dict; given: {config!r}")
    for name, spec in by_name.items():
        _check_name(name, "component", name, mistakes)
        _check_par(name, spec.par, mistakes)
        _check_config(name, spec.config, mistakes)
        _check_outputs(name, spec, mistakes)
        for source, grouping in spec.inputs.items():
            _check_input(name, source, grouping, by_name, mistakes)


def _check_name(component: str, what: str, name: str, mistakes: Mistakes) -> None:
    if not name:
        mistakes.add(f"{component}: a {what} has an empty name")
    elif name.startswith("__"):
        mistakes.add(f'{component}: Storm keeps names that begin with "__", like {what} "{name}"')


def _check_par(name: str, par: Any, mistakes: Mistakes) -> None:
    pars = par if isinstance(par, dict) else {None: par}
    if not pars:
        mistakes.add(f"{name}: par is an empty dict; it must have a number for each environment")
    for environment, tasks in pars.items():
        if isinstance(tasks, bool) or tasks < 1:
            where = "" if environment is None else f" of environment {environment}"
            mistakes.add(f"{name}: par{where} must be an integer greater than 0; given: {tasks}")


def _check_config(name: str, config: Mapping[Any, Any], mistakes: Mistakes) -> None:
    for key, value in config.items():
        if not isinstance(key, str):
            mistakes.add(f"{name}: a key of config must be a string; given: {key!r}")
            continue
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            mistakes.add(f'{name}: config "{key}" cannot be written as JSON: {error}')


def _check_outputs(name: str, spec: ComponentSpec, mistakes: Mistakes) -> None:
    if spec.is_spout and not spec.outputs:
        mistakes.add(f"{name}: a spout needs at least one output")
    seen = set()
    for stream in spec.outputs:
        if stream.name in seen:
            mistakes.add(f'{name}: two output streams are called "{stream.name}"')
        seen.add(stream.name)
        _check_name(name, "stream", stream.name, mistakes)
        for field in dict.fromkeys(stream.fields):
            if not field:
                mistakes.add(f'{name}: a field of stream "{stream.name}" has an empty name')
            if (times := stream.fields.count(field)) > 1:
                mistakes.add(
                    f'{name}: field "{field}" appears {times} times in stream "{stream.name}"'
                )


def _check_input(
    name: str,
    source: GlobalStreamId,
    grouping: Grouping,
    specs: Mapping[str, ComponentSpec],
    mistakes: Mistakes,
) -> None:
    component = specs[source.componentId]
    stream = component.stream(source.streamId)
    if stream is None:
        known = (each.name for each in component.outputs)
        mistakes.add(
            f'{name}: reads stream "{source.streamId}" of {component.name}, which has no such '
            "stream" + did_you_mean(source.streamId, known, "streams")
        )
        return
    where = f'stream "{stream.name}" of {component.name}'
    for field in grouping.field_names:
        if field not in stream.fields:
            mistakes.add(
                f'{name}: groups {where} on field "{field}", which it does not have'
                + did_you_mean(field, stream.fields, "fields")
            )
    if grouping.kind == "direct" and not stream.direct:
        mistakes.add(
            f"{name}: direct grouping on {where}, which is not a direct stream; "
            f'declare it as Stream([...], name="{stream.name}", direct=True)'
        )
    if grouping.kind != "direct" and stream.direct:
        mistakes.add(
            f"{name}: {grouping!r} grouping on {where}, which is a direct stream; "
            "use Grouping.DIRECT"
        )


def check_topology_name(name: str) -> None:
    """Refuse a name that Nimbus would refuse.

    :raises TopologyError: it is empty, or holds a character that Storm's paths cannot.
    """
    if not name or re.search(r"[/.:\\]", name):
        raise TopologyError(
            f"a topology cannot be called {name!r}: Storm takes no empty names and none with "
            "one of / . : \\"
        )


def check_configuration(topology: type[Topology], conf: Mapping[str, Any]) -> None:
    """Ask components whether they could start with the configuration of a topology.

    :raises TopologyError: some could not; tells all reasons.
    """
    problems: list[str] = []
    for spec in topology.specs:
        # Classes of pystorm's and streamparse's are components too.
        ask = getattr(spec.component_class, "storm_problems", None)
        if ask is not None:
            problems += (f"{spec.name}: {each}" for each in ask({**conf, **spec.config}))
    if problems:
        raise TopologyError(problems)


def checks_for_submit(topology: type[Topology], storm_version: str) -> list[str]:
    """What would go wrong on a cluster, though it runs in process.

    :param storm_version: of the cluster, such as ``2.8.3``.
    :returns: each thing, naming component and stream; empty if nothing would.
    """
    return [
        *_direct_emits(topology.specs, storm_version),
        *(problem for spec in topology.specs for problem in _not_importable(spec)),
    ]


def _direct_emits(specs: Sequence[ComponentSpec], storm_version: str) -> Iterator[str]:
    release = tuple(int(part) for part in re.findall(r"\d+", storm_version)[:2])
    if release < _DIRECT_BROKEN_FROM:
        return
    for spec in specs:
        if not isinstance(spec, ShellComponentSpec):
            continue
        for stream in spec.outputs:
            if stream.direct:
                yield (
                    f'{spec.name}: stream "{stream.name}" is direct, and Storm {storm_version} '
                    "cannot take direct emits from a component that is a process: since 2.6.0 it "
                    "expects the number of the task as a Java Long, which its JSON parser never "
                    "gives, and the worker dies. Use another grouping, a component in Java, or "
                    "an older Storm"
                )


def _not_importable(spec: ComponentSpec) -> Iterator[str]:
    """Whether a worker, which knows a class only by its path, would find the one at hand."""
    cls = spec.component_class
    if cls is None:
        return
    why, path = "", f"{cls.__module__}.{cls.__qualname__}"
    if cls.__module__ == "__main__":
        why = "it is in the program that was started; move it to a module of its own"
    elif "<locals>" in cls.__qualname__:
        why = "it is made inside a function; move it to the top of a module"
    elif "." in cls.__qualname__:
        why = "it is inside another class; move it to the top of its module"
    elif vars(sys.modules[cls.__module__]).get(cls.__name__) is not cls:
        why = f"the module {cls.__module__} has no such class under this name"
    if why:
        yield f"{spec.name}: a worker cannot import {path}: {why}"
