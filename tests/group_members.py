"""Members of groups, by the single requests that they are made of."""

from __future__ import annotations

import time
from typing import Any

from pykafka import Broker, RangeProtocol
from pykafka.protocol import JoinGroupResponse, MemberAssignment
from pykafka.wire.errors import error_info

__all__ = ["join", "join_with_all"]

#: Seconds for a coordinator to load its groups.
WITHIN = 60.0


def join(coordinator: Broker, connection_id: Any, group: str, topic: str) -> JoinGroupResponse:
    """A new member, whose coordinator may just begin to be one."""
    deadline = time.monotonic() + WITHIN
    while True:
        answer = coordinator.join_group(connection_id, group, b"", topic, RangeProtocol)
        if not answer.error_code:
            return answer
        assert error_info(answer.error_code).retriable, answer.error_code
        assert time.monotonic() < deadline
        time.sleep(0.1)


def join_with_all(coordinator: Broker, connection_id: Any, group: str, topic: str) -> bytes:
    """The id of a new member, the only one, that has partitions 0 and 1 of a topic."""
    joined = join(coordinator, connection_id, group, topic)
    me = joined.member_id
    given = MemberAssignment([(topic.encode(), [0, 1])])
    synced = coordinator.sync_group(connection_id, group, joined.generation_id, me, [(me, given)])
    assert synced.error_code == 0
    return me
