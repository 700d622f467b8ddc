"""Which leaders stored what was fetched, and what that tells of another leader's log (KIP-101)."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["EpochHistory", "Met"]

#: (epoch of a leader, offset of the first batch of it that was met)
Met = tuple[int, int]

#: Two would nearly always do: a leader that does not know the last epoch knows the one before.
_KEPT = 8


class EpochHistory:
    """The epochs of leaders in what was fetched since a seek, in their order.

    Asked about its own log, a leader says where an epoch ends in it, or that it does not know
    that epoch. Then the one before is asked about: the logs part where that one ends, or where
    the unknown one began here, whichever comes first.
    """

    __slots__ = ("_common_end", "_met")

    def __init__(self) -> None:
        self._met: list[Met] = []
        #: Where the first epoch began that the leader does not know.
        self._common_end: int | None = None

    @property
    def latest(self) -> int:
        """The epoch to ask about; -1 if none is known."""
        return self._met[-1][0] if self._met else -1

    def add(self, met: Iterable[Met]) -> None:
        """More was fetched."""
        for epoch, offset in met:
            if epoch > self.latest:
                self._met.append((epoch, offset))
        del self._met[:-_KEPT]

    def forget(self) -> None:
        """The position was moved: nothing before it is known."""
        self._met.clear()
        self._common_end = None

    def is_unknown(self) -> bool:
        """The leader does not know the latest epoch; whether another one can be asked about."""
        _, self._common_end = self._met.pop()
        return bool(self._met)

    def parting(self, end_offset: int, fetch_offset: int) -> int | None:
        """Where the logs part, given the end of the latest epoch in the leader's log; ``None`` if
        that holds everything before ``fetch_offset``."""
        common = end_offset if self._common_end is None else min(end_offset, self._common_end)
        return common if common < fetch_offset else None
