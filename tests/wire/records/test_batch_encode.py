"""Record batches that are written: known bytes, and what the reader makes of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wire.records.batches import batch, record
from wire.records.message_sets import read_all
from wire.records.test_batch import GOLDEN

from pykafka.common import CompressionType
from pykafka.exceptions import UnsupportedVersion
from pykafka.wire.records.batch_encode import BatchFields, encode_batch
from pykafka.wire.records.decode import RecordReader
from pykafka.wire.records.encode import MESSAGE_OVERHEAD, encode_records, encoded_size

CODECS = [
    CompressionType.NONE,
    CompressionType.GZIP,
    CompressionType.SNAPPY,
    CompressionType.LZ4,
    CompressionType.ZSTD,
]
FIELDS = st.none() | st.binary(max_size=90)
TIMES = st.integers(-1, 2**62) | st.integers(0, 300)
ROWS = st.lists(st.tuples(TIMES, FIELDS, FIELDS), min_size=1, max_size=80)
TEXT = st.text(max_size=5) | st.binary(max_size=5).map(
    lambda key: key.decode(errors="surrogateescape")
)
HEADERS = st.lists(st.tuples(TEXT, FIELDS), max_size=3)


def _as_the_format_says(rows, headers=None) -> bytes:
    base = rows[0][0]
    records = [
        record(
            delta,
            value,
            key=key,
            time_delta=timestamp - base,
            headers=[
                (name.encode(errors="surrogateescape"), content)
                for name, content in (headers[delta] or () if headers else ())
            ],
        )
        for delta, (timestamp, key, value) in enumerate(rows)
    ]
    newest = max(row[0] for row in rows)
    return batch(0, records, base_time=base, max_time=newest, leader_epoch=-1)


def _numbered(rows):
    return [(offset, *row) for offset, row in enumerate(rows)]


def test_known_bytes() -> None:
    rows = [(1500000000000, b"k", b"one"), (1500000000009, None, b"hi")]
    data = encode_batch(rows, 0, headers=[[("a", b"b")], None], fields=BatchFields(leader_epoch=5))
    assert data[8:] == GOLDEN[8:]


@given(rows=ROWS)
@example(rows=[(0, None, b"x")] * 65)
@example(rows=[(5, None, None)])
@example(rows=[(5, b"k", b"v"), (4, None, b""), (-1, b"", None)])
def test_batches_are_what_the_format_says(rows) -> None:
    assert encode_batch(rows, 0) == _as_the_format_says(rows)


@given(data=st.data(), rows=ROWS)
def test_batches_with_headers_are_what_the_format_says(data: st.DataObject, rows) -> None:
    size = len(rows)
    headers = data.draw(st.lists(st.none() | HEADERS, min_size=size, max_size=size))
    assert encode_batch(rows, 0, headers=headers) == _as_the_format_says(rows, headers)


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.data(), rows=ROWS)
def test_every_codec_makes_the_round_trip(codec: int, data: st.DataObject, rows) -> None:
    size = len(rows)
    headers = data.draw(st.none() | st.lists(HEADERS, min_size=size, max_size=size))
    encoded = encode_records(rows, 2, codec, headers=headers)
    (found,) = read_all(RecordReader(encoded, 0))
    assert found.rows == _numbered(rows)
    assert (found.magic, found.codec, found.next_offset) == (2, codec, size)
    if headers and any(headers):
        assert [list(some) for some in found.headers or ()] == headers
    else:
        assert found.headers is None


SIZES = [0, 1, 63, 64, 8100, 8191, 8192, 70_000]


@pytest.mark.parametrize("size", [None, *SIZES])
@pytest.mark.parametrize("key_size", [None, *SIZES])
def test_sizes_on_both_sides_of_the_tables(size: int | None, key_size: int | None) -> None:
    key = None if key_size is None else b"k" * key_size
    value = None if size is None else b"v" * size
    rows = [(3, key, value)] * 2
    data = encode_batch(rows, 0)
    assert data == _as_the_format_says(rows)
    assert len(data) <= 61 + 2 * encoded_size(key_size or 0, size or 0, 2)


@pytest.mark.parametrize("step", [0, 1, 100, 8000, 9000, 2**33, -1, -70, -(2**33)])
def test_steps_of_time_on_both_sides_of_the_tables(step: int) -> None:
    rows = [(2**40 + step * number, None, b"v") for number in range(5)]
    assert encode_batch(rows, 0) == _as_the_format_says(rows)


@pytest.mark.parametrize("count", [63, 64, 65, 8191, 8192, 8193, 9000])
def test_offset_deltas_of_every_width(count: int) -> None:
    rows = [(number // 7, b"k" if number % 3 else None, b"v") for number in range(count)]
    data = encode_batch(rows, 0)
    assert data == _as_the_format_says(rows)
    (found,) = read_all(RecordReader(data, 0))
    assert found.rows == _numbered(rows)


def test_the_overhead_is_the_most_that_a_record_can_take() -> None:
    # Two numbers of 64 bits are further apart than any two timestamps.
    widest = record(2**31 - 1, b"", key=b"", time_delta=-(2**63))
    # Length, key's and value's length take one byte each here instead of five.
    assert len(widest) + 3 * 4 == MESSAGE_OVERHEAD[2]


def test_what_the_producer_says_stands_in_the_head() -> None:
    fields = BatchFields(2**40, 3, 12345, is_transactional=True, leader_epoch=9, timestamp_type=1)
    data = encode_batch([(5, None, b"v"), (8, None, b"w")], 0, fields=fields)
    assert data[12:16] == (9).to_bytes(4, "big")
    assert data[21:23] == b"\x00\x18"
    assert data[43:51] == (2**40).to_bytes(8, "big")
    assert data[51:57] == b"\0\3" + (12345).to_bytes(4, "big")
    (found,) = read_all(RecordReader(data, 0))
    assert (found.producer_id, found.is_transactional, found.leader_epoch) == (2**40, True, 9)
    assert found.timestamp_type == 1
    assert [row[1] for row in found.rows] == [8, 8]


@pytest.mark.parametrize("codec", CODECS)
def test_no_rows_are_no_bytes(codec: int) -> None:
    assert encode_records([], 2, codec) == b""


def test_a_level_is_handed_to_the_codec() -> None:
    rows = [(0, None, b"%d" % (number * 7919 % 10007)) for number in range(5000)]
    fast, small = (encode_records(rows, 2, CompressionType.GZIP, level) for level in (1, 9))
    assert len(small) < len(fast)


@pytest.mark.parametrize("headers", [[], [None, None]])
def test_headers_belong_to_rows(headers) -> None:
    with pytest.raises(ValueError, match="and 1 messages"):
        encode_records([(0, None, b"")], 2, 0, headers=headers)


@pytest.mark.parametrize("magic", [0, 1])
def test_older_formats_are_message_sets_without_headers_and_producers(magic: int) -> None:
    rows = [(5, b"k", b"v")]
    data = encode_records(rows, magic, CompressionType.GZIP, headers=[None])
    (found,) = read_all(RecordReader(data, 0))
    assert (found.magic, found.codec, found.rows[0][2:]) == (magic, 1, (b"k", b"v"))
    with pytest.raises(UnsupportedVersion, match=r"0\.11"):
        encode_records(rows, magic, 0, headers=[[("a", b"b")]])
    with pytest.raises(UnsupportedVersion, match=r"0\.11"):
        encode_records(rows, magic, 0, fields=BatchFields(producer_id=1))
