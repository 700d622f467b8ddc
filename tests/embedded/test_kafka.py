"""Real brokers: started, killed, paused, restarted; topics; Kafka's own tools."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from console_tools import characters, encoding, in_consumer, in_producer
from services import Clusters

from pykafka.embedded import EmbeddedKafka, probe
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import InvalidOptionError, ServiceStartError, UsageError


def leaders(kafka: EmbeddedKafka, asked: int, topic: str) -> tuple[int, ...]:
    """The leaders of a topic's partitions as one broker sees them."""
    view = probe.ask(kafka.brokers[asked].port)
    return () if view is None else view.leaders(topic)


def test_ready_means_that_each_broker_lists_all(kafka3: EmbeddedKafka) -> None:
    views = [probe.ask(broker.port) for broker in kafka3.brokers]
    assert [view and view.brokers for view in views] == [{0, 1, 2}] * 3


def test_addresses_are_on_loopback(kafka3: EmbeddedKafka) -> None:
    expected = [f"127.0.0.1:{broker.port}" for broker in kafka3.brokers]
    assert kafka3.bootstrap.split(",") == expected
    if kafka3.release.kraft:
        assert kafka3.zookeeper is None
    else:
        assert kafka3.zookeeper is not None
        assert kafka3.zookeeper.startswith("127.0.0.1:")


def test_a_created_topic_has_leaders_everywhere(kafka3: EmbeddedKafka, topic_name: str) -> None:
    kafka3.create_topic(topic_name, 6, 3)
    assert {leaders(kafka3, asked, topic_name) != () for asked in range(3)} == {True}
    assert sorted(leaders(kafka3, 0, topic_name)) == [0, 0, 1, 1, 2, 2]
    assert topic_name in kafka3.topics()


def test_a_topic_has_the_configuration_it_was_created_with(
    kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(topic_name, config={"max.message.bytes": 1000})
    # Each alone, since a batch is refused or taken as one.
    produce(kafka, topic_name, b"x" * 5000 + b"\n")
    produce(kafka, topic_name, b"small enough\n")
    assert consume(kafka, topic_name, 1) == b"small enough\n"


def test_a_deleted_topic_is_gone(kafka: EmbeddedKafka, topic_name: str) -> None:
    kafka.create_topic(topic_name, 2)
    kafka.delete_topic(topic_name)
    assert topic_name not in kafka.topics()


@pytest.mark.parametrize(
    ("name", "partitions", "replicas", "said"),
    [
        ("with space", 1, 1, "make a topic's name"),
        ("..", 1, 1, "make a topic's name"),
        ("fine", 0, 1, "at least 1"),
        ("fine", 1, 2, r"has 1 broker"),
    ],
)
def test_a_topic_that_cannot_be_is_refused(
    kafka: EmbeddedKafka, name: str, partitions: int, replicas: int, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        kafka.create_topic(name, partitions, replicas)


def test_a_topic_that_exists_is_refused(kafka: EmbeddedKafka, topic_name: str) -> None:
    kafka.create_topic(topic_name)
    with pytest.raises(UsageError, match=f"{topic_name}.* exists"):
        kafka.create_topic(topic_name)


def test_a_killed_broker_loses_its_partitions_and_comes_back_on_its_port(
    kafka3: EmbeddedKafka, topic_name: str
) -> None:
    kafka3.create_topic(topic_name, 3, 3)
    victim = kafka3.brokers[1]
    port = victim.port
    victim.kill()
    assert victim.state == "stopped"
    assert victim.exit_status == -9
    wait_until(lambda: leaders(kafka3, 0, topic_name).count(1) == 0, 30, "other leaders")
    victim.restart()
    assert victim.port == port
    kafka3.await_topic(topic_name, 3)


def test_the_only_broker_killed_and_restarted_at_once_serves_again(
    kafka: EmbeddedKafka, topic_name: str
) -> None:
    """Kafka 0.8.2.2 left to itself ends up without a controller."""
    kafka.create_topic(topic_name, 2)
    kafka.brokers[0].kill()
    kafka.brokers[0].restart()
    kafka.await_topic(topic_name, 2)
    kafka.create_topic(f"{topic_name}-2", 2)


def test_a_paused_broker_holds_its_port_and_its_answers(kafka: EmbeddedKafka) -> None:
    broker = kafka.brokers[0]
    broker.pause()
    try:
        assert broker.state == "paused"
        assert broker.running
    finally:
        broker.resume()
    assert probe.ask(broker.port) is not None


def test_a_running_broker_is_not_launched_twice(kafka: EmbeddedKafka) -> None:
    with pytest.raises(UsageError, match="broker 0 runs already"):
        kafka.brokers[0].launch()


def test_partitions_are_found_on_disk(kafka: EmbeddedKafka, topic_name: str) -> None:
    kafka.create_topic(topic_name)
    segment = kafka.brokers[0].log_dir / f"{topic_name}-0" / "00000000000000000000.log"
    wait_until(segment.exists, 15, str(segment))


def test_broker_properties_can_be_given(embedded_kafka: Clusters, kafka_release: str) -> None:
    kafka = embedded_kafka(kafka_release, 1, {"num.partitions": 3})
    properties = (kafka.data_dir / "broker-0" / "server.properties").read_text()
    assert "num.partitions=3\n" in properties


def test_bytes_go_through_kafkas_own_tools(kafka: EmbeddedKafka, topic_name: str) -> None:
    """All but the end of a line, with a one-byte encoding; from 0.11 on, where the tools take
    everything for UTF-8, text."""
    kafka.create_topic(topic_name)
    line = b"".join(characters(kafka))
    produce(kafka, topic_name, line + b"\n")
    assert consume(kafka, topic_name, 1) == line + b"\n"


def produce(kafka: EmbeddedKafka, topic: str, lines: bytes) -> None:
    """Send lines with the console producer."""
    kafka.run_tool(
        "kafka.tools.ConsoleProducer",
        [*in_producer(kafka), "--topic", topic],
        input=lines,
        jvm_args=encoding(kafka),
    )


def consume(kafka: EmbeddedKafka, topic: str, count: int) -> bytes:
    """What the console consumer prints of the first messages."""
    done = kafka.run_tool(
        "kafka.tools.ConsoleConsumer",
        [
            *(*in_consumer(kafka), "--topic", topic),
            *("--from-beginning", "--max-messages", str(count)),
        ],
        jvm_args=encoding(kafka),
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_a_failed_start_shows_the_end_of_the_log_and_keeps_it(
    kafka_release: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ServiceStartError) as caught:
        EmbeddedKafka(kafka_release, config={"num.io.threads": "several"})
    message = str(caught.value)
    assert "num.io.threads" in message or "several" in message
    log = Path(message.split("the end of ")[1].split(":\n", maxsplit=1)[0])
    assert log.exists()


def test_a_cluster_leaves_nothing_unless_asked_to(kafka_release: str, tmp_path: Path) -> None:
    with EmbeddedKafka(kafka_release, data_dir=tmp_path / "data") as kafka:
        kafka.create_topic("stays")
    with EmbeddedKafka(kafka_release, data_dir=tmp_path / "data") as kafka:
        kafka.await_topic("stays", 1)
    assert (tmp_path / "data").is_dir()
    with EmbeddedKafka(kafka_release) as kafka:
        folder = kafka.data_dir
    assert not folder.exists()


def test_a_cluster_without_brokers_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match="brokers=0"):
        EmbeddedKafka(brokers=0)
