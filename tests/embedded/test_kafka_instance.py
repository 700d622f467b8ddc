"""2.x's helpers for tests with a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_because_missing

from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import DownloadError, MissingRequirementError
from pykafka.test.kafka_instance import CertManager, KafkaConnection, KafkaInstance
from pykafka.test.utils import get_cluster, retry, stop_cluster

_WITHOUT = (DownloadError, MissingRequirementError)


@pytest.fixture(scope="module", params=["0.8.2.1", "0.9.0.1"])
def instance(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> Iterator[KafkaInstance]:
    try:
        cluster = KafkaInstance(kafka_version=request.param)
    except _WITHOUT as error:
        end_because_missing(pytestconfig, f"Kafka {request.param}: {error}")
    yield cluster
    cluster.terminate()


def test_topics_are_created_listed_and_flushed(instance: KafkaInstance, topic_name: str) -> None:
    instance.create_topic(topic_name, 2, 1)
    instance.create_topic(f"{topic_name}-2".encode(), 1, 1)
    assert {topic_name.encode(), f"{topic_name}-2".encode()} <= set(instance.list_topics())
    instance.flush()
    assert [name for name in instance.list_topics() if not name.startswith(b"__")] == []


def test_messages_are_produced(instance: KafkaInstance, topic_name: str) -> None:
    instance.create_topic(topic_name, 1, 1)
    instance.produce_messages(topic_name, ["one", b"two", "dreißig"])
    segment = instance._kafka.brokers[0].log_dir / f"{topic_name}-0" / f"{0:020}.log"
    content = segment.read_bytes()
    assert [word in content for word in (b"one", b"two", "dreißig".encode())] == [True] * 3


def test_tls_comes_with_the_releases_that_have_it(instance: KafkaInstance) -> None:
    if instance._kafka.release.number < (0, 9):
        assert instance.brokers_ssl is None
        assert instance.certs is None
    else:
        assert instance.brokers_ssl
        assert instance.certs is not None
        assert Path(instance.certs.root_cert).exists()


def test_certificates_can_be_made_alone(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    try:
        manager = CertManager(str(tmp_path))
    except MissingRequirementError as error:
        end_because_missing(pytestconfig, str(error))
    for path in (manager.root_cert, manager.client_cert, manager.client_key):
        assert Path(path).read_text().startswith("-----BEGIN ")
    assert manager.client_pass


def test_a_cluster_of_the_environment_is_used_and_only_flushed(
    kafka: EmbeddedKafka, topic_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kafka.zookeeper is None:
        pytest.skip("2.x finds clusters by their ZooKeeper")
    monkeypatch.setenv("KAFKA_BIN", "/anywhere")
    monkeypatch.setenv("BROKERS", kafka.bootstrap)
    monkeypatch.setenv("ZOOKEEPER", kafka.zookeeper)
    cluster = get_cluster()
    assert isinstance(cluster, KafkaConnection)
    cluster.create_topic(topic_name, 2, 1)
    assert topic_name in kafka.topics()
    stop_cluster(cluster)
    assert topic_name not in kafka.topics()


def test_without_one_three_brokers_are_started(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAFKA_BIN", "BROKERS", "ZOOKEEPER"):
        monkeypatch.delenv(name, raising=False)
    try:
        cluster = get_cluster()
    except _WITHOUT as error:
        end_because_missing(pytestconfig, str(error))
    try:
        assert isinstance(cluster, KafkaInstance)
        assert len(cluster.brokers.split(",")) == 3
        assert isinstance(cluster.connection, KafkaConnection)
    finally:
        stop_cluster(cluster)


def test_retry_calls_until_nothing_is_raised() -> None:
    tries = iter([AssertionError, AssertionError, None])

    def attempt() -> str:
        if error := next(tries):
            raise error
        return "done"

    assert retry(attempt, wait_between_tries=0) == "done"


def test_retry_lets_the_last_and_any_other_error_through() -> None:
    def fail() -> None:
        raise KeyError("always")

    with pytest.raises(KeyError):
        retry(fail, retry_time=0, exception_to_retry=KeyError)
    with pytest.raises(KeyError):
        retry(fail)
