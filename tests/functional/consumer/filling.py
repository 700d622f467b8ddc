"""Putting known messages into one partition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pykafka.topic import Topic

__all__ = ["add", "numbered"]


def add(topic: Topic, partition: int, values: Iterable[bytes], **options: Any) -> None:
    """Append values to a partition; returns when they are acknowledged."""

    def chosen(partitions: Any, _: object) -> Any:
        return next(found for found in partitions if found.id == partition)

    with topic.get_producer(partitioner=chosen, linger_ms=0, **options) as producer:
        for value in values:
            producer.produce(value)


def numbered(count: int, first: int = 0) -> list[bytes]:
    """``[b"0", b"1", ...]``"""
    return [b"%d" % number for number in range(first, first + count)]
