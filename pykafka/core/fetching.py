"""Which partitions the next fetch asks for, and how long the broker may wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .epoch_history import EpochHistory
from .retry import Backoff

__all__ = ["FetchLimits", "FetchPlan", "FetchState", "plan_fetch"]


class FetchLimits(NamedTuple):
    """The options that bound fetching; see :data:`pykafka.options.CONSUMER`."""

    partition_max_bytes: int
    max_bytes: int
    min_bytes: int
    max_wait_ms: int
    queued_max_messages: int
    queued_max_bytes: int
    backoff: Backoff


class FetchState:
    """What the fetching side knows of one partition; owned by the I/O thread.

    :ivar fetch_offset: what to ask for next; ``None`` while only the consumer's decoding can
        tell (an uncompressed message set is as long as its messages say, one after another).
    :ivar history: the leaders that stored what lies before ``fetch_offset``.
    :ivar leader: (broker id, leader epoch) that metadata named last; ``None`` at first.
    :ivar to_validate: nothing may be asked for until it is known whether the leader's log holds
        what was fetched before.
    :ivar epoch: counts seeks; what was asked under an older one is thrown away.
    :ivar queued_chunks: fetched and not yet taken up by the consumer.
    :ivar queued_bytes: their size.
    :ivar rows_per_byte: as seen so far, to turn bytes into messages; 0 while unknown.
    :ivar stalled: an error stops this partition until the consumer is moved.
    :ivar not_before: when it may be asked for again after a failure, or after it was found
        empty while others could not be asked for.
    """

    __slots__ = (
        "_doubted",
        "epoch",
        "failures",
        "fetch_offset",
        "history",
        "key",
        "leader",
        "not_before",
        "queued_bytes",
        "queued_chunks",
        "rows_per_byte",
        "stalled",
        "to_validate",
    )

    def __init__(self, key: tuple[str, int], fetch_offset: int, epoch: int) -> None:
        self.key = key
        self.leader: tuple[int, int] | None = None
        self.history = EpochHistory()
        self.rows_per_byte = 0.0
        self.queued_chunks = 0
        self.queued_bytes = 0
        self.seek(fetch_offset, epoch)

    def seek(self, fetch_offset: int, epoch: int) -> None:
        """Start again at another offset; what is queued does not count any more."""
        self.fetch_offset: int | None = fetch_offset
        self.epoch = epoch
        self.stalled = False
        self.failures = 0
        self.not_before = 0.0
        self.queued_chunks = 0
        self.queued_bytes = 0
        self.go_on_at(fetch_offset)

    def go_on_at(self, fetch_offset: int) -> None:
        """Ask for another offset next; what is queued comes before it."""
        self.fetch_offset = fetch_offset
        self.history.forget()
        self.to_validate = self._doubted = False

    def follow(self, leader: int, leader_epoch: int) -> None:
        """Metadata name this leader.

        Its log may lack what was fetched of another one's, if it was elected although it was
        not in sync. Within one epoch nothing can be lost. Where epochs are not told (before
        2.1) the same broker may have been deposed and elected again meanwhile.
        """
        before, self.leader = self.leader, (leader, leader_epoch)
        changed = before is not None and before != self.leader
        if self.history.latest >= 0 and (changed or (self._doubted and leader_epoch < 0)):
            self.to_validate = True
        self._doubted = False

    def doubt(self) -> None:
        """A fetch failed: the leader may be another one, or have been for a while."""
        self._doubted = True

    def is_full(self, limits: FetchLimits) -> bool:
        """Whether enough is queued; soft, as one fetch may bring more than a queue's worth."""
        if not self.queued_chunks:
            return False
        return (
            not self.rows_per_byte
            or self.queued_bytes * self.rows_per_byte >= limits.queued_max_messages
        )


class FetchPlan(NamedTuple):
    """What to do next for one broker.

    :ivar states: partitions to ask for; empty to wait.
    :ivar max_wait_ms: how long the broker may wait for data.
    :ivar wait_s: if there is nothing to ask for, how long until there may be (``None``:
        until something happens).
    """

    states: list[FetchState]
    max_wait_ms: int
    wait_s: float | None


def plan_fetch(
    states: Sequence[FetchState],
    limits: FetchLimits,
    queued_bytes: int,
    now: float,
    bounded: bool = False,
) -> FetchPlan:
    """Plan the next fetch from one broker.

    :param states: the partitions that it leads, in the order of their turn.
    :param queued_bytes: of all partitions of the consumer.
    :param bounded: whether the broker bounds an answer's size itself (Fetch 3 and newer); else
        fewer partitions are asked for.

    The broker may wait for data (a long poll) only if the request asks for every partition
    that could come to be asked for: one that is full now, or whose offset is being found out,
    would have to wait for the end of a poll that it has no part in. So then the broker
    answers at once, and partitions without data rest here for the time of a long poll.
    """
    running = [state for state in states if not state.stalled]
    if queued_bytes >= limits.queued_max_bytes:
        return FetchPlan([], 0, None)
    open_ = [
        s
        for s in running
        if s.fetch_offset is not None and not s.to_validate and not s.is_full(limits)
    ]
    due = [state for state in open_ if state.not_before <= now]
    if not due:
        wait = min((state.not_before for state in open_), default=None)
        return FetchPlan([], 0, None if wait is None else wait - now)
    chosen = due if bounded else due[: max(1, limits.max_bytes // limits.partition_max_bytes)]
    everyone = len(chosen) == len(running)
    return FetchPlan(chosen, limits.max_wait_ms if everyone else 0, None)
