"""How messages become bytes: JSON, or what is named for both sides."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import chain
from typing import Any, Protocol

from ...exceptions import InvalidOptionError
from ..exceptions import SerializationError
from . import fast_json

__all__ = ["JsonSerializer", "ProtocolError", "Serializer", "serializer"]

#: Ends a message: a line of its own.
_END = b"\nend\n"


class ProtocolError(SerializationError):
    """What came in is no message."""


class Serializer(Protocol):
    """Frames and encodes messages. The Java side is named by ``topology.multilang.serializer``."""

    def encode(self, message: Any) -> bytes:
        """The bytes of one message, its end included.

        :raises SerializationError: a value cannot be encoded.
        """

    def encode_acks(self, ids: list[str]) -> bytes:
        """The bytes of an ``ack`` for each of these ids; there is at least one."""

    # May have encode_emits(), as JsonSerializer has it.

    def feed(self, data: bytes) -> list[Any]:
        """The messages that are complete with these bytes; what is left waits for the next ones.

        :raises ProtocolError: something is no message.
        """


_EMIT = b'{"command":"emit",'
_ACK, _ACK_END = b'{"command":"ack","id":', b"}" + _END
_BETWEEN_ACKS = b'"' + _ACK_END + _ACK + b'"'


class JsonSerializer:
    """JSON, each message followed by a line ``end``: what Storm speaks by itself."""

    def __init__(self) -> None:
        self._rest = b""

    def encode(self, message: Any) -> bytes:
        """The bytes of one message.

        :raises SerializationError: a value is none of JSON's, or is NaN or infinite.
        """
        return fast_json.dumps(message) + _END

    def encode_acks(self, ids: list[str]) -> bytes:
        """The bytes of an ``ack`` for each of these ids, which are not empty, and all texts."""
        # Encoded as one list. A quote within a text is escaped: what parts two texts is nowhere
        # else.
        return _ACK + fast_json.dumps(ids)[1:-1].replace(b'","', _BETWEEN_ACKS) + _ACK_END

    def encode_emits(
        self, tuples: Sequence[Sequence[Any]], tup_ids: Sequence[str] | None
    ) -> bytes | None:
        """The bytes of an ``emit`` into the default stream for each of these tuples, at least one.

        :param tup_ids: one for each, or none for all.
        :returns: ``None`` if they cannot be encoded together: a value is no text, integer,
            boolean or null.
        """
        if not fast_json.are_plain(chain.from_iterable(tuples)):
            return None
        emit = {"command": "emit", "need_task_ids": False}
        messages: list[dict[str, Any]]
        if tup_ids is None:
            messages = [{**emit, "tuple": values} for values in tuples]
        else:
            messages = [
                {**emit, "id": tup_id, "tuple": values}
                for tup_id, values in zip(tup_ids, tuples, strict=True)
            ]
        try:
            data = fast_json.dumps_plain(messages)
        except SerializationError:
            return None
        # Encoded as one list. There are no objects within these values, and a quote within a text
        # is escaped: what parts two messages is nowhere else.
        return data[1:-1].replace(b"}," + _EMIT, b"}" + _END + _EMIT) + _END

    def feed(self, data: bytes) -> list[Any]:
        """The messages that are complete with these bytes.

        :raises ProtocolError: something is no JSON.
        """
        if self._rest:
            data = self._rest + data
        end = data.rfind(_END)
        if end < 0:
            self._rest = data
            return []
        self._rest = data[end + len(_END) :]
        return _decode(data[:end])


def _decode(data: bytes) -> list[Any]:
    # All at a time: a raw line feed cannot stand within JSON's strings, so what looks like an end
    # is one.
    try:
        messages: list[Any] = fast_json.loads(b"[" + data.replace(_END, b",") + b"]")
    except ValueError:
        return [_decode_one(part) for part in data.split(_END)]
    return messages


def _decode_one(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise ProtocolError(
            f"{data[:200].decode('utf-8', 'replace')!r} is no JSON ({error}). Only Storm, or who"
            " speaks its multilang protocol, can write to a component's standard input."
        ) from error


#: Name -> what makes a serializer of one process.
_KNOWN: dict[str, Callable[[], Serializer]] = {"json": JsonSerializer}


def serializer(name: str = "json") -> Serializer:
    """A new serializer.

    :param name: ``json``, or ``package.module:Class`` of one that is installed where the
        component runs.
    :raises InvalidOptionError: there is none of that name.
    """
    if name in _KNOWN:
        return _KNOWN[name]()
    module, _, attribute = name.partition(":")
    try:
        made: Serializer = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidOptionError(
            f"serializer {name!r}: {error}. It is 'json', or 'package.module:Class' with encode(),"
            " encode_acks() and feed(); its Java side is set by topology.multilang.serializer."
        ) from error
    return made
