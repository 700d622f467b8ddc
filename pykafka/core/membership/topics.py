"""Which topics a member of a group wants to read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["WantedTopics"]

#: Topics of the brokers' own, which no pattern means.
_INTERNAL = "__"


class WantedTopics(NamedTuple):
    """Topics by name, or all whose whole name matches a pattern."""

    names: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    def among(self, existing: Iterable[str]) -> list[str]:
        """The wanted topics, sorted; of a pattern those that exist."""
        if self.pattern is None:
            return sorted(self.names)
        return sorted(
            name
            for name in existing
            if self.pattern.fullmatch(name) and not name.startswith(_INTERNAL)
        )

    def __str__(self) -> str:
        return ", ".join(self.names) if self.pattern is None else self.pattern.pattern
