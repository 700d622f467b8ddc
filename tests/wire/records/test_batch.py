"""What a record reader makes of good batches of format 2: rows, offsets, gaps, headers."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.records.batches import CONTROL, LOG_APPEND_TIME, TRANSACTIONAL, batch, record
from wire.records.message_sets import message, next_after, read_all

from pykafka.common import CompressionType
from pykafka.wire.records.decode import RecordReader

# After the protocol guide, byte by byte: base offset 7, size, leader epoch 5, magic 2, CRC-32C;
# attributes, last offset delta 1, base and highest timestamp, no producer, 2 records. Then the
# record with key "k", value "one" and the header a=b, and 9 ms later a null key and "hi".
GOLDEN = bytes.fromhex(
    "0000000000000007 00000049 00000005 02 fd4dde08"
    "0000 00000001 0000015d3ef79800 0000015d3ef79809 ffffffffffffffff ffff ffffffff 00000002"
    "1c 00 00 00 02 6b 06 6f6e65 02 02 61 02 62"
    "10 00 12 02 01 04 6869 00"
)


def _only(data: bytes, fetch_offset: int = 0):
    (only,) = read_all(RecordReader(data, fetch_offset))
    return only


def test_known_bytes() -> None:
    found = _only(GOLDEN, 7)
    assert found.rows == [(7, 1500000000000, b"k", b"one"), (8, 1500000000009, None, b"hi")]
    assert found.headers == [[("a", b"b")], ()]
    assert (found.magic, found.codec, found.timestamp_type) == (2, 0, 0)
    assert (found.leader_epoch, found.producer_id, found.is_transactional) == (5, -1, False)
    assert found.next_offset == 9


def test_a_batch_without_headers_says_so() -> None:
    assert _only(batch(0, [record(0, b"a"), record(1, b"b")])).headers is None


def test_the_producer_of_a_transaction_is_known() -> None:
    found = _only(batch(0, [record(0, b"a")], attributes=TRANSACTIONAL, producer_id=77))
    assert (found.producer_id, found.is_transactional, found.leader_epoch) == (77, True, 3)


def test_a_message_set_has_no_producer_leader_or_headers() -> None:
    found = _only(message(0, b"a"))
    assert (found.producer_id, found.is_transactional, found.leader_epoch) == (-1, False, -1)
    assert found.headers is None


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 8191, 8192, 8193])
def test_offset_deltas_of_every_width(count: int) -> None:
    records = [record(number, b"%d" % number) for number in range(count)]
    assert _only(batch(1000, records)).rows == [
        (1000 + number, 0, None, b"%d" % number) for number in range(count)
    ]


@pytest.mark.parametrize("delta", [0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2**40, -(2**40)])
@pytest.mark.parametrize("last_delta", [1, 4])
def test_timestamps_may_go_either_way(delta: int, last_delta: int) -> None:
    base = 1_500_000_000_000
    records = [record(0, b"a", time_delta=delta), record(1, b"b")]
    found = _only(batch(0, records, base_time=base, max_time=base, last_delta=last_delta))
    assert [row[1] for row in found.rows] == [base + delta, base]


SIZES = [None, 0, 1, 63, 64, 8191, 8192, 70_000]


@pytest.mark.parametrize("key_size", SIZES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("last_delta", [1, 9])
def test_lengths_of_every_width(key_size: int | None, size: int | None, last_delta: int) -> None:
    key = None if key_size is None else b"k" * key_size
    value = None if size is None else b"v" * size
    records = [record(0, value, key=key), record(1, b"x", key=b"y")]
    found = _only(batch(0, records, last_delta=last_delta))
    assert found.rows == [(0, 0, key, value), (1, 0, b"y", b"x")]
    assert found.next_offset == last_delta + 1


def test_numbers_may_take_more_bytes_than_they_need() -> None:
    # As Protocol Buffers allow it: delta 0 in two bytes.
    wide = b"\x12\0\0\x80\0\x01\x04ab\0"
    assert _only(batch(5, [wide, record(1, b"c")])).rows == [
        (5, 0, None, b"ab"),
        (6, 0, None, b"c"),
    ]


def test_what_compaction_left_keeps_its_offsets() -> None:
    records = [record(delta, b"x", key=b"%d" % delta) for delta in (3, 64, 900)]
    found = _only(batch(100, records, last_delta=1000), 100)
    assert [row[0] for row in found.rows] == [103, 164, 1000]
    assert found.next_offset == 1101


def test_a_batch_that_compaction_emptied_is_passed() -> None:
    empty = batch(10, [], last_delta=9)
    reader = RecordReader(empty + batch(20, [record(0, b"a")]), 10)
    assert [found.rows for found in read_all(reader)] == [[(20, 0, None, b"a")]]
    reader = RecordReader(empty, 10)
    assert read_all(reader) == []
    assert (reader.next_offset, reader.partial_size) == (20, None)


def test_an_emptied_batch_that_was_compressed_needs_no_codec() -> None:
    reader = RecordReader(batch(10, [], last_delta=9, attributes=CompressionType.ZSTD), 10)
    assert read_all(reader) == []
    assert reader.next_offset == 20


def test_control_batches_are_passed_without_a_row() -> None:
    control = batch(1, [record(0, b"v", key=b"\0\0\0\1")], attributes=CONTROL)
    data = batch(0, [record(0, b"a")]) + control + batch(2, [record(0, b"b")]) + control_at(3)
    reader = RecordReader(data, 0)
    assert [row for found in read_all(reader) for row in found.rows] == [
        (0, 0, None, b"a"),
        (2, 0, None, b"b"),
    ]
    assert reader.next_offset == 4


def control_at(offset: int) -> bytes:
    # Of a kind that is not known yet: it does not matter what is inside.
    return batch(offset, [record(0, b"?", key=b"\0\x09\0\x63")], attributes=CONTROL)


def test_a_set_of_nothing_but_control_batches_moves_on() -> None:
    reader = RecordReader(control_at(4) + control_at(5), 4)
    assert reader.next_batch() is None
    assert reader.next_offset == 6


def test_a_broker_that_stamps_records_stamps_the_batch() -> None:
    records = [record(0, b"a", time_delta=4), record(1, b"b", time_delta=-2)]
    found = _only(batch(0, records, attributes=LOG_APPEND_TIME, base_time=50, max_time=99))
    assert [row[1] for row in found.rows] == [99, 99]
    assert found.timestamp_type == 1


@pytest.mark.parametrize("fetch_offset", range(100, 104))
def test_what_a_batch_holds_before_the_fetch_offset_is_dropped(fetch_offset: int) -> None:
    records = [record(n, b"%d" % n, headers=[(b"n", b"%d" % n)]) for n in range(4)]
    reader = RecordReader(batch(100, records), fetch_offset)
    (found,) = read_all(reader)
    kept = range(fetch_offset - 100, 4)
    assert found.rows == [(100 + n, 0, None, b"%d" % n) for n in kept]
    assert found.headers == [[("n", b"%d" % n)] for n in kept]
    assert reader.next_offset == 104


def test_formats_may_follow_each_other_in_any_order() -> None:
    v1 = message(11, gzip.compress(message(0, b"b", magic=1)), magic=1, attributes=1)
    plain = message(13, b"d") + message(14, b"e")
    data = b"".join(
        (
            message(10, b"a"),
            v1,
            batch(12, [record(0, b"c")]),
            plain,
            batch(15, [record(0, b"f"), record(1, b"g")]),
        )
    )
    reader = RecordReader(data, 10)
    found = read_all(reader)
    assert [one.magic for one in found] == [0, 1, 2, 0, 2]
    assert b"".join(row[3] for one in found for row in one.rows) == b"abcdefg"
    assert [row[0] for one in found for row in one.rows] == list(range(10, 17))
    assert reader.next_offset == next_after(data) == 17


@pytest.mark.parametrize("last_delta", [1, 7])
def test_records_with_and_without_headers_may_be_mixed(last_delta: int) -> None:
    headers = [(b"a", b"1"), (b"a", None), (b"", b""), ("ü".encode(), b"x" * 300)]
    records = [record(0, b"x"), record(1, None, key=b"k", headers=headers)]
    found = _only(batch(0, records, last_delta=last_delta))
    assert found.rows == [(0, 0, None, b"x"), (1, 0, b"k", None)]
    assert found.headers == [(), [("a", b"1"), ("a", None), ("", b""), ("ü", b"x" * 300)]]


def test_a_header_key_that_is_no_utf8_keeps_its_bytes() -> None:
    found = _only(batch(0, [record(0, b"x", headers=[(b"caf\xe9", b"v")])]))
    (((key, value),),) = found.headers
    assert (key, value) == ("caf\udce9", b"v")
    assert key.encode(errors="surrogateescape") == b"caf\xe9"


FIELDS = st.none() | st.binary(max_size=90)
RECORDS = st.lists(
    st.tuples(
        st.integers(1, 100),
        st.integers(-(2**40), 2**40),
        FIELDS,
        FIELDS,
        st.lists(st.tuples(st.text(max_size=5), FIELDS), max_size=3),
    ),
    min_size=1,
    max_size=20,
)


@given(records=RECORDS, dense=st.booleans(), base=st.integers(0, 2**50), packed=st.booleans())
def test_any_records_come_out_as_they_went_in(records, dense, base, packed) -> None:
    offset, encoded, rows, headers = -1, [], [], []
    for gap, time, key, value, some in records:
        offset += 1 if dense else gap
        as_bytes = [(name.encode(), content) for name, content in some]
        encoded.append(record(offset, value, key=key, time_delta=time, headers=as_bytes))
        rows.append((base + offset, 7 + time, key, value))
        headers.append(some or ())
    data = batch(
        base,
        encoded,
        last_delta=offset,
        base_time=7,
        content=gzip.compress(b"".join(encoded)) if packed else None,
        attributes=CompressionType.GZIP if packed else 0,
    )
    found = _only(data)
    assert found.rows == rows
    assert found.headers == (headers if any(headers) else None)
    assert found.next_offset == next_after(data) == base + offset + 1


def test_a_set_that_is_cut_anywhere_gives_what_is_complete() -> None:
    batches = [GOLDEN, batch(9, [record(0, b"x")]), batch(10, [], last_delta=2)]
    ends = [sum(map(len, batches[: n + 1])) for n in range(3)]
    data = b"".join(batches)
    for cut in range(len(data) + 1):
        reader = RecordReader(data[:cut], 7)
        complete = sum(end <= cut for end in ends)
        assert len(read_all(reader)) == min(complete, 2)
        assert reader.next_offset == [7, 9, 10, 13][complete]
        if complete or not cut:
            assert reader.partial_size is None
            assert next_after(data[:cut]) == (reader.next_offset if complete else None)
        else:
            assert reader.partial_size == (12 if cut < 12 else len(GOLDEN))


class TestPeek:
    def test_takes_the_last_offset_from_the_head(self) -> None:
        assert next_after(batch(41, [], last_delta=8, content=b"no records")) == 50

    def test_leaves_nonsense_to_the_reader(self) -> None:
        assert next_after(batch(41, [record(0, b"")], last_delta=-2)) is None
        small = bytearray(batch(41, [record(0, b"")]))
        small[8:12] = (20).to_bytes(4, "big")
        assert next_after(bytes(small)) is None
