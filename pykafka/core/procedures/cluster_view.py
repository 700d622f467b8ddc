"""What control procedures see of the client that runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..effects import Node
from ..metadata import Snapshot

__all__ = ["ClusterView"]


class ClusterView(Protocol):
    """The client, as far as a decision needs it; used on the I/O thread only."""

    #: Group -> the broker that coordinates it, as far as known.
    coordinators: dict[str, Node]

    @property
    def snapshot(self) -> Snapshot:
        """The newest metadata."""

    def nodes(self) -> Sequence[Node]:
        """Whom to ask what any broker can answer, best first."""
