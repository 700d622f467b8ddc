"""Fields that are made column by column are what they are row by row."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from pykafka.message import SharedFields
from pykafka.options import validated
from pykafka.storm.kafka.decoding import Rejected, Translation
from pykafka.storm.kafka.spout_options import SPOUT

TOPIC: Any = SimpleNamespace(topic=SimpleNamespace(name=b"lines"))
SHARED = SharedFields(TOPIC, 3)
ROWS = [(n, 1000 + n, None if n % 2 else b"k%d" % n, b"v%d" % n) for n in range(5)]
EXPECTED = {
    "topic": ["lines"] * 5,
    "partition": [3] * 5,
    "offset": [0, 1, 2, 3, 4],
    "timestamp": [1000, 1001, 1002, 1003, 1004],
    "key": ["k0", None, "k2", None, "k4"],
    "value": ["v0", "v1", "v2", "v3", "v4"],
    "line": ["v0", "v1", "v2", "v3", "v4"],
    "headers": [[]] * 5,
}


def translation(fields: list[str], **options: Any) -> Translation:
    return Translation(validated(SPOUT, {"topics": "t", "group": "g", "fields": fields, **options}))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_combination_of_fields(number: int) -> None:
    for fields in itertools.permutations(EXPECTED, number):
        made = translation(list(fields))(ROWS, SHARED)
        assert made == [[EXPECTED[name][n] for name in fields] for n in range(5)], fields


@pytest.mark.parametrize("fields", [["line"], ["offset", "line"], ["headers", "line"]])
def test_one_that_is_rejected_leaves_the_others(fields: list[str]) -> None:
    rows = [*ROWS[:2], (2, 0, None, b"\xff"), (3, 0, None, None), *ROWS[4:]]
    made = translation(fields)(rows, SHARED)
    assert isinstance(made[2], Rejected)
    assert made[3] is None
    assert [made[n] for n in (0, 1, 4)] == [
        [EXPECTED[name][n] for name in fields] for n in (0, 1, 4)
    ]
