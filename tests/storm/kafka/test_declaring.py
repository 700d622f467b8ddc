"""Options from class attributes, ``spec`` and configuration."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pykafka.exceptions import InvalidOptionError, InvalidOptionTypeError, UnknownOptionError
from pykafka.options import Option
from pykafka.storm.kafka.declaring import Declared

TABLE = {
    option.name: option
    for option in (
        Option("topic", "text", None, ""),
        Option("topics", "object", None, ""),
        Option("linger_ms", "int", 5, "", low=0, high=100),
        Option("forget", "bool", False, ""),
        Option("encoder", "object", "utf-8", ""),
    )
}


class Subject(Declared):
    """A component in all that matters here."""

    option_table = TABLE
    config_prefix = "test."
    function_options = frozenset({"encoder"})
    config: Any = None
    component_name = "subject"


def shout(value: str) -> bytes:
    return value.upper().encode()


def settings(cls: type[Subject], conf: dict[str, Any] | None = None, **options: Any) -> Any:
    """What a worker reads of what ``spec`` wrote, after the way through Storm's JSON."""
    written = cls.declared_config(None, options) or {}
    return cls().read_settings(json.loads(json.dumps({**(conf or {}), **written})))


def test_options_go_over_configuration_over_class_attributes_over_defaults() -> None:
    class Own(Subject):
        topic = "class"
        linger_ms = 7

    assert settings(Subject).linger_ms == 5
    assert settings(Own).topic == "class"
    both = settings(Own, {"test.topic": "conf", "test.linger_ms": 8, "other": 1}, topic="spec")
    assert (both.topic, both.linger_ms) == ("spec", 8)
    assert settings(Own, topic=None).topic is None


def test_spec_keeps_the_rest_of_the_configuration() -> None:
    class Own(Subject):
        config = {"topology.tick.tuple.freq.secs": 1}

    assert Own.declared_config(None, {}) is Own.config
    assert Own.declared_config(None, {"topic": "t"}) == {**Own.config, "test.topic": "t"}
    assert Own.declared_config({"a": 1}, {"topic": "t"}) == {"a": 1, "test.topic": "t"}
    assert Own.config == {"topology.tick.tuple.freq.secs": 1}


def test_functions_travel_as_their_paths() -> None:
    class Assigned(Subject):
        encoder = shout

    class Method(Subject):
        word = b"!"

        def encoder(self, value: str) -> bytes:
            return value.encode() + self.word

    class Anonymous(Subject):
        encoder = lambda value: b"x"  # noqa: E731 - what it is about

    class Static(Subject):
        encoder = staticmethod(shout)

    class Path(Subject):
        encoder = f"{__name__}.shout"

    given = Subject.declared_config(None, {"encoder": shout})
    assert given == {"test.encoder": f"{__name__}.shout"}
    for cls, options, expected in (
        (Subject, {"encoder": shout}, b"A"),
        (Assigned, {}, b"A"),
        (Method, {}, b"a!"),
        (Anonymous, {}, b"x"),
        (Static, {}, b"A"),
        (Path, {}, b"A"),
    ):
        assert settings(cls, **options).encoder("a") == expected, cls
    assert settings(Method, encoder="json").encoder == "json"


def test_patterns_and_sets_travel() -> None:
    for pattern in (re.compile("a.*"), re.compile("a", re.IGNORECASE)):
        assert settings(Subject, topics=pattern).topics == pattern
    assert settings(Subject, topics={"b", "a"}).topics == ["a", "b"]
    assert settings(Subject, topic=b"t").topic == "t"


def test_what_a_worker_could_not_import_is_refused() -> None:
    def local(value: Any) -> bytes:
        return b""

    class Callable:
        def __call__(self, value: Any) -> bytes:
            return b""

    main = type(shout)(shout.__code__, {"__name__": "__main__"})
    for function, why in (
        (local, "inside a function"),
        (lambda value: b"", "no name"),
        (Callable(), "it has no name"),
        (main, "in the program that was started"),
    ):
        with pytest.raises(InvalidOptionError, match=f"^Subject: option encoder: .*{why}"):
            Subject.declared_config(None, {"encoder": function})


def test_mistakes_name_component_and_option() -> None:
    class Own(Subject):
        linger_ms = 1000

    with pytest.raises(UnknownOptionError, match=r"Subject has no option 'topc'; .*'topic'"):
        Subject.declared_config(None, {"topc": "x"})
    with pytest.raises(InvalidOptionError, match="Subject: option linger_ms must be from 0 to 100"):
        Subject.declared_config(None, {"linger_ms": 101})
    with pytest.raises(InvalidOptionError, match="Own: option linger_ms"):
        Own.declared_config(None, {})
    with pytest.raises(InvalidOptionTypeError, match=r"subject \(Subject\): option topic must"):
        Subject().read_settings({"test.topic": 1})
    with pytest.raises(InvalidOptionTypeError, match="option forget must be True or False"):
        Subject().read_settings({"test.forget": "no"})
    with pytest.raises(UnknownOptionError, match=r"subject \(Subject\): test\.\* has no.*'topic'"):
        Subject().read_settings({"test.topik": "x"})
    with pytest.raises(InvalidOptionError, match=r"option encoder: 'no.such.module' cannot be"):
        Subject().read_settings({"test.encoder": "no.such.module"})
    assert str(Subject().wrong_option("no")) == "subject (Subject): no"
