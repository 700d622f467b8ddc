"""Spouts, bolts and topologies that the tests of the in-process engine are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pykafka.storm import Bolt, Spout
from pykafka.storm.topology import Grouping, Topology

WORDS = ("dog", "cat", "zebra", "elephant")


def topology(config: Mapping[str, Any] | None = None, **specs: Any) -> Any:
    """A topology of specs by name."""
    return type(Topology)("Tested", (Topology,), {"config": dict(config or {}), **specs})


class Told(Spout):
    """A spout that remembers what it was told."""

    outputs = ["number"]

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.told: list[tuple[str, Any]] = []

    def ack(self, tup_id: Any) -> None:
        self.told.append(("ack", tup_id))

    def fail(self, tup_id: Any) -> None:
        self.told.append(("fail", tup_id))


def numbers(count: int, *, tracked: bool = True) -> type[Spout]:
    """A spout that emits 0 to ``count - 1``, each with itself as its id."""

    class Numbers(Told):
        def initialize(self, storm_conf: Any, context: Any) -> None:
            super().initialize(storm_conf, context)
            self.left = iter(range(count))

        def next_tuple(self) -> None:
            number = next(self.left, None)
            if number is not None:
                self.emit([number], tup_id=number if tracked else None)

    return Numbers


def words(count: int) -> type[Spout]:
    """A spout whose tasks emit ``count`` words each, without ids."""

    class Words(Spout):
        outputs = ["word"]

        def initialize(self, storm_conf: Any, context: Any) -> None:
            self.left = iter(range(count))

        def next_tuple(self) -> None:
            number = next(self.left, None)
            if number is not None:
                self.emit([WORDS[number % len(WORDS)]])

    return Words


class Relay(Bolt):
    """Passes on what comes in, and remembers it."""

    outputs = ["number"]

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.seen: list[Any] = []

    def process(self, tup: Any) -> None:
        self.seen.append(tup.values[0])
        self.emit([tup.values[0]])


class Sink(Bolt):
    """Remembers what comes in."""

    def initialize(self, storm_conf: Any, context: Any) -> None:
        self.seen: list[Any] = []
        self.ticks = 0

    def process(self, tup: Any) -> None:
        self.seen.append(tup.values[0])

    def process_tick(self, tup: Any) -> None:
        self.ticks += 1


class Holding(Sink):
    """Neither acks nor fails; tests do, by :meth:`done`."""

    auto_ack = False

    def initialize(self, storm_conf: Any, context: Any) -> None:
        super().initialize(storm_conf, context)
        self.tuples: list[Any] = []

    def process(self, tup: Any) -> None:
        super().process(tup)
        self.tuples.append(tup)


def failing(numbers: Iterable[int]) -> type[Bolt]:
    """A bolt that fails these numbers."""
    bad = frozenset(numbers)

    class Failing(Sink):
        def process(self, tup: Any) -> None:
            super().process(tup)
            if tup.values[0] in bad:
                self.fail(tup)

    return Failing


def shuffled(*sources: str) -> dict[Any, Grouping]:
    """Inputs by name, each shuffled."""
    return dict.fromkeys(sources, Grouping.SHUFFLE)
