"""How many messages may be queued before somebody has to look, and whose turn it is."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Sequence

from ...core.producing import Lane

__all__ = ["Permits"]

#: Taking them back goes through those that are left.
_MOST = 10_000


class Permits:
    """Each message uses one up, which takes no lock, and with it the turn of a lane.

    They end where somebody has to look, and are taken back when something happens: a message
    whose permit is another one than :attr:`take` when it was queued has to be looked at, too.
    All but :attr:`take` and :attr:`used` is for one thread at a time.

    :ivar take: uses one up, and returns the lane whose turn it is; raises ``StopIteration``
        where there is none.
    """

    def __init__(self) -> None:
        #: Those that were given, ever.
        self._given = 0
        self._lanes: Sequence[Lane] = ()
        self._turn = 0
        self.take: Callable[[], Lane]
        self._renew(())

    def _renew(self, turns: Iterable[Lane]) -> None:
        self._left = iter(turns)
        # Another object each time: who had one sees that it is gone.
        self.take = self._left.__next__

    @property
    def used(self) -> int:
        """How many were used, ever."""
        return self._given - operator.length_hint(self._left)

    def share_among(self, lanes: Sequence[Lane]) -> None:
        """From now on it is the turn of these, one after another; there are none until then."""
        self.take_back()
        self._lanes = lanes
        self._turn = 0

    def give(self, count: int) -> None:
        """Let so many be used, or a few less, and no others."""
        self.take_back()
        count = min(count, _MOST)
        if count > 0 and self._lanes:
            self._given += count
            self._renew(self._turns(count))
            self._turn += count

    def _turns(self, count: int) -> Iterable[Lane]:
        lanes = self._lanes
        if len(lanes) == 1:
            return itertools.repeat(lanes[0], count)
        at = self._turn % len(lanes)
        turns = [*lanes[at:], *lanes[:at]]
        return turns * (count // len(lanes)) + turns[: count % len(lanes)]

    def take_back(self) -> None:
        """Let none be used."""
        # One call in C, so that no thread uses one up in between.
        left = len(list(self._left))
        self._given -= left
        self._turn -= left
        self._renew(())

    def use_one(self) -> Lane | None:
        """A message that was looked at needs none, and counts; whose turn it is, if there is
        a lane at all."""
        if not self._lanes:
            return None
        lane = self._lanes[self._turn % len(self._lanes)]
        self._given += 1
        self._turn += 1
        return lane
