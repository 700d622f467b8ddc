"""What a topology's configuration gets besides what its author gave."""

from __future__ import annotations

import pytest

from pykafka.storm.nimbus.defaults import KRYO_REGISTER, with_defaults

NEW = [
    "org.apache.storm.shade.net.minidev.json.JSONArray",
    "org.apache.storm.shade.net.minidev.json.JSONObject",
    "java.math.BigDecimal",
]
OLD = [
    "org.apache.storm.shade.org.json.simple.JSONArray",
    "org.apache.storm.shade.org.json.simple.JSONObject",
]


@pytest.mark.parametrize(
    ("version", "classes"),
    [
        *((version, NEW) for version in ("2.8.3", "2.6.0", "2.10.1", "3.0.0", "2.8.3-SNAPSHOT")),
        *((version, OLD) for version in ("2.5.0", "2.0.0")),
        ("", NEW),
        ("unknown", NEW),
    ],
)
def test_the_classes_of_values_are_registered(version: str, classes: list[str]) -> None:
    assert with_defaults({"topology.workers": 2}, version) == {
        "topology.workers": 2,
        KRYO_REGISTER: classes,
    }


def test_storm_1_needs_none() -> None:
    assert with_defaults({"a": 1}, "1.2.4") == {"a": 1}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["my.Class"], ["my.Class", *NEW]),
        ([{"my.Class": "my.Serializer"}], [{"my.Class": "my.Serializer"}, *NEW]),
        ({"my.Class": "my.Serializer"}, [{"my.Class": "my.Serializer"}, *NEW]),
        ([{NEW[0]: "my.Serializer"}], [{NEW[0]: "my.Serializer"}, *NEW[1:]]),
        (NEW, NEW),
        (None, NEW),
    ],
)
def test_what_the_author_registered_stays(given: object, expected: object) -> None:
    conf = {KRYO_REGISTER: given}
    assert with_defaults(conf, "2.8.3") == {KRYO_REGISTER: expected}
    assert conf == {KRYO_REGISTER: given}
