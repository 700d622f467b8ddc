"""Which task is whose, and what each task is told in its handshake."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from .plan import Plan, Subscription

__all__ = ["ACKERS", "MAX_PENDING", "MESSAGE_TIMEOUT", "TICK_SECONDS", "TIMEOUTS_ON", "Layout"]

ACKERS = "topology.acker.executors"
MAX_PENDING = "topology.max.spout.pending"
MESSAGE_TIMEOUT = "topology.message.timeout.secs"
TICK_SECONDS = "topology.tick.tuple.freq.secs"
TIMEOUTS_ON = "topology.enable.message.timeouts"

#: What of Storm's 300 defaults matters to components, as Storm 2.8 has it for one worker.
_DEFAULTS: dict[str, Any] = {
    ACKERS: 1,
    "topology.debug": False,
    TIMEOUTS_ON: True,
    MAX_PENDING: None,
    MESSAGE_TIMEOUT: 30,
    "topology.workers": 1,
}


class Layout:
    """Numbers the tasks of a topology and writes their handshakes.

    Tasks are numbered from 1 in the order of the components' names, ackers first, as Storm
    does; all of them are in one worker.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._components = {component.name: component for component in plan.components}
        #: Of the topology, Storm's defaults included.
        self.conf: dict[str, Any] = {
            **_DEFAULTS,
            "topology.name": plan.name,
            "storm.id": f"{plan.name}-1-0",
            **plan.config,
        }
        ackers = self.conf[ACKERS]
        #: Whether tuples with an id are tracked.
        self.tracked = ackers is None or ackers > 0
        self._component_of = ["__acker"] * (1 if ackers is None else ackers)
        #: Component -> ids of its tasks, ascending.
        self.tasks: dict[str, list[int]] = {}
        for name in sorted(self._components):
            first = len(self._component_of) + 1
            self._component_of += [name] * self._components[name].par
            self.tasks[name] = list(range(first, len(self._component_of) + 1))

    def readers(self, component: str, stream: str) -> list[tuple[str, Subscription]]:
        """Who reads a stream, in the order of the plan."""
        return [
            (reader.name, subscription)
            for reader in self._plan.components
            for subscription in reader.inputs
            if (subscription.component, subscription.stream) == (component, stream)
        ]

    def conf_of(self, component: str) -> dict[str, Any]:
        """What a task gets as its configuration: a copy of its own."""
        return deepcopy({**self.conf, **self._components[component].config})

    def context_of(self, task: int) -> dict[str, Any]:
        """What a task is told of its place, shaped as in the handshake of Storm 2.8.

        Streams of Storm's own (ticks, acks, metrics) are left out.
        """
        name = self._component_of[task - 1]
        component = self._components[name]
        sources: dict[str, dict[str, list[str]]] = {}
        groupings: dict[str, dict[str, Any]] = {}
        for source in component.inputs:
            stream = self._components[source.component].streams[source.stream]
            if stream.fields is not None:
                sources.setdefault(source.component, {})[source.stream] = list(stream.fields)
            groupings.setdefault(source.component, {})[source.stream] = _described(source)
        return {
            "taskid": task,
            "componentid": name,
            "streams": list(component.streams),
            "stream->outputfields": {
                stream: list(declared.fields or ())
                for stream, declared in component.streams.items()
            },
            "stream->target->grouping": {
                stream: {
                    reader: _described(subscription)
                    for reader, subscription in self.readers(name, stream)
                }
                for stream in component.streams
            },
            "source->stream->fields": sources,
            "source->stream->grouping": groupings,
            "task->component": {
                str(number): owner for number, owner in enumerate(self._component_of, 1)
            },
        }


def _described(subscription: Subscription) -> dict[str, Any]:
    described: dict[str, Any] = {"type": subscription.kind.upper()}
    if subscription.kind == "fields":
        described["fields"] = list(subscription.fields)
    return described
