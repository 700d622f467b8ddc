"""Which Nimbus is spoken to, and what happens when that changes."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
from plain_components import FOLDER, VALUES, make_jar, make_topology, read_notes

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.ports import HOST, free_ports
from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import InvalidOptionError
from pykafka.net.address import Address
from pykafka.storm.exceptions import NimbusUnreachableError, NoLeaderError, TunnelError
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.submission import submit


def test_any_nimbus_leads_to_the_one_that_leads(storm2: EmbeddedStorm) -> None:
    leader = storm2.await_leader()
    for address in storm2.nimbus_addresses:
        with Nimbus(address) as nimbus:
            assert str(nimbus.leader) == leader.address
            cluster = nimbus.cluster()
            assert {each.host: each.leads for each in cluster.nimbuses} == {
                each.host: each is leader for each in storm2.nimbuses
            }
            assert cluster.version == storm2.release.version


def test_another_one_is_found_when_the_leader_dies(
    storm2: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    leader = storm2.await_leader()
    (other,) = set(storm2.nimbuses) - {leader}
    (tmp_path / "notes").mkdir()
    jar = make_jar(tmp_path / "plain.jar")
    with Nimbus(storm2.nimbus_addresses) as nimbus:
        submit(nimbus, topology_name, jar, make_topology(), {FOLDER: str(tmp_path / "notes")})
        assert str(nimbus.leader) == leader.address
        assert nimbus.topology(topology_name).replication == 2
        leader.kill()
        # Its code was copied, so that it goes on, and more can be submitted.
        assert nimbus.topology(topology_name).status == "ACTIVE"
        assert str(nimbus.leader) == other.address
        (tmp_path / "more").mkdir()
        submit(nimbus, f"{topology_name}-2", jar, make_topology(), {FOLDER: str(tmp_path / "more")})
    for folder in ("notes", "more"):
        wait_until(
            lambda folder=folder: any(
                len(found) == 1 + len(VALUES)
                for found in read_notes(tmp_path / folder, "bolt").values()
            ),
            60,
            f"a bolt that has got all, in {folder}",
        )


def test_the_leader_may_change_while_a_jar_is_sent(
    storm2: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    leader = storm2.await_leader()
    jar = make_jar(tmp_path / "plain.jar")
    jar.write_bytes(bytes(700_000) + jar.read_bytes())
    told: list[int] = []

    def progress(sent: int, _size: int) -> None:
        told.append(sent)
        if len(told) == 2:
            leader.kill()

    with Nimbus(storm2.nimbus_addresses) as nimbus:
        submit(nimbus, topology_name, jar, make_topology(), {}, active=False, progress=progress)
        assert nimbus.topology(topology_name).status == "INACTIVE"
    assert told[:3] == [0, 307_200, 0]
    assert told[-1] == jar.stat().st_size


def test_where_nobody_listens_it_is_said_at_once() -> None:
    (port,) = free_ports(1)
    began = time.monotonic()
    with pytest.raises(NimbusUnreachableError, match=rf"{HOST}:{port}: no connection.*refused"):
        Nimbus(f"{HOST}:{port}").cluster()
    assert time.monotonic() - began < 5


def test_one_that_does_not_answer_is_not_waited_for_longer_than_allowed() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(NimbusUnreachableError, match=rf"{port}: no answer within 0.5 s"):
            Nimbus(f"{HOST}:{port}", timeout=0.5).cluster()
        assert time.monotonic() - began < 5


def test_one_that_answers_byte_by_byte_is_not_waited_for_longer_either() -> None:
    with socket.create_server((HOST, 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(b"\0\0\1\0")
                    while True:
                        connection.sendall(b"\x80")
                        time.sleep(0.1)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(NimbusUnreachableError, match="no answer within 1 s"):
            Nimbus(f"{HOST}:{server.getsockname()[1]}", timeout=1).cluster()
        assert time.monotonic() - began < 5
        thread.join(10)


def test_without_a_leader_it_says_who_was_asked(storm2: EmbeddedStorm) -> None:
    leader = storm2.await_leader()
    (other,) = set(storm2.nimbuses) - {leader}
    leader.kill()
    # Until ZooKeeper has given up on the dead one nobody leads.
    with pytest.raises((NoLeaderError, NimbusUnreachableError), match=other.address):
        Nimbus(other.address, leader_within=0.5).cluster()


def test_a_port_may_be_left_out_and_an_ipv6_address_stand_in_brackets() -> None:
    assert Nimbus("storm.example, [::1]:7000,::1").addresses == [
        Address("storm.example", 6627),
        Address("::1", 7000),
        Address("::1", 6627),
    ]
    assert Nimbus(["a:1", "b"]).addresses == [Address("a", 1), Address("b", 6627)]
    with pytest.raises(InvalidOptionError, match="nimbus"):
        Nimbus("http://storm.example")


def test_behind_a_tunnel_it_is_reached_where_the_tunnel_is(storm2: EmbeddedStorm) -> None:
    leader = storm2.await_leader()
    asked: list[Address] = []

    def reach(named: Address) -> Address:
        asked.append(named)
        return Address("localhost", named.port)

    with Nimbus(storm2.nimbus_addresses, reach=reach) as nimbus:
        assert nimbus.leader == Address("localhost", leader.port)
        assert nimbus.cluster().version == storm2.release.version
    # The first of those that were named, and the one that this one says leads.
    first = storm2.nimbuses[0]
    assert set(asked) == {Address(each.host, each.port) for each in (first, leader)}


def test_what_only_a_tunnel_leads_to_is_found_and_what_none_leads_to_passed_by(
    storm: EmbeddedStorm,
) -> None:
    port = storm.nimbuses[0].port

    def reach(named: Address) -> Address:
        if named.host != "behind.invalid":
            raise TunnelError(f"no ssh tunnel to {named}")
        return Address("localhost", port)

    with Nimbus(["dead.invalid", "behind.invalid"], reach=reach) as nimbus:
        assert nimbus.leader == Address("localhost", port)
    with (
        Nimbus("dead.invalid", reach=reach) as nimbus,
        pytest.raises(NimbusUnreachableError, match=r"no ssh tunnel to dead\.invalid:6627"),
    ):
        nimbus.cluster()
    (closed,) = free_ports(1)
    with (
        Nimbus("behind.invalid", reach=lambda _: Address("localhost", closed)) as nimbus,
        pytest.raises(NimbusUnreachableError, match=rf"behind\.invalid:6627, by.*{closed}"),
    ):
        nimbus.cluster()


def test_a_single_one_leads_wherever_it_is_reached(storm: EmbeddedStorm) -> None:
    port = storm.nimbuses[0].port
    with Nimbus(f"localhost:{port}") as nimbus:
        assert nimbus.leader == Address("localhost", port)


def test_it_is_found_again_after_a_restart(storm: EmbeddedStorm) -> None:
    with Nimbus(storm.nimbus_addresses) as nimbus:
        assert nimbus.cluster().topologies == ()
        storm.nimbuses[0].kill()
        again = threading.Thread(target=storm.nimbuses[0].restart)
        again.start()
        assert nimbus.cluster().topologies == ()
        again.join(60)
