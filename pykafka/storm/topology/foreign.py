"""Components that are not Python: in Java, or programs that speak the multilang protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from .specs import JavaBoltSpec, JavaSpoutSpec, Outputs, Par, ShellBoltSpec, ShellSpoutSpec
from .streams import JavaArgument

__all__ = ["JavaBolt", "JavaSpout", "ShellBolt", "ShellSpout"]


class _Foreign:
    """What all four have: defaults, which a subclass may set, and no use for objects."""

    outputs: Outputs | None = None
    par: Par = 1
    config: Mapping[str, Any] | None = None

    def __init__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not run in Python; write .spec(...)")


class JavaSpout(_Foreign):
    """A spout in Java."""

    @classmethod
    def spec(
        cls,
        name: str | None = None,
        serialized_java: bytes | None = None,
        full_class_name: str | None = None,
        args_list: Iterable[JavaArgument] | None = None,
        par: Par | None = 1,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> JavaSpoutSpec:
        """The spec of such a spout; see :class:`~.specs.JavaComponentSpec`."""
        return JavaSpoutSpec(
            cls, name, serialized_java, full_class_name, args_list, par, config, outputs
        )


class JavaBolt(_Foreign):
    """A bolt in Java."""

    @classmethod
    def spec(
        cls,
        name: str | None = None,
        serialized_java: bytes | None = None,
        full_class_name: str | None = None,
        args_list: Iterable[JavaArgument] | None = None,
        inputs: Any = None,
        par: Par | None = 1,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> JavaBoltSpec:
        """The spec of such a bolt; see :class:`~.specs.JavaComponentSpec`."""
        return JavaBoltSpec(
            cls, name, serialized_java, full_class_name, args_list, inputs, par, config, outputs
        )


class ShellSpout(_Foreign):
    """A spout that is a program."""

    @classmethod
    def spec(
        cls,
        name: str | None = None,
        command: str | None = None,
        script: str | None = None,
        par: Par | None = None,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> ShellSpoutSpec:
        """The spec of such a spout; see :class:`~.specs.ShellComponentSpec`."""
        return ShellSpoutSpec(cls, name, command, script, par, config, outputs)


class ShellBolt(_Foreign):
    """A bolt that is a program."""

    @classmethod
    def spec(
        cls,
        name: str | None = None,
        command: str | None = None,
        script: str | None = None,
        inputs: Any = None,
        par: Par | None = None,
        config: Mapping[str, Any] | None = None,
        outputs: Outputs | None = None,
    ) -> ShellBoltSpec:
        """The spec of such a bolt; see :class:`~.specs.ShellComponentSpec`."""
        return ShellBoltSpec(cls, name, command, script, inputs, par, config, outputs)
