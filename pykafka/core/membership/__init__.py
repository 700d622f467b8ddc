"""Which partitions a consumer reads: alone, or as a member of a group.

A membership decides; it tells the consumption core through :class:`Owner` what it may read
from when on. The core does not know which kind it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..partition_keys import PartitionKey

__all__ = ["Membership", "Owner"]


class Owner(Protocol):
    """The consumption core, as a membership sees it."""

    def assigned(self, partitions: Mapping[PartitionKey, Any]) -> None:
        """These partitions (key -> the users' object) are this member's from now on."""

    def will_revoke(self, keys: Sequence[PartitionKey]) -> None:
        """These will go to another member: stop delivering them and commit by policy."""

    def lost(self, keys: Sequence[PartitionKey]) -> None:
        """These are another member's already: drop what is held and commit nothing."""


class Membership(Protocol):
    """A way to come by partitions."""

    def start(self, owner: Owner) -> None:
        """Take up membership; the owner is told of partitions, now or later."""

    def stop(self) -> None:
        """Give membership up. Idempotent."""
