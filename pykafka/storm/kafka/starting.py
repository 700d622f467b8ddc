"""Where a partition begins that a task has just got."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ...common import OffsetType
from ...core.cursor import Cursor
from ...core.partition_keys import PartitionKey
from ...core.procedures.group_offsets import Committed
from ...exceptions import InvalidOptionError
from ...options import Settings
from ...runtime.consumer.consumption import Consumption
from .place import Place

__all__ = ["Starting", "check_start", "committed_details", "foreign_topology"]

#: In the metadata of a commit; Java's spout calls them so.
_ID, _NAME = "topologyId", "topologyName"
_BY_GROUP = ("uncommitted_earliest", "uncommitted_latest")


def check_start(settings: Settings) -> None:
    """Raise where the options on the start contradict others.

    :raises InvalidOptionError: they do.
    """
    if settings.start not in _BY_GROUP and settings.offsets_storage != "kafka":
        raise InvalidOptionError(
            f"option start={settings.start!r} needs offsets_storage='kafka': a restarted worker"
            " goes on where it was, a new topology begins there, and offsets in ZooKeeper do not"
            " tell which topology has committed them. Use uncommitted_earliest or"
            " uncommitted_latest"
        )
    if (settings.start == "timestamp") != (settings.start_time_ms is not None):
        raise InvalidOptionError(
            "options start='timestamp' and start_time_ms (milliseconds since 1970) need each other"
        )


def committed_details(place: Place) -> dict[str, str]:
    """What commits of a task tell beside the offset."""
    return {_ID: place.topology_id, _NAME: place.topology, "taskId": place.name}


def foreign_topology(committed: Committed, place: Place) -> str | None:
    """The name of another topology that has made a commit; ``None`` if none is known to have."""
    details = _details(committed)
    name = details.get(_NAME)
    return name if isinstance(name, str) and name != place.topology else None


def _details(committed: Committed) -> Mapping[str, Any]:
    try:
        found = json.loads(committed.metadata)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Starting:
    """Moves new partitions to where they begin; called on a thread that may wait.

    :param begun: is told the cursors of the partitions, which stand there.
    :param seen: is told what the group has committed.
    """

    def __init__(
        self,
        settings: Settings,
        place: Place,
        begun: Callable[[Mapping[PartitionKey, Cursor]], None],
        seen: Callable[[Mapping[PartitionKey, Committed]], None],
    ) -> None:
        self._settings = settings
        self._place = place
        self._begun = begun
        self._seen = seen

    def __call__(self, core: Consumption, keys: Collection[PartitionKey]) -> None:
        committed = core.commits.committed(list(keys))
        self._seen(committed)
        resumed = {key: one.offset for key, one in committed.items() if self._counts(one)}
        anew = [key for key in keys if key not in resumed]
        places = core.resolve(dict.fromkeys(anew, self._where())) if anew else {}
        begin = {key: place.offset for key, place in places.items()}
        core.move({**resumed, **begin})
        if begin:
            # Who is restarted before the first commit must not begin later, at another "latest".
            core.commits.commit(begin)
        self._begun({key: core.cursors[key] for key in keys})

    def _counts(self, committed: Committed) -> bool:
        if committed.offset < 0:
            return False
        if self._settings.start in _BY_GROUP:
            return True
        return bool(_details(committed).get(_ID) == self._place.topology_id)

    def _where(self) -> int:
        if self._settings.start == "timestamp":
            return int(self._settings.start_time_ms)
        if self._settings.start.endswith("latest"):
            return OffsetType.LATEST
        return OffsetType.EARLIEST
