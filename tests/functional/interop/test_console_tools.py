"""Kafka's own console producer and consumer: what one end sends the other gets, exactly.

The tools read and write lines in the machine's encoding, so that any byte but line ends can be
told once that is a one-byte encoding.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from services import Implementation

from pykafka import KafkaClient
from pykafka.common import CompressionType
from pykafka.embedded import EmbeddedKafka

CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
}
codecs = pytest.mark.parametrize("codec", CODECS)

ONE_BYTE_ENCODING = ["-Dfile.encoding=ISO-8859-1"]
SEPARATOR = b"|~|"
BYTES = [bytes([n]) for n in range(256) if n not in b"\r\n"]

Pair = tuple[bytes, bytes]


@pytest.fixture(autouse=True)
def _these_command_lines(kafka: EmbeddedKafka) -> None:
    if kafka.release.number >= (0, 9):
        pytest.skip("the command lines here are those of 0.8.2's tools")


@pytest.fixture(scope="module")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def pairs(rng: random.Random) -> list[Pair]:
    """(key, value): each byte on its own and among others, nothing, and much."""
    alphabet = b"".join(BYTES).replace(b"|", b"")
    found: list[Pair] = [(b"key", byte) for byte in BYTES]
    found += [(byte, b"value") for byte in BYTES if byte != b"|"]
    found += [(b"", b"no key"), (b"no value", b""), (b"", b"")]
    for size in (10, 1000, 70_000, 400_000):
        found.append((b"%d random bytes" % size, bytes(rng.choices(alphabet, k=size))))
        found.append((b"%d equal ones" % size, b"\xe9" * size))
    return found


def lines(pairs: list[Pair]) -> bytes:
    return b"".join(key + SEPARATOR + value + b"\n" for key, value in pairs)


@codecs
@pytest.mark.parametrize("generation", ["old producer", "new producer"])
def test_what_the_console_producer_sends_is_consumed_exactly(
    kafka: EmbeddedKafka,
    client: KafkaClient,
    implementation: Implementation,
    topic_name: str,
    pairs: list[Pair],
    codec: str,
    generation: str,
) -> None:
    kafka.create_topic(topic_name, partitions=1)
    done = kafka.run_tool(
        "kafka.tools.ConsoleProducer",
        [
            *("--broker-list", kafka.bootstrap),
            *("--topic", topic_name),
            *("--compression-codec", codec),
            *("--property", "parse.key=true"),
            *("--property", f"key.separator={SEPARATOR.decode()}"),
            *("--request-required-acks", "1"),
            *(["--new-producer"] if generation == "new producer" else []),
        ],
        input=lines(pairs),
        jvm_args=ONE_BYTE_ENCODING,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    consumer = client.topics[topic_name].get_simple_consumer(
        consumer_timeout_ms=10_000, **implementation.options
    )
    try:
        found = [consumer.consume() for _ in pairs]
        end = client.topics[topic_name].partitions[0].latest_available_offset()
    finally:
        consumer.stop()
    assert [(m.partition_key, m.value) for m in found if m is not None] == pairs
    assert end == len(pairs)
    assert {m.compression_type for m in found if m is not None} == {CODECS[codec]}


@codecs
def test_what_is_produced_reaches_the_console_consumer_exactly(
    kafka: EmbeddedKafka,
    client: KafkaClient,
    implementation: Implementation,
    topic_name: str,
    pairs: list[Pair],
    codec: str,
) -> None:
    kafka.create_topic(topic_name, partitions=1)
    options = {**implementation.options, "compression": CODECS[codec]}
    with client.topics[topic_name].get_producer(**options) as producer:
        for key, value in pairs:
            producer.produce(value, key)
    done = kafka.run_tool(
        "kafka.tools.ConsoleConsumer",
        [
            *("--zookeeper", str(kafka.zookeeper)),
            *("--topic", topic_name),
            "--from-beginning",
            *("--max-messages", str(len(pairs))),
            *("--property", "print.key=true"),
            *("--property", f"key.separator={SEPARATOR.decode()}"),
        ],
        jvm_args=ONE_BYTE_ENCODING,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == lines(pairs)
