"""Storm's options: read from a command line, and whose word counts."""

from __future__ import annotations

import pytest

from pykafka.exceptions import InvalidOptionError
from pykafka.storm.project import cli_options, merged_options, parse_option


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=1", 1),
        ("x=-1", -1),
        ("x=0123", 123),
        ("x=1.5", 1.5),
        ("x=1e3", 1000.0),
        ("x=true", True),
        ("x=null", None),
        ("x=", None),
        ("x=word", "word"),
        ("x='1'", "1"),
        ("x=[a, 2]", ["a", 2]),
        ("x={a: 1}", {"a": 1}),
        ("x=a=b", "a=b"),
        # Not as YAML 1.1 has it.
        ("x=on", "on"),
        ("x=no", "no"),
        ("x=10:30", "10:30"),
        ("x=2020-01-01", "2020-01-01"),
    ],
)
def test_a_value_is_yaml(text: str, value: object) -> None:
    found = parse_option(text)
    assert found == ("x", value)
    assert type(found[1]) is type(value)


@pytest.mark.parametrize("text", ["x", "=1", "x=[1", "x={", "x=!!python/object:os.system {}"])
def test_what_is_no_option_is_told(text: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"^-o "):
        parse_option(text)


def test_flags_are_options_and_the_last_word_counts() -> None:
    assert cli_options(workers=2, ackers=0, debug=True) == {
        "topology.workers": 2,
        "topology.acker.executors": 0,
        "topology.debug": True,
        "pystorm.log.level": "debug",
    }
    assert cli_options(["topology.workers=3", "topology.workers=4"], workers=2) == {
        "topology.workers": 4
    }
    assert cli_options() == {}


def test_the_command_line_comes_first_and_defaults_last() -> None:
    layers = {
        "defaults": dict.fromkeys("abcd", "default"),
        "environment": dict.fromkeys("abc", "environment"),
        "topology": dict.fromkeys("ab", "topology"),
        "cli": {"a": "cli"},
    }
    assert merged_options(**layers) == {
        "a": "cli",
        "b": "topology",
        "c": "environment",
        "d": "default",
    }
    assert layers["defaults"] == dict.fromkeys("abcd", "default")
    assert merged_options(cli={}, topology=None, environment={}, defaults={}) == {}


def test_classes_for_kryo_add_up() -> None:
    key = "topology.kryo.register"
    merged = merged_options(
        cli={}, topology={key: ["mine", "a"]}, environment={}, defaults={key: ["a", "b"]}
    )
    assert merged == {key: ["a", "b", "mine"]}
