"""The first contact: who is asked, and what is said when nobody answers."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from background import in_background
from functional.client.conftest import Connect

from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import NoBrokersAvailableError, ZookeeperConnectionError
from pykafka.wire.messages.api_versions import ApiVersionsRequest

has_zookeeper = pytest.mark.kafka(until="3", why="from 4.0 on there is no ZooKeeper")


@pytest.fixture
def refused() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"127.0.0.1:{port}"


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def web() -> Iterator[str]:
    """An HTTP server."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def test_brokers_are_found_through_any_of_them(kafka3: EmbeddedKafka, connect: Connect) -> None:
    for broker in kafka3.brokers:
        client = connect(broker.address)
        assert {id_: (b.id, b.host, b.port) for id_, b in client.brokers.items()} == {
            b.id: (b.id, b"127.0.0.1", b.port) for b in kafka3.brokers
        }


def test_a_seed_that_is_dead_is_passed_over(
    kafka: EmbeddedKafka, connect: Connect, refused: str, topic_name: str
) -> None:
    client = connect(f"{refused},{kafka.bootstrap}")
    for _ in range(3):
        client.update_cluster()
    assert len(client.topics[topic_name].partitions) == 1


def test_a_seed_that_hangs_is_passed_over_in_time(
    kafka: EmbeddedKafka, connect: Connect, silent: str
) -> None:
    begin = time.monotonic()
    client = connect(f"{silent},{kafka.bootstrap}", socket_timeout_ms=500)
    assert list(client.brokers) == [0]
    assert time.monotonic() - begin < 10


def test_hosts_can_be_bytes_with_blanks_and_a_suffix(
    kafka: EmbeddedKafka, connect: Connect
) -> None:
    address = kafka.bootstrap
    assert list(connect(f" {address}/kafka , {address} ").brokers) == [0]
    assert list(connect(address.encode()).brokers) == [0]  # type: ignore[arg-type]


def test_nobody_listens(connect: Connect, refused: str) -> None:
    begin = time.monotonic()
    with pytest.raises(NoBrokersAvailableError, match=f"(?s){refused}.*refused"):
        connect(refused)
    assert time.monotonic() - begin < 10


def test_a_host_does_not_resolve(connect: Connect) -> None:
    with pytest.raises(NoBrokersAvailableError, match=r"'no-such-host\.invalid' does not resolve"):
        connect("no-such-host.invalid:9092")


def test_every_host_that_was_tried_is_named(connect: Connect, refused: str, silent: str) -> None:
    with pytest.raises(NoBrokersAvailableError) as caught:
        connect(f"{refused},{silent},no-such-host.invalid", socket_timeout_ms=300)
    assert refused in str(caught.value)
    assert silent in str(caught.value)
    assert "no-such-host.invalid:9092" in str(caught.value)


def test_a_port_that_never_answers_is_given_up_in_time(connect: Connect, silent: str) -> None:
    begin = time.monotonic()
    with pytest.raises(NoBrokersAvailableError, match=silent):
        connect(silent, socket_timeout_ms=400)
    assert time.monotonic() - begin < 10


def test_a_web_server_is_no_kafka(connect: Connect, web: str) -> None:
    with pytest.raises(NoBrokersAvailableError, match=web):
        connect(web, socket_timeout_ms=1000)


@has_zookeeper
def test_the_port_of_zookeeper_is_no_kafka(kafka: EmbeddedKafka, connect: Connect) -> None:
    assert kafka.zookeeper is not None
    with pytest.raises(NoBrokersAvailableError, match=kafka.zookeeper):
        connect(kafka.zookeeper, socket_timeout_ms=1000)


def test_waiting_for_one_client_does_not_hold_up_another(
    kafka: EmbeddedKafka, connect: Connect, silent: str
) -> None:
    hanging = in_background(connect, silent, socket_timeout_ms=3000)
    assert list(connect(kafka.bootstrap).brokers) == [0]
    assert not hanging.done()
    assert isinstance(hanging.exception(30), NoBrokersAvailableError)


@has_zookeeper
def test_brokers_are_found_through_zookeeper(kafka3: EmbeddedKafka, connect: Connect) -> None:
    assert kafka3.zookeeper is not None
    # What hosts says does not count.
    client = connect("no-such-host.invalid:1", zookeeper_hosts=kafka3.zookeeper)
    assert sorted(client.brokers) == [0, 1, 2]
    client = connect(zookeeper_hosts=kafka3.zookeeper.encode())
    assert sorted(client.brokers) == [0, 1, 2]


def test_zookeeper_does_not_answer(connect: Connect, refused: str) -> None:
    begin = time.monotonic()
    with pytest.raises(ZookeeperConnectionError, match=refused):
        connect(zookeeper_hosts=refused, socket_timeout_ms=1000)
    assert time.monotonic() - begin < 20


@has_zookeeper
@pytest.mark.filterwarnings("ignore:No chroot path exists")
def test_zookeeper_knows_no_broker_there(kafka: EmbeddedKafka, connect: Connect) -> None:
    with pytest.raises(ZookeeperConnectionError, match="chroot"):
        connect(zookeeper_hosts=f"{kafka.zookeeper}/no/such/path", socket_timeout_ms=5000)


@pytest.mark.parametrize("hosts", ["127.0.0.1:port", ":::", "no-such-host.invalid:2181"])
def test_zookeeper_hosts_that_are_none_are_a_typed_error(connect: Connect, hosts: str) -> None:
    with pytest.raises((ZookeeperConnectionError, ValueError), match=r"zookeeper|ZooKeeper"):
        connect(zookeeper_hosts=hosts, socket_timeout_ms=1000)


def test_a_broker_that_is_slow_to_tell_its_versions_is_taken_for_what_it_is(
    kafka: EmbeddedKafka, connect: Connect
) -> None:
    (broker,) = kafka.brokers
    broker.pause()
    connecting = in_background(connect, kafka.bootstrap)
    # Longer than a client waits before it sends what a 0.9, too, would answer.
    time.sleep(1.5)
    broker.resume()
    versions = connecting.result(60).cluster.core.highest_version(ApiVersionsRequest)
    assert (versions >= 0) == (kafka.release.number >= (0, 10))
