"""Where a group's offsets are kept."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from typing import Protocol

from ...core.effects import Procedure
from ...core.partition_keys import PartitionKey
from ...core.procedures.coordinator import Patience
from ...core.procedures.group_offsets import Committed, Committer, commit_offsets, fetch_offsets
from ..client import ClientCore

__all__ = ["KafkaOffsetStore", "OffsetStore"]


class OffsetStore(Protocol):
    """Keeps the next offset to read, per partition, for one group."""

    #: Bound on one commit or look-up, all retries included, in seconds.
    timeout_s: float

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        """Store; raises :class:`pykafka.exceptions.RemoteError` if that fails."""

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        """Look up; offset -1 where nothing is stored."""


class KafkaOffsetStore:
    """Offsets in Kafka (brokers from 0.8.2), through the group's coordinator.

    :ivar generation: of the group that commits carry; -1 outside broker-coordinated groups.
    :ivar member: id that commits carry, likewise.
    :ivar instance_id: of a static member, likewise.
    :ivar label: id that is told in the metadata for people to see, if it is another.
    :ivar details: what else the metadata tell.
    """

    def __init__(self, client: ClientCore, group: str, patience: Patience) -> None:
        self._client = client
        self._group = group
        self._patience = patience
        self.generation = -1
        self.member = ""
        self.instance_id: str | None = None
        self.label = ""
        self.details: Mapping[str, str] = {}
        waits = sum(n * patience.backoff_s for n in range(1, patience.retries + 1))
        # Each try may look for the coordinator first, which has as many tries itself.
        self.timeout_s = 2 * (waits + (patience.retries + 1) * patience.timeout_s)

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        # 2.x's metadata, which people look at to see who committed.
        metadata = json.dumps(
            {
                "consumer_id": self.label or self.member,
                "hostname": socket.gethostname(),
                **self.details,
            }
        )
        return commit_offsets(
            self._client,
            self._group,
            offsets,
            metadata,
            self._patience,
            Committer(self.generation, self.member, self.instance_id),
        )

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        return fetch_offsets(self._client, self._group, keys, self._patience)
