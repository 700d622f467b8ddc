"""A single spout or bolt under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from ...exceptions import UsageError
from ..components.component import Component
from ..components.spout import Spout
from ..components.tuples import Tuple
from .carrying import carried
from .clock import SteppedClock
from .flow import Flow
from .layout import TICK_SECONDS, Layout
from .logs import Logging
from .plan import ComponentPlan, Plan, StreamPlan, Subscription
from .reading import label_of, streams_of
from .record import Emission, ErrorReport, LogLine, Record
from .steps import OneByOne
from .task import Task
from .timetable import Timetable

__all__ = ["ComponentHarness", "Outcome"]

#: Names of what stands around the component.
_READER, _SOURCE = "(reader)", "source"


class Outcome(NamedTuple):
    """What a component did during one call of its harness.

    :ivar input: the tuple that it was given, if any.
    :ivar emitted: what it emitted, in order, to all streams.
    :ivar acked: input tuples that it acked, in order; ticks left out, here and below.
    :ivar failed: input tuples that it failed, in order.
    :ivar logged: what it logged, by ``log`` and by its ``logger``.
    :ivar errors: what it reported as errors.
    """

    input: Tuple | None
    emitted: list[Emission]
    acked: list[Tuple]
    failed: list[Tuple]
    logged: list[LogLine]
    errors: list[ErrorReport]

    @property
    def values(self) -> list[list[Any]]:
        """The values of what it emitted, in order."""
        return [emission.values for emission in self.emitted]

    @property
    def messages(self) -> list[str]:
        """The text of what it logged, in order."""
        return [line.message for line in self.logged]


class ComponentHarness:
    """Runs one component without a topology, for its unit tests::

        harness = ComponentHarness(WordCountBolt, fields={"words": {"default": ["word"]}})
        outcome = harness.process("dog")
        assert outcome.values == [["dog", 1]]
        assert outcome.acked == [outcome.input]

    The component is initialized, and a spout activated, on construction. Values go through JSON
    as on Storm. What it emits is checked against its outputs if it declares any; each of its
    streams is read by one task, whose number ``emit`` gives and takes. Time is stepped. What the
    component raises comes out of the harness as it is, after the tuple failed; with
    ``exit_on_exception = False`` look at :attr:`Outcome.errors`. Not thread-safe. Used in a
    ``with``, it is closed at the end.

    :param component: a class of spouts or bolts, or an object of one that nothing ran yet.
    :param conf: Storm settings, over the class' own ``config``.
    :param fields: of a bolt: component -> stream -> names of the fields that come from there.
        Without it values have no names, and come from wherever a test says.
    :param outputs: names of fields and streams, instead of the class' ``outputs``.
    :ivar component: the object.
    :ivar total: what it did until now, in all calls.
    :raises UsageError: it is no component.
    """

    def __init__(
        self,
        component: Any,
        *,
        conf: Mapping[str, Any] | None = None,
        fields: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        cls = component if isinstance(component, type) else type(component)
        if not issubclass(cls, Component):
            raise UsageError(f"{component!r} is no component: give a Spout or a Bolt")
        self._fields = fields
        self._clock = SteppedClock()
        self._queue = OneByOne()
        plan = _surrounded(cls, conf or {}, fields or {}, outputs)
        layout, record = Layout(plan), Record(None, None)
        self._flow = Flow(layout, record, self._clock, self._queue)
        tested = plan.components[0]
        (self._number,) = layout.tasks[tested.name]
        outgoing = self._flow.outgoing(tested, self._number, 0)
        self._task = _WatchedTask(tested, self._number, self._flow, record, outgoing)
        self._logging = Logging(self._task.log)
        self._timetable = Timetable()
        merged = layout.conf_of(tested.name)
        self._every = merged.get(TICK_SECONDS)
        if self._every and not tested.is_spout:
            self._timetable.start_ticks(0.0, {self._number: self._every})
        self.component: Any = component() if isinstance(component, type) else component
        self.component.storm_clock = self._clock.time
        self._outcome_of(
            lambda: self.component.storm_start(merged, layout.context_of(self._number), self._task)
        )
        if tested.is_spout:
            self.activate()

    # A bolt's input

    def process(
        self, values: Any, *, stream: str = "default", component: str | None = None
    ) -> Outcome:
        """Give a bolt a tuple.

        :param values: a list or tuple of values; anything else is the only value.
        :param stream: where it comes from.
        :param component: where it comes from; the first of ``fields`` that has the stream.
        :raises SerializationError: a value could not come from Storm.
        """
        self._needs(spout=False)
        source = component or self._source_of(stream)
        listed = carried(values if isinstance(values, (list, tuple)) else [values])
        self._check_input(source, stream, listed)
        self._flow.send((source, 1), listed, stream, [self._number], ())
        tup = self._queue.take().item
        self._task.inputs[tup.id] = tup
        return self._outcome_of(lambda: self.component.storm_deliver(tup), tup)

    def tick(self) -> Outcome:
        """Give a bolt a tick, without letting time pass."""
        self._needs(spout=False)
        return self._outcome_of(self._tick)

    def flush(self) -> Outcome:
        """Let a bolt process the batches that it holds, though their time is not over."""
        self._needs(spout=False)
        return self._outcome_of(self.component.storm_flush)

    def advance(self, seconds: float) -> Outcome:
        """Let time pass: batches by time and ticks come as they are due.

        Ticks come if the settings hold ``topology.tick.tuple.freq.secs``.
        """
        return self._outcome_of(lambda: self._let_pass(seconds))

    # A spout's commands

    def next_tuple(self) -> Outcome:
        """Ask a spout for a tuple."""
        self._needs(spout=True)
        return self._outcome_of(self.component.storm_next)

    def ack(self, tup_id: Any) -> Outcome:
        """Tell a spout that a tuple is done."""
        self._needs(spout=True)
        return self._outcome_of(lambda: self.component.storm_acked(carried(tup_id)))

    def fail(self, tup_id: Any) -> Outcome:
        """Tell a spout that a tuple failed."""
        self._needs(spout=True)
        return self._outcome_of(lambda: self.component.storm_failed(carried(tup_id)))

    def activate(self) -> Outcome:
        """Tell a spout that the topology is activated again."""
        self._needs(spout=True)
        return self._outcome_of(self.component.activate)

    def deactivate(self) -> Outcome:
        """Tell a spout that the topology is deactivated, or killed."""
        self._needs(spout=True)
        return self._outcome_of(self.component.deactivate)

    def close(self) -> Outcome:
        """End the component as Storm does when the topology is killed."""
        return self._outcome_of(self._close)

    # What there is to see

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._clock.time()

    @property
    def held(self) -> list[Tuple]:
        """Input tuples that a bolt has neither acked nor failed, oldest first."""
        return list(self._task.inputs.values())

    @property
    def total(self) -> Outcome:
        """What the component did until now, in all calls, the start included."""
        return self._task.seen.since((0, 0, 0, 0, 0), None)

    def __enter__(self) -> ComponentHarness:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()

    # Inside

    def _needs(self, *, spout: bool) -> None:
        if isinstance(self.component, Spout) != spout:
            kind = "spouts" if spout else "bolts"
            raise UsageError(
                f"only {kind} can do that, and {type(self.component).__name__} is none"
            )

    def _source_of(self, stream: str) -> str:
        for component, streams in (self._fields or {}).items():
            if stream in streams:
                return component
        return _SOURCE

    def _check_input(self, source: str, stream: str, values: list[Any]) -> None:
        if self._fields is None:
            return
        names = self._fields.get(source, {}).get(stream)
        if names is None:
            raise UsageError(f"fields names no stream {stream!r} of a component {source!r}")
        if len(values) != len(names):
            raise UsageError(
                f"{values!r} are {len(values)} values, but the fields of stream {stream!r} of "
                f"{source!r} are {list(names)}"
            )

    def _tick(self) -> None:
        # Only the tick itself is to be taken, not what was emitted before it.
        self._queue.clear()
        self._flow.tick(self._number, self._every or 1)
        self.component.storm_deliver(self._queue.take().item)

    def _let_pass(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            if not isinstance(self.component, Spout):
                self._timetable.set_deadline(self._number, self.component.storm_deadline)
            due = self._timetable.next_due()
            if due > end:
                break
            self._clock.move_to(due)
            for _ in self._timetable.ticks_due(due):
                self._tick()
            if self._timetable.batches_due(due):
                self.component.storm_flush()
        self._clock.move_to(end)

    def _close(self) -> None:
        if isinstance(self.component, Spout):
            self.component.deactivate()
        self.component.close()

    def _outcome_of(self, call: Callable[[], object], given: Tuple | None = None) -> Outcome:
        before = self._task.seen.sizes()
        try:
            with self._logging:
                call()
        finally:
            # What becomes of what it emitted is no part of the test.
            self._queue.clear()
        return self._task.seen.since(before, given)


class _Seen(NamedTuple):
    """What a component did, growing."""

    emitted: list[Emission]
    acked: list[Tuple]
    failed: list[Tuple]
    logged: list[LogLine]
    errors: list[ErrorReport]

    def sizes(self) -> tuple[int, ...]:
        """How much of each there is."""
        lists: tuple[list[Any], ...] = self
        return tuple(len(each) for each in lists)

    def since(self, sizes: tuple[int, ...], given: Tuple | None) -> Outcome:
        """What was added since then."""
        emitted, acked, failed, logged, errors = sizes
        return Outcome(
            given,
            self.emitted[emitted:],
            self.acked[acked:],
            self.failed[failed:],
            self.logged[logged:],
            self.errors[errors:],
        )


class _WatchedTask(Task):
    """A task that also notes what its component does with which input.

    :ivar inputs: id -> what the component holds.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.inputs: dict[str, Tuple] = {}
        self.seen = _Seen([], [], [], [], [])

    def emit(self, values: Any, tup_id: Any, stream: str, *rest: Any) -> list[int] | None:
        """Send a tuple."""
        tasks = super().emit(values, tup_id, stream, *rest)
        self.seen.emitted.append(self._record.emissions[self.plan.name, stream][-1])
        return tasks

    def ack(self, tup_id: Any) -> None:
        """The bolt is done with a tuple."""
        super().ack(tup_id)
        if tup_id in self.inputs:
            self.seen.acked.append(self.inputs.pop(tup_id))

    def fail(self, tup_id: Any) -> None:
        """The bolt could not process a tuple."""
        super().fail(tup_id)
        if tup_id in self.inputs:
            self.seen.failed.append(self.inputs.pop(tup_id))

    def log(self, message: str, level: int) -> None:
        """Keep a line of the log."""
        self.seen.logged.append(LogLine(self.plan.name, self.number, level, message))

    def report_error(self, message: str) -> None:
        """Keep a report."""
        self.seen.errors.append(ErrorReport(self.plan.name, self.number, message))


def _surrounded(
    cls: type[Component],
    conf: Mapping[str, Any],
    fields: Mapping[str, Mapping[str, Sequence[str]]],
    outputs: Sequence[Any] | None,
) -> Plan:
    """Plan a topology of the component, first, with what it reads and a reader of each stream."""
    is_spout = issubclass(cls, Spout)
    streams = streams_of((cls.outputs if outputs is None else outputs) or ())
    name = cls.__name__
    while name in fields:
        name += "-tested"
    tested = ComponentPlan(
        name,
        cls,
        label_of(cls),
        is_spout,
        1,
        {**(cls.config or {}), **conf},
        streams or {"default": StreamPlan(None)},
        tuple(Subscription(source, stream) for source, named in fields.items() for stream in named),
    )
    readings = tuple(
        Subscription(name, stream, "direct" if declared.direct else "shuffle")
        for stream, declared in tested.streams.items()
    )
    reader = ComponentPlan(_READER, object, _READER, False, 1, {}, {}, readings)
    sources = [
        ComponentPlan(
            source,
            object,
            source,
            True,
            1,
            {},
            {stream: StreamPlan(tuple(names)) for stream, names in named.items()},
            (),
        )
        for source, named in fields.items()
    ]
    return Plan("test", (tested, reader, *sources), {})
