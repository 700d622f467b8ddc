"""The extension module reads what Python reads, and says the same of what is wrong."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wire.records.batches import CONTROL, LOG_APPEND_TIME, TRANSACTIONAL, batch, record
from wire.records.message_sets import message, plain_set

from pykafka import native
from pykafka.common import CompressionType
from pykafka.exceptions import CodecNotAvailableError, CorruptRecordError
from pykafka.wire.records import checksums, decode
from pykafka.wire.records.decode import Batch, RecordReader
from pykafka.wire.records.scanning import Scanner, SplitRows

pytestmark = pytest.mark.usefixtures("scanner")

BYTES = st.none() | st.binary(max_size=20) | st.sampled_from([b"x" * 63, b"y" * 64, b"z" * 9000])
TIMES = st.sampled_from([0, 1, 63, 64, 8192, -1, 1 << 40, -(1 << 62)])


@pytest.fixture(scope="module")
def scanner(missing: Callable[[str], None]) -> Scanner:
    found = native.native()
    if isinstance(found, str):
        missing(found)
    assert isinstance(found, native.Native)
    return Scanner(found)


def batches(base: int) -> st.SearchStrategy[bytes]:
    """A batch, of any kind, from an offset on."""

    @st.composite
    def drawn(draw: st.DrawFn) -> bytes:
        gaps = draw(st.lists(st.integers(0, 3), max_size=6))
        deltas = [sum(gaps[: n + 1]) + n for n in range(len(gaps))]
        headers = draw(st.sampled_from([(), (), ((b"h", b"v"), (b"h", None))]))
        records = [
            record(delta, draw(BYTES), key=draw(BYTES), time_delta=draw(TIMES), headers=headers)
            for delta in deltas
        ]
        attributes = draw(st.sampled_from([0, 0, 0, LOG_APPEND_TIME, TRANSACTIONAL, CONTROL]))
        packed = draw(st.integers(0, 4)) == 0
        return batch(
            base,
            records,
            content=gzip.compress(b"".join(records)) if packed else None,
            attributes=attributes | (CompressionType.GZIP if packed else 0),
            max_time=1 << 41,
            last_delta=(deltas or [0])[-1] + draw(st.integers(0, 2)),
            producer_id=draw(st.sampled_from([-1, -1, 7])),
        )

    return drawn()


@st.composite
def message_sets(draw: st.DrawFn) -> bytes:
    magic = draw(st.integers(0, 1))
    offset, rows = draw(st.integers(0, 100)), []
    for _ in range(draw(st.integers(0, 6))):
        rows.append((offset, draw(TIMES) if magic else 0, draw(BYTES), draw(BYTES)))
        offset += draw(st.integers(1, 3))
    plain = plain_set(rows, magic, draw(st.sampled_from([0, 0, LOG_APPEND_TIME * magic])))
    if rows and draw(st.booleans()):
        return message(
            rows[-1][0], gzip.compress(plain), magic=magic, attributes=CompressionType.GZIP
        )
    return plain


@st.composite
def record_sets(draw: st.DrawFn) -> bytes:
    """Entries of any format behind each other, whole or damaged or cut off."""
    parts = [draw(message_sets())] if draw(st.booleans()) else []
    base = 200
    for _ in range(draw(st.integers(0, 4))):
        parts.append(draw(batches(base)))
        base += draw(st.sampled_from([40, 40, 40, 0]))
    data = bytearray(b"".join(parts))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(data[: draw(st.sampled_from([len(data), len(data), len(data) * 2 // 3]))])


def outcome(
    scanner: Scanner | None, data: bytes, fetch_offset: int, check_crcs: bool, aborted: Any
) -> dict[str, Any]:
    """All that a reader tells of a record set."""
    reader = RecordReader(data, fetch_offset, check_crcs=check_crcs, aborted=aborted)
    reader._scan = scanner
    rows: list[Any] = []
    told: dict[str, Any] = {"rows": rows}
    try:
        while (found := reader.next_batch()) is not None:
            headers = found.headers or [()] * len(found.rows)
            rows += [(*each, _shared(found)) for each in zip(found.rows, headers, strict=True)]
            told["next"] = found.next_offset
    except (CorruptRecordError, CodecNotAvailableError) as error:
        told["error"] = str(error), getattr(error, "offset", 0), getattr(error, "next_offset", 0)
    return {**told, "end": reader.next_offset, "partial": reader.partial_size}


def _shared(found: Batch) -> tuple[Any, ...]:
    return (
        *(found.magic, found.codec, found.timestamp_type, found.leader_epoch),
        *(found.producer_id, found.is_transactional),
    )


#: Offsets 0, 2 ** 56 + 1 and 2: the last is as far from the first as if there were no gap.
_GOING_BACK = (
    b"\0\0\0\0\0\0\0\0\0\0\0M%\xa5-\x84\0\0\xff\xff\xff\xff\0\0\0?" + 63 * b"x"
    b"\1\0\0\0\0\0\0\1\0\0\0\x0e\xa7\xech\3\0\0"
    + 8 * b"\xff"
    + b"\0\0\0\0\0\0\0\2\0\0\0\x0e\xa7\xech\3\0\0"
    + 8 * b"\xff"
)


@settings(max_examples=600, deadline=None)
@given(
    data=record_sets(),
    fetch_offset=st.sampled_from([0, 0, 3, 200, 205, 241]),
    check_crcs=st.sampled_from([True, True, True, False]),
    aborted=st.sampled_from([(), (), ((7, 200),)]),
)
@example(data=_GOING_BACK, fetch_offset=0, check_crcs=True, aborted=())
def test_both_read_the_same_and_say_the_same(
    scanner: Scanner, data: bytes, fetch_offset: int, check_crcs: bool, aborted: Any
) -> None:
    by_python = outcome(None, data, fetch_offset, check_crcs, aborted)
    assert outcome(scanner, data, fetch_offset, check_crcs, aborted) == by_python


@settings(max_examples=300)
@given(record_sets())
def test_both_look_alike_at_heads(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(native.SCAN_VARIABLE, "off")
        by_python = decode.peek(data, len(data))
        patch.setenv(native.SCAN_VARIABLE, "require")
        assert decode.peek(data, len(data)) == by_python


@given(
    st.lists(st.tuples(BYTES, BYTES, TIMES), min_size=1, max_size=30),
    st.integers(-35, 35),
    st.integers(-35, 35),
)
def test_a_slice_is_that_of_the_list(
    scanner: Scanner, fields: list[tuple[bytes | None, bytes | None, int]], start: int, stop: int
) -> None:
    records = [
        record(n, value, key=key, time_delta=ms) for n, (key, value, ms) in enumerate(fields)
    ]
    rows = scanner.batches(batch(5, records), 0, None, True)
    assert isinstance(rows, SplitRows)
    whole = [(5 + n, ms, key, value) for n, (key, value, ms) in enumerate(fields)]
    assert rows == whole
    assert list(rows) == whole
    assert rows[start:stop] == whole[start:stop]
    assert rows[::2] == whole[::2]
    assert rows[0] == whole[0]
    assert rows[-1] == whole[-1]
    assert (rows.end, rows.next_offset) == (len(batch(5, records)), 5 + len(whole))
    rows.behind(5 + len(whole) // 2)
    assert rows == whole[len(whole) // 2 :]


def test_batches_that_are_alike_are_one_and_others_are_not(scanner: Scanner) -> None:
    def one(base: int, **options: Any) -> bytes:
        return batch(base, [record(0, b"%d" % base)], **options)

    alike = b"".join(one(base) for base in range(10))
    for other in (
        one(10, attributes=LOG_APPEND_TIME),
        one(10, producer_id=9),
        one(10, leader_epoch=4),
        one(9),
        batch(10, [record(0, b"", headers=[(b"h", b"v")])]),
        batch(10, [], content=gzip.compress(record(0, b"")), attributes=1, count=1),
        one(10)[:-3],
    ):
        found = scanner.batches(alike + other + one(11), 0, None, True)
        assert found is not None
        assert (len(found), found.end) == (10, len(alike))


def test_a_batch_with_more_rows_than_one_call_splits_otherwise(scanner: Scanner) -> None:
    count = 20_000
    data = batch(0, [record(n, b"") for n in range(count)])
    found = scanner.batches(data + batch(count, [record(0, b"")]), 0, None, True)
    assert found is not None
    assert found[-1] == (count - 1, 0, None, b"")


def test_a_count_that_cannot_be_takes_no_memory(scanner: Scanner) -> None:
    data = batch(0, [record(0, b"")], count=2**31 - 1, last_delta=2**31 - 2)
    assert scanner.batches(data, 0, None, True) is None


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1))
def test_checksums(scanner: Scanner, data: bytes, before: int) -> None:
    ffi, lib = scanner._ffi, scanner._lib
    view = ffi.from_buffer("uint8_t[]", data)
    assert lib.pykafka_crc32(view, len(data), before) == checksums.crc32(data, before)
    assert lib.pykafka_crc32c(view, len(data), before) == checksums.crc32c_by_table(data, before)


def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.SCAN_VARIABLE, "off")
    assert RecordReader(b"", 0)._scan is None
    for choice in ("auto", "require"):
        monkeypatch.setenv(native.SCAN_VARIABLE, choice)
        assert isinstance(RecordReader(b"", 0)._scan, Scanner)
    monkeypatch.setenv(native.SCAN_VARIABLE, "on")
    with pytest.raises(Exception, match="PYKAFKA_SCAN=on: it is one of auto, require, off"):
        RecordReader(b"", 0)


def test_without_the_module_python_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "native", lambda: "it was not built")
    monkeypatch.setenv(native.SCAN_VARIABLE, "auto")
    (found,) = [RecordReader(message(3, b"v"), 3).next_batch()]
    assert found is not None
    assert type(found.rows) is list
    monkeypatch.setenv(native.SCAN_VARIABLE, "require")
    with pytest.raises(Exception, match="PYKAFKA_SCAN=require: it was not built"):
        decode.RecordReader(b"", 0)
