"""Places in a topic's log, as people write them, and the offsets that they stand for."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from ..common import EPOCH, OffsetType
from ..exceptions import InvalidOptionError

if TYPE_CHECKING:
    from ..topic import Topic

__all__ = ["ends", "find_offsets", "limits", "parse_place", "starts"]

_NAMES = {"earliest": OffsetType.EARLIEST, "latest": OffsetType.LATEST}


def parse_place(text: str) -> int | dt.datetime:
    """``earliest``, ``latest``, an offset, or an ISO 8601 time (UTC unless it says otherwise).

    :returns: an :class:`OffsetType`, an offset, or a naive UTC datetime.
    :raises InvalidOptionError: it is none of these.
    """
    if text.lower() in _NAMES:
        return _NAMES[text.lower()]
    if re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    try:
        # Python before 3.11 does not know the Z.
        when = dt.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError as error:
        raise InvalidOptionError(
            f"{text!r} is no place in a topic: give earliest, latest, an offset, or a time such as"
            " 2026-01-31T12:00:00 (UTC)"
        ) from error
    if when.tzinfo is not None:
        when = when.astimezone(dt.timezone.utc).replace(tzinfo=None)
    if when < EPOCH:
        raise InvalidOptionError(f"{text!r} is before 1970, where Kafka's time begins")
    return when


def starts(topic: Topic) -> dict[int, int]:
    """The first offset of each partition."""
    return limits(topic, OffsetType.EARLIEST)


def ends(topic: Topic) -> dict[int, int]:
    """The offset that the next message of each partition will get."""
    return limits(topic, OffsetType.LATEST)


def limits(topic: Topic, where: int | dt.datetime) -> dict[int, int]:
    """The offset of each partition at an :class:`OffsetType` or a time.

    A time before all that is there is the first offset, one after all that the end.

    :raises RemoteError: a leader could not be asked.
    """
    return {id_: place.offset for id_, place in sorted(topic.find_offsets(where).items())}


def find_offsets(topic: Topic, where: int | dt.datetime) -> dict[int, int]:
    """The offset to read next in each partition, to begin at a place.

    :param where: what :func:`parse_place` gives.
    :raises InvalidOptionError: a partition does not reach to this offset, or no longer has it.
    :raises RemoteError: a leader could not be asked.
    """
    if isinstance(where, dt.datetime) or where < 0:
        return limits(topic, where)
    first, last = starts(topic), ends(topic)
    for id_ in first:
        if not first[id_] <= where <= last[id_]:
            raise InvalidOptionError(
                f"offset {where} is outside of partition {id_} of {topic.name.decode()},"
                f" which goes from {first[id_]} to {last[id_]}"
            )
    return dict.fromkeys(first, where)
