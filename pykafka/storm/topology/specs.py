"""Specs: a component as a part of a topology, whatever language it is written in."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, TypeVar

from ..exceptions import TopologyError
from .inputs import Inputs, inputs_of
from .launcher import Launcher
from .streams import DEFAULT_STREAM, GlobalStreamId, JavaArgument, Stream, java_arguments

__all__ = [
    "ComponentSpec",
    "JavaBoltSpec",
    "JavaComponentSpec",
    "JavaSpoutSpec",
    "Outputs",
    "Par",
    "ShellBoltSpec",
    "ShellComponentSpec",
    "ShellSpoutSpec",
]

Par = int | dict[str, int]
Outputs = Sequence[str | Stream]

_Spec = TypeVar("_Spec", bound="ComponentSpec")


class ComponentSpec:
    """A component with its name, streams, inputs, parallelism and configuration.

    A topology holds a copy of its own, so that one spec can be part of several.

    :param component_cls: whose ``par``, ``config`` and ``outputs`` stand where none is given.
    :param name: the component's id; None for the name of the topology's attribute.
    :param inputs: see :func:`pykafka.storm.topology.inputs.inputs_of`.
    :param par: tasks, each a process if the component is no Java; or a dictionary from the
        names of environments to numbers of tasks.
    :param config: Storm's options for this component.
    :param outputs: names of the fields of the default stream, and streams.
    :raises TypeError: an argument is of another type. What can only be judged together with
        the other components, or is a wrong value, is found by the topology.
    """

    is_spout: ClassVar[bool] = False

    def __init__(
        self,
        component_cls: type[Any] | None = None,
        name: str | None = None,
        inputs: Any = None,
        par: Par | None = 1,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a component's name must be a string; given: {name!r}")
        self.component_cls = component_cls
        self.name = name
        self.par = _par(getattr(component_cls, "par", 1) if par is None else par)
        self.config = _config(getattr(component_cls, "config", None) if config is None else config)
        self.outputs = _outputs(
            getattr(component_cls, "outputs", None) if outputs is None else outputs
        )
        self.inputs: Inputs = inputs_of(inputs)
        #: The spec as it was written, of which this may be a topology's copy.
        self.origin: ComponentSpec = self

    @property
    def component_class(self) -> type[Any] | None:
        """The Python class of the component; None if it is not known or not Python."""
        return None

    @property
    def label(self) -> str:
        """What it is called in messages."""
        if self.name:
            return self.name
        return self.component_cls.__name__ if self.component_cls else type(self).__name__

    def par_in(self, environment: str | None) -> int:
        """The number of tasks.

        :param environment: the one that is submitted to, if its name is known.
        :raises TopologyError: the numbers go by environments, and this one has none.
        """
        if isinstance(self.par, int):
            return self.par
        if environment in self.par:
            return self.par[environment]
        known = ", ".join(self.par)
        asked = "no environment is named" if environment is None else f"{environment!r} is not one"
        raise TopologyError(f"{self.label}: par is given for the environments {known}; {asked}")

    def stream(self, name: str) -> Stream | None:
        """The output stream of this name, or None."""
        return next((stream for stream in self.outputs if stream.name == name), None)

    def copy(self: _Spec, name: str | None, inputs: Inputs) -> _Spec:
        """A copy that shares nothing which could be changed."""
        twin = copy.copy(self)
        twin.name = name
        twin.par = copy.copy(self.par)
        twin.config = own_copy(self.config)
        twin.outputs = copy.deepcopy(self.outputs)
        twin.inputs = dict(inputs)
        return twin

    def __getitem__(self, stream: str) -> GlobalStreamId:
        if self.stream(stream) is None:
            valid = [known.name for known in self.outputs]
            raise KeyError(
                f"invalid stream for {self.label}: {stream!r}. Valid streams are: {valid}"
            )
        # Its name is not known before it is part of a topology.
        return GlobalStreamId(self, stream)

    def __repr__(self) -> str:
        rest = ", ".join(
            f"{key}={value!r}"
            for key, value in vars(self).items()
            if key not in ("component_cls", "origin", "inputs")
        )
        inputs = {
            f"{getattr(source.componentId, 'label', source.componentId)}[{source.streamId}]": how
            for source, how in self.inputs.items()
        }
        cls = self.component_cls.__name__ if self.component_cls else None
        return f"{type(self).__name__}({cls}, {rest}, inputs={inputs!r})"


class ShellComponentSpec(ComponentSpec):
    """A component that is a process and speaks the multilang protocol: Python, or any other.

    :param command: the program, of a component that is not Python.
    :param script: its argument; empty for none.
    :param class_path: ``module.Class`` of a Python component whose class is not at hand.
    :raises ValueError: it is no Python component, and there is no command.
    """

    def __init__(
        self,
        component_cls: type[Any] | None = None,
        name: str | None = None,
        command: str | None = None,
        script: str | None = None,
        inputs: Any = None,
        par: Par | None = 1,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
        *,
        class_path: str | None = None,
    ) -> None:
        super().__init__(component_cls, name, inputs, par, config, outputs)
        if class_path is None:
            if not command:
                raise ValueError(f"{self.label}: command is required")
            if script is None:
                raise TypeError(
                    f"{self.label}: script must not be None. If your command takes no argument, "
                    "give the empty string."
                )
        self.command = command
        self.script = script
        self.class_path = class_path

    @property
    def component_class(self) -> type[Any] | None:
        return self.component_cls if self.class_path is not None else None

    def command_line(self, launcher: Launcher) -> tuple[str, str]:
        """The program and its one argument.

        :param launcher: how Python components are started.
        """
        if self.class_path is not None:
            return launcher.command, launcher.script(self.class_path)
        return str(self.command), str(self.script)

    def load_class(self) -> type[Any]:
        """The Python class of the component, imported if need be.

        :raises TopologyError: it is no Python component, or its class cannot be imported.
        """
        if self.class_path is None:
            raise TopologyError(f"{self.label} is no Python component but runs {self.command!r}")
        if self.component_cls is None:
            self.component_cls = import_class(self.class_path, self.label)
        return self.component_cls


def import_class(class_path: str, label: str) -> type[Any]:
    """The class that ``module.Class`` names.

    :param label: whose it is.
    :raises TopologyError: there is no such module, or no such class in it.
    """
    module_name, _, name = class_path.rpartition(".")
    if not module_name:
        raise TopologyError(f'{label}: {class_path!r} is not of the form "module.Class"')
    try:
        found = getattr(import_module(module_name), name)
    except ModuleNotFoundError as error:
        raise TopologyError(
            f"{label}: {class_path} cannot be imported: {error}; is the folder that holds it "
            "(a project's src) on sys.path?"
        ) from error
    except AttributeError as error:
        raise TopologyError(f"{label}: the module {module_name} has no {name!r}") from error
    if not isinstance(found, type):
        raise TopologyError(f"{label}: {class_path} is no class")
    return found


class JavaComponentSpec(ComponentSpec):
    """A component that runs in the worker's Java.

    :param serialized_java: the serialised object; else the two that follow make one.
    :param full_class_name: its class, with the package.
    :param args_list: its constructor's arguments: bool, int, str, bytes, float.
    :raises TypeError: an argument is of another type.
    :raises ValueError: it is neither given whole nor named.
    """

    def __init__(
        self,
        component_cls: type[Any] | None = None,
        name: str | None = None,
        serialized_java: bytes | None = None,
        full_class_name: str | None = None,
        args_list: Iterable[JavaArgument] | None = None,
        inputs: Any = None,
        par: Par | None = None,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> None:
        super().__init__(component_cls, name, inputs, par, config, outputs)
        if serialized_java is not None and not isinstance(serialized_java, bytes):
            raise TypeError(
                f"{self.label}: serialized_java must be either bytes or None; "
                f"given: {serialized_java!r}"
            )
        if serialized_java is None:
            if not full_class_name:
                raise ValueError(f"{self.label}: full_class_name is required")
            if args_list is None:
                raise TypeError(f"{self.label}: args_list must not be None; give [] for none")
        self.serialized_java = serialized_java
        self.full_class_name = full_class_name
        self.args_list = list(java_arguments(args_list or ()))


class ShellSpoutSpec(ShellComponentSpec):
    """A spout that is a process; see :class:`ShellComponentSpec`."""

    is_spout = True

    def __init__(
        self,
        component_cls: type[Any] | None = None,
        name: str | None = None,
        command: str | None = None,
        script: str | None = None,
        par: Par | None = 1,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
        *,
        class_path: str | None = None,
    ) -> None:
        super().__init__(
            component_cls, name, command, script, None, par, config, outputs, class_path=class_path
        )


class ShellBoltSpec(ShellComponentSpec):
    """A bolt that is a process; see :class:`ShellComponentSpec`."""


class JavaSpoutSpec(JavaComponentSpec):
    """A spout in Java; see :class:`JavaComponentSpec`."""

    is_spout = True

    def __init__(
        self,
        component_cls: type[Any] | None = None,
        name: str | None = None,
        serialized_java: bytes | None = None,
        full_class_name: str | None = None,
        args_list: Iterable[JavaArgument] | None = None,
        par: Par | None = 1,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> None:
        super().__init__(
            component_cls,
            name,
            serialized_java,
            full_class_name,
            args_list,
            None,
            par,
            config,
            outputs,
        )


class JavaBoltSpec(JavaComponentSpec):
    """A bolt in Java; see :class:`JavaComponentSpec`."""


def _par(par: Any) -> Par:
    if isinstance(par, Mapping):
        for environment, tasks in par.items():
            if not (isinstance(environment, str) and isinstance(tasks, int)):
                raise TypeError(
                    "a par that is a dict must map names of environments to numbers of tasks; "
                    f"given: {environment!r}: {tasks!r}"
                )
        return dict(par)
    if not isinstance(par, int):
        raise TypeError(f"par must be an integer greater than 0, or a dict; given: {par!r}")
    return par


def _config(config: Any) -> dict[str, Any]:
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise TypeError(f"config must either be a dict or None; given: {config!r}")
    return own_copy(config)


def own_copy(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of Storm's options. What cannot be copied is no JSON, which the topology tells."""
    try:
        return copy.deepcopy(dict(config))
    except (TypeError, copy.Error):
        return dict(config)


def _outputs(outputs: Any) -> list[Stream]:
    """The streams. Names that stand beside them are fields of the default one."""
    if outputs is None:
        return []
    if not isinstance(outputs, (list, tuple)):
        raise TypeError(
            f"outputs must either be a list of strings or a list of Streams; given: {outputs!r}"
        )
    streams: list[Stream] = []
    default: Stream | None = None
    for output in outputs:
        if isinstance(output, Stream):
            streams.append(copy.deepcopy(output))
        elif isinstance(output, str):
            if default is None:
                default = Stream([], DEFAULT_STREAM)
                streams.append(default)
            default.fields.append(output)
        else:
            raise TypeError(
                "outputs must either be a list of strings or a list of Streams; "
                f"invalid entry: {output!r}"
            )
    return streams
