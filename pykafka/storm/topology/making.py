"""From component classes to specs: ``spec`` of a spout and of a bolt, and the short form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .inputs import default_grouping, inputs_of, source_of
from .specs import Outputs, Par, ShellBoltSpec, ShellSpoutSpec
from .streams import Grouping

__all__ = ["SHORT_FORM", "bolt_spec", "class_path_of", "short_form", "spout_spec"]

#: A component's class that is called with one of these makes a spec, not a component.
SHORT_FORM = frozenset({"name", "out", "p", "from_", "group_on"})


def class_path_of(cls: type[Any]) -> str:
    """How the worker is told which class to run."""
    return f"{cls.__module__}.{cls.__qualname__}"


def spout_spec(
    cls: type[Any],
    name: str | None = None,
    par: Par | None = None,
    config: Mapping[str, Any] | None = None,
    outputs: Any = None,
) -> ShellSpoutSpec:
    """The spec of a spout in Python.

    :param cls: its class; ``outputs``, ``par`` and ``config``, unless given, are taken from it.
    """
    return ShellSpoutSpec(
        cls, name, par=par, config=config, outputs=outputs, class_path=class_path_of(cls)
    )


def bolt_spec(
    cls: type[Any],
    name: str | None = None,
    inputs: Any = None,
    par: Par | None = None,
    config: Mapping[str, Any] | None = None,
) -> ShellBoltSpec:
    """The spec of a bolt in Python.

    :param cls: its class; ``outputs``, and ``par`` and ``config`` unless given, are taken from it.
    :param inputs: see :func:`pykafka.storm.topology.inputs.inputs_of`.
    """
    return ShellBoltSpec(
        cls, name, inputs=inputs, par=par, config=config, class_path=class_path_of(cls)
    )


def short_form(
    cls: type[Any],
    *,
    name: str | None = None,
    out: Outputs | str | None = None,
    p: Par | None = None,
    from_: Any = None,
    group_on: Any = None,
    config: Mapping[str, Any] | None = None,
) -> ShellSpoutSpec | ShellBoltSpec:
    """The spec that ``cls(name=..., out=..., p=..., from_=..., group_on=...)`` stands for.

    :param cls: a class of Python components: with ``next_tuple`` a spout, else a bolt.
    :param out: the outputs, if not the class's own; one field may stand without a list.
    :param p: the parallelism.
    :param from_: what a bolt reads: a source (:func:`~.inputs.source_of`: a class, a spec, a
        component's name, a ``GlobalStreamId``, a tuple of source and stream), a list of sources,
        or a dictionary from sources to what they are grouped on.
    :param group_on: a field, a list of fields, or a :class:`Grouping`, for all sources; None
        shuffles.
    :raises TypeError: an argument is of another type, or a spout is to read something.
    """
    outputs = [out] if isinstance(out, str) else out
    path = class_path_of(cls)
    if hasattr(cls, "next_tuple"):
        if from_ is not None or group_on is not None:
            raise TypeError(f"{cls.__name__} is a spout: it takes neither from_ nor group_on")
        return ShellSpoutSpec(cls, name, par=p, config=config, outputs=outputs, class_path=path)
    if not hasattr(cls, "process"):
        raise TypeError(f"{cls.__name__}: only a Spout or a Bolt can be part of a topology")
    if from_ is None and group_on is not None:
        raise TypeError(f"{cls.__name__}: group_on says how from_ is shared, and from_ is missing")
    inputs = _inputs(from_, group_on)
    return ShellBoltSpec(
        cls, name, inputs=inputs, par=p, config=config, outputs=outputs, class_path=path
    )


def _inputs(from_: Any, group_on: Any) -> Any:
    if from_ is None:
        return None
    if isinstance(from_, Mapping):
        if group_on is not None:
            raise TypeError("from_ is a dict, which says itself what each source is grouped on")
        ways = {source_of(source): on for source, on in from_.items()}
    else:
        sources = from_ if isinstance(from_, list) else [from_]
        ways = {source_of(source): group_on for source in sources}
    return inputs_of(
        {
            source: default_grouping(source) if on is None else _grouping(on)
            for source, on in ways.items()
        }
    )


def _grouping(on: Any) -> Grouping:
    if isinstance(on, Grouping):
        return on
    if isinstance(on, (str, list, tuple)):
        return Grouping.fields(on)
    raise TypeError(f"group_on must be a field, a list of fields or a Grouping; given: {on!r}")
