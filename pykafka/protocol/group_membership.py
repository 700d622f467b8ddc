"""What members of a group say of themselves, and what they are given, as 2.x has it."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["ConsumerGroupProtocolMetadata", "MemberAssignment"]


class ConsumerGroupProtocolMetadata:
    """What a member says of itself when it joins.

    :param topic_names: the topics that it reads.
    :param user_data: whatever its assignor makes of it.
    """

    def __init__(
        self,
        version: int = 0,
        topic_names: list[bytes] | None = None,
        user_data: bytes = b"testuserdata",
    ) -> None:
        self.version = version
        self.topic_names = topic_names or [b"dummytopic"]
        self.user_data = user_data


class MemberAssignment:
    """The partitions of a member.

    :param partition_assignment: pairs of a topic's name and a list of partition ids.
    """

    def __init__(
        self, partition_assignment: Sequence[tuple[bytes, list[int]]], version: int = 1
    ) -> None:
        self.version = version
        self.partition_assignment = partition_assignment
