"""2.x's helpers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pykafka.exceptions import InvalidOptionError, InvalidOptionTypeError, UnknownError
from pykafka.utils import (
    ApiVersionAware,
    Serializable,
    deserialize_utf8,
    msg_protocol_version,
    serialize_utf8,
)
from pykafka.utils.compat import get_bytes, get_string, iteritems, iterkeys, itervalues
from pykafka.utils.error_handlers import (
    build_parts_by_error,
    handle_partition_responses,
    raise_error,
    valid_int,
)


def test_text_goes_out_as_utf_8_and_comes_back() -> None:
    assert serialize_utf8("gr\u00fcn", b"\xff") == (b"gr\xc3\xbcn", b"\xff")
    assert deserialize_utf8(b"gr\xc3\xbcn", None) == ("gr\u00fcn", None)
    assert serialize_utf8(None, None) == (None, None)


@pytest.mark.parametrize(
    ("release", "magic"), [("0.8.2", 0), ("0.9.0.1", 0), (b"0.10", 1), ("0.11.0", 1), ("4.1.0", 1)]
)
def test_the_message_format_of_a_release(release: str | bytes, magic: int) -> None:
    assert msg_protocol_version(release) == magic


def test_conversions_leave_what_is_right() -> None:
    assert get_bytes("\u00fc") == get_bytes(b"\xc3\xbc") == b"\xc3\xbc"
    assert get_string(b"\xc3\xbc") == get_string("\u00fc") == "\u00fc"
    numbers = {"a": 1}
    assert [*iteritems(numbers), *iterkeys(numbers), *itervalues(numbers)] == [("a", 1), "a", 1]


@pytest.mark.parametrize("value", [1, 2.5, True])
def test_numbers_pass(value: float) -> None:
    assert valid_int(value) is value


def test_numbers_outside_the_bounds_do_not_pass() -> None:
    assert (valid_int(0, allow_zero=True), valid_int(-1, allow_negative=True)) == (0, -1)
    for outside in (0, -1):
        with pytest.raises(ValueError, match="needed") as raised:
            valid_int(outside)
        assert isinstance(raised.value, InvalidOptionError)
    with pytest.raises(InvalidOptionTypeError, match="str"):
        valid_int("1")  # type: ignore[type-var]  # what is tested


def response() -> Any:
    part = SimpleNamespace
    return SimpleNamespace(topics={b"t": {0: part(err=0), 1: part(err=6), 2: part(err=6)}})


def test_partitions_are_sorted_by_error_and_handed_to_their_handler() -> None:
    called: list[tuple[str, list[Any]]] = []
    owners = {0: "zero", 1: "one", 2: "two"}
    parts = handle_partition_responses(
        {6: lambda found: called.append(("moved", [owner for owner, _ in found]))},
        response=response(),
        success_handler=lambda found: called.append(("good", [owner for owner, _ in found])),
        partitions_by_id=owners,
    )
    assert called == [("good", ["zero"]), ("moved", ["one", "two"])]
    assert {code: len(found) for code, found in parts.items()} == {0: 1, 6: 2}


def test_without_owners_none_stands_for_them() -> None:
    assert [owner for owner, _ in build_parts_by_error(response(), None)[6]] == [None, None]


def test_raise_error_raises() -> None:
    with pytest.raises(UnknownError, match="what it was"):
        raise_error(UnknownError, "what it was")


def test_a_family_has_one_class_per_version() -> None:
    class First(ApiVersionAware):
        API_KEY = 77

    class Second(First):
        API_VERSION = 1

    class Fourth(Second):
        API_VERSION = 3

    assert Second.get_versions() == {0: First, 1: Second, 3: Fourth}
    wanted = {0: First, 1: Second, 2: Second, 9: Fourth}
    for highest, cls in wanted.items():
        assert First.get_version_impl({77: SimpleNamespace(min=0, max=highest)}) is cls


def test_the_base_of_serializables_says_that_it_is_none() -> None:
    with pytest.raises(NotImplementedError, match="Serializable"):
        len(Serializable())
    with pytest.raises(NotImplementedError, match="Serializable"):
        Serializable().pack_into(bytearray(), 0)
