"""How far a group is where parts of the cluster cannot say."""

from __future__ import annotations

import sys
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click")

from pykafka.cli.group_state import GroupState, Standing, look_at
from pykafka.cli.session import Session
from pykafka.cli.standings import lag_in_words
from pykafka.core.groups import CLASSIC, Group
from pykafka.core.metadata import BrokerInfo, PartitionInfo, Snapshot, TopicInfo
from pykafka.core.procedures.group_offsets import Committed
from pykafka.core.procedures.log_offsets import Place
from pykafka.exceptions import ConnectFailedError, RemoteError


class Cluster:
    """Leaders 1, which answers, and 2, which does not; partition 2 of ``t`` has no leader."""

    def __init__(self) -> None:
        parts = {n: PartitionInfo(n, leader, (), ()) for n, leader in enumerate([1, 2, -1])}
        brokers = {1: BrokerInfo(1, "one", 9092), 2: BrokerInfo(2, "two", 9092)}
        snapshot = Snapshot(brokers, {"t": TopicInfo("t", parts)})
        settings = SimpleNamespace(offsets_channel_socket_timeout_ms=1000)
        self.core = SimpleNamespace(
            refresh=lambda: snapshot, run=self.run, settings=settings, socket_timeout_s=1.0
        )

    def managed_groups(self, names: list[str]) -> dict[str, Group]:
        return {name: Group(name, CLASSIC, "Stable", "", "", ()) for name in names}

    def run(self, procedure: Generator[Any, Any, Any], _: float) -> Any:
        name, told = procedure.__name__, procedure.gi_frame.f_locals
        procedure.close()
        if name == "fetch_all_offsets":
            return {("t", id_): Committed(5, "", 0) for id_ in range(3)}
        assert name == "find_places"
        ((key, where),) = told["wanted"].items()
        if key == ("t", 1):
            raise ConnectFailedError("two is down")
        return {key: Place(0 if where == -2 else 8)}


@pytest.fixture
def state() -> GroupState:
    client: Any = SimpleNamespace(cluster=Cluster())
    return look_at(client, Session(), "g")


def test_a_leader_that_is_down_and_one_that_is_not_there_hide_only_their_partitions(
    state: GroupState,
) -> None:
    assert [(row.partition, row.kafka, row.end, row.lag) for row in state.standings] == [
        (0, 5, 8, 3),
        (1, 5, None, None),
        (2, 5, None, None),
    ]
    assert state.lag == 3
    assert lag_in_words(state) == (
        "Group g is 3 messages behind, without 2 partitions whose end is not known."
    )


@pytest.mark.parametrize(
    ("kafka", "zookeeper", "committed", "home"),
    [
        (None, None, None, None),
        (3, None, 3, "kafka"),
        (None, 3, 3, "zookeeper"),
        (3, 4, 4, "zookeeper"),
        (4, 3, 4, "kafka"),
        (4, 4, 4, "both"),
        (0, None, 0, "kafka"),
    ],
)
def test_the_higher_offset_of_two_homes_counts(
    kafka: int | None, zookeeper: int | None, committed: int | None, home: str | None
) -> None:
    row = Standing("t", 0, True, None, kafka, zookeeper, None, None, ())
    assert (row.committed, row.home) == (committed, home)


def test_a_failure_while_watching_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pykafka.cli import watching

    looks = iter(["one", RemoteError("gone\nfor now"), "three", KeyboardInterrupt()])

    def show() -> None:
        look = next(looks)
        if isinstance(look, BaseException):
            raise look
        sys.stdout.write(f"{look}\n")

    slept: list[float] = []
    monkeypatch.setattr(watching.time, "sleep", slept.append)
    watching.repeatedly(show, 5.0, in_place=True)
    assert capsys.readouterr() == ("one\nthree\n", "Error: gone for now\n")
    assert slept == [5.0, 5.0, 5.0]
