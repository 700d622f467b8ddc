"""Batches of format 2 in both directions between this package, Kafka's Java clients and
kafka-python. The Java ones write and read the older formats here, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from wire.kafka_definitions import NEW, OLD
from wire.records.batches import ABORT, COMMIT
from wire.records.java_pipe import compiler_is_missing
from wire.records.kafka_records import JavaRecord, KafkaRecords
from wire.records.message_sets import next_after, read_all

from pykafka.common import CompressionType
from pykafka.exceptions import DownloadError, MissingRequirementError
from pykafka.wire.records import codecs
from pykafka.wire.records.batch_encode import BatchFields, encode_batch
from pykafka.wire.records.decode import Batch, RecordReader
from pykafka.wire.records.encode import encode_records

NAMES = {0: "none", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
ALL = pytest.mark.parametrize("codec", NAMES, ids=NAMES.values())
GAPS = pytest.mark.parametrize("gaps", [False, True], ids=["dense", "compacted"])


@pytest.fixture(scope="session", params=[OLD, NEW])
def kafka(
    request: pytest.FixtureRequest,
    missing: Callable[[str], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[KafkaRecords]:
    """The record classes of a release."""
    release = request.param
    if compiler_is_missing():
        missing(f"a JDK (javac) to run Kafka {release}'s own record classes")
    try:
        oracle = KafkaRecords(release, tmp_path_factory.mktemp(f"kafka-{release}"))
    except (DownloadError, MissingRequirementError) as error:
        missing(f"Kafka {release}'s own record classes: {error}")
        raise
    with oracle:
        yield oracle


@pytest.fixture
def records(rng) -> list[JavaRecord]:
    """Compressible and not, null and empty, with and without headers, earlier and later; 700 KB:
    many blocks of every codec."""
    names = ["name", "ü", ""]
    return [
        JavaRecord(
            number,
            1_500_000_000_000 + rng.choice([0, 1, -70, 9000, -(2**21), 2**30]),
            None if number % 3 else b"key-%d" % number,
            None if number % 7 == 0 else rng.randbytes(number) if number % 2 else b"v" * number,
            [(names[n], None if n == 1 else b"h" * number) for n in range(number % 4)],
        )
        for number in range(1200)
    ]


def _with_gaps(records: list[JavaRecord]) -> list[JavaRecord]:
    return [record for record in records if record.offset % 5 and record.offset != 64]


def _encoded(records: list[JavaRecord], codec: int, fields: BatchFields | None = None) -> bytes:
    return encode_batch(
        [record[1:4] for record in records],
        codec,
        headers=[record.headers for record in records],
        fields=fields or BatchFields(),
    )


def _check(found: Batch, records: list[JavaRecord]) -> None:
    assert found.rows == [record[:4] for record in records]
    assert found.headers is not None
    assert list(map(list, found.headers)) == [list(record.headers) for record in records]


@ALL
def test_kafka_reads_what_we_write(kafka: KafkaRecords, records, codec: int) -> None:
    fields = BatchFields(2**40, 3, 77, is_transactional=True, leader_epoch=9)
    (batch,) = kafka.read(_encoded(records, codec, fields))
    assert batch.records == records
    assert batch.max_timestamp == max(record.timestamp for record in records)
    assert batch[:6] == (2, codec, 0, True, False, 1200)
    assert batch[7:11] == (2**40, 3, 77, 9)


@ALL
@GAPS
def test_we_read_what_kafka_writes(kafka: KafkaRecords, records, codec: int, gaps: bool) -> None:
    if gaps:
        records = _with_gaps(records)
    data = kafka.write(records, codec=codec, leader_epoch=4, producer=(8, 0, 0))
    (found,) = read_all(RecordReader(data, 0))
    _check(found, records)
    assert (found.magic, found.codec, found.timestamp_type) == (2, codec, 0)
    assert (found.leader_epoch, found.producer_id, found.is_transactional) == (4, 8, False)
    assert found.next_offset == next_after(data) == 1200


def test_kafka_writes_the_same_bytes(kafka: KafkaRecords, records) -> None:
    assert kafka.write(records) == _encoded(records, 0)
    plain = [record._replace(headers=()) for record in records]
    assert kafka.write(plain) == encode_batch([record[1:4] for record in plain], 0)


def test_we_read_the_time_that_a_broker_gave(kafka: KafkaRecords, records) -> None:
    data = kafka.write(records, append_time=1_600_000_000_000)
    (found,) = read_all(RecordReader(data, 0))
    assert {row[1] for row in found.rows} == {1_600_000_000_000}
    assert found.timestamp_type == 1


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [0, 1, 2, 3], ids=list(NAMES.values())[:4])
def test_older_formats_in_both_directions(
    kafka: KafkaRecords, records, magic: int, codec: int
) -> None:
    plain = [
        record._replace(headers=[], timestamp=record.timestamp if magic else -1)
        for record in records
    ]
    (found,) = read_all(RecordReader(kafka.write(plain, magic=magic, codec=codec), 0))
    assert [row[::2] for row in found.rows] == [record[:4:2] for record in plain]
    assert [row[3] for row in found.rows] == [record.value for record in plain]
    if magic:
        assert [row[1] for row in found.rows] == [record.timestamp for record in plain]
    written = encode_records([record[1:4] for record in plain], magic, codec)
    assert [record for batch in kafka.read(written) for record in batch.records] == plain


def test_transactions_with_kafkas_own_markers(kafka: KafkaRecords) -> None:
    def data(offset: int, producer: int, value: bytes) -> bytes:
        record = JavaRecord(offset, 0, None, value)
        return kafka.write(
            [record], base_offset=offset, producer=(producer, 0, 0), is_transactional=True
        )

    stored = b"".join(
        (
            data(0, 7, b"aborted"),
            data(1, 8, b"committed"),
            kafka.marker(2, 7, ABORT),
            data(3, 7, b"committed, too"),
            kafka.marker(4, 8, COMMIT),
            kafka.marker(5, 7, COMMIT),
        )
    )
    reader = RecordReader(stored, 0, aborted=[(7, 0)])
    found = read_all(reader)
    assert [row[3] for one in found for row in one.rows] == [b"committed", b"committed, too"]
    assert [(one.producer_id, one.is_transactional) for one in found] == [(8, True), (7, True)]
    assert reader.next_offset == next_after(stored) == 6
    assert [one.is_control for one in kafka.read(stored)] == [False, False, True, False, True, True]


def test_kafka_reads_lz4_that_cramjam_packed(
    kafka: KafkaRecords, records, monkeypatch: pytest.MonkeyPatch
) -> None:
    cramjam = pytest.importorskip("cramjam")
    monkeypatch.setattr(codecs, "_installed", lambda *_: cramjam)
    (batch,) = kafka.read(_encoded(records, CompressionType.LZ4))
    assert batch.records == records


# --- kafka-python --------------------------------------------------------------------


@pytest.fixture(scope="session")
def default_records():
    return pytest.importorskip("kafka.record.default_records")


def _needs_codec_of_kafka_python(codec: int) -> None:
    package = {2: "snappy", 3: "lz4.frame", 4: "zstandard"}.get(codec)
    if package is not None:
        pytest.importorskip(package, reason=f"kafka-python needs {package}")


@ALL
def test_kafka_python_reads_what_we_write(default_records, records, codec: int) -> None:
    _needs_codec_of_kafka_python(codec)
    batch = default_records.DefaultRecordBatch(_encoded(records, codec))
    assert batch.validate_crc()
    read = [JavaRecord(one.offset, one.timestamp, one.key, one.value, one.headers) for one in batch]
    assert read == records


@ALL
@GAPS
def test_we_read_what_kafka_python_writes(default_records, records, codec: int, gaps: bool) -> None:
    _needs_codec_of_kafka_python(codec)
    if gaps:
        records = _with_gaps(records)
    builder = default_records.DefaultRecordBatchBuilder(2, codec, True, 5, 0, 0, 1 << 24)
    for record in records:
        builder.append(*record[:4], list(record.headers))
    (found,) = read_all(RecordReader(bytes(builder.build()), 0))
    _check(found, records)
    assert (found.codec, found.producer_id, found.is_transactional) == (codec, 5, True)


# What kafka-clients 4.3.0 writes for key "k", value "one", header a=b and null, "two", with the
# times 1500000000000 and 1500000000009, by codec.
OF_KAFKA = {
    0: (
        "00000000000000000000004affffffff02a19e61280000000000010000015d3ef798000000015d3e"
        "f79809ffffffffffffffffffffffffffff000000021c000000026b066f6e65020261026212001202"
        "010674776f00"
    ),
    1: (
        "00000000000000000000005effffffff024d0d5c140001000000010000015d3ef798000000015d3e"
        "f79809ffffffffffffffffffffffffffff000000021f8b08000000000000ff9361606060ca66cbcf"
        "4b65624a644a1262106262642b29cf670000cfaba38519000000"
    ),
    2: (
        "000000000000000000000060ffffffff02dab1bb270002000000010000015d3ef798000000015d3e"
        "f79809ffffffffffffffffffffffffffff0000000282534e41505059000000000100000001000000"
        "1b19601c000000026b066f6e65020261026212001202010674776f00"
    ),
    3: (
        "000000000000000000000059ffffffff025df8a7210003000000010000015d3ef798000000015d3e"
        "f79809ffffffffffffffffffffffffffff0000000204224d18604082190000801c000000026b066f"
        "6e65020261026212001202010674776f0000000000"
    ),
    4: (
        "000000000000000000000056ffffffff02c7ef25510004000000010000015d3ef798000000015d3e"
        "f79809ffffffffffffffffffffffffffff0000000228b52ffd0058c800001c000000026b066f6e65"
        "020261026212001202010674776f00010000"
    ),
}


@pytest.mark.parametrize("codec", OF_KAFKA)
def test_we_read_what_kafka_once_wrote(codec: int) -> None:
    (found,) = read_all(RecordReader(bytes.fromhex(OF_KAFKA[codec]), 0))
    _check(
        found,
        [
            JavaRecord(0, 1500000000000, b"k", b"one", [("a", b"b")]),
            JavaRecord(1, 1500000000009, None, b"two"),
        ],
    )
