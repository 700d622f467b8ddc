"""From rows to the values of tuples."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from ...exceptions import InvalidOptionError, InvalidOptionTypeError
from ...message import Message, SharedFields
from ...options import Settings
from ...runtime.consumer.source import Row

__all__ = ["PARTS", "Rejected", "Translation", "decoder_named", "message_of", "output_fields"]

#: Fields that are a message's own.
PARTS = ("topic", "partition", "offset", "timestamp", "key", "value", "headers")

_new = Message.__new__


class Rejected(NamedTuple):
    """A message of which no values could be made."""

    reason: str


#: Values for the default stream; values and stream; nothing to emit; or that it cannot be.
Outcome: TypeAlias = "list[Any] | tuple[list[Any], str] | Rejected | None"


def message_of(row: Row, shared: SharedFields) -> Message:
    """A row as users know it, with bytes for value and key."""
    message = _new(Message)
    message.offset, message.timestamp, message.partition_key, message.value = row
    message._shared = shared
    return message


def decoder_named(option: str, given: Any) -> Callable[[bytes], Any]:
    """The function that an option's value stands for.

    :raises InvalidOptionError: it stands for none.
    """
    if callable(given):
        function: Callable[[bytes], Any] = given
        return function
    if given == "json":
        from ..multilang import fast_json

        return fast_json.loads
    if given == "utf-8":
        return bytes.decode
    if given == "latin-1":
        return lambda data: data.decode("latin-1")
    if given == "base64":
        return lambda data: base64.b64encode(data).decode("ascii")
    raise InvalidOptionError(
        f"option {option} must be 'utf-8', 'json', 'base64', 'latin-1', a function or its dotted"
        f" path, not {given!r}"
    )


def output_fields(given: Any) -> list[str]:
    """The names in option ``fields``.

    :raises InvalidOptionTypeError: these are no names.
    """
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise InvalidOptionTypeError(f"option fields must be a list of names, not {given!r}")
    if not names or len(set(names)) < len(names):
        raise InvalidOptionError(f"option fields must be different names, not {given!r}")
    return list(names)


class Translation:
    """Makes what is emitted of rows, by the spout's options.

    :raises InvalidOptionError: decoders or fields are none.
    """

    def __init__(self, settings: Settings) -> None:
        self._max_bytes = settings.max_value_bytes
        self._skip_null = settings.tombstones == "skip"
        self._many: _Many | None = None
        if settings.translator is not None:
            self._one = _by_function(settings.translator)
        else:
            self._one = _by_fields(settings)
            self._many = _by_columns(settings)

    def __call__(self, rows: Sequence[Row], shared: SharedFields) -> list[Outcome]:
        """What becomes of each row; nothing is raised."""
        one, many = self._one, self._many
        values = [row[3] for row in rows]
        if None in values or max(map(len, values)) > self._max_bytes:  # type: ignore[arg-type]  # none is None
            return [self._guarded(row, shared) for row in rows]
        try:
            return [one(row, shared) for row in rows] if many is None else many(rows, shared)
        except Exception:  # noqa: BLE001 - whatever users raise rejects that message alone
            return [self._guarded(row, shared) for row in rows]

    def _guarded(self, row: Row, shared: SharedFields) -> Outcome:
        value = row[3]
        if value is None and self._skip_null:
            return None
        if value is not None and len(value) > self._max_bytes:
            return Rejected(
                f"its value has {len(value)} bytes, max_value_bytes is {self._max_bytes}"
            )
        try:
            return self._one(row, shared)
        except Exception as error:  # noqa: BLE001 - whatever users raise rejects the message
            return Rejected(f"{type(error).__name__}: {error}")


_One: TypeAlias = Callable[[Row, SharedFields], Outcome]
#: The same for rows that all have a value.
_Many: TypeAlias = Callable[[Sequence[Row], SharedFields], "list[Outcome]"]


def _by_function(translator: Callable[[Message], Any]) -> _One:
    def one(row: Row, shared: SharedFields) -> Outcome:
        found = translator(message_of(row, shared))
        if found is None or type(found) is list:
            return found
        if type(found) is tuple and len(found) == 2 and isinstance(found[1], str):
            values, stream = found
            return list(values), stream
        raise TypeError(
            "the translator returned what is neither a list of values, nor (values, stream), nor"
            f" None: {found!r}"
        )

    return one


def _by_fields(settings: Settings) -> _One:
    names = output_fields(settings.fields)
    decode = decoder_named("decoder", settings.decoder)
    others = [name for name in names if name not in PARTS]
    if len(names) == 1 and names[0] in ("value", *others):

        def only(row: Row, shared: SharedFields) -> Outcome:
            value = row[3]
            return [None if value is None else decode(value)]

        return only
    makers = _parts(settings)
    wants_value = bool(others) or "value" in names

    def one(row: Row, shared: SharedFields) -> Outcome:
        value = row[3]
        decoded = decode(value) if wants_value and value is not None else None
        own = _members(decoded, others)
        return [own[name] if name in own else makers[name](row, shared, decoded) for name in names]

    return one


def _by_columns(settings: Settings) -> _Many | None:
    """The fields one after the other, each for all rows, which is several times as fast as row by
    row; ``None`` where a row is to be looked into."""
    names = output_fields(settings.fields)
    others = [name for name in names if name not in PARTS]
    if len(others) > 1 or "headers" in names:
        return None
    decode = decoder_named("decoder", settings.decoder)
    decode_key = decoder_named("key_decoder", settings.key_decoder)
    wants_value = bool(others) or "value" in names

    def many(rows: Sequence[Row], shared: SharedFields) -> list[Outcome]:
        decoded = [decode(row[3]) for row in rows] if wants_value else []  # type: ignore[arg-type]  # none is None
        columns: list[list[Any]] = []
        for name in names:
            if name == "topic":
                columns.append([_topic(shared)] * len(rows))
            elif name == "partition":
                columns.append([shared.partition_id] * len(rows))
            elif name == "offset":
                columns.append([row[0] for row in rows])
            elif name == "timestamp":
                columns.append([row[1] for row in rows])
            elif name == "key":
                columns.append([None if row[2] is None else decode_key(row[2]) for row in rows])
            else:
                columns.append(decoded)
        return list(map(list, zip(*columns, strict=True)))

    return many


def _topic(shared: SharedFields) -> str:
    assert shared.partition is not None
    return str(shared.partition.topic.name.decode())


def _members(decoded: Any, names: Sequence[str]) -> dict[str, Any]:
    """The decoded value, shared among the fields that are not the message's own."""
    if len(names) < 2:
        return dict.fromkeys(names, decoded)
    if decoded is None:
        return dict.fromkeys(names)
    if isinstance(decoded, Mapping):
        return {name: decoded.get(name) for name in names}
    if isinstance(decoded, Sequence) and not isinstance(decoded, (str, bytes)):
        if len(decoded) == len(names):
            return dict(zip(names, decoded, strict=True))
        raise ValueError(f"{len(decoded)} items for the fields {', '.join(names)}")
    raise TypeError(
        f"the decoded value is neither a mapping nor a sequence, for the fields {', '.join(names)}:"
        f" {decoded!r}"
    )


def _parts(settings: Settings) -> dict[str, Callable[[Row, SharedFields, Any], Any]]:
    decode_key = decoder_named("key_decoder", settings.key_decoder)

    return {
        "topic": lambda row, shared, decoded: _topic(shared),
        "partition": lambda row, shared, decoded: shared.partition_id,
        "offset": lambda row, shared, decoded: row[0],
        "timestamp": lambda row, shared, decoded: row[1],
        "key": lambda row, shared, decoded: None if row[2] is None else decode_key(row[2]),
        "value": lambda row, shared, decoded: decoded,
        "headers": lambda row, shared, decoded: _headers(message_of(row, shared)),
    }


def _headers(message: Message) -> list[list[str | None]]:
    return [
        [name, None if value is None else value.decode("utf-8", "backslashreplace")]
        for name, value in message.headers
    ]
