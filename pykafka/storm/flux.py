"""Topologies as Flux YAML, from which Storm's own runner builds them.

Names of classes and methods are those of flux-core and flux-wrappers 2.8.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import MissingRequirementError
from .exceptions import TopologyError
from .topology.launcher import Launcher
from .topology.specs import ComponentSpec, JavaComponentSpec, ShellComponentSpec
from .topology.streams import DEFAULT_STREAM, GlobalStreamId, Grouping
from .topology.topology import TopologyType

__all__ = ["flux_dict", "to_flux"]

_SHELL_SPOUT = "org.apache.storm.flux.wrappers.spouts.FluxShellSpout"
_SHELL_BOLT = "org.apache.storm.flux.wrappers.bolts.FluxShellBolt"


def to_flux(
    topology: TopologyType,
    name: str,
    config: Mapping[str, Any] | None = None,
    launcher: Launcher | None = None,
    environment: str | None = None,
) -> str:
    """The topology as YAML for ``org.apache.storm.flux.Flux``.

    :param name: what it is to be called on the cluster.
    :param config: Storm's options; None for those of the topology.
    :param launcher: how workers start Python components.
    :param environment: chooses each par that goes by environments.
    :raises MissingRequirementError: PyYAML is not installed.
    :raises TopologyError: Flux has no way to say something that the topology says. Each such
        thing is listed.
    """
    try:
        import yaml
    except ImportError as error:
        raise MissingRequirementError(
            f"Flux files need PyYAML ({error}); run: pip install 'pykafka[storm]'"
        ) from error
    content = flux_dict(topology, name, config, launcher, environment)
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10**6)
    return text


def flux_dict(
    topology: TopologyType,
    name: str,
    config: Mapping[str, Any] | None = None,
    launcher: Launcher | None = None,
    environment: str | None = None,
) -> dict[str, Any]:
    """What :func:`to_flux` writes, before it is text.

    :raises TopologyError: see there.
    """
    mistakes = [mistake for spec in topology.specs for mistake in _inexpressible(spec)]
    if mistakes:
        raise TopologyError(mistakes)
    chosen = topology.config if config is None else config
    parts: dict[str, Any] = {"name": name, "config": dict(chosen), "spouts": [], "bolts": []}
    for spec in topology.specs:
        parts["spouts" if spec.is_spout else "bolts"].append(
            _component(spec, launcher or Launcher(), environment)
        )
    parts["streams"] = [
        _stream(spec, source, grouping)
        for spec in topology.specs
        for source, grouping in spec.inputs.items()
    ]
    return {key: part for key, part in parts.items() if part}


def _inexpressible(spec: ComponentSpec) -> list[str]:
    """What Flux cannot be told of a component."""
    mistakes = []
    if isinstance(spec, JavaComponentSpec):
        if spec.serialized_java is not None:
            mistakes.append(f"{spec.name}: Flux takes no serialised Java objects; name the class")
        if spec.config:
            mistakes.append(
                f"{spec.name}: Flux cannot configure a single Java component; "
                "it has to do that itself"
            )
    else:
        mistakes += [
            f'{spec.name}: Flux cannot declare a direct stream, and "{stream.name}" is one'
            for stream in spec.outputs
            if stream.direct
        ]
        mistakes += [
            f'{spec.name}: Flux cannot set a component\'s config "{key}" to None; leave it out'
            for key, value in spec.config.items()
            if value is None
        ]
    mistakes += [
        f"{spec.name}: Flux takes no serialised Java groupings, as that of stream "
        f'"{source.streamId}" of {source.componentId}; name the class'
        for source, grouping in spec.inputs.items()
        if grouping.kind == "custom_serialized"
    ]
    return mistakes


def _component(spec: ComponentSpec, launcher: Launcher, environment: str | None) -> dict[str, Any]:
    if isinstance(spec, ShellComponentSpec):
        made = _shell(spec, launcher)
    else:
        assert isinstance(spec, JavaComponentSpec)
        made = {
            "id": spec.name,
            "className": spec.full_class_name,
            "constructorArgs": list(spec.args_list),
        }
    made["parallelism"] = spec.par_in(environment)
    return made


def _shell(spec: ShellComponentSpec, launcher: Launcher) -> dict[str, Any]:
    command_line = [item for item in spec.command_line(launcher) if item]
    methods = [
        {"name": "setDefaultStream", "args": [list(stream.fields)]}
        if stream.name == DEFAULT_STREAM
        else {"name": "setNamedStream", "args": [stream.name, list(stream.fields)]}
        for stream in spec.outputs
    ]
    methods += [
        {"name": "addComponentConfig", "args": [key, value]} for key, value in spec.config.items()
    ]
    made: dict[str, Any] = {
        "id": spec.name,
        "className": _SHELL_SPOUT if spec.is_spout else _SHELL_BOLT,
        "constructorArgs": [command_line],
    }
    if methods:
        made["configMethods"] = methods
    return made


def _stream(spec: ComponentSpec, source: GlobalStreamId, grouping: Grouping) -> dict[str, Any]:
    how: dict[str, Any] = {"type": grouping.kind.upper(), "streamId": source.streamId}
    if grouping.kind == "fields":
        how["args"] = list(grouping.field_names)
    elif grouping.kind == "custom_object":
        how["type"] = "CUSTOM"
        how["customClass"] = {
            "className": grouping.java_class,
            "constructorArgs": list(grouping.java_args),
        }
    return {"from": source.componentId, "to": spec.name, "grouping": how}
