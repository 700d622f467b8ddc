"""What is emitted of a message: decoders, fields, translators; and what is given up."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from spout_runs import committed, drive
from storm.kafka.conftest import Fill, Start

from pykafka import KafkaClient
from pykafka.common import OffsetType
from pykafka.message import Message

has_headers = pytest.mark.kafka(since="0.11", why="record headers came with 0.11")


def read_all(client: KafkaClient, topic: str, number: int) -> list[Message]:
    consumer = client.topics[topic].get_simple_consumer(
        auto_offset_reset=OffsetType.EARLIEST, consumer_timeout_ms=20_000
    )
    try:
        return [message for message, _ in zip(consumer, range(number), strict=False)]
    finally:
        consumer.stop()


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({}, ["v\u00e4l"]),
        ({"fields": ["line"]}, ["v\u00e4l"]),
        ({"decoder": "base64"}, [base64.b64encode("v\u00e4l".encode()).decode()]),
        ({"decoder": "latin-1"}, ["v\u00c3\u00a4l"]),
        ({"decoder": "spout_decoders.shorten"}, ["v\u00e4l"[:3]]),
        ({"fields": ["offset", "key", "line", "partition"]}, [0, "k", "v\u00e4l", 0]),
        ({"fields": ["key", "value"], "key_decoder": "base64"}, ["aw==", "v\u00e4l"]),
    ],
)
def test_fields_and_decoders(
    fill: Fill, start: Start, write: Callable[..., None], options: dict[str, Any], values: list[Any]
) -> None:
    topic = fill(0)
    write(topic, 0, ["v\u00e4l".encode()], partition_key=b"k")
    run = start(**options)
    drive([run], lambda: run.values != [])
    assert run.values == [(f"{topic}/0/0", values, "default")]


def test_json_is_spread_over_fields(fill: Fill, start: Start, write: Callable[..., None]) -> None:
    topic = fill(0)
    write(
        topic,
        0,
        [b'{"user": "ann", "n": 1}', b'["bob", 2]', b'{"n": 3, "more": [1]}', b"7", b"[1]", b"{"],
    )
    given_up: list[tuple[int, str]] = []
    run = start(
        decoder="json",
        fields=["offset", "user", "n"],
        on_give_up=staticmethod(lambda message, why: given_up.append((message.offset, why))),
    )
    drive([run], lambda: len(run.values) == 3 and len(given_up) == 3)
    assert [values for _, values, _ in run.values] == [[0, "ann", 1], [1, "bob", 2], [2, None, 3]]
    assert [offset for offset, _ in given_up] == [3, 4, 5]
    assert "neither a mapping nor a sequence" in given_up[0][1]
    assert "1 items for the fields user, n" in given_up[1][1]


@has_headers
def test_headers_and_times(fill: Fill, start: Start, write: Callable[..., None]) -> None:
    topic = fill(0)
    write(topic, 0, [b"v"], headers=[("a", b"\xff"), ("a", None)], timestamp=1_700_000_000_000)
    run = start(fields=["headers", "timestamp", "topic"])
    drive([run], lambda: run.values != [])
    assert run.values[0][1] == [[["a", "\\xff"], ["a", None]], 1_700_000_000_000, topic]


def test_a_translator_chooses_values_and_streams(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(30)

    def translate(message: Message) -> Any:
        n = message.offset
        if n % 3 == 0:
            return None
        return [n] if n % 3 == 1 else ([n, message.value.decode()], "other")

    run = start(translator=staticmethod(translate))
    drive([run], lambda: len(run.values) == 20)
    drive([run], lambda: committed(client, topic, topic) == {0: 30})
    assert [(values, stream) for _, values, stream in run.values[:2]] == [
        ([1], "default"),
        ([2, "0:2"], "other"),
    ]
    assert run.spout.engine.tracks.by_key[topic, 0].skipped == 10


@pytest.mark.parametrize("tombstones", ["skip", "emit"])
def test_tombstones(
    client: KafkaClient, fill: Fill, start: Start, write: Callable[..., None], tombstones: str
) -> None:
    topic = fill(0)
    write(topic, 0, [b"a", None, b"b", None])
    run = start(tombstones=tombstones, fields=["offset", "text"])
    drive([run], lambda: committed(client, topic, topic) == {0: 4})
    everything = [[0, "a"], [1, None], [2, "b"], [3, None]]
    assert [values for _, values, _ in run.values] == [
        values for values in everything if tombstones == "emit" or values[1] is not None
    ]


def nested(_: bytes) -> Any:
    return {"not json": {1, 2}}


@pytest.mark.parametrize(
    ("options", "bad", "why"),
    [
        ({}, b"\xff", "UnicodeDecodeError"),
        ({"decoder": "json"}, b"{", ""),
        ({"max_value_bytes": 5}, b"123456", "its value has 6 bytes, max_value_bytes is 5"),
        ({"decoder": staticmethod(nested)}, b"x", "cannot be sent through Storm"),
        ({"translator": staticmethod(lambda m: m.value)}, b"x", "neither a list of values"),
    ],
    ids=["not utf-8", "not json", "too large", "not to be sent", "translated to bytes"],
)
def test_bad_messages_end_nothing(
    client: KafkaClient,
    fill: Fill,
    start: Start,
    write: Callable[..., None],
    options: dict[str, Any],
    bad: bytes,
    why: str,
) -> None:
    topic = fill(0, 5)
    write(topic, 0, [bad] * 15)
    given_up: list[str] = []
    run = start(on_give_up=staticmethod(lambda _, reason: given_up.append(reason)), **options)
    drive([run], lambda: committed(client, topic, topic) == {0: 15, 1: 5})
    assert len([reason for reason in given_up if why in reason]) >= 15
    told = [line for line in run.logs if "is given up" in line]
    assert len(told) == 10  # not a line for each


def test_what_fails_too_often_is_called_back_with(
    client: KafkaClient, fill: Fill, start: Start
) -> None:
    topic = fill(20)
    given_up: list[tuple[int, bytes, str]] = []
    run = start(
        max_tries=3,
        on_give_up=staticmethod(lambda m, why: given_up.append((m.offset, m.value, why))),
    )
    drive([run], lambda: given_up != [], lambda id_, _: not id_.endswith("/7"))
    drive([run], lambda: committed(client, topic, topic) == {0: 20})
    assert given_up == [(7, b"0:7", "it failed or timed out 3 times")]
    assert run.emits[f"{topic}/0/7"] == 3
    assert run.emits.total() == 22


@pytest.mark.parametrize("kept", [0, 1_000_000])
def test_dead_letters_tell_where_they_come_from(
    client: KafkaClient,
    kafka: Any,
    fill: Fill,
    start: Start,
    write: Callable[..., None],
    kept: int,
) -> None:
    topic = fill(0)
    dead = f"{topic}-dead"
    kafka.create_topic(dead, 1)
    kafka.await_topic(dead, 1)
    with_headers = not kafka.release.version.startswith("0.8")
    headers = {"headers": [("mine", b"1")]} if with_headers else {}
    write(topic, 0, [b"good", b"\xff", b"failing"], partition_key=b"k", **headers)
    run = start(max_tries=2, dead_letter_topic=dead, replay_buffer_bytes=kept)
    drive([run], lambda: committed(client, topic, topic) == {0: 3}, lambda id_, _: id_[-1] != "2")
    letters = sorted(read_all(client, dead, 2), key=lambda m: "failed" in str(_told(m)["reason"]))
    rejected, failed = map(_told, letters)
    assert "UnicodeDecodeError" in rejected["reason"]
    assert failed["reason"] == "it failed or timed out 2 times"
    for told, offset in ((rejected, "1"), (failed, "2")):
        assert (told["topic"], told["partition"], told["offset"]) == (topic, "0", offset)
        assert (told["topology"], told["component"]) == ("test", "spout")
    if with_headers:
        assert [m.value for m in letters] == [b"\xff", b"failing"]
        assert all(m.headers[0] == ("mine", b"1") for m in letters)
    else:
        assert base64.b64decode(failed["value"]) == b"failing"
        assert base64.b64decode(failed["key"]) == b"k"
    assert all(m.partition_key == b"k" for m in letters)


def _told(message: Message) -> dict[str, str]:
    prefix = "pykafka."
    headers = {
        name.removeprefix(prefix): value.decode()
        for name, value in message.headers
        if name.startswith(prefix) and value is not None
    }
    found: dict[str, str] = headers or json.loads(message.value)
    return found


def test_a_dead_letter_that_cannot_be_written_holds_its_message(
    client: KafkaClient, kafka: Any, fill: Fill, start: Start, write: Callable[..., None]
) -> None:
    """Brokers make no topics of a name that is none; the rest goes on."""
    topic = fill(0)
    write(topic, 0, [b"a", b"\xff", b"b"])
    run = start(dead_letter_topic="no/topic")
    drive([run], lambda: any("dead letter" in text for text in run.errors))
    assert sorted(run.numbers) == ["a", "b"]
    drive([run], lambda: committed(client, topic, topic) == {0: 1})


def test_a_letter_that_is_written_again_is_one_message_given_up(
    kafka: Any, fill: Fill, start: Start, write: Callable[..., None]
) -> None:
    """The user hears of it once, however often the letter is tried."""
    topic = fill(0)
    write(topic, 0, [b"\xff"])
    given_up: list[str] = []
    run = start(
        dead_letter_topic="no/topic",
        on_give_up=staticmethod(lambda _, reason: given_up.append(reason)),
    )
    drive([run], lambda: len([text for text in run.errors if "is not written" in text]) == 3)
    assert len(given_up) == 1
    assert run.spout.engine.tracks.by_key[topic, 0].given_up == 1
    assert len([line for line in run.logs if "is given up" in line]) == 1
