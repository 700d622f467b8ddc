"""How many messages may be queued before somebody has to look."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable

__all__ = ["Permits"]

#: Taking them back goes through those that are left.
_MOST = 10_000


class Permits:
    """Each message uses one up, which takes no lock.

    They end where somebody has to look, and are taken back when something happens: a message
    whose permit is another one than :attr:`take` when it was queued has to be looked at, too.
    Giving and taking back are for one thread at a time.

    :ivar take: uses one up; raises ``StopIteration`` where there is none.
    """

    def __init__(self) -> None:
        #: Those that were given, ever.
        self._given = 0
        self.take: Callable[[], None]
        self._renew(0)

    def _renew(self, count: int) -> None:
        self._left = itertools.repeat(None, count)
        # Another object each time: who had one sees that it is gone.
        self.take = self._left.__next__

    @property
    def used(self) -> int:
        """How many were used, ever."""
        return self._given - operator.length_hint(self._left)

    def give(self, count: int) -> None:
        """Let so many be used, or a few less, and no others."""
        self.take_back()
        count = min(count, _MOST)
        if count > 0:
            self._given += count
            self._renew(count)

    def take_back(self) -> None:
        """Let none be used."""
        # One call in C, so that no thread uses one up in between.
        self._given -= len(list(self._left))
        self._renew(0)

    def use_one(self) -> None:
        """A message that was looked at needs none, and counts."""
        self._given += 1
