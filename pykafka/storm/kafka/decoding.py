"""From rows to the values of tuples."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from ...exceptions import InvalidOptionError, InvalidOptionTypeError
from ...message import Bare, Message, SharedFields
from ...options import Settings
from ...runtime.consumer.source import Row

__all__ = ["PARTS", "Rejected", "Translation", "decoder_named", "message_of", "output_fields"]

#: Fields that are a message's own.
PARTS = ("topic", "partition", "offset", "timestamp", "key", "value", "headers")


class Rejected(NamedTuple):
    """A message of which no values could be made."""

    reason: str


#: Values for the default stream; values and stream; nothing to emit; or that it cannot be.
Outcome: TypeAlias = "list[Any] | tuple[list[Any], str] | Rejected | None"


def message_of(row: Row, shared: SharedFields) -> Message:
    """A row as users know it, with bytes for value and key."""
    message: Message = Bare()
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
        translator = settings.translator
        self._make = _by_fields(settings) if translator is None else _by_function(translator)

    def __call__(self, rows: Sequence[Row], shared: SharedFields) -> list[Outcome]:
        """What becomes of each row; nothing is raised."""
        values = [row[3] for row in rows]
        if None in values or max(map(len, values)) > self._max_bytes:  # type: ignore[arg-type]  # none is None
            return [self._guarded(row, shared) for row in rows]
        try:
            return self._make(rows, shared)
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
            return self._make([row], shared)[0]
        except Exception as error:  # noqa: BLE001 - whatever users raise rejects the message
            return Rejected(f"{type(error).__name__}: {error}")


class _Slice(NamedTuple):
    """Rows, with what was made of their values.

    :ivar members: the decoded values, shared among several fields.
    """

    rows: Sequence[Row]
    shared: SharedFields
    decoded: list[Any]
    members: Sequence[Mapping[str, Any]]


_Make: TypeAlias = Callable[[Sequence[Row], SharedFields], "list[Outcome]"]
#: One field of all rows.
_Column: TypeAlias = Callable[[_Slice], "list[Any]"]


def _by_function(translator: Callable[[Message], Any]) -> _Make:
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

    return lambda rows, shared: [one(row, shared) for row in rows]


def _by_fields(settings: Settings) -> _Make:
    """The fields one after the other, each for all rows: several times as fast as row by row."""
    names = output_fields(settings.fields)
    decode = decoder_named("decoder", settings.decoder)
    columns = _columns(settings, names)
    others = [name for name in names if name not in PARTS]
    wants_value = bool(others) or "value" in names

    def make(rows: Sequence[Row], shared: SharedFields) -> list[Outcome]:
        decoded: list[Any] = []
        if wants_value:
            decoded = [None if row[3] is None else decode(row[3]) for row in rows]
        members = [_members(value, others) for value in decoded] if len(others) > 1 else []
        found = _Slice(rows, shared, decoded, members)
        return list(map(list, zip(*[column(found) for column in columns], strict=True)))

    return make


def _columns(settings: Settings, names: Sequence[str]) -> list[_Column]:
    decode_key = decoder_named("key_decoder", settings.key_decoder)

    def key(found: _Slice) -> list[Any]:
        return [None if row[2] is None else decode_key(row[2]) for row in found.rows]

    parts: dict[str, _Column] = {
        "topic": lambda found: [_topic(found.shared)] * len(found.rows),
        "partition": lambda found: [found.shared.partition_id] * len(found.rows),
        "offset": lambda found: [row[0] for row in found.rows],
        "timestamp": lambda found: [row[1] for row in found.rows],
        "key": key,
        "value": lambda found: found.decoded,
        "headers": lambda found: [_headers(message_of(row, found.shared)) for row in found.rows],
    }
    others = [name for name in names if name not in PARTS]
    if len(others) == 1:
        parts[others[0]] = parts["value"]
    else:
        parts |= {name: _member(name) for name in others}
    return [parts[name] for name in names]


def _member(name: str) -> _Column:
    return lambda found: [each[name] for each in found.members]


def _topic(shared: SharedFields) -> str:
    assert shared.partition is not None
    return str(shared.partition.topic.name.decode())


def _members(decoded: Any, names: Sequence[str]) -> dict[str, Any]:
    """The decoded value, shared among several fields."""
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


def _headers(message: Message) -> list[list[str | None]]:
    return [
        [name, None if value is None else value.decode("utf-8", "backslashreplace")]
        for name, value in message.headers
    ]
