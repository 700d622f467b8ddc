"""Message sets that are written: known bytes, and what the reader makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.records.message_sets import plain_set, read_all

from pykafka.common import CompressionType
from pykafka.exceptions import UnsupportedVersion
from pykafka.wire.records.codecs import decompress
from pykafka.wire.records.decode import RecordReader
from pykafka.wire.records.encode import MESSAGE_OVERHEAD, encode_message_set, encoded_size

CODECS = [
    CompressionType.NONE,
    CompressionType.GZIP,
    CompressionType.SNAPPY,
    CompressionType.LZ4,
]
FIELDS = st.none() | st.binary(max_size=40)
ROWS = st.lists(st.tuples(st.integers(-1, 2**62), FIELDS, FIELDS), max_size=30)


def _expected(rows, magic: int):
    return [
        (offset, timestamp * magic, key, value)
        for offset, (timestamp, key, value) in enumerate(rows)
    ]


# Offset 0, size, checksum, magic, attributes, (timestamp,) key, value: the protocol guide.
@pytest.mark.parametrize(
    ("magic", "row", "expected"),
    [
        (0, (5, b"k", b"vv"), "0000000000000000 00000011 89e88014 00 00 00000001 6b 00000002 7676"),
        (0, (5, None, b""), "0000000000000000 0000000e 795748e0 00 00 ffffffff 00000000"),
        (
            1,
            (1500000000000, None, b"hi"),
            "0000000000000000 00000018 5d8566cd 01 00 0000015d3ef79800 ffffffff 00000002 6869",
        ),
    ],
)
def test_known_bytes(magic: int, row, expected: str) -> None:
    assert encode_message_set([row], magic, 0) == bytes.fromhex(expected)


@given(rows=ROWS, magic=st.integers(0, 1))
def test_plain_sets_are_what_the_format_says(rows, magic: int) -> None:
    assert encode_message_set(rows, magic, 0) == plain_set(_expected(rows, magic), magic)


@pytest.mark.parametrize("codec", CODECS)
@given(rows=ROWS, magic=st.integers(0, 1))
def test_every_codec_and_format_makes_the_round_trip(codec: int, rows, magic: int) -> None:
    batches = read_all(RecordReader(encode_message_set(rows, magic, codec), 0))
    assert [row for batch in batches for row in batch.rows] == _expected(rows, magic)
    assert {(batch.magic, batch.codec) for batch in batches} <= {(magic, codec)}


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 100_000])
@pytest.mark.parametrize("key_size", [None, 0, 1, 1023, 1024, 5000])
@pytest.mark.parametrize("magic", [0, 1])
def test_sizes_on_both_sides_of_the_tables(size: int, key_size: int | None, magic: int) -> None:
    key = None if key_size is None else b"k" * key_size
    rows = [(3, key, b"v" * size)] * 2
    data = encode_message_set(rows, magic, 0)
    assert data == plain_set(_expected(rows, magic), magic)
    assert len(data) == 2 * encoded_size(key_size or 0, size, magic)
    (batch,) = read_all(RecordReader(data, 0))
    assert batch.rows == _expected(rows, magic)


@pytest.mark.parametrize("magic", [0, 1])
def test_the_overhead_is_what_a_null_message_takes(magic: int) -> None:
    assert len(encode_message_set([(0, None, None)], magic, 0)) == MESSAGE_OVERHEAD[magic]
    assert encoded_size(0, 0, magic) == MESSAGE_OVERHEAD[magic]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("magic", [0, 1])
def test_no_rows_are_no_bytes(codec: int, magic: int) -> None:
    assert encode_message_set([], magic, codec) == b""


def test_a_wrapper_of_format_1_has_the_last_offset_and_the_latest_time() -> None:
    rows = [(30, None, b"a"), (90, None, b"b"), (60, None, b"c")]
    data = encode_message_set(rows, 1, CompressionType.GZIP)
    assert int.from_bytes(data[:8], "big") == 2
    assert data[16:18] == b"\x01\x01"
    assert int.from_bytes(data[18:26], "big") == 90
    assert decompress(CompressionType.GZIP, data[34:], 1000) == encode_message_set(rows, 1, 0)


def test_a_level_is_handed_to_the_codec() -> None:
    rows = [(0, None, b"%d" % (number * 7919 % 10007)) for number in range(5000)]
    fast, small = (encode_message_set(rows, 0, 1, level=level) for level in (1, 9))
    assert len(small) < len(fast)


@pytest.mark.parametrize("magic", [0, 1])
def test_zstd_is_refused_as_brokers_do(magic: int) -> None:
    with pytest.raises(UnsupportedVersion, match=r"2\.1"):
        encode_message_set([(0, None, b"")], magic, CompressionType.ZSTD)
