"""Where in a topology a task stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Place", "place_of"]

#: What names of static members and clients may consist of, for brokers.
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9._-]")
_LONGEST_NAME = 249


class Place(NamedTuple):
    """One task.

    :ivar topology_id: changes with each submission.
    :ivar number: of the task among those of its component, from 0 on.
    :ivar tasks: how many these are.
    """

    topology: str
    topology_id: str
    component: str
    number: int
    tasks: int

    @property
    def name(self) -> str:
        """What brokers may call this task, the same after a restart."""
        name = f"{self.topology}.{self.component}.{self.number}"
        return _NOT_IN_NAMES.sub("_", name)[-_LONGEST_NAME:]


def place_of(conf: Mapping[str, Any], context: Mapping[str, Any]) -> Place:
    """The place that Storm's handshake tells."""
    task = context.get("taskid", 0)
    components = context.get("task->component") or {str(task): context.get("componentid", "spout")}
    component = context.get("componentid") or components.get(str(task), "spout")
    tasks = sorted(int(number) for number, name in components.items() if name == component)
    topology = conf.get("topology.name") or "topology"
    return Place(
        topology,
        conf.get("storm.id") or topology,
        component,
        tasks.index(task) if task in tasks else 0,
        max(1, len(tasks)),
    )
