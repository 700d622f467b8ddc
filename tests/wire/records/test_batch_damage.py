"""Damaged batches of format 2: the good ones first, then a typed error that says where to go on."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.records.batches import batch, record, varint
from wire.records.message_sets import message, next_after, read_all, rows_before_error

from pykafka.common import CompressionType
from pykafka.exceptions import CodecNotAvailableError, CorruptRecordError
from pykafka.wire.records import codecs
from pykafka.wire.records.decode import RecordReader

FIRST = batch(20, [record(0, b"one", key=b"k"), record(1, None)])
SECOND = batch(22, [record(0, b"", headers=[(b"h", b"v")]), record(1, b"x" * 70)], last_delta=4)
THIRD = batch(27, [record(0, b"last")])
UP_TO_CRC = 17
ROWS = [
    (20, 0, b"k", b"one"),
    (21, 0, None, None),
    (22, 0, None, b""),
    (23, 0, None, b"x" * 70),
    (27, 0, None, b"last"),
]


def _flipped(data: bytes, position: int, mask: int) -> bytes:
    return data[:position] + bytes((data[position] ^ mask,)) + data[position + 1 :]


@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)])
def test_every_flipped_bit_under_the_checksum_is_found(mask: int) -> None:
    data = FIRST + SECOND + THIRD
    for place in range(len(FIRST) + UP_TO_CRC, len(FIRST) + len(SECOND)):
        rows, error = rows_before_error(RecordReader(_flipped(data, place, mask), 20))
        assert rows == ROWS[:2]
        assert error is not None
        assert error.offset == 22
        # The head may be what is damaged: whatever it says, nothing good may be skipped.
        assert 22 < error.next_offset <= 27


@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)])
def test_no_flipped_bit_outside_the_checksum_changes_a_record(mask: int) -> None:
    data = FIRST + SECOND + THIRD
    for place in range(len(FIRST), len(FIRST) + UP_TO_CRC):
        rows, _ = rows_before_error(RecordReader(_flipped(data, place, mask), 20))
        assert rows[:2] == ROWS[:2]
        assert {row[2:] for row in rows} <= {row[2:] for row in ROWS}


@pytest.mark.parametrize("place", range(UP_TO_CRC, len(FIRST)))
def test_damage_in_a_compressed_batch_is_found(place: int) -> None:
    packed = gzip.compress(record(0, b"one") + record(1, b"two"))
    data = batch(20, [], content=packed, count=2, attributes=CompressionType.GZIP)
    rows, error = rows_before_error(RecordReader(_flipped(data, place, 4), 20))
    assert rows == []
    assert error is not None
    assert error.offset == 20


def test_the_error_comes_every_time_after_and_reading_goes_on_behind_it() -> None:
    damaged = _flipped(SECOND, len(SECOND) - 1, 1)
    reader = RecordReader(FIRST + damaged + THIRD, 20)
    assert reader.next_batch() is not None
    errors = []
    for _ in range(3):
        with pytest.raises(CorruptRecordError, match=r"offset 22 .* checksum") as raised:
            reader.next_batch()
        errors.append(raised.value)
    assert errors[0] is errors[1] is errors[2]
    assert errors[0].next_offset == 27
    assert reader.next_offset == 22
    assert [found.rows for found in read_all(RecordReader(THIRD, 27))] == [ROWS[4:]]


def test_the_error_names_the_first_offset_that_was_wanted() -> None:
    _, error = rows_before_error(RecordReader(_flipped(SECOND, len(SECOND) - 1, 1), 24))
    assert error is not None
    assert (error.offset, error.next_offset) == (24, 27)


def test_a_head_that_points_far_away_does_not_skip_what_follows() -> None:
    far = bytearray(SECOND)
    far[23:27] = struct.pack(">i", 2**30)
    _, error = rows_before_error(RecordReader(bytes(far) + THIRD, 22))
    assert error is not None
    assert error.next_offset == 27


def test_checksums_can_be_left_unchecked() -> None:
    reader = RecordReader(THIRD[:-2] + b"T\0", 27, check_crcs=False)
    assert [found.rows for found in read_all(reader)] == [[(27, 0, None, b"lasT")]]


@pytest.mark.parametrize("size", [-(2**31), -12, -1, 0, 48])
def test_a_size_that_no_batch_has_is_damage(size: int) -> None:
    data = FIRST + SECOND[:8] + struct.pack(">i", size) + SECOND[12:]
    rows, error = rows_before_error(RecordReader(data, 20))
    assert rows == ROWS[:2]
    assert error is not None
    assert (error.offset, error.next_offset) == (22, 23)


def _raw(*numbers: int, content: bytes = b"") -> bytes:
    body = b"".join(varint(number) for number in numbers) + content
    return varint(len(body) + 1) + b"\0" + body


LIES: dict[str, Callable[[], bytes]] = {
    "more records than bytes": lambda: batch(5, [record(0, b"")], count=2**31 - 1),
    "a negative count": lambda: batch(5, [record(0, b"")], count=-1, last_delta=0),
    "more records than there are": lambda: batch(5, [record(0, b"x" * 20)], count=2),
    "fewer records than there are": lambda: batch(5, [record(0, b""), record(1, b"")], count=1),
    "nothing": lambda: batch(5, [], count=1),
    "last delta below the count": lambda: batch(5, [record(0, b"")], last_delta=-1),
    "last delta far below": lambda: batch(5, [record(0, b"")], last_delta=-(2**31)),
    "offset behind the last": lambda: batch(5, [record(3, b"")], last_delta=1),
    "negative offset delta": lambda: batch(5, [record(-1, b"")], last_delta=1),
    "offsets twice": lambda: batch(5, [record(0, b""), record(0, b"")], last_delta=2),
    "key of -2 bytes": lambda: batch(5, [_raw(0, 0, -2, 0, 0)]),
    "key over the end": lambda: batch(5, [_raw(0, 0, 9, content=b"abc")]),
    "key of 1 GB": lambda: batch(5, [_raw(0, 0, 2**30, 0, 0)]),
    "value of -2 bytes": lambda: batch(5, [_raw(0, 0, -1, -2, 0)]),
    "value of -70 bytes": lambda: batch(5, [_raw(0, 0, -1, -70, 0)]),
    "value of -10000 bytes": lambda: batch(5, [_raw(0, 0, -1, -10_000, 0)]),
    "value over the end": lambda: batch(5, [_raw(0, 0, -1, 100, content=b"abc")]),
    "value of 2 GB": lambda: batch(5, [_raw(0, 0, -1, 2**31 - 1, 0)]),
    "bytes after the record": lambda: batch(5, [_raw(0, 0, -1, 0, 0, content=b"abc")]),
    "a record of negative length": lambda: batch(5, [varint(-9) + bytes(20)]),
    "a length without end": lambda: batch(5, [b"\xff" * 40]),
    "a time without end": lambda: batch(5, [b"\x10\0" + b"\x80" * 40]),
    "unknown codec": lambda: batch(5, [record(0, b"")], attributes=7),
    "damaged compressed data": lambda: batch(5, [], content=b"no gzip", count=1, attributes=1),
    "negative base offset": lambda: batch(-9, [record(0, b"")]),
}


@pytest.mark.parametrize("check_crcs", [True, False])
@pytest.mark.parametrize("lie", LIES)
def test_numbers_that_lie_under_a_good_checksum_are_damage(lie: str, check_crcs: bool) -> None:
    reader = RecordReader(LIES[lie]() + THIRD, 5, check_crcs=check_crcs)
    rows, error = rows_before_error(reader)
    assert rows == []
    assert error is not None
    assert error.offset == 5
    assert error.next_offset is not None
    assert 5 < error.next_offset <= 27


@pytest.mark.parametrize("last_delta", [0, 5])
@pytest.mark.parametrize(
    "headers",
    [
        varint(-1),
        varint(2**31 - 1),
        varint(2) + b"\x02a\x02b",
        varint(1) + varint(-1) + b"\0",
        varint(1) + b"\x02a" + varint(-2),
        varint(1) + b"\x02a" + varint(2**20),
        varint(1) + b"\x02a\x02bc",
        varint(1),
    ],
)
def test_damaged_headers_are_found_when_they_are_asked_for(headers: bytes, last_delta: int) -> None:
    damaged = _raw(0, 0, -1, 1, content=b"v" + headers)
    (found,) = read_all(RecordReader(batch(5, [damaged], last_delta=last_delta), 5))
    assert found.rows == [(5, 0, None, b"v")]
    with pytest.raises(CorruptRecordError, match="header") as raised:
        _ = found.headers
    assert (raised.value.offset, raised.value.next_offset) == (5, 6)


def test_headers_may_not_begin_behind_their_record() -> None:
    short = bytearray(record(0, b"abc", headers=[(b"h", b"v")]))
    short[0] = 4
    _, error = rows_before_error(RecordReader(batch(5, [bytes(short)]), 5))
    assert error is not None
    assert error.offset == 5


@pytest.mark.parametrize("base_offset", [20, 21, 0])
def test_a_batch_that_goes_back_is_damage(base_offset: int) -> None:
    again = batch(base_offset, [record(0, b"again"), record(1, b"and again")])
    rows, error = rows_before_error(RecordReader(FIRST + again, 20))
    assert rows == ROWS[:2]
    assert error is not None
    assert (error.offset, error.next_offset) == (22, 23)


def test_a_set_with_nothing_new_is_damage_instead_of_an_endless_loop() -> None:
    _, error = rows_before_error(RecordReader(FIRST, 90))
    assert error is not None
    assert (error.offset, error.next_offset) == (90, 91)


def test_a_message_set_in_front_of_damage_is_delivered() -> None:
    rows, error = rows_before_error(RecordReader(message(19, b"a") + _flipped(FIRST, 40, 1), 19))
    assert rows == [(19, 0, None, b"a")]
    assert error is not None
    assert error.offset == 20


@pytest.mark.parametrize("codec", [1, 2, 3, 4], ids=["gzip", "snappy", "lz4", "zstd"])
def test_a_bomb_is_refused_before_it_takes_memory(codec: int) -> None:
    bomb = codecs.compress(codec, bytes(20_000_000), magic=2)
    data = batch(5, [], content=bomb, count=1000, attributes=codec)
    _, error = rows_before_error(RecordReader(data, 5, max_decompressed_bytes=10_000))
    assert error is not None
    assert "10000" in str(error)
    assert error.next_offset == 1005


def test_a_missing_codec_is_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise CodecNotAvailableError("zstd needs the package zstandard")

    data = batch(22, [], content=b"?", count=1, attributes=CompressionType.ZSTD)
    reader = RecordReader(FIRST + data, 20)
    assert reader.next_batch() is not None
    with monkeypatch.context() as patched:
        patched.setattr(codecs, "_installed", missing)
        for _ in range(2):
            with pytest.raises(CodecNotAvailableError, match="zstandard"):
                reader.next_batch()
    assert reader.next_offset == 22


def test_a_marker_that_cannot_be_read_is_damage_where_it_matters() -> None:
    control = batch(21, [record(0, b"", key=b"\0")], attributes=0x30, producer_id=7)
    data = batch(20, [record(0, b"a")], attributes=0x10, producer_id=7) + control
    _, error = rows_before_error(RecordReader(data, 20, aborted=[(7, 20)]))
    assert error is not None
    assert (error.offset, error.next_offset) == (21, 22)
    assert [found.rows for found in read_all(RecordReader(data, 20))] == [[(20, 0, None, b"a")]]


@given(st.binary(max_size=120), st.integers(-3, 20), st.integers(-3, 20), st.integers(0, 127))
def test_garbage_under_a_good_checksum_is_at_worst_a_corrupt_record(
    content: bytes, count: int, last_delta: int, attributes: int
) -> None:
    data = batch(5, [], content=content, count=count, last_delta=last_delta, attributes=attributes)
    for check_crcs in (True, False):
        reader = RecordReader(data + THIRD, 5, check_crcs=check_crcs, aborted=[(-1, 0)])
        _, error = rows_before_error(reader)
        assert error is None or error.next_offset > error.offset
    next_after(data)


@given(st.data())
def test_several_flipped_bytes_are_at_worst_a_corrupt_record(data: st.DataObject) -> None:
    bytes_ = bytearray(FIRST + SECOND + THIRD)
    for _ in range(data.draw(st.integers(1, 4))):
        bytes_[data.draw(st.integers(0, len(bytes_) - 1))] = data.draw(st.integers(0, 255))
    for check_crcs in (True, False):
        reader = RecordReader(bytes(bytes_), 20, check_crcs=check_crcs)
        rows_before_error(reader)
    next_after(bytes(bytes_))
