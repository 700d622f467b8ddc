"""Messages as bytes for standard output."""

from __future__ import annotations

import json

import pytest

from pykafka.cli.rendering import json_render, make_render
from pykafka.exceptions import InvalidOptionError
from pykafka.message import Message


def message(
    value: bytes | None = b"v", key: bytes | None = b"k", protocol_version: int = 1
) -> Message:
    return Message(
        value, key, offset=7, partition_id=3, timestamp=1000, protocol_version=protocol_version
    )


def test_a_template_names_fields_and_escapes() -> None:
    template = r"{topic}/{partition}@{offset}\t{timestamp}\0{key}={value}\n{{}}\\n"
    render = make_render("t", template, raw=False)
    assert render(message()) == b"t/3@7\t1000\x00k=v\n{}\\n"


def test_what_a_message_does_not_have_is_empty() -> None:
    render = make_render("t", "{key}|{value}|{timestamp}", raw=False)
    assert render(message(None, None, protocol_version=0)) == b"||"


def test_bytes_that_are_no_text_are_replaced_unless_they_are_wanted_raw() -> None:
    every = bytes(range(256))
    assert make_render("t", "{value}", raw=True)(message(every)) == every
    make_render("t", "{value}", raw=False)(message(every)).decode("utf-8")


@pytest.mark.parametrize("template", ["{size}", "{}", "{value!r}", "{value:10}", "{value", "}"])
def test_a_template_with_anything_else_is_refused(template: str) -> None:
    with pytest.raises(InvalidOptionError, match="--format"):
        make_render("t", template, raw=False)


def test_json_is_one_line_with_all_fields() -> None:
    line = json_render("t")(message("l\u00edne\nbreak".encode()))
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "topic": "t",
        "partition": 3,
        "offset": 7,
        "timestamp": 1000,
        "key": "k",
        "value": "l\u00edne\nbreak",
    }


def test_json_carries_what_is_no_text_in_base64_and_nothing_as_null() -> None:
    found = json.loads(json_render("t")(message(b"\xff\x00", None, protocol_version=0)))
    assert found["value_base64"] == "/wA="
    assert "value" not in found
    assert found["key"] is None
    assert found["timestamp"] is None
