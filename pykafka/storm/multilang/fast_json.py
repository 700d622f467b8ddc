"""JSON as strict as the standard library's, by orjson where it is installed.

orjson is several times as fast, and writes NaN as null, reads integers beyond 64 bits as floats
and refuses some of what the standard library takes. Whatever might be that goes to the latter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any, TypeAlias

from ..exceptions import SerializationError

__all__ = ["are_plain", "dumps", "dumps_plain", "loads"]

_encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
#: With it, an integer of 19 digits or more reads as :data:`_LONG`, whatever stands around it.
#: Within a string that costs time, no more. (A regular expression costs as much as decoding.)
_DIGITS = bytes.maketrans(b"-0123456789[:", b"00000000000,,")
_LONG = b"," + b"0" * 19
#: Holds no number that could be NaN, and no other value.
_PLAIN = frozenset({str, int, bool, type(None)})


def _strict_dumps(value: Any) -> bytes:
    try:
        return _encoder.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SerializationError(
            f"cannot be sent through Storm: {error}. Values are strings, numbers, booleans, None,"
            " and lists and dicts of these."
        ) from error


def _finite(values: Iterable[Any]) -> bool:
    """Whether there is no NaN or infinite number in there, for sure."""
    for value in values:
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind is list or kind is tuple:
            finite = _finite(value)
        elif kind is dict:
            finite = _finite(value.values())
        else:
            finite = kind is float and isfinite(value)
        if not finite:
            return False
    return True


def are_plain(values: Iterable[Any]) -> bool:
    """Whether all are texts, integers, booleans or None."""
    return _PLAIN.issuperset(map(type, values))


_Functions: TypeAlias = (
    "tuple[Callable[[Any], bytes], Callable[[Any], bytes], Callable[[bytes], Any]]"
)


def _portable() -> _Functions:
    return _strict_dumps, _strict_dumps, json.loads


def _fast() -> _Functions:
    import orjson

    encode, decode = orjson.dumps, orjson.loads
    # What it would encode in ways of its own.
    options = (
        orjson.OPT_PASSTHROUGH_DATACLASS
        | orjson.OPT_PASSTHROUGH_DATETIME
        | orjson.OPT_PASSTHROUGH_SUBCLASS
    )

    def dumps(value: Any) -> bytes:
        try:
            data = encode(value, None, options)
        except TypeError:
            return _strict_dumps(value)
        # A null may have been NaN.
        return data if b"null" not in data or _finite((value,)) else _strict_dumps(value)

    def dumps_plain(value: Any) -> bytes:
        try:
            return encode(value, None, options)
        except TypeError:
            return _strict_dumps(value)

    def loads(data: bytes) -> Any:
        if _LONG in data.translate(_DIGITS, b" \t"):
            return json.loads(data)
        return decode(data)

    return dumps, dumps_plain, loads


#: ``dumps_plain`` is for what holds no floating-point number.
try:
    dumps, dumps_plain, loads = _fast()
except ImportError:
    dumps, dumps_plain, loads = _portable()
