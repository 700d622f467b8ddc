"""Kafka that is down, topics that go, options that contradict each other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from services import NeedReleases
from spout_runs import SOON, SpoutRun, committed, drive
from storm.kafka.conftest import Fill, Start

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.ports import free_ports
from pykafka.exceptions import (
    InvalidOptionError,
    InvalidOptionTypeError,
    UnknownOptionError,
)
from pykafka.storm import KafkaSpout


@pytest.mark.parametrize(
    ("options", "conf", "error", "text"),
    [
        ({"topics": None}, {}, InvalidOptionError, "topics is not given"),
        ({"topics": 7}, {}, InvalidOptionTypeError, "topics must be a name"),
        ({"group": None}, {}, InvalidOptionError, "group is not given"),
        ({"decoder": "utf8"}, {}, InvalidOptionError, "decoder must be 'utf-8'"),
        ({"fields": ["a", "a"]}, {}, InvalidOptionError, "different names"),
        ({"start": "timestamp"}, {}, InvalidOptionError, "need each other"),
        ({"start": "newest"}, {}, InvalidOptionError, "start must be"),
        ({"max_tries": 0}, {}, InvalidOptionError, "max_tries must be at least 1"),
        ({}, {"topology.acker.executors": 0}, InvalidOptionError, "needs ackers"),
        ({}, {"pykafka.spout.topic": "x"}, UnknownOptionError, "did you mean 'topics'"),
        ({}, {"pykafka.spout.guarantee": "x"}, InvalidOptionError, "guarantee must be"),
        ({"decoder": "nowhere.to.find"}, {}, InvalidOptionError, "cannot be imported"),
    ],
    ids=lambda value: re.sub(r"\W+", "-", value) if isinstance(value, str) else "",
)
def test_options_that_cannot_be(
    start: Start, options: dict[str, Any], conf: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        start(conf=conf, **options)


def test_spec_names_an_unknown_option() -> None:
    with pytest.raises(UnknownOptionError, match=r"'max_retries'.*max_tries"):
        KafkaSpout.spec(topics="t", max_retries=3)


def test_kafka_is_down_at_the_start_and_comes(need_releases: NeedReleases) -> None:
    """The spout answers all the while."""
    need_releases("3.9.1")
    with EmbeddedKafka("3.9.1") as kafka, KafkaClient(kafka.bootstrap) as client:
        kafka.create_topic("late", 1)
        with client.topics["late"].get_producer(sync=True) as producer:
            producer.produce(b"there")
        (broker,) = kafka.brokers
        broker.kill()

        run = SpoutRun(
            type("Late", (KafkaSpout,), {"topics": "late", "group": "g", "hosts": kafka.bootstrap})
        )
        drive([run], lambda: run.errors != [])
        assert kafka.bootstrap in run.errors[0]
        assert run.slowest < SOON
        broker.restart()
        drive([run], lambda: run.numbers == ["there"])
        run.close()


def test_a_broker_that_goes_and_comes_back_is_read_on(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, start: Start, write: Callable[..., None]
) -> None:
    topic = fill(100)
    run = start()
    drive([run], lambda: len(run.emits) == 100, lambda id_, _: int(id_.split("/")[-1]) < 50)
    (broker,) = kafka.brokers
    broker.kill()
    until = time.monotonic() + 3
    drive([run], lambda: time.monotonic() > until, lambda *_: None)
    for id_ in list(run.in_flight):
        run.fail(id_)
    assert run.slowest < SOON
    broker.restart()
    write(topic, 0, [b"0:100"])
    drive([run], lambda: len(run.emits) == 101)
    drive([run], lambda: committed(client, topic, topic) == {0: 101})


@pytest.mark.parametrize("option", ["hosts", "zookeeper_hosts"])
def test_nobody_listens(start: Start, option: str) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    options: dict[str, Any] = {"hosts": None, "zookeeper_hosts": None, option: address}
    run = start(**options)
    drive([run], lambda: run.errors != [])
    assert address in run.errors[0]
    begin = time.monotonic()
    run.close()
    assert time.monotonic() - begin < 1.5


@pytest.mark.kafka(until="0.8", why="brokers balance groups from 0.9 on")
@pytest.mark.parametrize("coordination", ["auto", "broker"])
def test_brokers_that_balance_no_groups(fill: Fill, start: Start, coordination: str) -> None:
    fill(1)
    run = start(zookeeper_hosts=None, coordination=coordination)
    drive([run], lambda: run.errors != [])
    assert "coordination='task'" in run.errors[0] or "or 'task'" in run.errors[0]


@pytest.mark.kafka(since="0.10.1", why="topics are deleted by a request from 0.10.1 on")
def test_a_topic_is_deleted_and_made_again(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(50)
    run = start()
    drive([run], lambda: len(run.emits) == 50)
    kafka.delete_topic(topic)
    drive([run], lambda: any("does not exist" in text for text in run.errors), within=60)
    assert run.slowest < SOON
    fill(20)
    drive([run], lambda: len(run.values) >= 70, within=60)
    assert run.numbers[-20:] == [f"0:{n}" for n in range(20)]
