"""Peers that live as long as the broker that they speak with, and Java programs for all of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from functional.interop.confluent import Confluent
from functional.interop.java_client import JavaClient
from functional.interop.kafka_python import KafkaPython
from functional.interop.peers import PEERS, JavaPeer, Ours, Peer
from services import Implementation, end_because_missing
from wire.records.java_pipe import compiler_is_missing

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import DownloadError, MissingRequirementError


@pytest.fixture(scope="session")
def java_client(pytestconfig: pytest.Config) -> Iterator[Callable[[str], JavaClient]]:
    """``java_client(release)``: started when it is first asked for."""
    running: dict[str, JavaClient] = {}
    with ExitStack() as ends:

        def get(release: str) -> JavaClient:
            if release not in running:
                if compiler_is_missing():
                    end_because_missing(
                        pytestconfig, f"a JDK (javac) to run the Java client {release}"
                    )
                try:
                    running[release] = ends.enter_context(JavaClient(release))
                except (DownloadError, MissingRequirementError) as error:
                    end_because_missing(pytestconfig, f"the Java client {release}: {error}")
            return running[release]

        yield get


@pytest.fixture(scope="session")
def peers(
    kafka: EmbeddedKafka, java_client: Callable[[str], JavaClient]
) -> Iterator[Callable[[str], Peer]]:
    """``peers(name)``: a client of the one-broker cluster, made when it is first asked for."""
    made: dict[str, Peer] = {}
    with ExitStack() as ends:

        def get(name: str) -> Peer:
            if name not in made:
                java = PEERS[name].java
                if java is not None:
                    made[name] = JavaPeer(java_client(java), kafka.bootstrap)
                else:
                    kind = {"confluent-kafka": Confluent, "kafka-python": KafkaPython}[name]
                    made[name] = kind(kafka.bootstrap, kafka.release, ends)
            return made[name]

        yield get


@pytest.fixture(params=PEERS)
def peer_name(
    request: pytest.FixtureRequest, kafka: EmbeddedKafka, pytestconfig: pytest.Config
) -> str:
    """Each peer that can speak with the release."""
    name = request.param
    kind = PEERS[name]
    if not kind.since <= kafka.release.number < kind.before:
        pytest.skip(f"not applicable: {name} does not speak with {kafka.release.version}")
    if kind.module is not None and importlib.util.find_spec(kind.module) is None:
        end_because_missing(pytestconfig, f"{name}: {kind.module} is not installed")
    return name


@pytest.fixture
def peer(peer_name: str, peers: Callable[[str], Peer]) -> Peer:
    """The client by that name."""
    return peers(peer_name)


@pytest.fixture(scope="session")
def client(kafka: EmbeddedKafka) -> Iterator[KafkaClient]:
    """A client of the one-broker cluster."""
    with KafkaClient(kafka.bootstrap) as client:
        yield client


@pytest.fixture
def ours(client: KafkaClient, implementation: Implementation) -> Ours:
    """This package, as a peer."""
    return Ours(client, dict(implementation.options))
