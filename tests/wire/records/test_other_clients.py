"""Sets in both directions between this package, Kafka 0.8.2.2's own classes and kafka-python."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from wire.records.java_pipe import compiler_is_missing
from wire.records.kafka082 import Kafka082
from wire.records.message_sets import read_all

from pykafka.common import CompressionType
from pykafka.exceptions import DownloadError, MissingRequirementError
from pykafka.wire.records import codecs
from pykafka.wire.records.decode import RecordReader
from pykafka.wire.records.encode import Row, encode_message_set

ALL = pytest.mark.parametrize(
    "codec",
    [CompressionType.NONE, CompressionType.GZIP, CompressionType.SNAPPY, CompressionType.LZ4],
    ids=["none", "gzip", "snappy", "lz4"],
)


@pytest.fixture(scope="session")
def kafka082(missing: Callable[[str], None]) -> Iterator[Kafka082]:
    if compiler_is_missing():
        missing("a JDK (javac) to run Kafka 0.8.2.2's own record classes")
    try:
        oracle = Kafka082()
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Kafka 0.8.2.2's own record classes: {error}")
        raise
    with oracle:
        yield oracle


@pytest.fixture
def pairs(rng) -> list[tuple[bytes | None, bytes | None]]:
    """Compressible and not, null and empty; 700 KB: many blocks of every codec."""
    return [
        (
            None if number % 3 else b"key-%d" % number,
            None if number % 7 == 0 else rng.randbytes(number) if number % 2 else b"v" * number,
        )
        for number in range(1200)
    ]


def _numbered(pairs):
    return [(offset, key, value) for offset, (key, value) in enumerate(pairs)]


def _read(data: bytes):
    return [
        (offset, key, value)
        for batch in read_all(RecordReader(data, 0))
        for offset, _, key, value in batch.rows
    ]


@ALL
def test_kafka_082_reads_what_we_write(kafka082: Kafka082, pairs, codec: int) -> None:
    data = encode_message_set([(0, *pair) for pair in pairs], 0, codec)
    assert kafka082.read(data) == _numbered(pairs)


@ALL
def test_we_read_what_kafka_082_writes(kafka082: Kafka082, pairs, codec: int) -> None:
    assert _read(kafka082.write(codec, pairs)) == _numbered(pairs)


def test_kafka_082_reads_lz4_that_cramjam_packed(
    kafka082: Kafka082, pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    cramjam = pytest.importorskip("cramjam")
    monkeypatch.setattr(codecs, "_installed", lambda *_: cramjam)
    data = encode_message_set([(0, *pair) for pair in pairs], 0, CompressionType.LZ4)
    assert kafka082.read(data) == _numbered(pairs)


# --- kafka-python --------------------------------------------------------------------


@pytest.fixture(scope="session")
def memory_records():
    return pytest.importorskip("kafka.record.memory_records")


def _needs_codec_of_kafka_python(codec: int, magic: int) -> None:
    if codec == CompressionType.SNAPPY:
        pytest.importorskip("snappy", reason="kafka-python needs python-snappy")
    if codec == CompressionType.LZ4:
        pytest.importorskip("lz4.frame", reason="kafka-python needs lz4")
        if magic == 0:
            pytest.importorskip("xxhash", reason="kafka-python needs xxhash for LZ4 of 0.8")


def _with_last_offset(data: bytes, count: int) -> bytes:
    """As a broker does it: kafka-python leaves 0 in the wrapper."""
    return (count - 1).to_bytes(8, "big") + data[8:]


@ALL
@pytest.mark.parametrize("magic", [0, 1])
def test_kafka_python_reads_what_we_write(memory_records, pairs, codec: int, magic: int) -> None:
    _needs_codec_of_kafka_python(codec, magic)
    rows: list[Row] = [(1000 + number, *pair) for number, pair in enumerate(pairs)]
    records = memory_records.MemoryRecords(encode_message_set(rows, magic, codec))
    read = []
    while (batch := records.next_batch()) is not None:
        assert batch.validate_crc()
        read += [(record.offset, record.timestamp, record.key, record.value) for record in batch]
    assert read == [
        (offset, timestamp if magic else None, key, value)
        for offset, (timestamp, key, value) in enumerate(rows)
    ]


@ALL
@pytest.mark.parametrize("magic", [0, 1])
def test_we_read_what_kafka_python_writes(memory_records, pairs, codec: int, magic: int) -> None:
    _needs_codec_of_kafka_python(codec, magic)
    builder = memory_records.MemoryRecordsBuilder(magic, codec, 1 << 24)
    for number, (key, value) in enumerate(pairs):
        builder.append(1000 + number, key, value)
    builder.close()
    data = bytes(builder.buffer())
    if codec:
        data = _with_last_offset(data, len(pairs))
    (batch,) = read_all(RecordReader(data, 0))
    assert batch.rows == [
        (number, (1000 + number) * magic, key, value) for number, (key, value) in enumerate(pairs)
    ]


# What kafka-python 3.0.12 (with python-snappy and xxhash) writes for (b"k", b"one") and
# (None, b"two") with the times 1500000000000 and 1500000000001, by format and codec.
OF_KAFKA_PYTHON = {
    (0, 0): (
        "000000000000000000000012dcd921640000000000016b000000036f6e6500000000000000010000"
        "00116732f40b0000ffffffff0000000374776f"
    ),
    (0, 1): (
        "00000000000000000000004726247f8b0001ffffffff000000391f8b0800c586046b02ff63608003"
        "a13b371553c02cc66c20c19c9f970a95610462c174a32fdc0c0cff81002459529e0f00013179e43b"
        "000000"
    ),
    (0, 2): (
        "000000000000000000000054190c1be40002ffffffff0000004682534e4150505900000000010000"
        "0001000000323b000019011012dcd92164050f20016b000000036f6e65050e5c0000010000001167"
        "32f40b0000ffffffff0000000374776f"
    ),
    (0, 3): (
        "00000000000000000000004f2322ae0b0003ffffffff0000004104224d1860401a32000000160001"
        "005112dcd921640f0091016b000000036f6e650e00f009000001000000116732f40b0000ffffffff"
        "0000000374776f00000000"
    ),
    (1, 0): (
        "00000000000000000000001ad1403f0401000000015d3ef79800000000016b000000036f6e650000"
        "0000000000010000001908e3e6ee01000000015d3ef79801ffffffff0000000374776f"
    ),
    (1, 1): (
        "00000000000000000000005835daea6601010000000000000000ffffffff000000421f8b0800c586"
        "046b02ff63608003a98b0ef62c8c400663acddf7192011c66c20c19c9f970a55019294e478fcec1d"
        "5c15e37f2000292a29cf0700580308a34b000000"
    ),
    (1, 2): (
        "000000000000000000000068fdf4aafc01020000000000000000ffffffff0000005282534e415050"
        "590000000001000000010000003e4b00001901341ad1403f0401000000015d3ef798011820016b00"
        "0000036f6e65010d01191c0000001908e3e6ee010905262c01ffffffff0000000374776f"
    ),
    (1, 3): (
        "0000000000000000000000697496a21001030000000000000000ffffffff0000005304224d186840"
        "4b00000000000000143c00000016000100e01ad1403f0401000000015d3ef798180090016b000000"
        "036f6e650d00001900850000001908e3e6ee2600c001ffffffff0000000374776f00000000"
    ),
}


@pytest.mark.parametrize(("magic", "codec"), OF_KAFKA_PYTHON)
def test_we_read_what_kafka_python_once_wrote(magic: int, codec: int) -> None:
    data = bytes.fromhex(OF_KAFKA_PYTHON[magic, codec])
    (batch,) = read_all(RecordReader(_with_last_offset(data, 2) if codec else data, 0))
    assert batch.rows == [
        (0, 1500000000000 * magic, b"k", b"one"),
        (1, 1500000000001 * magic, None, b"two"),
    ]
