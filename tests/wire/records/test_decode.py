"""What a record reader makes of good sets: rows, offsets, gaps, cut ends."""

from __future__ import annotations

import gzip

import pytest
from wire.records.message_sets import LOG_APPEND_TIME, message, next_after, plain_set, read_all

from pykafka.common import CompressionType
from pykafka.wire.records.decode import RecordReader

# After the protocol guide, byte by byte: offset 7, size 26, checksum, magic 0, no attributes,
# key "key", value "hello, v0" ...
V0 = bytes.fromhex(
    "0000000000000007 0000001a 8b5bec0c 00 00 00000003 6b6579 00000009 68656c6c6f2c207630"
)
# ... and magic 1 with the timestamp 1500000000000, null key, value "hi".
V1 = bytes.fromhex(
    "0000000000000008 00000018 5d8566cd 01 00 0000015d3ef79800 ffffffff 00000002 6869"
)


def test_a_message_of_format_0_has_no_timestamp() -> None:
    (batch,) = read_all(RecordReader(V0, 7))
    assert (batch.magic, batch.codec, batch.timestamp_type) == (0, 0, 0)
    assert batch.rows == [(7, 0, b"key", b"hello, v0")]
    assert batch.next_offset == 8


def test_a_message_of_format_1_has_the_time_its_producer_gave() -> None:
    (batch,) = read_all(RecordReader(V1, 8))
    assert (batch.magic, batch.codec, batch.timestamp_type) == (1, 0, 0)
    assert batch.rows == [(8, 1500000000000, None, b"hi")]


def test_formats_that_follow_each_other_are_batches_of_their_own() -> None:
    reader = RecordReader(V0 + V1, 7)
    assert [batch.magic for batch in read_all(reader)] == [0, 1]
    assert reader.next_offset == 9


def test_nothing_is_no_batch() -> None:
    reader = RecordReader(b"", 5)
    assert reader.next_batch() is None
    assert (reader.next_offset, reader.partial_size) == (5, None)


@pytest.mark.parametrize("magic", [0, 1])
def test_null_and_empty_are_told_apart(magic: int) -> None:
    fields = [None, b"", b"x", b"longer"]
    rows = [
        (number, 0, key, value)
        for number, (key, value) in enumerate(
            # Neighbours with equal and with other key lengths: the reader expects them equal.
            [(key, value) for key in fields for value in fields]
            + [(key, value) for value in fields for key in fields]
        )
    ]
    (batch,) = read_all(RecordReader(plain_set(rows, magic), 0))
    assert batch.rows == rows


@pytest.mark.parametrize("magic", [0, 1])
def test_all_uncompressed_messages_are_one_batch(magic: int) -> None:
    rows = [(number, 5 * magic, None, b"%d" % number) for number in range(1000)]
    reader = RecordReader(plain_set(rows, magic), 0)
    (batch,) = read_all(reader)
    assert batch.rows == rows
    assert reader.next_offset == 1000


def test_checksums_can_be_left_unchecked() -> None:
    damaged = V0[:-1] + b"1"
    (batch,) = read_all(RecordReader(damaged + V1, 7, check_crcs=False))[:1]
    assert batch.rows == [(7, 0, b"key", b"hello, v1")]


def test_gaps_that_compaction_left_are_passed() -> None:
    rows = [(10, 0, b"a", b""), (17, 0, b"b", b""), (18, 0, b"c", b""), (40, 0, b"d", b"")]
    reader = RecordReader(plain_set(rows, 0), 5)
    (batch,) = read_all(reader)
    assert batch.rows == rows
    assert batch.next_offset == reader.next_offset == 41


def wrapper(
    inner: bytes, offset: int, magic: int, timestamp: int = 0, attributes: int = 0
) -> bytes:
    return message(
        offset,
        gzip.compress(inner),
        magic=magic,
        attributes=CompressionType.GZIP | attributes,
        timestamp=timestamp,
    )


def test_offsets_inside_a_wrapper_of_format_0_are_absolute() -> None:
    rows = [(100, 0, None, b"a"), (102, 0, b"k", b"b"), (105, 0, None, None)]
    (batch,) = read_all(RecordReader(wrapper(plain_set(rows, 0), 105, 0), 100))
    assert batch.rows == rows
    assert (batch.magic, batch.codec, batch.next_offset) == (0, CompressionType.GZIP, 106)


def test_offsets_inside_a_wrapper_of_format_1_count_back_from_the_wrapper() -> None:
    inner = [(0, 11, None, b"a"), (2, 12, b"k", b"b"), (5, 13, None, None)]
    (batch,) = read_all(RecordReader(wrapper(plain_set(inner, 1), 105, 1, timestamp=13), 100))
    assert batch.rows == [(100 + offset, *rest) for offset, *rest in inner]
    assert batch.timestamp_type == 0


def test_a_broker_that_stamps_messages_stamps_the_wrapper() -> None:
    inner = plain_set([(0, 11, None, b"a"), (1, 12, None, b"b")], 1)
    data = wrapper(inner, 8, 1, timestamp=99, attributes=LOG_APPEND_TIME)
    (batch,) = read_all(RecordReader(data, 0))
    assert batch.rows == [(7, 99, None, b"a"), (8, 99, None, b"b")]
    assert batch.timestamp_type == 1


def test_a_broker_that_stamps_plain_messages_is_noticed() -> None:
    rows = [(0, 11, None, b"a"), (1, 12, None, b"b")]
    (batch,) = read_all(RecordReader(plain_set(rows, 1, LOG_APPEND_TIME), 0))
    assert (batch.rows, batch.timestamp_type) == (rows, 1)


def test_each_wrapper_is_a_batch_decoded_when_asked_for() -> None:
    first = wrapper(plain_set([(0, 0, None, b"a"), (1, 0, None, b"b")], 0), 1, 0)
    second = message(2, b"no gzip", attributes=CompressionType.GZIP)
    reader = RecordReader(first + second, 0)
    batch = reader.next_batch()
    assert batch is not None
    assert [row[0] for row in batch.rows] == [0, 1]
    assert reader.next_offset == 2


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("fetch_offset", range(100, 104))
def test_what_a_wrapper_holds_before_the_fetch_offset_is_dropped(
    magic: int, fetch_offset: int
) -> None:
    inner = [(100 + n, 7 * magic, None, b"%d" % n) for n in range(4)]
    reader = RecordReader(wrapper(plain_set(inner, magic), 103, magic), fetch_offset)
    (batch,) = read_all(reader)
    assert batch.rows == [row for row in inner if row[0] >= fetch_offset]
    assert reader.next_offset == 104


def test_a_batch_of_which_nothing_is_left_is_no_batch() -> None:
    early = wrapper(plain_set([(0, 0, None, b"a"), (1, 0, None, b"b")], 0), 1, 0)
    reader = RecordReader(early + message(2, b"c"), 2)
    (batch,) = read_all(reader)
    assert batch.rows == [(2, 0, None, b"c")]


def test_an_empty_wrapper_is_passed() -> None:
    reader = RecordReader(wrapper(b"", 9, 0) + message(10, b"x"), 9)
    (batch,) = read_all(reader)
    assert batch.rows == [(10, 0, None, b"x")]


@pytest.mark.parametrize("magic", [0, 1])
def test_a_set_that_is_cut_anywhere_gives_what_is_complete(magic: int) -> None:
    rows = [(0, 0, b"key", b"value"), (1, 0, None, b""), (2, 0, None, b"more" * 5)]
    messages = [plain_set([row], magic) for row in rows]
    ends = [sum(map(len, messages[: n + 1])) for n in range(3)]
    data = b"".join(messages)
    for cut in range(len(data) + 1):
        reader = RecordReader(data[:cut], 0)
        complete = sum(end <= cut for end in ends)
        assert [row for batch in read_all(reader) for row in batch.rows] == rows[:complete]
        assert reader.next_offset == complete
        if complete or not cut:
            assert reader.partial_size is None
        else:
            assert reader.partial_size == (12 if cut < 12 else len(messages[0]))


def test_a_cut_wrapper_is_not_complete() -> None:
    data = wrapper(plain_set([(0, 0, None, b"a")], 0), 0, 0)
    for cut in range(1, len(data)):
        reader = RecordReader(data[:cut], 0)
        assert reader.next_batch() is None
        assert reader.partial_size == (12 if cut < 12 else len(data))


class TestPeek:
    def test_tells_the_offset_after_the_last_complete_entry(self) -> None:
        assert next_after(V0) == 8
        assert next_after(V0 + V1) == 9
        assert next_after(V0 + V1[:-1]) == 8

    def test_opens_no_wrapper(self) -> None:
        assert next_after(message(41, b"no gzip", attributes=1)) == 42

    @pytest.mark.parametrize("data", [b"", V0[:3], V0[:-1]])
    def test_tells_nothing_without_a_complete_entry(self, data: bytes) -> None:
        assert next_after(data) is None

    def test_looks_at_no_more_entries_than_it_may(self, scan: str) -> None:
        data = plain_set([(number, 0, None, b"") for number in range(10)], 0)
        assert next_after(data, entries=10) == 10
        # For the extension module they are not many.
        assert next_after(data, entries=9) == (None if scan == "off" else 10)

    def test_leaves_nonsense_to_the_reader(self) -> None:
        assert next_after(V0 + bytes(8) + b"\xff" * 20) is None
