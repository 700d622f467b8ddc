"""From tuples to messages: which field is what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ...exceptions import InvalidOptionError, UsageError
from ...options import Settings
from ..components.tuples import Tuple
from .encoding import encoder_of

__all__ = ["Composer", "Composition"]

#: What the value's field is called where nobody says.
_VALUE_NAMES = ("message", "value")


class Composition(NamedTuple):
    """What is sent of a tuple; without a topic, nothing."""

    topic: str | None
    key: bytes | None
    value: bytes | None


class _Layout(NamedTuple):
    """Where the parts of a message stand in the tuples of one stream."""

    topic: int | None
    key: int | None
    value: Callable[[Sequence[Any]], Any]


class Composer:
    """Makes messages of tuples.

    :param settings: those of a bolt.
    :param fields: component -> stream -> fields, of the bolt's input.
    :ivar topic: the one topic; None if a field says it.
    :raises InvalidOptionError: a field that is asked for is missing, or it is not clear which one
        is meant; or there is no such encoder.
    """

    def __init__(
        self, settings: Settings, fields: Mapping[str, Mapping[str, Sequence[str]]]
    ) -> None:
        self._settings = settings
        self.topic = _text(settings.topic)
        self._encode = encoder_of(settings.encoder)
        self._encode_key = encoder_of(settings.key_encoder)
        self._layouts: dict[tuple[str | None, str], _Layout] = {
            (component, stream): self._layout(f"stream {stream!r} of {component}", list(names))
            for component, streams in fields.items()
            for stream, names in streams.items()
        }

    def __call__(self, tup: Tuple) -> Composition:
        """The message of a tuple.

        :raises Exception: an encoder does not take the value.
        """
        values = tup.values
        layout = self._layouts.get((tup.component, tup.stream))
        if layout is None:
            raise UsageError(f"nothing is known of the fields of {tup.component}/{tup.stream}")
        topic = self.topic if layout.topic is None else values[layout.topic]
        if topic is None:
            return _NOTHING
        if type(topic) is not str:
            raise UsageError(
                f"the field {self._settings.topic_field!r} must be the name of a topic or None,"
                f" not {topic!r:.60}"
            )
        key = None if layout.key is None else self._encode_key(values[layout.key])
        return Composition(topic, key, self._encode(layout.value(values)))

    def _layout(self, where: str, names: list[str]) -> _Layout:
        settings = self._settings
        topic = key = None
        if settings.topic_field is not None:
            topic = _place(where, names, "topic_field", _text(settings.topic_field))
        key_field = _text(settings.key_field)
        if key_field is not None and (key_field != "key" or key_field in names):
            key = _place(where, names, "key_field", key_field)
        chosen = settings.value_field
        if chosen is None:
            left = [place for place in range(len(names)) if place not in {topic, key}]
            return _Layout(topic, key, itemgetter(_default_value(where, names, left)))
        if isinstance(chosen, (list, tuple)):
            places = [_place(where, names, "value_field", name) for name in chosen]
            return _Layout(topic, key, _dictionary([str(name) for name in chosen], places))
        return _Layout(topic, key, itemgetter(_place(where, names, "value_field", _text(chosen))))


_NOTHING = Composition(None, None, None)


def _default_value(where: str, names: list[str], left: list[int]) -> int:
    for name in _VALUE_NAMES:
        if name in names and names.index(name) in left:
            return names.index(name)
    if len(left) == 1:
        return left[0]
    raise InvalidOptionError(
        f"option value_field must say which of the fields {', '.join(names) or '(none)'} of {where}"
        " is the message's value"
    )


def _place(where: str, names: list[str], option: str, name: Any) -> int:
    if name not in names:
        raise InvalidOptionError(
            f"option {option}: {where} has no field {name!r}; its fields: {', '.join(names)}"
        )
    return names.index(name)


def _dictionary(names: list[str], places: list[int]) -> Callable[[Sequence[Any]], Any]:
    pairs = list(zip(names, places, strict=True))
    return lambda values: {name: values[place] for name, place in pairs}


def _text(name: str | bytes | None) -> str | None:
    return name.decode() if isinstance(name, bytes) else name
