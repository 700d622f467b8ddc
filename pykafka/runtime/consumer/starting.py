"""Where a consumer begins to read partitions that it just got."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from ...common import OffsetType
from ...core.partition_keys import PartitionKey
from ...exceptions import OffsetOutOfRangeError
from ...options import Settings
from .consumption import Consumption

__all__ = ["SetOut", "go_to"]


class SetOut:
    """Moves partitions to the offset that was committed, or by ``auto_offset_reset``.

    :param group: whose offsets; ``None`` for a consumer without one, which stays where it is.
    :param resets: how often ``reset_offset_on_start`` counts: for members of a group at the first
        assignment only, because later ones can come at any time.
    :param shared: whether the group has other members. Then what "the latest" means is committed
        at once, or the next member to get the partition would find a later one.
    """

    def __init__(
        self, settings: Settings, group: str | None, resets: float = math.inf, shared: bool = False
    ) -> None:
        self._settings = settings
        self._group = group
        self._resets = resets if settings.reset_offset_on_start else 0
        self._shared = shared

    def __call__(self, core: Consumption, keys: Collection[PartitionKey]) -> None:
        policy = self._settings.auto_offset_reset
        if self._resets > 0:
            targets = _resolved(core, keys, OffsetType.EARLIEST if policy is None else policy)
            core.move(targets)
            if self._group is not None:
                core.commits.commit(targets)
            self._resets -= 1
        elif self._group is not None:
            found = core.commits.committed(list(keys))
            committed = {key: one.offset for key, one in found.items()}
            by_policy = go_to(core, committed, policy, self._group)
            if self._shared and policy == OffsetType.LATEST:
                core.commits.commit(by_policy)


def go_to(
    core: Consumption,
    committed: Mapping[PartitionKey, int],
    policy: int | None,
    group: str,
) -> dict[PartitionKey, int]:
    """Move to committed offsets; where there are none, by ``auto_offset_reset``.

    :returns: where those have gone that have none.
    :raises OffsetOutOfRangeError: there are none and the policy is ``None``.
    """
    without = [key for key, offset in committed.items() if offset < 0]
    if without and policy is None:
        raise OffsetOutOfRangeError(
            f"group {group!r} has committed no offset for"
            f" {without[0][0]}/{without[0][1]} and auto_offset_reset is None"
        )
    by_policy = {} if policy is None else _resolved(core, without, policy)
    core.move({key: by_policy.get(key, offset) for key, offset in committed.items()})
    return by_policy


def _resolved(
    core: Consumption, keys: Collection[PartitionKey], where: int
) -> dict[PartitionKey, int]:
    if not keys:
        return {}
    return {key: place.offset for key, place in core.resolve(dict.fromkeys(keys, where)).items()}
