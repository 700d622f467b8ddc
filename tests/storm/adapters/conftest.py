"""Messages to read, and spouts of other packages that read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from adapted_spouts import AdaptedSpout, command_of, source_of
from services import Clusters
from streamparse_releases import NotFetchedError, make_environment

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka

#: What the spout does with a release is tested elsewhere: here one stands for all.
_RELEASE = "3.9.1"

#: Makes a topic with these values in its one partition; its name.
Fill = Callable[..., str]
#: Starts a spout with options.
Start = Callable[..., AdaptedSpout]


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Path:
    """Where a virtual environment with streamparse 5.0.1 has its commands."""
    try:
        return make_environment(tmp_path_factory.mktemp("streamparse") / "environment")
    except NotFetchedError as error:
        missing(f"streamparse 5.0.1: {error}")
        raise


@pytest.fixture(scope="session")
def kafka(embedded_kafka: Clusters) -> EmbeddedKafka:
    """A cluster of one broker."""
    return embedded_kafka(_RELEASE)


@pytest.fixture
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def fill(kafka: EmbeddedKafka, client: KafkaClient, topic_name: str) -> Fill:
    """``fill([b"a", b"b"], partitions=2)``: a topic of this test with these values; its name."""

    def fill(values: Any, partitions: int = 1) -> str:
        kafka.create_topic(topic_name, partitions)
        kafka.await_topic(topic_name, partitions)
        with client.topics[topic_name].get_producer(linger_ms=5) as producer:
            for value in values:
                producer.produce(value)
        return topic_name

    return fill


@pytest.fixture
def start(
    kafka: EmbeddedKafka,
    commands: Path,
    topic_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Start]:
    """``start("pystorm", "def ...", conf={...}, option=value)``: a spout of this test's topic."""
    # As a worker has it: what is printed is held by Python for a while.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with ExitStack() as running:

        def start(
            kind: str,
            body: str = "",
            before: str = "",
            arguments: str = "",
            conf: dict[str, Any] | None = None,
            **options: Any,
        ) -> AdaptedSpout:
            declared = {
                "topics": [topic_name],
                "group": topic_name,
                "hosts": kafka.bootstrap,
                "retry_backoff_ms": 10,
                "session_timeout_ms": 6000,
                "fields": ["line"],
                **options,
            }
            source = source_of(kind, body, before, arguments, **declared)
            command = command_of(kind, commands)
            return running.enter_context(AdaptedSpout(source, tmp_path, command, **(conf or {})))

        yield start
