"""A topology that runs in one thread, step by step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from random import Random
from types import TracebackType
from typing import Any, Literal, NamedTuple

from ...exceptions import UsageError
from ..exceptions import ComponentFailedError
from .clock import Clock, RealClock, SteppedClock
from .flow import Flow
from .inspection import Inspection
from .layout import MAX_PENDING, MESSAGE_TIMEOUT, TICK_SECONDS, Layout
from .logs import Logging
from .plan import Plan
from .reading import read_topology
from .record import LogLine, Record
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
    """How a topology runs; :func:`~pykafka.storm.in_process.run_in_process` explains each."""

    seed: int = 0
    on_error: Literal["raise", "restart"] = "raise"
    interleave: bool = False
    real_time: bool = False
    keep: int | None = None
    on_log: Callable[[LogLine], None] | None = None


_DEFAULTS = EngineOptions()


class Engine(Inspection):
    """A whole topology in this thread.

    On construction all tasks are started (bolts, then spouts) and the spouts activated. Not
    thread-safe. A component that does not return cannot be interrupted but by Ctrl-C, which
    raises ``KeyboardInterrupt`` in it, at once. Used in a ``with``, it is closed at the end.

    Time is stepped: it moves by :meth:`advance`, by a millisecond with each call of
    ``next_tuple``, and by jumps as :meth:`run` says. A message times out exactly
    ``topology.message.timeout.secs`` after it was emitted (on Storm: after once to twice that).

    :ivar steps: number of steps so far.
    :ivar restarts: how often all components were restarted because one raised.
    :raises TopologyError: a grouping is Java code.
    :raises ComponentFailedError: a component raised in ``initialize``.
    """

    def __init__(self, plan: Plan, options: EngineOptions = _DEFAULTS) -> None:
        if options.on_error not in ("raise", "restart"):
            raise UsageError(f"on_error is 'raise' or 'restart', not {options.on_error!r}")
        self._options = options
        self._clock: Clock = RealClock() if options.real_time else SteppedClock()
        self._queue: Queue = (
            Interleaved(Random(f"{options.seed} turns")) if options.interleave else OneByOne()
        )
        layout, record = Layout(plan), Record(options.keep, options.on_log)
        flow = Flow(layout, record, self._clock, self._queue)
        tasks = {
            number: Task(
                component, number, flow, record, flow.outgoing(component, number, options.seed)
            )
            for component in plan.components
            for number in layout.tasks[component.name]
        }
        super().__init__(layout, record, flow, tasks)
        self._logging = Logging(self._log)
        self._timetable = Timetable()
        self._spouts = [task for task in tasks.values() if task.plan.is_spout]
        self._max_pending = {
            task.number: self._conf_value(task, MAX_PENDING) for task in self._spouts
        }
        self._speaking: Task = next(iter(tasks.values()))
        self._turn = -1
        self._fruitless = 0
        self._active = False
        self._closed = False
        self.steps = 0
        self.restarts = 0
        try:
            with self._logging:
                self._start()
            self.activate()
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(
        cls,
        topology: Any,
        *,
        environment: str | None = None,
        config: Mapping[str, Any] | None = None,
        replace: Mapping[str, Any] | None = None,
        options: EngineOptions = _DEFAULTS,
    ) -> Engine:
        """Start a topology, without taking a step.

        The arguments are those of :func:`~pykafka.storm.in_process.run_in_process`.
        """
        return cls(read_topology(topology, environment, config or {}, replace or {}), options)

    # Starting and ending

    def _conf_value(self, task: Task, key: str) -> Any:
        return task.plan.config.get(key, self._layout.conf.get(key))

    def _log(self, message: str, level: int) -> None:
        self._speaking.log(message, level)

    def _start(self) -> None:
        ticks = {
            task.number: seconds
            for task in self._tasks.values()
            if not task.plan.is_spout and (seconds := self._conf_value(task, TICK_SECONDS))
        }
        self._timetable.start_ticks(self.now, ticks)
        for task in self._tasks.values():
            self._guarded(task, "__init__", None, self._build, task)
        for task in sorted(self._tasks.values(), key=lambda task: task.plan.is_spout):
            conf = self._layout.conf_of(task.plan.name)
            context = self._layout.context_of(task.number)
            self._guarded(task, "initialize", None, task.component.storm_start, conf, context, task)
            task.running = True
            self._note_deadline(task)

    def _build(self, task: Task) -> None:
        task.component = task.plan.build()
        task.component.storm_clock = self._clock.time

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
        if self._active:
            return
        self._active = True
        self._fruitless = 0
        with self._logging:
            for task in self._spouts:
                self._guarded(task, "activate", None, task.component.activate)

    def deactivate(self) -> None:
        """Let spouts rest, as ``storm deactivate`` does: bolts go on, acks still arrive."""
        if not self._active:
            return
        self._active = False
        with self._logging:
            for task in self._spouts:
                if task.running:
                    self._guarded(task, "deactivate", None, task.component.deactivate)

    def close(self) -> None:
        """End the run: spouts are deactivated, then each component is closed; idempotent.

        A component that raised, or never started, is not called any more.

        :raises ComponentFailedError: one raised in that. The others are closed nevertheless.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self.deactivate()
        finally:
            self._close_tasks([task for task in self._tasks.values() if task.running])

    def _close_tasks(self, tasks: list[Task]) -> None:
        if not tasks:
            return
        task, *others = tasks
        try:
            with self._logging:
                self._guarded(task, "close", None, task.component.close)
        finally:
            task.running = False
            self._close_tasks(others)

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

    @property
    def now(self) -> float:
        """Engine time: seconds since the start."""
        return self._clock.time()

    def step(self) -> Step | None:
        """Call one component once: with what waits for it, or a spout for its next tuple.

        :returns: what was done; None if there is nothing to do now: nothing waits, and each
            spout is inactive or has ``topology.max.spout.pending`` tuples under way.
        :raises ComponentFailedError: the component raised; the next call goes on after that.
        """
        with self._logging:
            return self._step()

    def _step(self) -> Step | None:
        self._fire_due()
        free = self._free_spouts()
        if free and self._queue.turn_of_spouts(len(free)):
            self._turn += 1
            task = free[self._turn % len(free)]
            step = Step("next_tuple", task.plan.name, task.number)
            self.steps += 1
            self._ask(task)
            return step
        return self._work_off()

    def _work_off(self) -> Step | None:
        """Do the next of what waits, if anything does."""
        if not self._queue:
            return None
        step = self._queue.take()
        self.steps += 1
        self._fruitless = 0
        self._do(step)
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
        last = math.inf if max_steps is None else self.steps + max_steps
        end = math.inf if time_limit is None else time.monotonic() + time_limit
        with self._logging:
            while True:
                if until is not None and until(self):
                    return "until"
                if self.steps >= last:
                    return "max_steps"
                if time.monotonic() >= end:
                    return "time_limit"
                if not self._idle():
                    self._step()
                elif not self._let_time_pass():
                    return "idle"

    def advance(self, seconds: float) -> None:
        """Let time pass: ticks, batches by time and time-outs come as they are due.

        Bolts work off what that brings, and what waits; spouts are told of acks and fails, but
        are not asked for tuples.

        :raises UsageError: the run is in real time.
        :raises ComponentFailedError: a component raised.
        """
        if not isinstance(self._clock, SteppedClock):
            raise UsageError("a run in real time cannot be advanced; leave out real_time")
        end = self.now + seconds
        with self._logging:
            while True:
                self._settle()
                due = self._next_due()
                if due > end:
                    break
                self._clock.move_to(due)
        self._clock.move_to(end)
        self._fruitless = 0

    def settle(self) -> None:
        """Work off what waits or is due, and all that comes of it; no spout is asked for tuples.

        :raises ComponentFailedError: a component raised.
        """
        with self._logging:
            self._settle()

    def _settle(self) -> None:
        self._fire_due()
        while self._work_off() is not None:
            self._fire_due()

    def flush(self) -> None:
        """As :meth:`settle`, with batches by time that are not due yet.

        :raises ComponentFailedError: a component raised.
        """
        with self._logging:
            while True:
                self._settle()
                if not self._put_batches(math.inf):
                    return

    def _idle(self) -> bool:
        if self._queue or self._fruitless < len(self._free_spouts()):
            return False
        return self._next_due() > self.now

    def _let_time_pass(self) -> bool:
        due = self._next_due()
        if not self._options.real_time:
            patience = _PATIENCE * self._layout.conf[MESSAGE_TIMEOUT]
            if not (self._flow.holds or self._timetable.has_batches):
                return False
            if due > self._flow.progress_at + patience:
                return False
        self._clock.wait(due)
        self._fruitless = 0
        return True

    def _next_due(self) -> float:
        return min(self._timetable.next_due(), self._flow.trees.next_expiry())

    def _fire_due(self) -> None:
        now = self.now
        if self._next_due() > now:
            return
        self._flow.time_out(now)
        for tick in self._timetable.ticks_due(now):
            self._flow.tick(tick.task, tick.seconds)
        self._put_batches(now)

    def _put_batches(self, now: float) -> bool:
        due = self._timetable.batches_due(now)
        for number in due:
            self._queue.put(Step("batch", self._tasks[number].plan.name, number))
        return bool(due)

    def _free_spouts(self) -> list[Task]:
        if not self._active:
            return []
        pending = self._flow.trees.pending
        return [
            task
            for task in self._spouts
            if (most := self._max_pending[task.number]) is None or pending(task.number) < most
        ]

    def _ask(self, task: Task) -> None:
        before = self._flow.emitted
        self._clock.took(_CALL)
        self._fruitless += 1
        self._guarded(task, "next_tuple", None, task.component.storm_next)
        if self._flow.emitted != before:
            self._fruitless = 0

    def _do(self, step: Step) -> None:
        task = self._tasks[step.task]
        component = task.component
        if step.kind in ("process", "tick"):
            during = "process" if step.kind == "process" else "process_tick"
            if component.storm_full and not self._made_room(task):
                return
            self._guarded(task, during, step.item, component.storm_deliver, step.item)
            self._note_deadline(task)
        elif step.kind == "batch":
            self._guarded(task, "process_batch", None, component.storm_flush)
            self._note_deadline(task)
        elif step.kind == "ack":
            self._guarded(task, "ack", step.item, component.storm_acked, step.item)
        else:
            self._guarded(task, "fail", step.item, component.storm_failed, step.item)

    def _made_room(self, task: Task) -> bool:
        """Have a full bolt take tuples again; false if that ended in a restart."""
        component = task.component
        while component.storm_full:
            self._guarded(task, "process_batch", None, component.storm_flush)
            if task.component is not component:
                return False
        return True

    def _note_deadline(self, task: Task) -> None:
        if not task.plan.is_spout:
            self._timetable.set_deadline(task.number, task.component.storm_deadline)

    def _guarded(
        self, task: Task, during: str, item: Any, call: Callable[..., object], *arguments: Any
    ) -> None:
        self._speaking = task
        try:
            call(*arguments)
        except Exception as error:
            # One that cannot even start would be restarted for ever; an end is no time for it.
            fatal = during in ("__init__", "initialize", "activate") or self._closed
            if self._options.on_error == "restart" and not fatal:
                self._restart()
                return
            task.running = False
            raise _failure(task, during, item, error) from error


def _failure(task: Task, during: str, item: Any, error: Exception) -> ComponentFailedError:
    about = "" if item is None else f" of {item!r}"
    return ComponentFailedError(
        task.plan.name,
        task.number,
        during,
        item,
        f"{task.description} raised {type(error).__name__} in {during}{about}: {error}",
    )
