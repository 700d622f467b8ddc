"""How tuples flow between tasks, and the trees that they form."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from random import Random
from typing import Any, NamedTuple

from ..components.tuples import Tuple, ValueTypes
from ..exceptions import RefusedEmitError
from .carrying import again
from .clock import Clock
from .groupings import Chooser, chooser
from .layout import MESSAGE_TIMEOUT, TIMEOUTS_ON, Layout
from .plan import ComponentPlan, StreamPlan
from .record import Emission, Record
from .steps import Queue, Step
from .trees import Tree, Trees

__all__ = ["Flow", "Outgoing"]


class _Held(NamedTuple):
    """A tuple that was sent to a bolt, which has neither acked nor failed it."""

    task: int
    trees: tuple[Tree, ...]


class Outgoing(NamedTuple):
    """One stream of one task.

    :ivar width: number of values; None for any.
    :ivar readers: for each reader, who of its tasks gets a tuple.
    :ivar direct_tasks: those that an emit may name.
    """

    stream: StreamPlan
    width: int | None
    readers: list[Chooser]
    direct_tasks: frozenset[int]


class Flow:
    """What all tasks of a run share: queue, trees, and the tuples that bolts hold.

    :ivar emitted: number of emits so far.
    :ivar progress_at: engine time at which a tuple was last emitted, acked or failed.
    """

    def __init__(self, layout: Layout, record: Record, clock: Clock, queue: Queue) -> None:
        self._layout = layout
        self._record = record
        self._clock = clock
        self.queue = queue
        self.trees = Trees()
        self.emitted = 0
        self.progress_at = 0.0
        self._held: dict[str, _Held] = {}
        self._ticks: set[str] = set()
        self._last_id = 0
        self._component_of = {
            task: component for component, tasks in layout.tasks.items() for task in tasks
        }
        self._values = {
            task: ValueTypes(layout.context_of(task)["source->stream->fields"])
            for task in self._component_of
        }
        #: Seconds after which a tree fails.
        self.timeout = layout.conf[MESSAGE_TIMEOUT] if layout.conf[TIMEOUTS_ON] else math.inf

    def outgoing(self, component: ComponentPlan, task: int, seed: int) -> dict[str, Outgoing]:
        """Make what one task knows of its streams."""
        streams = {}
        for name, stream in component.streams.items():
            readers, direct = [], set()
            for reader, subscription in self._layout.readers(component.name, name):
                tasks = self._layout.tasks[reader]
                random = Random(f"{seed} {task} {name} {reader}")
                readers.append(chooser(subscription, reader, tasks, stream.fields, random))
                if subscription.kind == "direct":
                    direct.update(tasks)
            width = None if stream.fields is None else len(stream.fields)
            streams[name] = Outgoing(stream, width, readers, frozenset(direct))
        return streams

    @property
    def holds(self) -> bool:
        """Whether a bolt holds a tuple, or a tree of a spout is open."""
        return bool(self._held or self.trees)

    def held_by(self, task: int) -> list[str]:
        """Ids of what one bolt has neither acked nor failed, oldest first."""
        return [tup_id for tup_id, held in self._held.items() if held.task == task]

    def emit_root(
        self, source: tuple[str, int], values: Any, message_id: Any, stream: str, to: Sequence[int]
    ) -> None:
        """Send a spout's tuple. Its id and values were carried."""
        component, task = source
        self.emitted += 1
        self.progress_at = now = self._clock.time()
        trees: tuple[Tree, ...] = ()
        if message_id is not None:
            if to and self._layout.tracked:
                trees = (self.trees.plant(task, message_id, now + self.timeout),)
            else:
                # Nobody reads it, or nobody tracks it: it is done.
                self._tell("ack", component, task, message_id)
        self.send(source, values, stream, to, trees)
        emission = Emission(component, task, stream, values, message_id, (), tuple(to))
        self._record.emissions[component, stream].append(emission)

    def emit_from(
        self,
        source: tuple[str, int],
        values: Any,
        anchors: Sequence[str],
        stream: str,
        to: Sequence[int],
    ) -> None:
        """Send a bolt's tuple: it joins the trees of the tuples that it is anchored to."""
        component, task = source
        self.emitted += 1
        self.progress_at = self._clock.time()
        held = [self._holding(component, task, anchor, "anchored to") for anchor in anchors]
        # One that is there twice gets two leaves, and loses two.
        trees = tuple(chain.from_iterable(held))
        self.send(source, values, stream, to, trees)
        emission = Emission(component, task, stream, values, None, tuple(anchors), tuple(to))
        self._record.emissions[component, stream].append(emission)

    def send(
        self,
        source: tuple[str, int],
        values: Any,
        stream: str,
        to: Sequence[int],
        trees: tuple[Tree, ...],
    ) -> None:
        """Put a tuple, whose values were carried, into the queue for each of the tasks."""
        for tree in trees:
            tree.leaves += len(to)
        component, source_task = source
        for task in to:
            self._last_id += 1
            tup_id = str(self._last_id)
            self._held[tup_id] = _Held(task, trees)
            # Each reader has an object of its own, as each process under Storm.
            named = self._values[task](component, stream, again(values))
            tup = Tuple(tup_id, component, stream, source_task, named)
            self.queue.put(Step("process", self._component_of[task], task, tup))

    def tick(self, task: int, seconds: float) -> None:
        """Send a tick to a bolt."""
        self._last_id += 1
        tup_id = str(self._last_id)
        self._ticks.add(tup_id)
        tup = Tuple(tup_id, "__system", "__tick", -1, (seconds,))
        self.queue.put(Step("tick", self._component_of[task], task, tup))

    def ack(self, component: str, task: int, tup_id: str) -> None:
        """Take a tuple from a bolt that is done with it."""
        if tup_id in self._ticks:
            self._ticks.remove(tup_id)
            return
        trees = self._holding(component, task, tup_id, "acked")
        del self._held[tup_id]
        self._end(self.trees.acked(trees), "ack")

    def fail(self, component: str, task: int, tup_id: str) -> None:
        """Take a tuple from a bolt that could not process it: all its trees fail."""
        if tup_id in self._ticks:
            self._ticks.remove(tup_id)
            return
        trees = self._holding(component, task, tup_id, "failed")
        del self._held[tup_id]
        self._end(self.trees.failed(trees), "fail")

    def time_out(self, now: float) -> None:
        """Fail the trees that are too old by now."""
        late = self.trees.expired(now)
        if late:
            self._end(late, "fail", timed_out=True)

    def lose(self) -> None:
        """Drop all that is under way, as when a worker dies: nobody is told."""
        for tree in self.trees.clear():
            self._record.lost[self._component_of[tree.task]].append(tree.message_id)
        self._held.clear()
        self._ticks.clear()
        self.queue.clear()

    def _holding(self, component: str, task: int, tup_id: str, verb: str) -> tuple[Tree, ...]:
        held = self._held.get(tup_id)
        if held is None or held.task != task:
            raise RefusedEmitError(
                f"bolt {component!r} (task {task}) {verb} tuple {tup_id!r}, which it does not "
                "hold: it was acked or failed before, or is another task's. Storm ends the "
                "worker for that; emit before you ack, and ack or fail each tuple once"
            )
        return held.trees

    def _end(self, trees: Iterable[Tree], kind: str, *, timed_out: bool = False) -> None:
        self.progress_at = self._clock.time()
        for tree in trees:
            component = self._component_of[tree.task]
            if timed_out:
                self._record.timed_out[component].append(tree.message_id)
            self._tell(kind, component, tree.task, tree.message_id)

    def _tell(self, kind: str, component: str, task: int, message_id: Any) -> None:
        ended = self._record.acked if kind == "ack" else self._record.failed
        ended[component].append(message_id)
        self.queue.put(Step(kind, component, task, message_id))
