"""Topologies as Thrift structures, and back. Needs thriftpy2."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...exceptions import MalformedDataError, MissingRequirementError
from ..topology.launcher import Launcher
from ..topology.specs import (
    ComponentSpec,
    JavaBoltSpec,
    JavaComponentSpec,
    JavaSpoutSpec,
    ShellBoltSpec,
    ShellComponentSpec,
    ShellSpoutSpec,
)
from ..topology.streams import GlobalStreamId, Grouping, GroupingKind, JavaArgument, Stream

if TYPE_CHECKING:
    from ..topology.topology import TopologyType

__all__ = [
    "Launcher",
    "deserialized",
    "nimbus_structures",
    "serialized",
    "specs_of",
    "structures",
    "topology_structure",
]

#: The definitions of the structures; it includes those of a topology.
_IDL = Path(__file__).with_name("nimbus.thrift")

#: Groupings that consist of their name alone.
_PLAIN: tuple[GroupingKind, ...] = ("shuffle", "all", "none", "direct", "local_or_shuffle")


@cache
def nimbus_structures() -> ModuleType:
    """What Nimbus is asked and answers (``nimbus.thrift``), and its exceptions.

    :raises MissingRequirementError: thriftpy2 is not installed.
    """
    try:
        import thriftpy2
    except ImportError as error:
        raise MissingRequirementError(
            f"Storm's structures need thriftpy2 ({error}); run: pip install 'pykafka[storm]'"
        ) from error
    # The name keeps it, and what it includes, apart from others' files in thriftpy2's cache.
    name = f"{__name__.rpartition('.')[0]}.nimbus_thrift"
    loaded: ModuleType = thriftpy2.load(str(_IDL), module_name=name)
    return loaded


@cache
def structures() -> ModuleType:
    """What a topology consists of (``topology.thrift``); ``GlobalStreamId`` can be the key of a
    dictionary.

    :raises MissingRequirementError: thriftpy2 is not installed.
    """
    # What it includes, rather than that file by itself: classes of the same name from two loads
    # would not equal each other.
    module: ModuleType = nimbus_structures().topology
    # Older releases of thriftpy2 hash structures by identity.
    module.GlobalStreamId.__hash__ = lambda self: hash((self.componentId, self.streamId))
    return module


def topology_structure(
    topology: TopologyType, launcher: Launcher | None = None, environment: str | None = None
) -> Any:
    """The ``StormTopology`` of a topology.

    :param launcher: how workers start Python components.
    :param environment: chooses each par that goes by environments.
    :raises TopologyError: a par goes by environments, and this is not one of them.
    """
    thrift = structures()
    made = thrift.StormTopology(spouts={}, bolts={}, state_spouts={})
    for spec in topology.specs:
        component = _component_object(spec, launcher or Launcher())
        common = _common(spec, environment)
        if spec.is_spout:
            made.spouts[spec.name] = thrift.SpoutSpec(spout_object=component, common=common)
        else:
            made.bolts[spec.name] = thrift.Bolt(bolt_object=component, common=common)
    return made


def _common(spec: ComponentSpec, environment: str | None) -> Any:
    thrift = structures()
    return thrift.ComponentCommon(
        inputs={
            thrift.GlobalStreamId(
                componentId=source.componentId, streamId=source.streamId
            ): _grouping_structure(grouping)
            for source, grouping in spec.inputs.items()
        },
        streams={
            stream.name: thrift.StreamInfo(output_fields=list(stream.fields), direct=stream.direct)
            for stream in spec.outputs
        },
        parallelism_hint=spec.par_in(environment),
        json_conf=json.dumps(spec.config),
    )


def _component_object(spec: ComponentSpec, launcher: Launcher) -> Any:
    thrift = structures()
    if isinstance(spec, ShellComponentSpec):
        command, script = spec.command_line(launcher)
        shell = thrift.ShellComponent(execution_command=command, script=script)
        return thrift.ComponentObject(shell=shell)
    assert isinstance(spec, JavaComponentSpec)
    if spec.serialized_java is not None:
        return thrift.ComponentObject(serialized_java=spec.serialized_java)
    return thrift.ComponentObject(
        java_object=_java_object(str(spec.full_class_name), spec.args_list)
    )


def _java_object(class_name: str, arguments: list[JavaArgument]) -> Any:
    thrift = structures()
    return thrift.JavaObject(
        full_class_name=class_name, args_list=[_java_argument(each) for each in arguments]
    )


def _java_argument(argument: JavaArgument) -> Any:
    """Integers are Java's long: Python does not tell them apart."""
    argument_class = structures().JavaObjectArg
    if isinstance(argument, bool):
        return argument_class(bool_arg=argument)
    if isinstance(argument, int):
        return argument_class(long_arg=argument)
    if isinstance(argument, str):
        return argument_class(string_arg=argument)
    if isinstance(argument, bytes):
        return argument_class(binary_arg=argument)
    return argument_class(double_arg=argument)


def _grouping_structure(grouping: Grouping) -> Any:
    thrift = structures()
    if grouping.kind == "global":
        return thrift.Grouping(fields=[])
    if grouping.kind == "fields":
        return thrift.Grouping(fields=list(grouping.field_names))
    if grouping.kind == "custom_object":
        java = _java_object(str(grouping.java_class), list(grouping.java_args))
        return thrift.Grouping(custom_object=java)
    if grouping.kind == "custom_serialized":
        return thrift.Grouping(custom_serialized=grouping.serialized)
    return thrift.Grouping(**{grouping.kind: thrift.NullStruct()})


def serialized(structure: Any) -> bytes:
    """The bytes of a structure (TBinaryProtocol)."""
    from thriftpy2.utils import serialize

    content: bytes = serialize(structure)
    return content


def deserialized(content: bytes) -> Any:
    """The ``StormTopology`` that bytes hold (TBinaryProtocol).

    :raises MalformedDataError: they hold none.
    """
    from thriftpy2.thrift import TException
    from thriftpy2.utils import deserialize

    topology = structures().StormTopology()
    try:
        deserialize(topology, content)
    except (TException, struct.error, EOFError, UnicodeDecodeError) as error:
        raise MalformedDataError(f"these bytes are no StormTopology: {error}") from error
    if topology.spouts is None or topology.bolts is None:
        raise MalformedDataError("these bytes are no StormTopology: it has no spouts or bolts")
    return topology


def specs_of(topology: Any) -> list[ComponentSpec]:
    """The components that a ``StormTopology`` holds, spouts first."""
    return [
        *(_spec(name, spout.spout_object, spout.common) for name, spout in topology.spouts.items()),
        *(
            _spec(name, bolt.bolt_object, bolt.common, _inputs(bolt.common.inputs))
            for name, bolt in topology.bolts.items()
        ),
    ]


def _spec(
    name: str, component: Any, common: Any, inputs: dict[GlobalStreamId, Grouping] | None = None
) -> ComponentSpec:
    arguments: dict[str, Any] = {
        "name": name,
        "par": common.parallelism_hint or 1,
        "config": json.loads(common.json_conf or "{}"),
        "outputs": [
            Stream(info.output_fields, stream, info.direct)
            for stream, info in common.streams.items()
        ],
    }
    if inputs is not None:
        arguments["inputs"] = inputs
    if component.shell is not None:
        shell = ShellSpoutSpec if inputs is None else ShellBoltSpec
        return shell(
            command=component.shell.execution_command, script=component.shell.script, **arguments
        )
    java = JavaSpoutSpec if inputs is None else JavaBoltSpec
    if component.serialized_java is not None:
        return java(serialized_java=component.serialized_java, **arguments)
    return java(
        full_class_name=component.java_object.full_class_name,
        args_list=_python_arguments(component.java_object),
        **arguments,
    )


def _inputs(inputs: Any) -> dict[GlobalStreamId, Grouping]:
    return {
        GlobalStreamId(source.componentId, source.streamId): _grouping(grouping)
        for source, grouping in inputs.items()
    }


def _grouping(structure: Any) -> Grouping:
    if structure.fields is not None:
        return Grouping.fields(structure.fields) if structure.fields else Grouping.GLOBAL
    if structure.custom_object is not None:
        java = structure.custom_object
        return Grouping.custom_object(java.full_class_name, _python_arguments(java))
    if structure.custom_serialized is not None:
        return Grouping.custom_serialized(structure.custom_serialized)
    return Grouping(next(kind for kind in _PLAIN if getattr(structure, kind) is not None))


def _python_arguments(java_object: Any) -> list[JavaArgument]:
    """Each argument is a union: one of its fields is set."""
    return [
        next(value for value in vars(argument).values() if value is not None)
        for argument in java_object.args_list
    ]
