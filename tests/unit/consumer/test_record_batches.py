"""What becomes of record batches between a fetch and a message."""

from __future__ import annotations

from typing import Any

import pytest
from unit.consumer.fakes import KEY, ScriptedSource, consumption, started, take
from wire.records.batches import ABORT, CONTROL, TRANSACTIONAL, Header, batch, marker, record

from pykafka.exceptions import CorruptRecordError
from pykafka.message import Message, SharedFields
from pykafka.runtime.consumer.feed import Chunk
from pykafka.runtime.consumer.source import Run


def runs_of(data: bytes, fetch_offset: int = 0, aborted: Any = ()) -> list[Run]:
    """All runs that a fetched record set gives."""
    source, feed = started()
    feed.chunks.append(Chunk(feed.epoch, data, fetch_offset, True, aborted))
    source._filled(feed)
    runs = []
    while (run := source.next_run()) is not None:
        runs.append(run)
    error = source.error()
    if error is not None:
        raise error
    return runs


def messages_of(data: bytes) -> list[Message]:
    source = ScriptedSource()
    core = consumption(source)
    core.start()
    source.runs.extend(runs_of(data))
    source._tell()
    messages = []
    while (message := take(core, block=False)) is not None:
        messages.append(message)
    core.stop()
    return messages


def transactional(base: int, count: int, producer: int = 7) -> bytes:
    records = [record(number, b"%d" % (base + number)) for number in range(count)]
    return batch(base, records, attributes=TRANSACTIONAL, producer_id=producer)


def test_control_batches_at_the_end_move_the_position_and_deliver_nothing() -> None:
    first, last = runs_of(transactional(0, 2) + marker(2, 7, ABORT))
    assert [row[0] for row in first.rows] == [0, 1]
    assert (first.end_offset, list(last.rows), last.end_offset, last.gap) == (2, [], 3, True)


def test_nothing_but_aborted_messages_moves_the_position() -> None:
    (only,) = runs_of(transactional(0, 2) + marker(2, 7, ABORT), aborted=[(7, 0)])
    assert (list(only.rows), only.end_offset, only.gap) == ([], 3, True)


def test_a_gap_that_is_passed_is_committed_and_not_held() -> None:
    source = ScriptedSource()
    core = consumption(source)
    core.start()
    source.bring(0, 2)
    source.runs.append(Run(KEY, [], SharedFields(), 9, gap=True))
    assert [take(core, block=False) for _ in range(3)][-1] is None
    assert core.positions() == {KEY: 9}
    assert core.held() == {KEY: 1}
    core.stop()


def test_a_position_that_was_moved_counts_as_delivered_up_to_there() -> None:
    source = ScriptedSource()
    core = consumption(source)
    core.start()
    source.bring(0, 2)
    source.runs.append(Run(KEY, [], SharedFields(), 9))
    assert [take(core, block=False) for _ in range(3)][-1] is None
    assert core.held() == {KEY: 8}
    core.stop()


def test_a_gap_counts_from_where_its_set_was_fetched() -> None:
    """After a position went back, what was read before must not hide it."""
    source, feed = started()
    feed.chunks.append(Chunk(feed.epoch, batch(100, [record(0, b"late")]), 100, True))
    feed.chunks.append(Chunk(feed.epoch, b"", 50, True))
    feed.chunks.append(Chunk(feed.epoch, marker(50, 7, ABORT), 50, True))
    source._filled(feed)
    found = [source.next_run() for _ in range(4)]
    assert [run and (run.end_offset, run.gap) for run in found] == [
        (101, False),
        (50, False),
        (51, True),
        None,
    ]


def with_headers(base: int, *headers: Header, value: bytes = b"value") -> bytes:
    return batch(base, [record(0, value, headers=list(headers))])


def test_messages_have_the_headers_of_their_records() -> None:
    data = batch(
        4,
        [
            record(0, b"a", headers=[(b"k", b"1"), (b"k", None)]),
            record(1, b"b"),
            record(2, b"c", headers=[(b"\xff", b"")]),
        ],
    )
    one, two, three = messages_of(data)
    assert one.headers == [("k", b"1"), ("k", None)]
    assert two.headers == []
    assert three.headers == [("\udcff", b"")]


def test_headers_of_a_batch_do_not_show_in_the_next() -> None:
    one, two = messages_of(with_headers(0, (b"k", b"1")) + batch(1, [record(0, b"b")]))
    assert (one.headers, two.headers) == ([("k", b"1")], [])


def test_a_message_with_headers_keeps_no_fetched_bytes() -> None:
    (message,) = messages_of(with_headers(0, (b"k", b"1"), value=bytes(100_000)))
    assert len(message._shared.headers.data) < 100


def test_headers_can_be_changed_without_changing_those_of_others() -> None:
    data = batch(
        0, [record(0, b"a", headers=[(b"k", b"1")]), record(1, b"b", headers=[(b"k", b"2")])]
    )
    one, two = messages_of(data)
    one.headers.append(("more", None))
    assert one.headers == [("k", b"1"), ("more", None)]
    assert two.headers == [("k", b"2")]


def test_damaged_headers_are_an_error_that_names_partition_and_offset() -> None:
    good = with_headers(5, (b"k", b"1"))
    damaged = batch(5, [record(0, b"value", headers=[(b"k", b"1")], header_count=9)])
    assert len(damaged) == len(good)
    (message,) = messages_of(damaged)
    with pytest.raises(CorruptRecordError, match=r"offset 5 .*lines/0"):
        assert message.headers


def test_messages_tell_whose_time_theirs_is_and_which_leader_stored_them() -> None:
    theirs = batch(0, [record(0, b"a")], leader_epoch=3)
    brokers = batch(1, [record(0, b"b")], attributes=0x08, leader_epoch=4)
    one, two = messages_of(theirs + brokers)
    assert (one.timestamp_type, one.leader_epoch) == (0, 3)
    assert (two.timestamp_type, two.leader_epoch) == (1, 4)


def test_control_records_are_never_delivered() -> None:
    data = batch(0, [record(0, b"x", key=b"\0\0\0\7")], attributes=CONTROL)
    (only,) = runs_of(data)
    assert (list(only.rows), only.end_offset) == ([], 1)
