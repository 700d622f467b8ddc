"""All that is wrong with a topology, collected before any of it is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..exceptions import TopologyError, TopologyTypeError

__all__ = ["Mistakes", "did_you_mean"]


class Mistakes:
    """A list of mistakes that becomes one error."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._wrong_type = False

    def add(self, mistake: str) -> None:
        """Note one, which names component, stream and field as far as they are known."""
        self.found.append(mistake)

    def add_type(self, mistake: str) -> None:
        """Note that something is not of the kind that belongs in its place."""
        self._wrong_type = True
        self.add(mistake)

    def raise_any(self) -> None:
        """Raise what was noted.

        :raises TopologyError: something was; a :class:`TopologyTypeError` if a type was wrong.
        """
        if self.found:
            raise (TopologyTypeError if self._wrong_type else TopologyError)(self.found)


def did_you_mean(name: str, known: Iterable[str], what: str) -> str:
    """The end of a message on an unknown name: one that is near, and all there are.

    :param what: what the known ones are, in the plural.
    """
    names = list(known)
    if not names:
        return f"; there are no {what}"
    near = difflib.get_close_matches(name, names, 1)
    guess = f'; did you mean "{near[0]}"?' if near else ";"
    return f"{guess} {what}: {', '.join(names)}"
