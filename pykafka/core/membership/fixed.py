"""The membership of a consumer that is alone: it has what it was told to read."""

from __future__ import annotations

import math
from collections.abc import Collection

from ..partition_keys import PartitionKey
from . import Owner

__all__ = ["FixedMembership"]


class FixedMembership:
    """The same partitions from start to stop; nobody else waits for them."""

    lease_until: float = math.inf
    error: Exception | None = None
    epoch = 0

    def __init__(self, keys: Collection[PartitionKey]) -> None:
        self._keys = keys

    def start(self, owner: Owner) -> None:
        owner.assigned(self._keys)

    def stop(self, within_s: float | None = None) -> None:
        """Nothing is left behind."""

    def abandon(self) -> None:
        """Nothing is left behind."""

    def after_fork(self) -> None:
        """There is neither a thread nor a session."""

    def check_commit(self) -> None:
        """The partitions are nobody else's."""

    def settled(self, epoch: int, timeout_s: float) -> bool:
        return False
