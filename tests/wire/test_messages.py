"""What holds for every message class in every version."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire.messages import CLASSES, instances, versions_of

from pykafka.exceptions import MalformedDataError, UnsupportedVersion
from pykafka.wire.primitives import Sized, StructOf
from pykafka.wire.schema import ApiMessage

every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
# The examples are many because the classes are: some thousands of messages in each test.
thorough = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def encoded(draw: st.DrawFn, cls: type[ApiMessage]) -> tuple[ApiMessage, int, bytes]:
    version = draw(versions_of(cls))
    message = draw(instances(cls, version))
    return message, version, message.encode(version)


@every_class
@thorough
@given(data=st.data())
def test_decoding_gives_what_was_encoded(cls: type[ApiMessage], data: st.DataObject) -> None:
    message, version, body = data.draw(encoded(cls))
    assert cls.decode(body, version) == message
    assert cls.decode(bytearray(body), version) == message
    assert cls.decode(memoryview(b"head" + body)[4:], version) == message


@every_class
@thorough
@given(data=st.data())
def test_a_cut_off_body_is_malformed_at_every_length(
    cls: type[ApiMessage], data: st.DataObject
) -> None:
    _, version, body = data.draw(encoded(cls))
    for length in range(len(body)):
        with pytest.raises(MalformedDataError, match=f"{cls.__name__} v{version}"):
            cls.decode(body[:length], version)


@every_class
@thorough
@given(data=st.data(), rest=st.binary(min_size=1, max_size=9))
def test_bytes_behind_the_body_are_malformed(
    cls: type[ApiMessage], data: st.DataObject, rest: bytes
) -> None:
    _, version, body = data.draw(encoded(cls))
    with pytest.raises(MalformedDataError, match=f"{len(rest)} bytes too many"):
        cls.decode(body + rest, version)


@every_class
@thorough
@given(data=st.data())
def test_garbage_is_a_message_or_malformed(cls: type[ApiMessage], data: st.DataObject) -> None:
    version = data.draw(versions_of(cls))
    with suppress(MalformedDataError):
        cls.decode(data.draw(st.binary(max_size=200)), version)


@every_class
@thorough
@given(data=st.data())
def test_a_damaged_body_is_a_message_or_malformed(
    cls: type[ApiMessage], data: st.DataObject
) -> None:
    _, version, body = data.draw(encoded(cls).filter(lambda drawn: drawn[2]))
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        damaged[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    with suppress(MalformedDataError):
        cls.decode(damaged, version)
    # No view is left on the frame, in an exception's traceback neither: it can be reused.
    damaged.clear()


@every_class
def test_a_value_that_a_version_cannot_carry_is_refused(cls: type[ApiMessage]) -> None:
    refused = 0
    for version in cls.valid_versions:
        for spec in cls.fields:
            if version in spec.versions:
                continue
            message = _simplest(cls, version)
            setattr(message, spec.name, _something(spec.type, spec.default))
            if spec.ignorable:
                assert message.encode(version) == _simplest(cls, version).encode(version)
                continue
            with pytest.raises(UnsupportedVersion) as caught:
                message.encode(version)
            for part in (cls.__name__, f"v{version}", spec.name, str(spec.versions.start)):
                assert part in str(caught.value)
            refused += 1
    lacking = [
        spec
        for spec in cls.fields
        if not spec.ignorable and any(v not in spec.versions for v in cls.valid_versions)
    ]
    assert (refused > 0) == bool(lacking)


def _simplest(cls: type[ApiMessage], version: int) -> ApiMessage:
    """A message whose required fields hold next to nothing."""
    return cls(**{spec.name: _nothing(spec.type) for spec in cls.fields if spec.required})


def _nothing(wire: object) -> object:
    if isinstance(wire, Sized):
        return "" if wire.text else b""
    if isinstance(wire, StructOf):
        return wire.struct(**{s.name: _nothing(s.type) for s in wire.struct.fields if s.required})
    return [] if type(wire).__name__ == "ArrayOf" else 0


def _something(wire: object, default: object) -> object:
    """A value other than the default."""
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default - 1
    if isinstance(wire, Sized):
        return "x" if wire.text else b"x"
    if isinstance(default, bytes):
        return b"u" * 16
    if isinstance(wire, StructOf):
        inner = wire.struct()
        first = inner.fields[0]
        setattr(inner, first.name, _something(first.type, first.default))
        return inner
    return ["x"]
