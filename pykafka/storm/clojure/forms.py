"""What Clojure source consists of, as far as topologies need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Form", "Kind"]

Kind = Literal["list", "vector", "map", "string", "keyword", "symbol", "number", "boolean", "nil"]


@dataclass(frozen=True)
class Form:
    """One form, and where it begins.

    :ivar kind: what it is.
    :ivar value: of lists and vectors a tuple of forms; of maps a tuple of pairs of forms; of
        keywords and symbols the name, without the colon; of the others the Python value.
    :ivar line: in its file, from 1.
    :ivar column: in its line, from 1.
    """

    kind: Kind
    value: Any
    line: int = field(default=0, compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)

    def is_symbol(self, name: str) -> bool:
        """Whether it is the symbol of this name."""
        return self.kind == "symbol" and self.value == name

    def __str__(self) -> str:
        """As in the source, for messages."""
        if self.kind == "list":
            return f"({' '.join(map(str, self.value))})"
        if self.kind == "vector":
            return f"[{' '.join(map(str, self.value))}]"
        if self.kind == "map":
            return f"{{{' '.join(f'{key} {value}' for key, value in self.value)}}}"
        if self.kind == "string":
            escaped = str(self.value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        if self.kind == "nil":
            return "nil"
        if self.kind == "boolean":
            return "true" if self.value else "false"
        return f":{self.value}" if self.kind == "keyword" else str(self.value)
