"""Streams, groupings, and the ids of streams."""

from __future__ import annotations

from typing import Any

import pytest

from pykafka.storm.topology import GlobalStreamId, Grouping, Stream


def test_a_stream_keeps_its_own_copy_of_the_fields() -> None:
    fields = ["a", "b"]
    stream = Stream(fields, name="s", direct=True)
    fields.append("c")
    assert (stream.fields, stream.name, stream.direct) == (["a", "b"], "s", True)
    assert stream.output_fields == ["a", "b"]
    assert stream == Stream(("a", "b"), "s", True)
    assert stream != Stream(["a", "b"], "s")
    assert stream != ["a", "b"]


def test_a_stream_has_no_fields_and_the_default_name_unless_told() -> None:
    assert repr(Stream()) == "Stream(fields=[], name='default', direct=False)"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"fields": "word"}, "list, tuple, or None"),
        ({"fields": ["a", 1]}, "all field names must be strings"),
        ({"name": None}, "name must be a string"),
        ({"direct": 1}, "True or False"),
    ],
)
def test_arguments_of_a_stream_have_types(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        Stream(**arguments)


@pytest.mark.parametrize(
    ("grouping", "shown"),
    [
        (Grouping.SHUFFLE, "SHUFFLE"),
        (Grouping.GLOBAL, "GLOBAL"),
        (Grouping.DIRECT, "DIRECT"),
        (Grouping.ALL, "ALL"),
        (Grouping.NONE, "NONE"),
        (Grouping.LOCAL_OR_SHUFFLE, "LOCAL_OR_SHUFFLE"),
        (Grouping.fields("a", "b"), "fields(['a', 'b'])"),
        (Grouping.custom_object("x.Y", [1]), "custom_object('x.Y', [1])"),
        (Grouping.custom_serialized(b"x"), "custom_serialized(b'x')"),
    ],
)
def test_a_grouping_shows_what_it_is(grouping: Grouping, shown: str) -> None:
    assert repr(grouping) == shown


def test_fields_may_be_given_as_one_list() -> None:
    assert Grouping.fields(["a", "b"]) == Grouping.fields("a", "b")
    assert Grouping.fields("a") != Grouping.fields("b")


def test_a_fields_grouping_needs_fields() -> None:
    with pytest.raises(ValueError, match="at least one field"):
        Grouping.fields()
    with pytest.raises(ValueError, match="at least one field"):
        Grouping.fields([])
    with pytest.raises(TypeError, match="strings"):
        Grouping.fields("a", 1)


def test_custom_groupings_take_what_thrift_can_carry() -> None:
    with pytest.raises(TypeError, match="constructor; given: \\['x'\\]"):
        Grouping.custom_object("x.Y", [["x"]])
    with pytest.raises(TypeError, match="as bytes"):
        Grouping.custom_serialized("x")


def test_the_id_of_a_stream_is_a_key() -> None:
    assert {GlobalStreamId("a", "b"): 1}[GlobalStreamId(componentId="a", streamId="b")] == 1
    assert GlobalStreamId("a") == GlobalStreamId("a", "default")
    with pytest.raises(TypeError, match="cannot be None"):
        GlobalStreamId(None)
    with pytest.raises(TypeError, match="must be a string"):
        GlobalStreamId("a", 1)
