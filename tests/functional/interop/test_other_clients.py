"""Messages exchanged with clients that nobody here wrote: what one sends the other reads, exactly.

Both ways, by codec: keys, values, headers, timestamps and their type, partitions, offsets.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from itertools import chain, count

import pytest
from functional.interop.peers import CODECS, PEERS, Ours, Peer
from functional.interop.records import PARTITIONS, Got, Sent, samples

from pykafka.embedded import EmbeddedKafka

FIRST_WITH_TIMESTAMPS, FIRST_WITH_HEADERS, FIRST_WITH_ZSTD = (0, 10), (0, 11), (2, 1)
CREATE_TIME, LOG_APPEND_TIME = 0, 1
#: Of messages whose format, or whose producer, knows no timestamps.
NO_FORMAT_FOR_IT, NONE_GIVEN = 0, -1

#: Of kafka-python.
pytestmark = pytest.mark.filterwarnings("ignore:.*Use files.. instead:DeprecationWarning")

MakeTopic = Callable[..., str]
Window = tuple[int, int]


@pytest.fixture
def make_topic(kafka: EmbeddedKafka, topic_name: str) -> MakeTopic:
    """``make_topic(**config)``: the name of a new topic."""

    def make(**config: object) -> str:
        # A broker would throw messages away that are as old as some of these.
        kafka.create_topic(topic_name, PARTITIONS, config={"retention.ms": -1, **config})
        return topic_name

    return make


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest, kafka: EmbeddedKafka, peer_name: str) -> str:
    """Each codec that both the release and the peer have."""
    if request.param == "zstd":
        if kafka.release.number < FIRST_WITH_ZSTD:
            pytest.skip("not applicable: Kafka has zstd from 2.1 on")
        if not PEERS[peer_name].modern:
            pytest.skip(f"not applicable: {peer_name} has no zstd")
    return request.param


@pytest.fixture
def batches(kafka: EmbeddedKafka, peer_name: str, rng: random.Random) -> list[list[Sent]]:
    """What both the release and the peer can say."""
    modern = PEERS[peer_name].modern
    return samples(
        rng,
        headers=modern and kafka.release.number >= FIRST_WITH_HEADERS,
        timestamps=modern and kafka.release.number >= FIRST_WITH_TIMESTAMPS,
    )


@pytest.fixture
def sendable(batches: list[list[Sent]], peer_name: str) -> list[list[Sent]]:
    """What the peer agrees to send."""
    if not PEERS[peer_name].particular:
        return batches
    agreed = [
        [
            record._replace(headers=[pair for pair in record.headers if pair[1] is not None])
            for record in batch
            if (record.key, record.value) != (None, None)
        ]
        for batch in batches
    ]
    return [batch for batch in agreed if batch]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def offsets_of(batches: Sequence[Sequence[Sent]]) -> list[int]:
    """The offset that each message must get in an empty topic."""
    next_offsets = [count() for _ in range(PARTITIONS)]
    return [next(next_offsets[record.partition]) for record in chain(*batches)]


def check(
    found: Sequence[Got],
    batches: Sequence[Sequence[Sent]],
    timestamp_type: int,
    time_of: Callable[[Sent, Got], bool],
) -> None:
    """See that it is all of these, in each partition's order.

    :param time_of: whether that is the time of a message.
    """
    by_place = {(record.partition, record.offset): record for record in found}
    sent = list(chain(*batches))
    assert len(found) == len(by_place) == len(sent)
    for record, offset in zip(sent, offsets_of(batches), strict=True):
        got = by_place[record.partition, offset]
        assert got[4:] == (record.key, record.value, list(record.headers))
        assert got.timestamp_type == timestamp_type
        assert time_of(record, got), f"{record} has the time {got.timestamp}"
    for partition in range(PARTITIONS):
        offsets = [record.offset for record in found if record.partition == partition]
        assert offsets == sorted(offsets)


def given_or_within(window: Window) -> Callable[[Sent, Got], bool]:
    def right(record: Sent, got: Got) -> bool:
        if record.timestamp is not None:
            return got.timestamp == record.timestamp
        return window[0] <= got.timestamp <= window[1]

    return right


def test_we_read_what_another_client_writes(
    kafka: EmbeddedKafka,
    ours: Ours,
    peer: Peer,
    peer_name: str,
    make_topic: MakeTopic,
    sendable: list[list[Sent]],
    codec: str,
) -> None:
    topic = make_topic()
    begin = now_ms()
    assert peer.write(topic, codec, sendable) == offsets_of(sendable)
    right = given_or_within((begin, now_ms()))
    if kafka.release.number < FIRST_WITH_TIMESTAMPS:
        right = lambda _, got: got.timestamp == NO_FORMAT_FOR_IT  # noqa: E731 - as the other
    elif not PEERS[peer_name].modern:
        right = lambda _, got: got.timestamp == NONE_GIVEN  # noqa: E731 - as the other
    check(ours.read(topic, sum(map(len, sendable))), sendable, CREATE_TIME, right)


def test_another_client_reads_what_we_write(
    kafka: EmbeddedKafka,
    ours: Ours,
    peer: Peer,
    peer_name: str,
    make_topic: MakeTopic,
    batches: list[list[Sent]],
    codec: str,
) -> None:
    topic = make_topic()
    begin = now_ms()
    assert ours.write(topic, codec, batches) == offsets_of(batches)
    found = peer.read(topic, sum(map(len, batches)))
    tells = PEERS[peer_name].modern and kafka.release.number >= FIRST_WITH_TIMESTAMPS
    if tells:
        check(found, batches, CREATE_TIME, given_or_within((begin, now_ms())))
    else:
        found = [record._replace(timestamp_type=CREATE_TIME) for record in found]
        check(found, batches, CREATE_TIME, lambda _, __: True)


@pytest.mark.parametrize("writer", ["ours", "theirs"])
@pytest.mark.parametrize("codec", ["none", "lz4"], indirect=True)
def test_the_time_that_a_broker_gives_is_the_same_to_all(
    kafka: EmbeddedKafka,
    ours: Ours,
    peer: Peer,
    peer_name: str,
    make_topic: MakeTopic,
    sendable: list[list[Sent]],
    codec: str,
    writer: str,
) -> None:
    if kafka.release.number < FIRST_WITH_TIMESTAMPS:
        pytest.skip("not applicable: Kafka has timestamps from 0.10 on")
    topic = make_topic(**{"message.timestamp.type": "LogAppendTime"})
    begin = now_ms()
    (ours if writer == "ours" else peer).write(topic, codec, sendable)
    end = now_ms()
    total = sum(map(len, sendable))
    mine = ours.read(topic, total)
    check(mine, sendable, LOG_APPEND_TIME, lambda _, got: begin <= got.timestamp <= end)
    if PEERS[peer_name].modern:
        theirs = peer.read(topic, total)
        assert sorted(theirs, key=_place) == sorted(mine, key=_place)


def _place(record: Got) -> tuple[int, int]:
    return record.partition, record.offset
