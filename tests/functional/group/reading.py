"""Reading from several members in turn, and what they have delivered together."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from groups.owners import broker_commits

from pykafka import KafkaClient
from pykafka.balancedconsumer import BalancedConsumer
from pykafka.topic import Topic

__all__ = ["Seen", "committed", "eventually", "shared"]

#: Seconds; what takes longer is not going to happen.
_PATIENCE = 20.0


def eventually(holds: Callable[[], Any], what: str, within: float = _PATIENCE) -> None:
    """Wait until something holds."""
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, f"not within {within:g} s: {what}"
        time.sleep(0.02)


def shared(*members: BalancedConsumer, among: int) -> None:
    """Wait until the members have so many partitions, each of them one owner, evenly."""

    def even() -> bool:
        shares = [list(member.partitions) for member in members]
        counts = sorted(map(len, shares))
        everything = [key for share in shares for key in share]
        return (
            len(everything) == len(set(everything)) == among
            and counts[-1] - counts[0] <= 1
            and all(member.health().error is None for member in members)
        )

    eventually(even, f"{len(members)} members share {among} partitions")


class Seen:
    """The offsets of what was delivered, per partition, in the order in which that was."""

    def __init__(self) -> None:
        self.offsets: dict[tuple[str, int], list[int]] = defaultdict(list)

    def take(self, count: int, *members: BalancedConsumer, within: float = _PATIENCE) -> None:
        """Have the members deliver so many messages, in turn."""
        until = time.monotonic() + within
        while count:
            assert time.monotonic() < until, f"{count} messages are missing: {self}"
            came = 0
            for member in members:
                message = member.consume(block=False) if count else None
                if message is not None:
                    assert message.value == b"%d" % message.offset
                    self.add(message)
                    count -= 1
                    came += 1
            if not came:
                time.sleep(0.01)

    def add(self, message: Any) -> None:
        """Take a message into account."""
        place = message.partition.topic.name.decode(), message.partition_id
        self.offsets[place].append(message.offset)

    def is_exactly(self, **counts: int) -> bool:
        """Whether each message of each partition came once and in order; by partition ``p0=100``,
        of the only topic."""
        found = {f"p{id_}": offsets for (_, id_), offsets in self.offsets.items()}
        wanted = {name: list(range(count)) for name, count in counts.items() if count}
        return found == wanted

    def __str__(self) -> str:
        return "; ".join(
            f"{topic}/{id_}: {len(offsets)} messages, {offsets[0]} to {offsets[-1]}"
            for (topic, id_), offsets in sorted(self.offsets.items())
        )


def committed(client: KafkaClient, topic: Topic, group: str) -> dict[int, int]:
    """What a group has committed of a topic in Kafka, by partition."""
    found = broker_commits(client, group, topic.name.decode())
    return {id_: offset for (_, id_), offset in found.items()}
