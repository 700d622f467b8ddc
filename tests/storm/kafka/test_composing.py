"""From tuples to messages: fields and encoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pykafka.exceptions import InvalidMessageTypeError, InvalidOptionError, UsageError
from pykafka.options import validated
from pykafka.storm import Tuple
from pykafka.storm.kafka.bolt_options import OPTIONS
from pykafka.storm.kafka.composing import Composer
from pykafka.storm.kafka.encoding import encoder_of


def composed(names: str, *values: Any, **options: Any) -> Any:
    """What is sent of a tuple with these fields."""
    settings = validated(OPTIONS, {"topic": None if "topic_field" in options else "t", **options})
    compose = Composer(settings, {"source": {"default": names.split()}})
    return tuple(compose(Tuple("1", "source", "default", 3, values)))


def test_fields_have_the_parts_that_their_names_say() -> None:
    assert composed("word", "dog") == ("t", None, b"dog")
    assert composed("key word", "k", "dog") == ("t", b"k", b"dog")
    assert composed("other message key", "o", "dog", "k") == ("t", b"k", b"dog")
    assert composed("other value", "o", "dog") == ("t", None, b"dog")
    assert composed("key value", "k", None) == ("t", b"k", None)
    assert composed("key value", None, "v") == ("t", None, b"v")


def test_fields_have_the_parts_that_options_say() -> None:
    assert composed("word count", "dog", 3, key_field="word", encoder="json") == (
        "t",
        b"dog",
        b"3",
    )
    assert composed("key word", "k", "dog", key_field=None, value_field="word")[1] is None
    both: dict[str, Any] = {"value_field": ["word", "count"], "encoder": "json"}
    assert composed("word count", "dog", 3, **both)[2] == b'{"word":"dog","count":3}'
    assert composed("where word", "a", "dog", topic_field="where") == ("a", None, b"dog")
    assert composed("where word", None, object(), topic_field="where") == (None, None, None)
    assert composed("where word", "a", "dog", topic_field=b"where", topic=None)[0] == "a"


@pytest.mark.parametrize(
    ("names", "options", "why"),
    [
        ("word count", {}, "value_field must say which of the fields word, count of stream"),
        ("key", {}, "value_field must say which"),
        ("word", {"value_field": "words"}, "option value_field: stream 'default' of source has no"),
        ("word", {"value_field": ["word", "n"]}, "option value_field: .* no field 'n'"),
        ("word", {"key_field": "id"}, "option key_field: .* no field 'id'"),
        ("word", {"topic_field": "to"}, "option topic_field: .* no field 'to'"),
        ("word", {"encoder": "utf-9"}, "there is no encoder 'utf-9'"),
        ("word", {"key_encoder": "hex"}, "there is no encoder 'hex'"),
        ("word", {"encoder": 3}, "there is no encoder 3"),
    ],
)
def test_what_is_not_clear_is_refused_at_the_start(
    names: str, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidOptionError, match=why):
        composed(names, *names.split(), **options)


def test_a_topic_that_is_no_name_is_refused() -> None:
    with pytest.raises(UsageError, match="field 'to' must be the name of a topic or None, not 5"):
        composed("to word", 5, "dog", topic_field="to")


@pytest.mark.parametrize(
    ("encoder", "value", "expected"),
    [
        ("utf-8", "größe", "größe".encode()),
        ("latin-1", "größe", "größe".encode("latin-1")),
        ("UTF-16-LE", "a", b"a\0"),
        ("json", {"a": [1, None, "ß"]}, '{"a":[1,null,"ß"]}'.encode()),
        ("json", "a", b'"a"'),
        ("base64", "AAH/", b"\0\1\xff"),
        (bytes, [1, 2], b"\1\2"),
        (lambda value: None, 5, None),
        *((name, None, None) for name in ("utf-8", "json", "base64")),
    ],
)
def test_encoders(encoder: Any, value: Any, expected: bytes | None) -> None:
    assert encoder_of(encoder)(value) == expected


@pytest.mark.parametrize(
    ("encoder", "value", "error", "why"),
    [
        ("utf-8", 5, InvalidMessageTypeError, "'utf-8' takes text, not int: 5; .*'json'"),
        ("utf-8", "\ud800", UnicodeEncodeError, "surrogates"),
        ("latin-1", "€", UnicodeEncodeError, "latin-1"),
        ("base64", "?", ValueError, "no base64"),
        ("base64", 5, InvalidMessageTypeError, "takes text"),
        ("json", float("nan"), ValueError, "JSON"),
        (lambda value: "text", 5, InvalidMessageTypeError, "must give bytes or None, not str"),
    ],
)
def test_what_an_encoder_does_not_take(
    encoder: str | Callable[[Any], Any], value: Any, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        encoder_of(encoder)(value)
