"""How the members of a group share the partitions of what they read.

The member that leads a group runs an assignor over what all members said when they joined. Its
result must not depend on the order in which they are given: who leads next decides the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .cooperative import CooperativeStickyAssignor
from .range_ import RangeAssignor
from .round_robin import RoundRobinAssignor
from .sticky import StickyAssignor
from .vocabulary import Assignor, GroupMember

__all__ = ["ASSIGNORS", "Assignor", "GroupMember"]

_BUILT_IN: tuple[Assignor, ...] = (
    RangeAssignor(),
    RoundRobinAssignor(),
    StickyAssignor(),
    CooperativeStickyAssignor(),
)

#: The assignors that Kafka's own clients have, too, by the name that groups know them by.
ASSIGNORS: Mapping[str, Assignor] = MappingProxyType({found.name: found for found in _BUILT_IN})
