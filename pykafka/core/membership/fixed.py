"""The membership of a consumer that is alone: it has what it was told to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..partition_keys import PartitionKey
from . import Owner

__all__ = ["FixedMembership"]


class FixedMembership:
    """The same partitions from start to stop."""

    def __init__(self, partitions: Mapping[PartitionKey, Any]) -> None:
        self._partitions = partitions

    def start(self, owner: Owner) -> None:
        owner.assigned(self._partitions)

    def stop(self) -> None:
        """Nobody else waits for the partitions."""
