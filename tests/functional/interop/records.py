"""Messages as they are given to a client and as one gives them back, and samples of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["PARTITIONS", "Got", "Header", "Sent", "samples"]

PARTITIONS = 2

Header = tuple[str, "bytes | None"]

#: No broker minds that it is long ago.
_LONG_AGO = 1_500_000_000_000

_EVERY_BYTE = bytes(range(256))
_HEADERS: list[list[Header]] = [
    [("name", b"value")],
    [("again", b"1"), ("again", b"2"), ("again", None), ("again", b"1")],
    [("null", None), ("empty", b""), ("bytes", _EVERY_BYTE)],
    [("\N{SNOWMAN} \xfc", "\N{SNOWMAN}".encode()), ("", b"nameless")],
    [(f"number {number}", b"%d" % number) for number in range(70)],
]


class Sent(NamedTuple):
    """A message to be sent; without a timestamp it gets the time of the call."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()
    timestamp: int | None = None


class Got(NamedTuple):
    """A message that was read.

    :ivar timestamp_type: 0 = the producer's, 1 = the broker's; -1 if the reader cannot tell.
    """

    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


def samples(rng: random.Random, *, headers: bool, timestamps: bool) -> list[list[Sent]]:
    """Batches: of one message, of all kinds of keys and values, of many messages.

    :param headers: whether there are headers; then one batch has none all the same.
    :param timestamps: whether they are given; then one batch goes without all the same.
    """

    def stamped(batch: list[Sent]) -> list[Sent]:
        if not timestamps:
            return batch
        steps = [0, 1, -70, 9000, -(2**21), 2**30]
        return [record._replace(timestamp=_LONG_AGO + rng.choice(steps)) for record in batch]

    def headed(batch: list[Sent]) -> list[Sent]:
        if not headers:
            return batch
        return [record._replace(headers=rng.choice([[], *_HEADERS])) for record in batch]

    lone = [
        [Sent(0, b"key", b"value")],
        [Sent(0, None, b"value")],
        [Sent(1, b"key", None)],
        [Sent(0, None, None, _HEADERS[1] if headers else ())],
    ]
    contents = [None, b"", b"\0", _EVERY_BYTE, b"x" * 63, b"y" * 8192]
    kinds = [Sent(1, key, value) for key in contents for value in contents]
    large = [Sent(0, b"large", rng.randbytes(90_000)), Sent(1, b"large", b"equal" * 20_000)]
    many = [
        Sent(number % PARTITIONS, b"%d" % number, rng.randbytes(number % 90))
        for number in range(400)
    ]
    return [
        *map(stamped, lone),
        kinds,
        headed(stamped(kinds)),
        stamped(large),
        headed(stamped(many)),
    ]
