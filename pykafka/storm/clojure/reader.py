"""From Clojure source to forms. What topologies have no use for is refused, with its place."""

from __future__ import annotations

import re

from ..exceptions import TopologyError
from .forms import Form, Kind

__all__ = ["read_forms"]

#: Lists within lists; more is no topology, and Python's own stack is finite.
_DEPTH = 100

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_SEQUENCES: dict[str, Kind] = {"(": "list", "[": "vector"}
_IGNORED = re.compile(r"(?:[\s,]+|;[^\n\r]*)+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[0-3]?[0-7]{1,2}|.)", re.DOTALL)
_TOKEN = re.compile(r"[^\s,;\"()\[\]{}@^`~\\]+")
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", "\\": "\\", '"': '"'}
_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|([1-9][0-9]?)[rR]([0-9a-zA-Z]+)|([0-9]+))N?")
_FLOAT = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)M?")
_SYMBOL = re.compile(r"[A-Za-z*+!_?<>=$&%.|/-][\w*+!?<>=$&%.|/:#'-]*")
_WORDS: dict[str, tuple[Kind, bool | None]] = {
    "true": ("boolean", True),
    "false": ("boolean", False),
    "nil": ("nil", None),
}
_REFUSED = {
    "'": "a quote",
    "`": "a syntax quote",
    "~": "an unquote",
    "@": "a deref",
    "^": "metadata",
    "\\": "a character",
    "#": "a reader macro",
}


def read_forms(text: str, name: str) -> list[Form]:
    """All forms of a source text.

    :param name: of its file, for messages.
    :raises TopologyError: it is not well formed, or uses what is not read here. The message
        begins with ``name:line:column``.
    """
    return _Reader(text, name).forms()


class _Reader:
    """A position in a text."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._at = 0
        self._depth = 0

    def forms(self) -> list[Form]:
        return self._until(None, 0)

    def _until(self, closing: str | None, opened: int) -> list[Form]:
        """The forms up to a closing bracket, which is passed, or to the end."""
        found: list[Form] = []
        while True:
            self._skip()
            if self._at == len(self._text):
                if closing is not None:
                    raise self._mistake(f"{self._text[opened]!r} is never closed", opened)
                return found
            sign = self._text[self._at]
            if sign in ")]}":
                if sign != closing:
                    wanted = f"; {closing!r} was expected" if closing else ""
                    raise self._mistake(f"{sign!r} closes nothing{wanted}", self._at)
                self._at += 1
                return found
            found.append(self._form())

    def _skip(self) -> None:
        """Pass over white space, comments and forms that ``#_`` discards."""
        while True:
            ignored = _IGNORED.match(self._text, self._at)
            if ignored:
                self._at = ignored.end()
            if not self._text.startswith("#_", self._at):
                return
            start = self._at
            self._at += 2
            self._nest(start)
            self._skip()
            if self._at == len(self._text) or self._text[self._at] in ")]}":
                raise self._mistake("#_ discards the next form, and there is none", start)
            self._form()
            self._depth -= 1

    def _nest(self, at: int) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._mistake(f"more than {_DEPTH} forms within one another", at)

    def _form(self) -> Form:
        start = self._at
        sign = self._text[start]
        if sign in _CLOSES:
            self._nest(start)
            self._at += 1
            inner = self._until(_CLOSES[sign], start)
            self._depth -= 1
            return (
                self._map(inner, start)
                if sign == "{"
                else self._made(_SEQUENCES[sign], tuple(inner), start)
            )
        if sign == '"':
            return self._string(start)
        if sign in _REFUSED:
            raise self._mistake(f"{_REFUSED[sign]} ({sign}) is not read here", start)
        token = _TOKEN.match(self._text, start)
        assert token is not None
        self._at = token.end()
        return self._atom(token.group(), start)

    def _map(self, inner: list[Form], start: int) -> Form:
        if len(inner) % 2:
            raise self._mistake("a map needs a value for each key", start)
        pairs = tuple(zip(inner[::2], inner[1::2], strict=True))
        seen: set[str] = set()
        for key, _ in pairs:
            if str(key) in seen:
                raise TopologyError(
                    f"{self._name}:{key.line}:{key.column}: the key {key} is there twice"
                )
            seen.add(str(key))
        return self._made("map", pairs, start)

    def _string(self, start: int) -> Form:
        match = _STRING.match(self._text, start)
        if match is None:
            raise self._mistake("the string is never closed", start)
        self._at = match.end()
        text = _ESCAPE.sub(lambda escape: self._unescaped(escape, match.start(1)), match[1])
        try:
            # Characters beyond U+FFFF are written as Java has them: two halves.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._mistake("half a character in a string", start) from None
        return self._made("string", text, start)

    def _unescaped(self, escape: re.Match[str], offset: int) -> str:
        code = escape[1]
        if code in _ESCAPES:
            return _ESCAPES[code]
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8))
        raise self._mistake(f"\\{code} is no escape", offset + escape.start())

    def _atom(self, token: str, start: int) -> Form:
        if token in _WORDS:
            return self._made(*_WORDS[token], start)
        if token[0].isdigit() or (token[0] in "+-" and token[1:2].isdigit()):
            return self._made("number", self._number(token, start), start)
        if token[0] == ":":
            name = token[1:]
            if not name or name.startswith(":") or name.endswith(":"):
                raise self._mistake(f"{token} is no keyword that is read here", start)
            return self._made("keyword", name, start)
        if not _SYMBOL.fullmatch(token):
            raise self._mistake(f"{token} is nothing that is read here", start)
        return self._made("symbol", token, start)

    def _number(self, token: str, start: int) -> int | float:
        integer = _INTEGER.fullmatch(token)
        try:
            if integer:
                sign, hexadecimal, radix, digits, plain = integer.groups()
                if radix:
                    number = int(digits, int(radix))
                elif hexadecimal:
                    number = int(hexadecimal, 16)
                else:
                    # As in Java, a leading zero makes it octal.
                    number = int(plain, 8 if plain.startswith("0") else 10)
                return -number if sign == "-" else number
            real = _FLOAT.fullmatch(token)
            if real:
                return float(real[1])
        except ValueError:
            pass
        raise self._mistake(f"{token} is no number that is read here", start)

    def _made(self, kind: Kind, value: object, start: int) -> Form:
        line, column = self._place(start)
        return Form(kind, value, line, column)

    def _place(self, at: int) -> tuple[int, int]:
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)

    def _mistake(self, why: str, at: int) -> TopologyError:
        line, column = self._place(at)
        return TopologyError(f"{self._name}:{line}:{column}: {why}")
