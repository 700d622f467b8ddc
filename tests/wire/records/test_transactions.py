"""Reading only what was committed: which batches a reader leaves out, and what it passes."""

from __future__ import annotations

import random

import pytest
from wire.records.batches import ABORT, COMMIT, CONTROL, TRANSACTIONAL, batch, marker, record
from wire.records.message_sets import message, read_all

from pykafka.wire.records.decode import RecordReader

ANN, BOB = 71, 72


def _of(offset: int, producer_id: int, *values: bytes) -> bytes:
    records = [record(delta, value) for delta, value in enumerate(values)]
    return batch(offset, records, attributes=TRANSACTIONAL, producer_id=producer_id)


def _values(data: bytes, aborted, fetch_offset: int = 0) -> list[bytes]:
    reader = RecordReader(data, fetch_offset, aborted=aborted)
    return [row[3] for found in read_all(reader) for row in found.rows]


def test_an_aborted_transaction_is_left_out_and_passed() -> None:
    data = _of(0, ANN, b"a", b"b") + marker(2, ANN, ABORT)
    reader = RecordReader(data, 0, aborted=[(ANN, 0)])
    assert reader.next_batch() is None
    assert (reader.next_offset, reader.partial_size) == (3, None)


def test_without_the_list_everything_is_delivered() -> None:
    data = _of(0, ANN, b"a") + marker(1, ANN, ABORT) + _of(2, ANN, b"b") + marker(3, ANN, COMMIT)
    assert _values(data, ()) == [b"a", b"b"]


def test_what_follows_the_marker_is_delivered() -> None:
    data = _of(0, ANN, b"bad") + marker(1, ANN, ABORT)
    data += _of(2, ANN, b"good") + marker(3, ANN, COMMIT)
    assert _values(data, [(ANN, 0)]) == [b"good"]


def test_what_stands_before_the_first_offset_is_delivered() -> None:
    data = _of(0, ANN, b"good") + marker(1, ANN, COMMIT)
    data += _of(2, ANN, b"bad") + marker(3, ANN, ABORT)
    assert _values(data, [(ANN, 2)]) == [b"good"]


def test_other_producers_are_not_concerned() -> None:
    data = b"".join(
        (
            _of(0, ANN, b"ann 1"),
            _of(1, BOB, b"bob 1"),
            batch(2, [record(0, b"nobody")]),
            _of(3, ANN, b"ann 2"),
            message(4, b"old"),
            marker(5, BOB, COMMIT),
            _of(6, ANN, b"ann 3"),
            marker(7, ANN, ABORT),
            _of(8, BOB, b"bob 2"),
            marker(9, BOB, COMMIT),
        )
    )
    everyone_else = [b"bob 1", b"nobody", b"old", b"bob 2"]
    assert _values(data, [(ANN, 0)]) == everyone_else
    assert _values(data, [(BOB, 8), (ANN, 0)]) == everyone_else[:-1]


def test_two_that_abort_end_each_with_its_own_marker() -> None:
    data = b"".join(
        (
            _of(0, ANN, b"-"),
            _of(1, BOB, b"-"),
            marker(2, ANN, ABORT),
            _of(3, ANN, b"ann"),
            _of(4, BOB, b"-"),
            marker(5, BOB, ABORT),
            _of(6, BOB, b"bob"),
            marker(7, ANN, COMMIT),
            marker(8, BOB, COMMIT),
        )
    )
    assert _values(data, [(BOB, 1), (ANN, 0)]) == [b"ann", b"bob"]


def test_a_producer_may_abort_again_and_again() -> None:
    data = b"".join(
        _of(2 * n, ANN, b"%d" % n) + marker(2 * n + 1, ANN, COMMIT if n % 3 else ABORT)
        for n in range(6)
    )
    assert _values(data, [(ANN, 6), (ANN, 0)]) == [b"1", b"2", b"4", b"5"]


def test_a_transaction_that_began_before_the_set_is_known() -> None:
    data = _of(50, ANN, b"bad") + marker(51, ANN, ABORT) + _of(52, ANN, b"good")
    assert _values(data, [(ANN, 3)], fetch_offset=50) == [b"good"]


def test_a_fetch_offset_inside_an_aborted_batch() -> None:
    data = _of(50, ANN, b"bad", b"bad", b"bad") + marker(53, ANN, ABORT)
    reader = RecordReader(data, 51, aborted=[(ANN, 50)])
    assert read_all(reader) == []
    assert reader.next_offset == 54


def test_a_commit_ends_it_too() -> None:
    # The marker of the aborted one is gone with the head of its batch: compaction.
    data = _of(0, ANN, b"bad") + marker(5, ANN, COMMIT) + _of(6, ANN, b"good")
    assert _values(data, [(ANN, 0)]) == [b"good"]


def test_a_marker_that_compaction_emptied_ends_it() -> None:
    emptied = batch(1, [], last_delta=0, attributes=CONTROL | TRANSACTIONAL, producer_id=ANN)
    assert _values(_of(0, ANN, b"bad") + emptied + _of(2, ANN, b"good"), [(ANN, 0)]) == [b"good"]


def test_a_control_record_of_another_kind_ends_nothing() -> None:
    data = _of(0, ANN, b"bad") + marker(1, ANN, 2) + _of(2, ANN, b"bad") + marker(3, ANN, ABORT)
    assert _values(data, [(ANN, 0)]) == []


def test_what_an_idempotent_producer_wrote_outside_of_transactions_is_delivered() -> None:
    data = _of(0, ANN, b"bad") + batch(1, [record(0, b"good")], producer_id=ANN)
    assert _values(data, [(ANN, 0)]) == [b"good"]


def test_nothing_is_unpacked_of_what_is_left_out() -> None:
    attributes = TRANSACTIONAL | 1
    odd = batch(0, [], content=b"no gzip", count=1, attributes=attributes, producer_id=ANN)
    assert _values(odd + marker(1, ANN, ABORT), [(ANN, 0)]) == []


@pytest.mark.parametrize("seed", range(20))
def test_any_interleaving_leaves_the_committed_ones(seed: int) -> None:
    rng = random.Random(seed)
    stored, aborted, committed = [], [], set()
    open_since: dict[int, int] = {}
    pending: dict[int, list[bytes]] = {}
    for offset in range(200):
        producer = rng.randrange(5)
        if producer in open_since and rng.random() < 0.3:
            kind = rng.choice([ABORT, COMMIT])
            stored.append(marker(offset, producer, kind))
            if kind == ABORT:
                aborted.append((producer, open_since[producer]))
            else:
                committed.update(pending[producer])
            del open_since[producer]
        else:
            if producer not in open_since:
                open_since[producer], pending[producer] = offset, []
            pending[producer].append(b"%d" % offset)
            stored.append(_of(offset, producer, b"%d" % offset))
    # Brokers hold back what is still open.
    still_open = {value for producer in open_since for value in pending[producer]}
    delivered = _values(b"".join(stored), aborted)
    assert [value for value in delivered if value not in still_open] == sorted(committed, key=int)
