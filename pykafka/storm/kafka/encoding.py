"""From values of tuples to bytes of messages."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
from collections.abc import Callable
from typing import Any

from ...exceptions import InvalidMessageTypeError, InvalidOptionError

__all__ = ["Encoder", "encoder_of"]

#: Makes bytes, or None for a message without value.
Encoder = Callable[[Any], "bytes | None"]

_json_text = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def encoder_of(named: Any) -> Encoder:
    """The encoder that an option means.

    Those that have a name leave None as it is: a null, which is a tombstone in a compacted topic.

    :param named: a function, or a name.
    :raises InvalidOptionError: there is none of that name.
    """
    if callable(named):
        return _checked(named)
    if named == "json":
        return _from_json
    if named == "base64":
        return _from_base64
    try:
        codec = codecs.lookup(named).name
        "".encode(codec)
    except (LookupError, TypeError) as error:
        raise InvalidOptionError(
            f"there is no encoder {named!r}: it is a function, 'json', 'base64', or one of"
            " Python's text encodings, such as 'utf-8'"
        ) from error
    return _text_encoder(codec)


def _text_encoder(codec: str) -> Encoder:
    def encode(value: Any) -> bytes | None:
        if type(value) is str:
            return value.encode(codec)
        return None if value is None else _refuse(codec, value)

    return encode


def _from_json(value: Any) -> bytes | None:
    return None if value is None else _json_text(value).encode()


def _from_base64(value: Any) -> bytes | None:
    if value is None:
        return None
    if type(value) is not str:
        return _refuse("base64", value)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}: {value!r:.60}") from error


def _refuse(encoder: str, value: Any) -> bytes:
    raise InvalidMessageTypeError(
        f"the encoder {encoder!r} takes text, not {type(value).__name__}: {value!r:.60}; there is"
        " the encoder 'json'"
    )


def _checked(function: Callable[[Any], Any]) -> Encoder:
    def encode(value: Any) -> bytes | None:
        made = function(value)
        if type(made) is bytes or made is None:
            return made
        raise InvalidMessageTypeError(
            f"the encoder must give bytes or None, not {type(made).__name__}: {made!r:.60}"
        )

    return encode
