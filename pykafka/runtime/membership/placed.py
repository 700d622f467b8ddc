"""Readers that know their place among the others, such as the tasks of a Storm component."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...core.membership import Owner
from ...core.membership.placed import share_of
from ...core.membership.topics import WantedTopics
from ...core.metadata import Snapshot
from ...core.partition_keys import PartitionKey
from ...exceptions import UnknownTopicOrPartition
from ..client import ClientCore

__all__ = ["PlacedCoordination"]


class PlacedCoordination:
    """Takes what belongs to its place; see :class:`.member.Coordination`.

    Nobody watches whether the others are there: what belongs to one that is gone waits for it.

    :param place: of this reader, from 0 on, among ``places``.
    :param group: whose offsets are committed.
    :param metadata_max_age_s: how often is looked for new topics and partitions.
    """

    lease_until = math.inf
    generation = -1
    first_s = 60.0

    def __init__(
        self,
        client: ClientCore,
        group: str,
        wanted: WantedTopics,
        place: int,
        places: int,
        metadata_max_age_s: float,
    ) -> None:
        self.group = group
        self.member_id = f"{place + 1} of {places}"
        self._client = client
        self._wanted = wanted
        self._place = place
        self._places = places
        self._max_age_s = metadata_max_age_s
        self._owned: set[PartitionKey] | None = None

    def begin(self, owner: Owner, news: Callable[[], None]) -> None:
        self._owner = owner
        self._news = news
        self._owned = None
        self._client.follow(self._metadata_changed, self._wanted.names)

    def interrupt(self) -> None:
        """What :meth:`turn` waits for is one look at metadata."""

    def retire(self) -> None:
        self._owner.lost(self._owned or ())
        self._owned = None

    def end(self) -> None:
        self._client.unfollow(self._metadata_changed, self._wanted.names)

    def check_commit(self) -> None:
        """The partitions are nobody else's."""

    def turn(self) -> float:
        share = self._share(self._fresh())
        going = (self._owned or set()) - share
        if going:
            self._owner.will_revoke(going)
        if share != self._owned:
            self._owner.assigned(share)
            self._owned = share
        return self._max_age_s

    def _fresh(self) -> Snapshot:
        snapshot = self._client.snapshot
        if self._client.loop.time() - snapshot.fetched_at >= self._max_age_s or not (
            self._wanted.names and snapshot.topics.keys() >= set(self._wanted.names)
        ):
            snapshot = self._client.refresh(self._wanted.names or None)
        if self._wanted.names and not snapshot.topics.keys() & set(self._wanted.names):
            raise UnknownTopicOrPartition(f"brokers know no topic {self._wanted}")
        return snapshot

    def _share(self, snapshot: Snapshot) -> set[PartitionKey]:
        topics = self._wanted.among(snapshot.topics)
        there = {
            name: snapshot.topics[name].partitions for name in topics if name in snapshot.topics
        }
        return share_of(self._place, self._places, there)

    def _metadata_changed(self, snapshot: Snapshot) -> None:
        if self._share(snapshot) != self._owned:
            self._news()
