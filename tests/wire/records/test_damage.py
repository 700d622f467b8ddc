"""Damaged sets: the good part first, then a typed error that says where to go on."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.records.message_sets import message, next_after, plain_set, read_all, rows_before_error

from pykafka.common import CompressionType
from pykafka.exceptions import CorruptRecordError
from pykafka.wire.records.decode import RecordReader

ROWS = [(20, 0, b"key", b"value"), (21, 0, None, b"x" * 9), (22, 0, b"", None), (23, 0, None, b"")]
OFFSET_AND_SIZE = 12


def _flipped(data: bytes, position: int, mask: int) -> bytes:
    return data[:position] + bytes((data[position] ^ mask,)) + data[position + 1 :]


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)])
def test_every_flipped_bit_under_the_checksum_is_found(magic: int, mask: int) -> None:
    position = 0
    data = plain_set(ROWS, magic)
    for index, row in enumerate(ROWS):
        size = len(plain_set([row], magic))
        for place in range(position + OFFSET_AND_SIZE, position + size):
            rows, error = rows_before_error(RecordReader(_flipped(data, place, mask), 20))
            assert rows == ROWS[:index]
            assert error is not None
            assert (error.offset, error.next_offset) == (20 + index, 21 + index)
        position += size


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)])
def test_no_flipped_bit_outside_the_checksum_changes_a_message(magic: int, mask: int) -> None:
    position = 0
    data = plain_set(ROWS, magic)
    for index, row in enumerate(ROWS):
        for place in range(position, position + OFFSET_AND_SIZE):
            rows, _ = rows_before_error(RecordReader(_flipped(data, place, mask), 0))
            assert [row[2:] for row in rows[:index]] == [row[2:] for row in ROWS[:index]]
            assert {row[2:] for row in rows} <= {row[2:] for row in ROWS}
        position += len(plain_set([row], magic))


@pytest.mark.parametrize("magic", [0, 1])
def test_every_flipped_bit_in_a_wrapper_is_found(magic: int) -> None:
    inner = gzip.compress(plain_set(ROWS, magic))
    data = message(23, inner, magic=magic, attributes=CompressionType.GZIP)
    for place in range(OFFSET_AND_SIZE, len(data)):
        rows, error = rows_before_error(RecordReader(_flipped(data, place, 0x10), 20))
        assert rows == []
        assert error is not None
        assert error.next_offset == 24


def test_the_good_part_is_one_batch_and_the_error_comes_every_time_after() -> None:
    data = plain_set(ROWS, 0)
    reader = RecordReader(_flipped(data, len(data) - 1, 1), 20)
    batch = reader.next_batch()
    assert batch is not None
    assert batch.rows == ROWS[:3]
    assert reader.next_offset == 23
    errors = []
    for _ in range(3):
        with pytest.raises(CorruptRecordError, match=r"offset 23 .* checksum") as raised:
            reader.next_batch()
        errors.append(raised.value)
    assert errors[0] is errors[1] is errors[2]
    assert reader.next_offset == 23


def test_reading_goes_on_where_the_error_says() -> None:
    data = plain_set(ROWS, 0)
    first = len(plain_set(ROWS[:1], 0))
    second = len(plain_set(ROWS[:2], 0))
    damaged = _flipped(data, first + 20, 1)
    rows, error = rows_before_error(RecordReader(damaged, 20))
    assert error is not None
    assert error.next_offset is not None
    # What a broker sends for that offset starts there.
    (batch,) = read_all(RecordReader(damaged[second:], error.next_offset))
    assert rows + list(batch.rows) == ROWS[:1] + ROWS[2:]


@pytest.mark.parametrize("size", [-(2**31), -12, -1, 0, 13])
def test_a_size_that_no_message_has_is_damage(size: int) -> None:
    data = message(5, b"ok") + struct.pack(">qi", 6, size) + bytes(40)
    rows, error = rows_before_error(RecordReader(data, 0))
    assert [row[0] for row in rows] == [5]
    assert error is not None
    assert (error.offset, error.next_offset) == (6, 7)
    assert str(size) in str(error)


def _with_checksum(offset: int, body: bytes) -> bytes:
    return struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body)) + body


NULL, EMPTY = b"\xff" * 4, bytes(4)
TIME = bytes(8)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\0\0" + b"\xff\xff\xff\xfe" + NULL, id="key of -2 bytes"),
        pytest.param(b"\0\0" + b"\0\0\0\x05" + b"ab" + EMPTY, id="key over the end"),
        pytest.param(b"\0\0" + b"\x7f\xff\xff\xff" + EMPTY, id="key of 2 GB"),
        pytest.param(b"\0\0" + NULL + b"\0\0\0\x02" + b"a", id="value over the end"),
        pytest.param(b"\0\0" + NULL + b"\xff\xff\xff\xf0" + b"a", id="value of -16 bytes"),
        pytest.param(b"\0\0" + NULL + b"\0\0\0\x01" + b"ab", id="bytes after the value"),
        pytest.param(b"\0\0" + NULL + NULL + b"a", id="bytes after a null"),
        pytest.param(b"\x01\0" + TIME + b"\0\0\0\x01", id="format 1 in the size of format 0"),
        pytest.param(b"\x03\0" + NULL + NULL, id="unknown format"),
        pytest.param(b"\0\x07" + NULL + EMPTY, id="unknown codec"),
        pytest.param(b"\0\x01" + NULL + NULL, id="compressed null"),
        pytest.param(b"\0\x01" + NULL + EMPTY, id="compressed nothing"),
    ],
)
def test_sizes_that_lie_under_a_good_checksum_are_damage(body: bytes) -> None:
    for check_crcs in (True, False):
        data = message(5, b"ok") + _with_checksum(6, body) + message(7, b"ok")
        rows, error = rows_before_error(RecordReader(data, 5, check_crcs=check_crcs))
        assert rows == [(5, 0, None, b"ok")]
        assert error is not None
        assert (error.offset, error.next_offset) == (6, 7)


def test_a_key_may_not_borrow_from_the_next_message() -> None:
    # The key length is the one seen before, and what stands there beyond the end of the
    # message, at the place of the value's length, is 0.
    keyed = message(5, b"", key=b"0123456789")
    liar = _with_checksum(6, b"\0\0\0\0\0\x0a0123")
    rows, error = rows_before_error(RecordReader(keyed + liar + bytes(60), 5))
    assert [row[0] for row in rows] == [5]
    assert error is not None
    assert error.offset == 6


@pytest.mark.parametrize("offsets", [[5, 6, 6], [5, 6, 4], [5, 6, -(2**63)]])
def test_offsets_that_do_not_ascend_are_damage(offsets: list[int]) -> None:
    rows, error = rows_before_error(
        RecordReader(b"".join(message(offset, b"") for offset in offsets), 5)
    )
    assert [row[0] for row in rows] == [5, 6]
    assert error is not None
    assert (error.offset, error.next_offset) == (7, 8)


def test_a_set_with_nothing_new_is_damage_instead_of_an_endless_loop() -> None:
    reader = RecordReader(message(3, b"") + message(4, b""), 9)
    with pytest.raises(CorruptRecordError) as raised:
        reader.next_batch()
    assert (raised.value.offset, raised.value.next_offset) == (9, 10)


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (message(0, b"a") + message(1, b"b")[:-1], "cut off"),
        (message(0, b"a") + _flipped(message(1, b"b"), 20, 1), "checksum"),
        (message(0, gzip.compress(message(0, b"a"), mtime=0), attributes=1), "inside a compressed"),
        (message(1, b"a") + message(0, b"b"), "ascend"),
        (b"garbage", "cut off"),
    ],
)
def test_a_wrapper_around_a_damaged_set_is_damaged_as_a_whole(inner: bytes, reason: str) -> None:
    good = message(7, b"good")
    bad = message(9, gzip.compress(inner), attributes=CompressionType.GZIP)
    rows, error = rows_before_error(RecordReader(good + bad, 7))
    assert rows == [(7, 0, None, b"good")]
    assert error is not None
    assert reason in str(error)
    assert (error.offset, error.next_offset) == (8, 10)


def test_a_bomb_is_refused_before_it_takes_memory() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    data = message(0, bomb, attributes=CompressionType.GZIP)
    _, error = rows_before_error(RecordReader(data, 0, max_decompressed_bytes=10_000))
    assert error is not None
    assert "10000" in str(error)


@given(st.binary(max_size=200))
def test_garbage_is_at_worst_a_corrupt_record(data: bytes) -> None:
    rows_before_error(RecordReader(data, 0))
    rows_before_error(RecordReader(data, 0, check_crcs=False))
    next_after(data)


@given(
    st.integers(0, 1),
    st.integers(0, 7),
    st.integers(-2, 40),
    st.binary(max_size=30),
    st.integers(0, 2**63 - 1),
)
def test_garbage_under_a_good_checksum_is_at_worst_a_corrupt_record(
    magic: int, attributes: int, length: int, rest: bytes, offset: int
) -> None:
    body = bytes((magic, attributes)) + TIME * magic + struct.pack(">i", length) + rest
    data = _with_checksum(offset, body)
    rows_before_error(RecordReader(data, 0))
    rows_before_error(RecordReader(message(0, b"", key=b"four") + data + data, 0))
