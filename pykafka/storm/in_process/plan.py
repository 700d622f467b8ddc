"""What the engine runs, as plain values: components, their streams and who reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["ComponentPlan", "Plan", "StreamPlan", "Subscription"]


class StreamPlan(NamedTuple):
    """A stream that a component declares.

    :ivar fields: names of its values; None if any number of values may be emitted.
    :ivar direct: whether the emitter names the task that gets a tuple.
    """

    fields: tuple[str, ...] | None
    direct: bool = False


class Subscription(NamedTuple):
    """One input of a bolt.

    :ivar component: the component that emits.
    :ivar stream: its stream.
    :ivar kind: ``"shuffle"``, ``"fields"``, ``"all"``, ``"global"``, ``"none"``, ``"direct"`` or
        ``"local_or_shuffle"``.
    :ivar fields: of a fields grouping, the fields whose values decide on the task.
    """

    component: str
    stream: str
    kind: str = "shuffle"
    fields: tuple[str, ...] = ()


class ComponentPlan(NamedTuple):
    """One spout or bolt.

    :ivar build: makes the object of one task.
    :ivar label: what errors call its class.
    :ivar par: number of tasks.
    :ivar inputs: what a bolt reads; of a spout empty.
    """

    name: str
    build: Callable[[], Any]
    label: str
    is_spout: bool
    par: int
    config: Mapping[str, Any]
    streams: Mapping[str, StreamPlan]
    inputs: tuple[Subscription, ...]


class Plan(NamedTuple):
    """A whole topology.

    :ivar config: of the topology; a component's own goes over it.
    """

    name: str
    components: tuple[ComponentPlan, ...]
    config: Mapping[str, Any]
