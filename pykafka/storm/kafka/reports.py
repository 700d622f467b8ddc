"""How the partitions of a task stand."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PartitionReport"]


class PartitionReport(NamedTuple):
    """One partition; counts are since it came to the task.

    :ivar committed: the next offset to read, as it was committed; -1 if none is.
    :ivar end: the offset of the next message that will be written; -1 if that is not known.
    :ivar lag: messages from ``committed`` to ``end``; -1 if that is not known.
    :ivar in_flight: emitted, and neither acked nor failed.
    :ivar waiting: failed, and to be emitted again.
    :ivar skipped: passed over by the translator, or as tombstones.
    :ivar given_up: rejected, or failed once too often.
    :ivar commit_age_s: seconds since the last commit; -1.0 if there was none.
    """

    topic: str
    partition: int
    committed: int
    end: int
    lag: int
    in_flight: int
    waiting: int
    acked: int
    failed: int
    replayed: int
    skipped: int
    given_up: int
    commit_age_s: float

    def __str__(self) -> str:
        lag = "unknown" if self.lag < 0 else str(self.lag)
        age = "never" if self.commit_age_s < 0 else f"{self.commit_age_s:.1f} s ago"
        return (
            f"{self.topic}/{self.partition}: lag {lag}, in flight {self.in_flight}, waiting"
            f" {self.waiting}, acked {self.acked}, failed {self.failed}, replayed {self.replayed},"
            f" skipped {self.skipped}, given up {self.given_up}, committed {self.committed} {age}"
        )
