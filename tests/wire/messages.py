"""All message classes, and random instances of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pykafka.wire.messages import API_NAMES, request_class
from pykafka.wire.primitives import (
    BOOL,
    INT8,
    INT16,
    INT32,
    INT64,
    UUID,
    ArrayOf,
    Sized,
    StructOf,
    WireType,
)
from pykafka.wire.schema import ApiMessage, Struct

__all__ = ["CLASSES", "instances", "versions_of"]

REQUESTS = [request_class(key) for key in API_NAMES]
CLASSES: list[type[ApiMessage]] = [c for r in REQUESTS for c in (r, r.response)]


def _integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


_FIXED: dict[WireType[Any], st.SearchStrategy[Any]] = {
    BOOL: st.booleans(),
    INT8: _integers(8),
    INT16: _integers(16),
    INT32: _integers(32),
    INT64: _integers(64),
    UUID: st.binary(min_size=16, max_size=16),
}
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_BINARY = st.binary(max_size=12)


def versions_of(cls: type[ApiMessage]) -> st.SearchStrategy[int]:
    return st.sampled_from(list(cls.valid_versions))


def instances(cls: type[Struct], version: int) -> st.SearchStrategy[Any]:
    """Instances with random values in the fields that ``version`` has."""
    values = {}
    for spec in cls.fields:
        if version in spec.versions:
            value = _values(spec.type, version)
            values[spec.name] = st.none() | value if version in spec.nullable else value
    return st.builds(cls, **values)


def _values(wire: WireType[Any], version: int) -> st.SearchStrategy[Any]:
    if isinstance(wire, StructOf):
        return instances(wire.struct, version)
    if isinstance(wire, ArrayOf):
        return st.lists(_values(wire.element, version), max_size=3)
    if isinstance(wire, Sized):
        return _TEXT if wire.text else _BINARY
    return _FIXED[wire]
