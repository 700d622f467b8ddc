"""From a topology of specs to what the engine runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..exceptions import TopologyError
from .plan import ComponentPlan, Plan, StreamPlan, Subscription

if TYPE_CHECKING:
    from ..topology import ComponentSpec, Topology

__all__ = ["label_of", "read_topology", "streams_of"]


def read_topology(
    topology: type[Topology],
    environment: str | None,
    config: Mapping[str, Any],
    replace: Mapping[str, Any],
) -> Plan:
    """Make a plan of a topology; its Python components are imported.

    :param environment: decides where a ``par`` goes by environments.
    :param config: goes over the topology's own.
    :param replace: component name -> class that runs in its place.
    :raises TopologyError: a component is not Python and nothing stands in for it, or cannot be
        imported, or has no ``par`` for the environment; each is named.
    """
    mistakes = [
        f"replace names {name!r}, which is no component of the topology; its components: "
        + ", ".join(repr(spec.name) for spec in topology.specs)
        for name in replace
        if all(spec.name != name for spec in topology.specs)
    ]
    components = []
    for spec in topology.specs:
        try:
            components.append(_component(spec, environment, replace))
        except TopologyError as error:
            mistakes += error.mistakes
    if mistakes:
        raise TopologyError(mistakes)
    return Plan(topology.__name__, tuple(components), {**topology.config, **config})


def _component(
    spec: ComponentSpec, environment: str | None, replace: Mapping[str, Any]
) -> ComponentPlan:
    name = str(spec.name)
    component_class = replace.get(name) or _python_class(spec)
    return ComponentPlan(
        name,
        component_class,
        label_of(component_class),
        spec.is_spout,
        spec.par_in(environment),
        spec.config,
        streams_of(spec.outputs),
        tuple(
            Subscription(source.componentId, source.streamId, grouping.kind, grouping.field_names)
            for source, grouping in spec.inputs.items()
        ),
    )


def _python_class(spec: ComponentSpec) -> type[Any]:
    from ..topology import ShellComponentSpec

    if isinstance(spec, ShellComponentSpec) and spec.class_path is not None:
        return spec.load_class()
    if isinstance(spec, ShellComponentSpec):
        what = f"runs {' '.join(filter(None, [spec.command, spec.script]))!r}"
    else:
        what = f"is Java ({getattr(spec, 'full_class_name', None) or 'a serialised object'})"
    raise TopologyError(
        f"component {spec.name!r} {what} and cannot run in process: name a Python class to "
        f"stand in for it, replace={{{spec.name!r}: SomeClass}}"
    )


def streams_of(outputs: Sequence[Any]) -> dict[str, StreamPlan]:
    """What ``outputs`` of a component declare: names of fields, and streams."""
    streams: dict[str, StreamPlan] = {}
    fields = [output for output in outputs if isinstance(output, str)]
    if fields:
        streams["default"] = StreamPlan(tuple(fields))
    for output in outputs:
        if not isinstance(output, str):
            streams[output.name] = StreamPlan(tuple(output.fields), output.direct)
    return streams


def label_of(component_class: Any) -> str:
    """What errors call a class or another maker of components."""
    name = getattr(component_class, "__qualname__", type(component_class).__qualname__)
    return f"{component_class.__module__}.{name}"
