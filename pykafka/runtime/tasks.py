"""Running control procedures: each effect that a generator yields is carried out and answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import Any

from ..exceptions import KafkaException

__all__ = ["Performer", "Resume", "Signal", "Task"]

log = logging.getLogger("pykafka.runtime")

#: Called once with (answer, None) or (None, error).
Resume = Callable[[Any, "BaseException | None"], None]
#: Starts an effect; the answer comes through the second argument, maybe at once.
Performer = Callable[[Any, Resume], None]


class Task:
    """A procedure that is being run; used on the loop's thread only.

    :ivar done: whether it has ended.
    :ivar result: what it returned.
    :ivar error: what it raised, or ``None``.
    """

    def __init__(self, procedure: Generator[Any, Any, Any], perform: Performer) -> None:
        self._procedure = procedure
        self._perform = perform
        self._callbacks: list[Callable[[Task], None]] = []
        self._steps = 0
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def start(self) -> Task:
        """Run until the first effect that is not answered at once."""
        self._resume(None, None)
        return self

    def when_done(self, callback: Callable[[Task], None]) -> None:
        """Call back when it has ended; at once if it has."""
        if self.done:
            callback(self)
        else:
            self._callbacks.append(callback)

    def cancel(self, error: KafkaException) -> None:
        """End it now; what it waits for is no longer of interest. Idempotent."""
        if not self.done:
            self._procedure.close()
            self._finish(None, error)

    def _resume(self, value: Any, error: BaseException | None) -> None:
        # An effect that is answered within perform() must not recurse: a procedure may loop
        # over answers that are all there.
        answer: tuple[Any, BaseException | None] | None = (value, error)
        while answer is not None:
            effect = self._advance(*answer)
            answer = None if effect is None else self._start(effect)

    def _advance(self, value: Any, error: BaseException | None) -> Any:
        """Run to the next effect; ``None`` at the end."""
        try:
            if error is None:
                return self._procedure.send(value)
            return self._procedure.throw(error)
        except StopIteration as stop:
            self._finish(stop.value, None)
        except Exception as failure:  # noqa: BLE001 - goes to whoever waits for the task
            self._finish(None, failure)
        return None

    def _start(self, effect: Any) -> tuple[Any, BaseException | None] | None:
        self._steps += 1
        step, starting = self._steps, True
        early: tuple[Any, BaseException | None] | None = None

        def resume(value: Any, error: BaseException | None) -> None:
            nonlocal early
            if self.done or step != self._steps:
                return  # cancelled, or an answer to what is no longer asked
            if starting:
                early = (value, error)
            else:
                self._resume(value, error)

        try:
            self._perform(effect, resume)
        except KafkaException as error:
            early = (None, error)
        starting = False
        return early

    def _finish(self, result: Any, error: BaseException | None) -> None:
        self.done = True
        self.result, self.error = result, error
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)


class Signal:
    """Something that a procedure can wait for; set on the loop's thread only."""

    __slots__ = ("_set", "_waiter")

    def __init__(self) -> None:
        self._set = False
        self._waiter: Callable[[], None] | None = None

    def set(self) -> None:
        """Wake the procedure that waits, or the next one that will."""
        waiter, self._waiter = self._waiter, None
        if waiter is None:
            self._set = True
        else:
            waiter()

    def wait(self, waiter: Callable[[], None]) -> bool:
        """Take the signal if it is set, else remember whom to wake."""
        if self._set:
            self._set = False
            return True
        self._waiter = waiter
        return False

    def forget(self) -> None:
        """Wake nobody."""
        self._waiter = None
