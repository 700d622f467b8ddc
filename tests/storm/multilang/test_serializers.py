"""JSON between Storm and components: what is sent arrives, and what cannot be sent is an error."""

from __future__ import annotations

import datetime
import json
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.exceptions import InvalidOptionError
from pykafka.storm.exceptions import SerializationError
from pykafka.storm.multilang import fast_json, serializer
from pykafka.storm.multilang.serializers import JsonSerializer, ProtocolError

END = b"\nend\n"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)
#: Each way of encoding that this environment has.
WAYS = [
    (dumps, loads)
    for dumps, _, loads in (
        fast_json._portable(),
        *([fast_json._fast()] if fast_json.dumps.__name__ == "dumps" else []),
    )
]


@pytest.mark.parametrize(("dumps", "loads"), WAYS, ids=["standard library", "orjson"][: len(WAYS)])
@given(value=values)
def test_what_is_encoded_is_decoded(dumps: Any, loads: Any, value: Any) -> None:
    data = dumps({"tuple": [value]})
    assert loads(data) == json.loads(data) == {"tuple": [value]}


def test_orjson_is_tested() -> None:
    """Else the fast way is not: it comes with the extra "storm"."""
    pytest.importorskip("orjson")
    assert len(WAYS) == 2


@dataclass
class Data:
    number: int


@pytest.mark.parametrize(("dumps", "loads"), WAYS)
@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        object(),
        {1, 2},
        float("nan"),
        float("inf"),
        [None, {"deep": [float("-inf")]}],
        datetime.datetime(2020, 1, 1),
        Data(1),
        1j,
    ],
    ids=["bytes", "object", "set", "nan", "inf", "deep inf", "datetime", "dataclass", "complex"],
)
def test_what_json_has_not_is_refused(dumps: Any, loads: Any, value: Any) -> None:
    with pytest.raises(SerializationError, match="cannot be sent through Storm"):
        dumps({"tuple": [value]})


@pytest.mark.parametrize(("dumps", "loads"), WAYS)
def test_what_python_has_besides(dumps: Any, loads: Any) -> None:
    Point = namedtuple("Point", "x y")

    class Name(str):
        __slots__ = ()

    value = [
        (1, 2),
        Point(3, 4),
        {5: "five", None: 1, True: 2},
        Name("n"),
        "\ud800",
        2**64,
        -(2**63),
    ]
    assert loads(dumps(value)) == [
        [1, 2],
        [3, 4],
        {"5": "five", "null": 1, "true": 2},
        "n",
        "\ud800",
        2**64,
        -(2**63),
    ]


@pytest.mark.parametrize(("dumps", "loads"), WAYS)
@pytest.mark.parametrize("text", ["[%d]", '{"a":%d}', '{"a": %d}', "[1,\t%d]", "[[%d, 1]]"])
def test_integers_beyond_64_bits_keep_their_digits(dumps: Any, loads: Any, text: str) -> None:
    for number in (2**64, -(2**64), 10**30):
        assert loads((text % number).encode()) == json.loads(text % number)


@given(messages=st.lists(values, min_size=1, max_size=5), cut=st.data())
def test_messages_arrive_however_they_are_cut(messages: list[Any], cut: st.DataObject) -> None:
    ours = serializer("json")
    data = b"".join(ours.encode({"tuple": message}) for message in messages)
    received = []
    while data:
        size = cut.draw(st.integers(1, len(data)))
        received += ours.feed(data[:size])
        data = data[size:]
    assert received == [{"tuple": message} for message in messages]


def test_messages_over_several_lines() -> None:
    ours = serializer()
    assert ours.feed(b'{"a":\n1,\n"end":2}' + END + b"[3\n]" + END) == [{"a": 1, "end": 2}, [3]]


def test_half_a_surrogate_pair() -> None:
    ours = serializer()
    assert ours.feed(ours.encode(["\ud800"])) == [["\ud800"]]


def test_what_is_no_json_is_named() -> None:
    with pytest.raises(ProtocolError, match="'hello' is no JSON"):
        serializer().feed(b'{"a":1}' + END + b"hello" + END)


@pytest.mark.parametrize("name", ["msgpack", "no.such:Thing", "json:Nothing"])
def test_a_serializer_that_does_not_exist(name: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"topology\.multilang\.serializer"):
        serializer(name)


def test_a_serializer_that_is_named() -> None:
    name = "pykafka.storm.multilang.serializers:JsonSerializer"
    assert serializer(name).feed(serializer().encode([1])) == [[1]]


_PARTS = st.sampled_from(['},{"command":"emit",', "\nend\n", '"', "\\", "\ud800", "a"])
_PLAIN_VALUES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(_PARTS).map("".join)
)


@given(
    tuples=st.lists(st.lists(_PLAIN_VALUES), min_size=1),
    tracked=st.booleans(),
)
def test_emits_that_are_encoded_together(tuples: list[list[object]], tracked: bool) -> None:
    ours = JsonSerializer()
    ids = [f"t/0/{number}" for number in range(len(tuples))] if tracked else None
    expected = [
        {"command": "emit", "need_task_ids": False, "tuple": values}
        | ({"id": ids[number]} if ids else {})
        for number, values in enumerate(tuples)
    ]
    encoded = ours.encode_emits(tuples, ids)
    assert encoded is not None
    assert ours.feed(encoded) == expected


@pytest.mark.parametrize("value", [0.5, float("nan"), [1], {"command": "emit"}, b"x", object()])
def test_emits_with_other_values_are_not_encoded_together(value: object) -> None:
    assert JsonSerializer().encode_emits([["plain"], [value]], None) is None


@given(ids=st.lists(st.text(), min_size=1))
def test_acks_that_are_encoded_together(ids: list[str]) -> None:
    ours = serializer()
    expected = [{"command": "ack", "id": each} for each in ids]
    assert ours.feed(ours.encode_acks(ids)) == expected
    assert ours.encode_acks(ids) == b"".join(ours.encode(each) for each in expected)
