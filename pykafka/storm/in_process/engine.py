"""A topology that runs in one thread, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random
from types import TracebackType
from typing import Any, Literal, NamedTuple

from ..exceptions import ComponentFailedError, StormError, UsageError
from .clock import Clock, RealClock, SteppedClock
from .flow import Flow
from .layout import MAX_PENDING, MESSAGE_TIMEOUT, TICK_SECONDS, Layout
from .plan import ComponentPlan, Plan
from .reading import read_topology
from .record import Emission, ErrorReport, LogLine, Metric, Record
from .steps import Interleaved, OneByOne, Queue, Step
from .task import Task
from .timetable import Timetable

__all__ = ["Ending", "Engine", "EngineOptions"]

#: Why :meth:`Engine.run` returned.
Ending = Literal["until", "idle", "max_steps", "time_limit"]

#: Seconds that a call of next_tuple takes in stepped time: Storm asks about once a millisecond.
_CALL = 0.001
#: Message time-outs without any progress after which stepped time is not let pass any more.
_PATIENCE = 2


class EngineOptions(NamedTuple):
    """How a topology runs; :func:`run_in_process` says what each means."""

    seed: int = 0
    on_error: Literal["raise", "restart"] = "raise"
    interleave: bool = False
    real_time: bool = False
    keep: int | None = None
    on_log: Callable[[LogLine], None] | None = None


class Engine:
    """A whole topology in this thread.

    All tasks are started (bolts, then spouts) and the spouts activated on construction. Not
    thread-safe. A component that does not return cannot be interrupted but by Ctrl-C, which
    ends what runs at once. Used in a ``with``, it is closed at the end.

    Time is stepped: it moves by :meth:`advance`, by a millisecond with each call of
    ``next_tuple``, and by jumps as :meth:`run` says. Messages time out exactly
    ``topology.message.timeout.secs`` after they were emitted (Storm: once to twice of that).

    :ivar plan: what it runs.
    :ivar record: all that happened; most of it has a method here.
    :ivar steps: number of steps so far.
    :ivar restarts: how often the components were restarted after an error.
    :raises ComponentFailedError: a component raised in ``initialize``.
    """

    def __init__(self, plan: Plan, options: EngineOptions = EngineOptions()) -> None:
        if options.on_error not in ("raise", "restart"):
            raise UsageError(f"on_error is 'raise' or 'restart', not {options.on_error!r}")
        self.plan = plan
        self._options = options
        self._layout = Layout(plan)
        self.record = Record(options.keep, options.on_log)
        self._clock: Clock = RealClock() if options.real_time else SteppedClock()
        self._queue: Queue = (
            Interleaved(Random(f"{options.seed} order")) if options.interleave else OneByOne()
        )
        self._flow = Flow(self._layout, self.record, self._clock, self._queue)
        self._timetable = Timetable()
        self._tasks = self._make_tasks()
        self._spouts = [task for task in self._tasks.values() if task.plan.is_spout]
        self._max_pending = {
            task.number: self._conf_value(task, MAX_PENDING) for task in self._spouts
        }
        self._turn = 0
        self._fruitless = 0
        self._active = False
        self.steps = 0
        self.restarts = 0
        self._start()
        self.activate()

    @classmethod
    def of(
        cls,
        topology: Any,
        *,
        environment: str | None = None,
        config: Mapping[str, Any] | None = None,
        replace: Mapping[str, Any] | None = None,
        options: EngineOptions = EngineOptions(),
    ) -> Engine:
        """Start a topology; the arguments are those of :func:`run_in_process`."""
        return cls(read_topology(topology, environment, config or {}, replace or {}), options)

    # Starting and ending

    def _make_tasks(self) -> dict[int, Task]:
        return {
            number: Task(
                component,
                number,
                self._flow,
                self.record,
                self._flow.outgoing(component, number, self._options.seed),
            )
            for component in self.plan.components
            for number in self._layout.tasks[component.name]
        }

    def _conf_value(self, task: Task, key: str) -> Any:
        return task.plan.config.get(key, self._layout.conf.get(key))

    def _start(self) -> None:
        ticks = {
            task.number: seconds
            for task in self._tasks.values()
            if not task.plan.is_spout and (seconds := self._conf_value(task, TICK_SECONDS))
        }
        self._timetable.start_ticks(self.now, ticks)
        for task in self._tasks.values():
            self._guarded(task, "building it", None, self._build, task)
        for task in sorted(self._tasks.values(), key=lambda task: task.plan.is_spout):
            conf = self._layout.conf_of(task.plan.name)
            context = self._layout.context_of(task.number)
            self._guarded(
                task, "initialize", None, task.component.start, conf, context, task
            )
            self._note_deadline(task)

    def _build(self, task: Task) -> None:
        task.component = task.plan.build()
        task.component.clock = self._clock.time

    def _restart(self) -> None:
        """Do as Storm does when a component ends: the worker, all that it runs, starts anew."""
        self.restarts += 1
        self._flow.lose()
        self._fruitless = 0
        self._start()
        if self._active:
            self._active = False
            self.activate()

    def activate(self) -> None:
        """Let spouts be asked for tuples, as ``storm activate`` does."""
        if not self._active:
            self._active = True
            self._fruitless = 0
            for task in self._spouts:
                self._guarded(task, "activate", None, task.component.activate)

    def deactivate(self) -> None:
        """Let spouts rest, as ``storm deactivate`` does: bolts go on, acks still arrive."""
        if self._active:
            self._active = False
            for task in self._spouts:
                self._guarded(task, "deactivate", None, task.component.deactivate)

    def close(self) -> None:
        """End the run: spouts are deactivated, which is all that Storm tells them. Idempotent."""
        self.deactivate()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Running

    def step(self) -> Step | None:
        """Call one component once: with what waits for it, or a spout for its next tuple.

        :returns: what was done; None if there is nothing to do now: nothing waits, and each
            spout is inactive or has ``topology.max.spout.pending`` tuples under way.
        :raises ComponentFailedError: the component raised; the next call goes on after that.
        """
        self._fire_due()
        free = self._free_spouts()
        if free and self._queue.turn_of_spouts(len(free)):
            step = self._ask_spout(free)
        elif self._queue:
            step = self._queue.take()
            self._fruitless = 0
            self._do(step)
        else:
            return None
        self.steps += 1
        return step

    def run(
        self,
        until: Callable[[Engine], bool] | None = None,
        *,
        max_steps: int | None = None,
        time_limit: float | None = None,
    ) -> Ending:
        """Take steps until something ends the run.

        It is idle when nothing waits and each spout was asked in vain. Then, as long as a bolt
        holds tuples or tuples of a spout are pending, stepped time jumps to the next tick,
        batch or time-out, unless two message time-outs passed in which no tuple was emitted,
        acked or failed. In real time it is never idle: spouts are asked again and again.

        :param until: called before each step; true ends the run.
        :param max_steps: number of steps after which it ends.
        :param time_limit: seconds, of the machine's clock, after which it ends.
        :returns: what ended it: ``"until"``, ``"idle"``, ``"max_steps"`` or ``"time_limit"``.
        :raises ComponentFailedError: a component raised.
        """
        last = None if max_steps is None else self.steps + max_steps
        end = None if time_limit is None else time.monotonic() + time_limit
        while True:
            if until is not None and until(self):
                return "until"
            if last is not None and self.steps >= last:
                return "max_steps"
            if end is not None and time.monotonic() >= end:
                return "time_limit"
            if self._idle():
                if not self._let_time_pass():
                    return "idle"
            else:
                self.step()

    def advance(self, seconds: float) -> None:
        """Let time pass: ticks, batches by time and time-outs come as they are due.

        Bolts work off what that brings, and what waits; spouts are told of acks and fails, but
        are not asked for tuples.

        :raises UsageError: the run is in real time.
        """
        if not isinstance(self._clock, SteppedClock):
            raise UsageError("a run in real time cannot be advanced; leave out real_time")
        end = self.now + seconds
        while True:
            self._fire_due()
            while self._queue:
                self.steps += 1
                self._do(self._queue.take())
            due = self._next_due()
            if due is None or due > end:
                break
            self._clock.move_to(due)
        self._clock.move_to(end)
        self._fruitless = 0

    def _idle(self) -> bool:
        if self._queue or self._fruitless < len(self._free_spouts()):
            return False
        due = self._next_due()
        return due is None or due > self.now

    def _let_time_pass(self) -> bool:
        due = self._next_due()
        if self._options.real_time:
            self._clock.wait(due)
        else:
            if due is None or not (self._flow.holds or self._timetable.has_batches):
                return False
            patience = _PATIENCE * self._layout.conf[MESSAGE_TIMEOUT]
            if due > self._flow.progress_at + patience:
                return False
            self._clock.wait(due)
        self._fruitless = 0
        return True

    def _next_due(self) -> float | None:
        due = self._timetable.next_due()
        expiry = self._flow.trees.next_expiry()
        if expiry is None or expiry == float("inf"):
            return due
        return expiry if due is None else min(due, expiry)

    def _fire_due(self) -> None:
        due = self._next_due()
        if due is None or due > (now := self.now):
            return
        self._flow.time_out(now)
        for tick in self._timetable.ticks_due(now):
            self._flow.tick(tick.task, tick.seconds)
        for number in self._timetable.batches_due(now):
            self._queue.put(Step("batch", self._tasks[number].plan.name, number))

    def _free_spouts(self) -> list[Task]:
        if not self._active:
            return []
        pending = self._flow.trees.pending
        return [
            task
            for task in self._spouts
            if (most := self._max_pending[task.number]) is None or pending(task.number) < most
        ]

    def _ask_spout(self, free: list[Task]) -> Step:
        self._turn += 1
        task = free[self._turn % len(free)]
        before = self._flow.emitted
        self._guarded(task, "next_tuple", None, task.component.next_tuple)
        self._clock.took(_CALL)
        self._fruitless = 0 if self._flow.emitted != before else self._fruitless + 1
        return Step("next_tuple", task.plan.name, task.number)

    def _do(self, step: Step) -> None:
        task = self._tasks[step.task]
        component = task.component
        if step.kind in ("process", "tick"):
            self._guarded(task, "process", step.item, component.deliver, step.item)
            self._note_deadline(task)
        elif step.kind == "batch":
            self._guarded(task, "a batch that was due", None, component.flush)
            self._note_deadline(task)
        elif step.kind == "ack":
            self._guarded(task, "ack", step.item, component.acked, step.item)
        else:
            self._guarded(task, "fail", step.item, component.failed, step.item)

    def _note_deadline(self, task: Task) -> None:
        if not task.plan.is_spout:
            self._timetable.set_deadline(task.number, task.component.deadline)

    def _guarded(
        self, task: Task, during: str, item: Any, call: Callable[..., object], *arguments: Any
    ) -> None:
        try:
            call(*arguments)
        except Exception as error:
            starting = during in ("building it", "initialize")
            # A component that cannot even start would be restarted for ever.
            if self._options.on_error == "raise" or starting:
                raise _failure(task, during, item, error) from error
            self._restart()

    # Looking

    @property
    def now(self) -> float:
        """Engine time: seconds since the start."""
        return self._clock.time()

    def task(self, component: str, index: int = 0) -> Any:
        """The object that runs as one of a component's tasks.

        :raises UsageError: there is no such component or task.
        """
        objects = self.tasks(component)
        if not 0 <= index < len(objects):
            raise UsageError(f"component {component!r} has {len(objects)} tasks; none is {index}")
        return objects[index]

    def tasks(self, component: str) -> list[Any]:
        """The objects that run as a component's tasks, in the order of their numbers."""
        return [self._tasks[number].component for number in self.task_ids(component)]

    def task_ids(self, component: str) -> list[int]:
        """Numbers of a component's tasks, ascending."""
        numbers = self._layout.tasks.get(component)
        if numbers is None:
            raise UsageError(
                f"the topology has no component {component!r}; it has "
                f"{', '.join(map(repr, self._layout.tasks))}"
            )
        return list(numbers)

    def emissions(self, component: str, stream: str = "default") -> list[Emission]:
        """What all tasks of a component emitted to a stream, in order."""
        self.task_ids(component)
        return list(self.record.emissions.get((component, stream), ()))

    def emitted(self, component: str, stream: str = "default") -> list[list[Any]]:
        """The values of what all tasks of a component emitted to a stream, in order."""
        return [emission.values for emission in self.emissions(component, stream)]

    def acked(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples whose trees were acked, in order."""
        return self._ended(self.record.acked, spout)

    def failed(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that failed, time-outs included, in order."""
        return self._ended(self.record.failed, spout)

    def timed_out(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that failed by time, in order."""
        return self._ended(self.record.timed_out, spout)

    def lost(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that were under way at a restart: nobody tells the spout."""
        return self._ended(self.record.lost, spout)

    def _ended(self, ids: Mapping[str, Any], spout: str) -> list[Any]:
        self.task_ids(spout)
        return list(ids.get(spout, ()))

    def pending(self, spout: str) -> list[Any]:
        """Ids of a spout's tuples that are under way, oldest first."""
        numbers = self.task_ids(spout)
        return [tree.message_id for tree in self._flow.trees if tree.task in numbers]

    def held(self, bolt: str) -> int:
        """Count the tuples that were sent to a bolt and that it neither acked nor failed."""
        return sum(len(self._flow.held_by(number)) for number in self.task_ids(bolt))

    def waiting(self) -> int:
        """Count the steps that wait."""
        return len(self._queue)

    @property
    def logs(self) -> list[LogLine]:
        """What all components logged, in order."""
        return list(self.record.logs)

    @property
    def errors(self) -> list[ErrorReport]:
        """What all components reported as errors, in order."""
        return list(self.record.errors)

    @property
    def metrics(self) -> list[Metric]:
        """What all components sent as metrics, in order."""
        return list(self.record.metrics)
