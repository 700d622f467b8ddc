"""Spouts that streamparse and pystorm run, without Storm."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from adapted_spouts import KINDS, AdaptedSpout
from spout_runs import committed, drive
from storm.adapters.conftest import Fill, Start

from pykafka import KafkaClient

NEVER = 3_600_000
#: Seconds for a process to commit and end: what it has, and the machine's own.
ENDS_WITHIN = 1.5 + 3.0


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def lines(count: int) -> list[bytes]:
    return [b"line %d" % n for n in range(count)]


def end(spout: AdaptedSpout, how: str) -> None:
    """End it as Storm does; within the time that Storm gives it."""
    begin = time.monotonic()
    if how == "sigterm":
        spout.process.send_signal(signal.SIGTERM)
        spout.ended()
    else:
        spout.hang_up()
    assert time.monotonic() - begin < ENDS_WITHIN


def test_all_is_emitted_and_committed(
    kind: str, client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(lines(3000), 2)
    spout = start(kind, commit_interval_ms=100)
    failed = {f"{topic}/0/7", f"{topic}/1/70"}
    spout.turn("activate")

    def settle(id_: str) -> str:
        return "fail" if id_ in failed and spout.emits[id_] == 1 else "ack"

    spout.drive(lambda: len(spout.emits) == 3000 and spout.emits.total() == 3002, settle)
    assert Counter(value for (value,) in spout.values).keys() == {
        line.decode() for line in lines(3000)
    }
    assert {id_ for id_, times in spout.emits.items() if times > 1} == failed
    counts = Counter(id_.rsplit("/", 2)[1] for id_ in spout.emits if id_ is not None)

    def all_committed() -> bool:
        spout.turn()
        return committed(client, topic, topic) == {int(p): n for p, n in counts.items()}

    drive([], all_committed)
    assert spout.told("error") == []


@pytest.mark.parametrize("how", ["end-of-input", "sigterm"])
def test_the_end_commits(
    kind: str, how: str, client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(lines(500))
    spout = start(kind, commit_interval_ms=NEVER)
    open_ = f"{topic}/0/400"
    spout.drive(lambda: len(spout.emits) == 500, lambda id_: None if id_ == open_ else "ack")
    assert committed(client, topic, topic)[0] <= 0
    end(spout, how)
    assert committed(client, topic, topic) == {0: 400}
    # The next one need not wait for the session of the one that is gone.
    again = start(kind)
    begin = time.monotonic()
    again.drive(lambda: len(again.emits) == 100)
    assert time.monotonic() - begin < 6
    assert min(int(str(id_).rpartition("/")[2]) for id_ in again.emits) == 400


def test_deactivation_commits(kind: str, client: KafkaClient, fill: Fill, start: Start) -> None:
    topic = fill(lines(50))
    spout = start(kind, commit_interval_ms=NEVER)
    spout.drive(lambda: len(spout.emits) == 50)
    spout.turn("deactivate")
    drive([], lambda: committed(client, topic, topic) == {0: 50})
    spout.turn("activate")
    assert spout.turn() == 0


def test_what_is_printed_does_not_reach_the_protocol(kind: str, fill: Fill, start: Start) -> None:
    fill(lines(20))
    spout = start(
        kind,
        "def decoder(self, data):\n"
        "    print('printed for', data)\n"
        "    os.write(1, b'written by a library\\n')\n"
        "    os.system('echo by another program')\n"
        "    return data.decode()",
        before="import os",
    )
    spout.drive(lambda: len(spout.emits) == 20)
    spout.process.send_signal(signal.SIGTERM)
    spout.ended()
    printed = spout.errors()
    for text in (
        "printed while the module is loaded",
        "printed for b'line 19'",
        "written by a library",
        "by another program",
    ):
        assert text in printed


def test_values_that_cannot_be_sent_reject_their_message_alone(
    kind: str, client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill([b"1", b"NaN", b"2", b"{}", b"not json", b"3"])
    spout = start(
        kind,
        "def decoder(self, data):\n"
        "    found = json.loads(data)\n"
        "    return object() if found == {} else found",
        before="import json",
        commit_interval_ms=100,
    )
    spout.drive(lambda: committed(client, topic, topic) == {0: 6})
    assert spout.values == [[1], [2], [3]]
    told = "\n".join(spout.told("log"))
    for offset, why in ((1, "cannot be sent"), (3, "cannot be sent"), (4, "JSONDecodeError")):
        assert f"{topic}/0/{offset} is given up: " in told
        assert why in told


def test_nothing_is_lost_when_the_other_end_goes_while_it_is_written_to(
    kind: str, client: KafkaClient, fill: Fill, start: Start, tmp_path: Path
) -> None:
    """So much is emitted that it is written before the command ends."""
    big = [b"x" * 20_000] * 100
    topic = fill(big)
    spout = start(
        kind,
        "def next_tuple(self):\n"
        "    super().next_tuple()\n"
        "    while Path('emit-all').exists():\n"
        "        super().next_tuple()",
        before="from pathlib import Path",
        commit_interval_ms=NEVER,
    )
    spout.drive(lambda: len(spout.emits) == 100)
    (tmp_path / "emit-all").touch()
    with client.topics[topic].get_producer(linger_ms=5) as producer:
        for value in big:
            producer.produce(value)
    assert spout.process.stdout is not None
    spout.process.stdout.close()
    spout.send({"command": "next", "id": ""})
    assert spout.ended() == 2
    assert committed(client, topic, topic) == {0: 100}


def test_no_more_is_in_flight_than_may_be(kind: str, fill: Fill, start: Start) -> None:
    fill(lines(500))
    spout = start(kind, conf={"topology.max.spout.pending": 30})
    spout.drive(lambda: len(spout.emits) == 30, lambda _: None)
    for _ in range(5):
        assert spout.turn() == 0


def test_a_spout_without_messages_answers_a_hundred_times_a_second(
    kind: str, fill: Fill, start: Start
) -> None:
    fill(lines(1))
    spout = start(kind)
    spout.drive(lambda: len(spout.emits) == 1)
    for _ in range(40):
        spout.turn()
    begin = time.monotonic()
    for _ in range(50):
        spout.turn()
    assert time.monotonic() - begin > 50 * 0.009


def test_a_wrong_option_is_told_to_storm(kind: str, start: Start) -> None:
    spout = start(kind, group=None)
    error = spout.until("error")
    assert "option group is not given" in error["msg"]
    spout.send({"command": "activate", "id": ""})
    assert spout.ended() == 1
    assert "option group is not given" in spout.errors()
