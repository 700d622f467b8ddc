"""Which version of a request to speak with a broker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..exceptions import InvalidOptionError, UnsupportedVersion
from ..wire.schema import ApiMessage

__all__ = [
    "KAFKA_0_8",
    "KAFKA_0_9",
    "BrokerVersions",
    "check_broker_version",
    "from_answer",
    "negotiate",
]


class BrokerVersions(NamedTuple):
    """What one broker speaks, as learnt on one connection.

    :ivar ranges: API key -> (lowest, highest) version.
    :ivar release: the release that it seems to be, for error texts.
    """

    ranges: Mapping[int, tuple[int, int]]
    release: str


#: What Kafka 0.8.2 speaks, which cannot be asked (observed on 0.8.2.2). OffsetCommit and
#: OffsetFetch 1 keep offsets in Kafka, 0 in ZooKeeper.
KAFKA_0_8 = BrokerVersions(
    {0: (0, 0), 1: (0, 0), 2: (0, 0), 3: (0, 0), 8: (0, 1), 9: (0, 1), 10: (0, 0)}, "0.8.2"
)

#: What 0.9 speaks, which cannot be asked either: that, and the groups' requests (observed on
#: 0.9.0.1; the published definitions of kafka-clients 0.9 say the same).
KAFKA_0_9 = BrokerVersions(
    {
        **KAFKA_0_8.ranges,
        0: (0, 1),
        1: (0, 1),
        8: (0, 2),
        **dict.fromkeys((11, 12, 13, 14, 15, 16), (0, 0)),
    },
    "0.9",
)

#: API key -> the release that it came with, for error texts: of those that came after 0.8.2.
_SINCE = {**dict.fromkeys(range(11, 17), "0.9"), 18: "0.10", 19: "0.10.1", 20: "0.10.1"}

#: The first release whose ApiVersions answer has this (API key, highest version): read off
#: the published message definitions, newest first.
_MARKS = (
    ((1, 18), "4.1 or newer"),
    ((1, 17), "3.9 or newer"),
    ((1, 16), "3.7 or newer"),
    ((1, 13), "3.1 or newer"),
    ((1, 12), "2.7 or newer"),
    ((1, 11), "2.3 or newer"),
    ((1, 8), "2.0 or newer"),
    ((1, 7), "1.1 or newer"),
    ((1, 6), "1.0"),
    ((1, 5), "0.11"),
    ((1, 3), "0.10.1 or 0.10.2"),
    ((1, 2), "0.10.0"),
)


def from_answer(ranges: Mapping[int, tuple[int, int]]) -> BrokerVersions:
    """The versions of a broker that answered ApiVersions with these ranges."""
    for (key, version), release in _MARKS:
        if key in ranges and ranges[key][1] >= version:
            return BrokerVersions(ranges, release)
    return BrokerVersions(ranges, "of an unknown release")


def negotiate(
    request: type[ApiMessage],
    broker: BrokerVersions,
    pinned: int | None = None,
    at_most: int | None = None,
) -> int:
    """The version to use for a request and its response: the highest in common, or ``pinned``.

    :param at_most: a higher one cannot carry what is to be said.
    :raises UnsupportedVersion: there is none; names API, both ranges and the release.
    """
    ours = request.valid_versions
    last = ours[-1] if at_most is None else min(ours[-1], at_most)
    lowest, highest = broker.ranges.get(request.api_key, (0, -1))
    if pinned is not None:
        if lowest <= pinned <= highest:
            return pinned
        wanted = f"version {pinned}"
    else:
        version = min(last, highest)
        if version >= max(ours[0], lowest):
            return version
        wanted = f"versions {ours[0]} to {last}"
    theirs = f"{lowest} to {highest}" if highest >= 0 else "none"
    since = _SINCE.get(request.api_key) if highest < 0 else None
    raise UnsupportedVersion(
        f"{request.name}: this client speaks {wanted}, the broker (Kafka {broker.release})"
        f" speaks {theirs}" + (f"; it came with Kafka {since}" if since else "")
    )


def check_broker_version(text: str | bytes) -> str:
    """Check 2.x's ``broker_version``: it must look like a version, and chooses nothing.

    :raises InvalidOptionError: it does not look like one.
    """
    version = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    if not re.fullmatch(r"\d+(\.\d+){0,3}", version):
        raise InvalidOptionError(
            f"option broker_version must be a release such as '0.8.2' or '4.1.0', not {text!r}"
            " (it may be left out: versions are negotiated)"
        )
    return version
