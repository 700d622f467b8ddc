"""Bolts that process many tuples at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import Any, ClassVar

from .bolt import Bolt
from .tuples import Tuple

__all__ = ["BatchingBolt", "TicklessBatchingBolt"]


class BatchingBolt(Bolt):
    """Collects tuples in groups and processes each group at once.

    Batches end after :attr:`secs_between_batches` if that is set, else with every
    :attr:`ticks_between_batches`-th tick; in either case earlier if
    :attr:`tuples_between_batches` are there. Everything happens on the component's one thread.

    ::

        class Count(BatchingBolt):
            secs_between_batches = 5

            def group_key(self, tup):
                return tup.values.word

            def process_batch(self, key, tups):
                self.emit([key, len(tups)])
    """

    #: Ticks from batch to batch. Ticks come every ``topology.tick.tuple.freq.secs``, which is set
    #: in the component's ``config``.
    ticks_between_batches: ClassVar[int] = 1
    #: Seconds from a batch's first tuple to its end; None to go by ticks.
    secs_between_batches: ClassVar[float | None] = None
    #: How many tuples, of all groups together, end a batch; None for no limit.
    tuples_between_batches: ClassVar[int | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = [c for c in cls.__mro__ if issubclass(c, BatchingBolt) and c is not BatchingBolt]
        by_ticks = any("ticks_between_batches" in vars(c) for c in own)
        if by_ticks and cls.secs_between_batches is not None:
            raise TypeError(
                f"{cls.__name__}: batches end by secs_between_batches or by ticks_between_batches;"
                " set one of them"
            )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._batches: dict[Any, list[Tuple]] = defaultdict(list)
        self._held = 0
        self._tick_counter = 0
        self._deadline: float | None = None

    def _prepare(self) -> None:
        by_ticks = self.secs_between_batches is None and self.tuples_between_batches is None
        if by_ticks and not self.storm_conf.get("topology.tick.tuple.freq.secs"):
            self.log(
                f"{self.component_name} batches by ticks, but gets none: set"
                ' config = {"topology.tick.tuple.freq.secs": 1} or secs_between_batches',
                "warn",
            )

    def group_key(self, tup: Tuple) -> Hashable:
        """The group a tuple belongs to; one for all unless this is overridden."""
        return None

    def process_batch(self, key: Any, tups: list[Tuple]) -> Any:
        """Process the tuples of a group; what is emitted is anchored to all of them."""
        raise NotImplementedError(f"{type(self).__name__} has no process_batch()")

    def process(self, tup: Tuple) -> None:
        """Put a tuple to its group."""
        self._batches[self.group_key(tup)].append(tup)
        self._held += 1

    def process_tick(self, tup: Tuple) -> None:
        """Count a tick."""
        if self.secs_between_batches is not None:
            return
        self._tick_counter += 1
        if self._tick_counter >= self.ticks_between_batches:
            self._tick_counter = 0
            self.process_batches()

    def process_batches(self) -> None:
        """Process all groups, and ack their tuples."""
        while self._batches:
            # A group is taken out last: if it raises, what is left are those yet to come.
            key, tups = next(iter(self._batches.items()))
            self._current_tups = tups
            self.process_batch(key, tups)
            if self.auto_ack:
                for tup in tups:
                    self.ack(tup)
            self._forget(key)
        self._deadline = None

    @property
    def storm_deadline(self) -> float | None:
        """When the batches are due, by :attr:`storm_clock`."""
        return self._deadline

    def storm_flush(self) -> None:
        """Process what is there, because the time has come.

        :raises Exception: what the user's code raised, if that has to end the component.
        """
        try:
            self.process_batches()
        except Exception as error:  # noqa: BLE001 - the user's code; raised again if that is wanted
            self._broken(error)
        self._current_tups = ()

    def _take(self, tup: Tuple) -> None:
        self.process(tup)
        if self._held == 1 and self.secs_between_batches is not None:
            self._deadline = self.storm_clock() + self.secs_between_batches
        if self.tuples_between_batches is not None and self._held >= self.tuples_between_batches:
            self.process_batches()

    def _broken(self, error: Exception) -> None:
        """As for every bolt; if this is the end, all that was collected fails."""
        failed = self._current_tups
        for key in [key for key, tups in self._batches.items() if tups is failed]:
            self._forget(key)
        if not self._batches:
            self._deadline = None
        try:
            super()._broken(error)
        except Exception:
            if self.auto_fail:
                for tups in self._batches.values():
                    for tup in tups:
                        self.fail(tup)
            raise

    def _forget(self, key: Any) -> None:
        self._held -= len(self._batches.pop(key))


class TicklessBatchingBolt(BatchingBolt):
    """A :class:`BatchingBolt` whose batches end by time: every two seconds unless
    :attr:`secs_between_batches` says otherwise."""

    secs_between_batches: ClassVar[float | None] = 2
