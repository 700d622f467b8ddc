"""What members of a group say of themselves, and what they are given, as 2.x has it."""

from __future__ import annotations

from collections.abc import Sequence

from ..utils.compat import get_bytes, get_string
from ..wire import consumer_protocol as wire

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

    @classmethod
    def from_bytestring(cls, buff: bytes | bytearray) -> ConsumerGroupProtocolMetadata:
        """Read what :meth:`get_bytes` of any version and client has written.

        No bytes (of a member that has not joined yet) name no topic.

        :raises MalformedDataError: it is something else.
        """
        found = wire.read_subscription(bytes(buff)) if buff else wire.Subscription(0, [])
        return cls.from_wire(found)

    @classmethod
    def from_wire(cls, found: wire.Subscription) -> ConsumerGroupProtocolMetadata:
        """The value of a subscription that is read already."""
        made = cls(found.version, None, found.user_data or b"")
        made.topic_names = [get_bytes(topic) for topic in found.topics]
        return made

    def get_bytes(self) -> bytearray:
        """What goes into a JoinGroup request.

        :raises UsageError: a value does not fit its field.
        """
        topics = [get_string(topic) for topic in self.topic_names]
        return bytearray(wire.write_subscription(self.version, topics, self.user_data))

    def __len__(self) -> int:
        """How many bytes :meth:`get_bytes` makes."""
        return len(self.get_bytes())


class MemberAssignment:
    """The partitions of a member.

    :param partition_assignment: pairs of a topic's name and a list of partition ids.
    """

    def __init__(
        self, partition_assignment: Sequence[tuple[bytes, list[int]]], version: int = 1
    ) -> None:
        self.version = version
        self.partition_assignment = partition_assignment

    @classmethod
    def from_bytestring(cls, buff: bytes | bytearray) -> MemberAssignment:
        """Read what :meth:`get_bytes` of any version and client has written.

        No bytes (of a member that was given nothing yet) hold no partition.

        :raises MalformedDataError: it is something else.
        """
        found = wire.read_assignment(bytes(buff)) if buff else wire.Assignment(1, [])
        return cls.from_wire(found)

    @classmethod
    def from_wire(cls, found: wire.Assignment) -> MemberAssignment:
        """The value of an assignment that is read already."""
        return cls([(get_bytes(topic), ids) for topic, ids in found.partitions], found.version)

    def get_bytes(self) -> bytearray:
        """What goes into a SyncGroup request.

        Ends with user data that are null: without any, as in 2.x, members written in Java
        cannot read it.

        :raises UsageError: a value does not fit its field.
        """
        parts = [(get_string(topic), ids) for topic, ids in self.partition_assignment]
        return bytearray(wire.write_assignment(self.version, parts))

    def __len__(self) -> int:
        """How many bytes :meth:`get_bytes` makes."""
        return len(self.get_bytes())
