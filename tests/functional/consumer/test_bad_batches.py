"""Batches that cannot be read here, or only with care: codecs that are not installed, much in
little, headers whose keys are no text."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

import pytest
from functional.consumer.conftest import Consume, Fill
from functional.consumer.filling import add
from functional.librdkafka import unpacks_by_itself, unpacks_without_bound

from pykafka.common import CompressionType
from pykafka.exceptions import CodecNotAvailableError, CorruptRecordError
from pykafka.simpleconsumer import SimpleConsumer
from pykafka.topic import Topic
from pykafka.wire.records import codecs as codec_table

HAS_ZSTD = pytest.mark.kafka(since="2.1", why="zstd came with 2.1")
HAS_HEADERS = pytest.mark.kafka(since="0.11", why="record headers came with 0.11")

#: codec, what to install for it, and all that could serve.
PACKAGES = [
    pytest.param(CompressionType.SNAPPY, "cramjam", ["cramjam"], id="snappy"),
    pytest.param(CompressionType.LZ4, "lz4", ["lz4.frame", "cramjam"], id="lz4"),
    pytest.param(
        CompressionType.ZSTD,
        "zstandard",
        ["zstandard", "compression.zstd"],
        id="zstd",
        marks=HAS_ZSTD,
    ),
]

Uninstall = Callable[[list[str]], None]


@pytest.fixture
def uninstall(monkeypatch: pytest.MonkeyPatch) -> Uninstall:
    """``uninstall(modules)``: to import them fails from now on."""

    def remove(modules: list[str]) -> None:
        for module in modules:
            monkeypatch.setitem(sys.modules, module, None)
        codec_table._installed.cache_clear()

    return remove


@pytest.fixture(autouse=True)
def _installed_again() -> None:
    """What was found, or missed, by an earlier test counts for no later one."""
    codec_table._installed.cache_clear()


def take(consumer: SimpleConsumer, count: int) -> list[bytes]:
    """So many values, sorted. What stalls one partition is raised whenever no other has a message
    here, and so maybe before the others' have come."""
    found: list[bytes] = []
    deadline = time.monotonic() + 20
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {len(found)} messages came"
        with contextlib.suppress(CodecNotAvailableError, CorruptRecordError):
            message = consumer.consume()
            assert message is not None
            assert message.value is not None
            found.append(message.value)
    return sorted(found)


@unpacks_by_itself
@pytest.mark.parametrize(("codec", "package", "modules"), PACKAGES)
def test_a_batch_whose_codec_is_not_installed_names_the_package(
    fill: Fill,
    consume: Consume,
    uninstall: Uninstall,
    codec: int,
    package: str,
    modules: list[str],
) -> None:
    topic = fill([b"0"], [b"elsewhere"])
    add(topic, 0, [b"1"], compression=codec)
    uninstall(modules)
    consumer = consume(topic, consumer_timeout_ms=5000)
    assert take(consumer, 2) == [b"0", b"elsewhere"]
    for _ in range(2):
        with pytest.raises(CodecNotAvailableError, match=f"pip install {package}"):
            consumer.consume()
    assert consumer.held_offsets == {0: 0, 1: 0}
    add(topic, 1, [b"more elsewhere"])
    assert take(consumer, 1) == [b"more elsewhere"]


@pytest.mark.parametrize(("codec", "package", "modules"), PACKAGES)
def test_a_producer_whose_codec_is_not_installed_names_the_package(
    fill: Fill, uninstall: Uninstall, codec: int, package: str, modules: list[str]
) -> None:
    topic = fill([])
    uninstall(modules)
    with pytest.raises(CodecNotAvailableError, match=f"pip install {package}"):
        topic.get_producer(compression=codec)
    assert topic.partitions[0].latest_available_offset() == 0


@pytest.mark.parametrize(
    "codec",
    [
        pytest.param(CompressionType.SNAPPY, id="snappy"),
        pytest.param(CompressionType.LZ4, id="lz4"),
        pytest.param(CompressionType.ZSTD, id="zstd", marks=HAS_ZSTD),
    ],
)
@unpacks_without_bound
def test_a_batch_that_unpacks_to_more_than_it_may_stalls_its_partition_only(
    fill: Fill, consume: Consume, codec: int
) -> None:
    topic = fill([b"0"], [b"elsewhere"])
    add(topic, 0, [bytes(5_000_000)], compression=codec)
    add(topic, 0, [b"2"])
    consumer = consume(topic, consumer_timeout_ms=5000, decompressed_max_bytes=1_000_000)
    assert take(consumer, 2) == [b"0", b"elsewhere"]
    with pytest.raises(CorruptRecordError, match="1000000") as caught:
        consumer.consume()
    assert (caught.value.partition, caught.value.offset, caught.value.next_offset) == (0, 1, 2)
    consumer.reset_offsets([(topic.partitions[0], 1)])
    assert take(consumer, 1) == [b"2"]


@HAS_HEADERS
@pytest.mark.parametrize("codec", [CompressionType.NONE, CompressionType.GZIP])
def test_the_key_of_a_header_that_is_no_text_is_read_and_written_as_it_is(
    fill: Fill, consume: Consume, codec: int
) -> None:
    topic: Topic = fill([])
    raw = b"\xff\xc3( \xed\xa0\x80"
    with topic.get_sync_producer(compression=codec) as producer:
        producer.produce(b"0", headers=[(raw.decode("utf-8", "surrogateescape"), b"v")])
        producer.produce(b"1", headers=[("\xfc", b"text")])
    consumer = consume(topic, consumer_timeout_ms=5000)
    first, second = consumer.consume(), consumer.consume()
    assert first is not None
    assert second is not None
    ((key, value),) = first.headers
    assert (key.encode("utf-8", "surrogateescape"), value) == (raw, b"v")
    assert second.headers == [("\xfc", b"text")]
