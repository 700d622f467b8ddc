"""From rows to messages, one at a time, where they are handed over.

The two loops below are what a message costs: no function call, lock or clock in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from ...message import Bare, Message
from .consumption import Consumption

__all__ = ["Deserializer", "iterate", "take_one"]

#: (value, key) -> (value, key)
Deserializer: TypeAlias = Callable[[Any, Any], tuple[Any, Any]]


def iterate(
    core: Consumption, deserializer: Deserializer | None, consumer: object
) -> Iterator[Message]:
    """All messages, until ``consumer_timeout_ms`` pass without one.

    It owns nothing: rows stay with the core, so that any number of these, in any number of
    threads, share them, and none is stranded when one is given up.

    :param consumer: the user's object, which lives as long as this iterates: in
        ``for message in topic.get_simple_consumer()`` nobody else holds it.
    """
    while True:
        run = core.run
        shared = run.shared
        for offset, timestamp, key, value in run.rows:
            message: Message = Bare()
            message.offset = offset
            message.timestamp = timestamp
            message._shared = shared
            if deserializer is None:
                message.partition_key = key
                message.value = value
            else:
                message.value, message.partition_key = deserializer(value, key)
            yield message
        if not core.advance(True):
            return


def take_one(
    core: Consumption, deserializer: Deserializer | None, block: bool, unblock_event: Any
) -> Message | None:
    """The next message, or ``None`` if there is none in time."""
    while True:
        run = core.run
        for offset, timestamp, key, value in run.rows:
            message: Message = Bare()
            message.offset = offset
            message.timestamp = timestamp
            message._shared = run.shared
            if deserializer is None:
                message.partition_key = key
                message.value = value
            else:
                message.value, message.partition_key = deserializer(value, key)
            return message
        if not core.advance(block, unblock_event):
            return None
