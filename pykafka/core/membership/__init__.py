"""Which partitions a consumer reads: alone, or as a member of a group.

A membership decides; it tells the consumption core through :class:`Owner` what it may read
from when on. The core does not know which kind it has.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from ..partition_keys import PartitionKey

__all__ = ["Membership", "Owner"]


class Owner(Protocol):
    """The consumption core, as a membership sees it."""

    def assigned(self, keys: Collection[PartitionKey], keep: bool = True) -> None:
        """These are this member's partitions from now on, and no others.

        Those that :meth:`will_revoke` held back and that stay go on where they stood. May be
        called again with the same partitions if it raised.

        :param keep: ``False`` if others may have had any of them meanwhile: then all begin where
            the group has committed.
        :raises RemoteError: it cannot be found out where new ones begin.
        """

    def will_revoke(self, keys: Collection[PartitionKey]) -> None:
        """These may go to another member: deliver no more of them and commit by policy.

        What was fetched of them is kept until :meth:`assigned` tells which of them stay.
        """

    def lost(self, keys: Collection[PartitionKey]) -> None:
        """These may be another member's already: drop what is held and commit nothing."""

    def activity(self) -> Any:
        """Something that changes when messages are taken; ``None`` while somebody waits for one."""

    def ready(self) -> None:
        """Whoever waits for messages should look again: at the lease, or at an error."""

    def suspend(self) -> None:
        """The lease has run out: deliver nothing of what is at hand, until it is extended."""


class Membership(Protocol):
    """A way to come by partitions.

    :ivar lease_until: until when, on the monotonic clock, the partitions are certainly this
        member's. Nothing is delivered after that until it is extended.
    :ivar error: what ended it, or what stands in its way, to be raised to the user.
    :ivar epoch: counts the assignments.
    """

    error: Exception | None
    epoch: int

    @property
    def lease_until(self) -> float: ...

    def start(self, owner: Owner) -> None:
        """Take up membership; returns when the first partitions were assigned.

        :raises KafkaException: that did not succeed; nothing of it is left.
        """

    def stop(self, within_s: float | None = None) -> None:
        """Give membership up and wait for that, within a bound (of its own if none is given).

        Idempotent.
        """

    def abandon(self) -> None:
        """Give membership up, waiting for nothing. Idempotent."""

    def after_fork(self) -> None:
        """In the child: its thread is not here, its session is the parent's."""

    def check_commit(self) -> None:
        """Before a commit.

        :raises RemoteError: the partitions may be another member's by now.
        """

    def settled(self, epoch: int, timeout_s: float) -> bool:
        """Wait until partitions were assigned after ``epoch``; ``False`` if that will not be."""
