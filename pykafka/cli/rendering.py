"""A message as bytes for standard output."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from typing import Any, TypeAlias

from ..exceptions import InvalidOptionError
from ..message import Message

__all__ = ["FIELDS", "Render", "json_render", "make_render"]

Render: TypeAlias = Callable[[Message], bytes]

#: What a format may name, in the order in which JSON shows it.
FIELDS = ("topic", "partition", "offset", "timestamp", "key", "value")
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r", r"\0": "\0", r"\\": "\\"}


def make_render(topic: str, template: str, raw: bool) -> Render:
    r"""A function that fills a template such as ``{partition}:{offset} {value}\n``.

    :param raw: keys and values as they are; otherwise what is not UTF-8 is replaced.
    :raises InvalidOptionError: the template names something else than :data:`FIELDS`.
    """
    pieces = _pieces(template)

    def render(message: Message) -> bytes:
        parts = []
        for literal, name in pieces:
            parts.append(literal)
            if name is not None:
                found = _field(message, topic, name)
                if found is None:
                    continue
                if not isinstance(found, bytes):
                    found = str(found).encode()
                elif not raw:
                    found = found.decode("utf-8", "replace").encode()
                parts.append(found)
        return b"".join(parts)

    return render


def _pieces(template: str) -> list[tuple[bytes, str | None]]:
    """Pairs of text and the field after it."""
    text = re.sub(r"\\[ntr0\\]", lambda found: _ESCAPES[found[0]], template)
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise InvalidOptionError(f"--format {template!r}: {error}") from error
    for _, name, spec, conversion in parsed:
        if name is not None and (name not in FIELDS or spec or conversion):
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise InvalidOptionError(f"--format {template!r}: the fields are {known}")
    return [(literal.encode(), name) for literal, name, _, _ in parsed]


def _field(message: Message, topic: str, name: str) -> Any:
    if name == "topic":
        return topic
    if name == "partition":
        return message.partition_id
    if name == "timestamp":
        # The oldest message format has none.
        return message.timestamp if message.protocol_version else None
    if name == "key":
        return message.partition_key
    return getattr(message, name)


def json_render(topic: str) -> Render:
    """A function that makes one line of JSON, with :data:`FIELDS` as names.

    A key or value that is no UTF-8 stands under ``key_base64`` or ``value_base64`` instead.
    """

    def render(message: Message) -> bytes:
        line: dict[str, Any] = {}
        for name in FIELDS:
            found = _field(message, topic, name)
            try:
                line[name] = found.decode("utf-8") if isinstance(found, bytes) else found
            except UnicodeDecodeError:
                line[f"{name}_base64"] = base64.b64encode(found).decode("ascii")
        return json.dumps(line).encode() + b"\n"

    return render
