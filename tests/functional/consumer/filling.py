"""Putting known messages into one partition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pykafka.topic import Topic

__all__ = ["add", "numbered"]


def add(
    topic: Topic,
    partition: int,
    values: Iterable[bytes],
    *,
    batch_bytes: int = 3000,
    **options: Any,
) -> None:
    """Append values to a partition; returns when they are acknowledged.

    :param batch_bytes: at most so many go together, if no value is larger. From 0.11 on brokers
        hand out whole batches only: small ones let a limit mean the same on each release.
    """

    def chosen(partitions: Any, _: object) -> Any:
        return next(found for found in partitions if found.id == partition)

    values = list(values)
    limit = max([batch_bytes, *(len(value) + 100 for value in values)])
    with topic.get_producer(
        partitioner=chosen, linger_ms=0, max_request_size=limit, **options
    ) as producer:
        for value in values:
            producer.produce(value)


def numbered(count: int, first: int = 0) -> list[bytes]:
    """``[b"0", b"1", ...]``"""
    return [b"%d" % number for number in range(first, first + count)]
