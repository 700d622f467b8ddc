"""2.x's requests and responses of groups and administration: values, and the bytes of the wire."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from pykafka.exceptions import MalformedDataError, TopicAlreadyExists, UnknownTopicOrPartition
from pykafka.membershipprotocol import RangeProtocol
from pykafka.protocol import (
    ConsumerGroupProtocolMetadata,
    CreateTopicRequest,
    CreateTopicsRequest,
    CreateTopicsResponse,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    ListGroupsRequest,
    ListGroupsResponse,
    MemberAssignment,
    SyncGroupRequest,
    SyncGroupResponse,
)
from pykafka.wire.messages.leave_group import LeaveGroupResponse as WireLeaveGroupResponse
from pykafka.wire.messages.leave_group import MemberResponse

SUBSCRIPTION = struct.pack(">hih1si12s", 0, 1, 1, b"t", 12, b"testuserdata")
ASSIGNMENT = struct.pack(">hih1siiii", 1, 1, 1, b"t", 2, 0, 1, -1)


def frame(api_key: int, body: bytes) -> bytes:
    header = struct.pack(">hhih7s", api_key, 0, 0, 7, b"pykafka")
    return struct.pack(">i", len(header + body)) + header + body


def strings(*values: bytes) -> bytes:
    return b"".join(struct.pack(">h", len(value)) + value for value in values)


def test_what_a_member_says_comes_back() -> None:
    said = ConsumerGroupProtocolMetadata(topic_names=[b"t"])
    assert said.get_bytes() == SUBSCRIPTION
    assert len(said) == len(SUBSCRIPTION)
    read = ConsumerGroupProtocolMetadata.from_bytestring(said.get_bytes())
    assert (read.version, read.topic_names, read.user_data) == (0, [b"t"], b"testuserdata")
    assert ConsumerGroupProtocolMetadata.from_bytestring(b"").topic_names == []
    with pytest.raises(MalformedDataError):
        ConsumerGroupProtocolMetadata.from_bytestring(SUBSCRIPTION[:8])


def test_an_assignment_comes_back() -> None:
    given = MemberAssignment([(b"t", [0, 1])])
    assert given.get_bytes() == ASSIGNMENT
    assert len(given) == len(ASSIGNMENT)
    for data in (ASSIGNMENT, ASSIGNMENT[:-4]):  # the latter is 2.x's
        read = MemberAssignment.from_bytestring(data)
        assert (read.version, read.partition_assignment) == (1, [(b"t", [0, 1])])
    assert MemberAssignment.from_bytestring(b"").partition_assignment == []


def test_a_member_joins_with_the_topic_that_it_reads() -> None:
    request = JoinGroupRequest(b"g", b"", b"t", RangeProtocol)
    protocol = strings(b"range") + struct.pack(">i", len(SUBSCRIPTION)) + SUBSCRIPTION
    body = strings(b"g") + struct.pack(">i", 30000) + strings(b"", b"consumer")
    assert request.get_bytes() == frame(11, body + struct.pack(">i", 1) + protocol)
    # What all consumers of the process share stays as it is.
    assert RangeProtocol.metadata.topic_names == [b"dummytopic"]


def test_the_other_requests_of_a_member_are_the_frames_of_2_8() -> None:
    sync = SyncGroupRequest(b"g", 3, b"m", [(b"m", MemberAssignment([(b"t", [0, 1])]))])
    given = strings(b"m") + struct.pack(">i", len(ASSIGNMENT)) + ASSIGNMENT
    body = strings(b"g") + struct.pack(">i", 3) + strings(b"m") + struct.pack(">i", 1) + given
    assert sync.get_bytes() == frame(14, body)
    beat = strings(b"g") + struct.pack(">i", 3) + strings(b"m")
    assert HeartbeatRequest(b"g", 3, b"m").get_bytes() == frame(12, beat)
    assert LeaveGroupRequest(b"g", b"m").get_bytes() == frame(13, strings(b"g", b"m"))


@pytest.mark.parametrize("version", range(6))
def test_a_member_leaves_in_every_version(version: int) -> None:
    assert LeaveGroupRequest("g", "m").to_wire(version).encode(version)


def test_a_members_errors_are_values() -> None:
    members = struct.pack(">i", 1) + strings(b"m") + struct.pack(">i", len(SUBSCRIPTION))
    joined = JoinGroupResponse(
        struct.pack(">hi", 0, 3) + strings(b"range", b"m", b"m") + members + SUBSCRIPTION
    )
    assert (joined.error_code, joined.generation_id, joined.group_protocol) == (0, 3, b"range")
    assert (joined.leader_id, joined.member_id) == (b"m", b"m")
    assert joined.members[b"m"].topic_names == [b"t"]
    synced = SyncGroupResponse(struct.pack(">hi", 27, len(ASSIGNMENT)) + ASSIGNMENT)
    assert synced.error_code == 27
    assert synced.member_assignment.partition_assignment == [(b"t", [0, 1])]
    assert HeartbeatResponse(b"\0\x1b").error_code == 27
    assert LeaveGroupResponse(b"\0\x19").error_code == 25
    # In later versions the member's code stands apart.
    later = WireLeaveGroupResponse(
        error_code=0, members=[MemberResponse(member_id="m", group_instance_id=None, error_code=25)]
    )
    assert LeaveGroupResponse.from_wire(later).error_code == 25


def test_groups_are_listed_and_described() -> None:
    assert ListGroupsRequest().get_bytes() == frame(16, b"")
    listed = ListGroupsResponse(struct.pack(">hi", 15, 1) + strings(b"g", b"consumer"))
    assert (listed.error, listed.groups) == (15, {b"g": (b"g", b"consumer")})
    asked = struct.pack(">i", 2) + strings(b"a", b"b")
    assert DescribeGroupsRequest([b"a", "b"]).get_bytes() == frame(15, asked)
    data = struct.pack(">ih", 1, 0) + strings(b"g", b"Stable", b"consumer", b"range")
    data += struct.pack(">i", 1) + strings(b"m", b"client", b"/host")
    for part in (SUBSCRIPTION, ASSIGNMENT):
        data += struct.pack(">i", len(part)) + part
    group = DescribeGroupsResponse(data).groups[b"g"]
    assert group[:5] == (0, b"g", b"Stable", b"consumer", b"range")
    member = group.members[b"m"]
    assert member[:3] == (b"m", b"client", b"/host")
    assert member.member_metadata.topic_names == [b"t"]
    assert member.member_assignment.partition_assignment == [(b"t", [0, 1])]


def test_members_of_another_protocol_type_keep_what_they_said() -> None:
    data = struct.pack(">ih", 1, 0) + strings(b"g", b"Stable", b"connect", b"sessioned")
    data += struct.pack(">i", 1) + strings(b"m", b"c", b"/h")
    data += struct.pack(">i", len(SUBSCRIPTION)) + SUBSCRIPTION + struct.pack(">i", 0)
    said = DescribeGroupsResponse(data).groups[b"g"].members[b"m"].member_metadata
    assert (said.topic_names, said.user_data) == ([], SUBSCRIPTION)


def test_topics_to_create_and_to_delete_are_the_frames_of_2_8() -> None:
    wanted = CreateTopicRequest(b"t", -1, -1, [(0, [1, 2])], [(b"retention.ms", b"5")])
    body = struct.pack(">i", 1) + strings(b"t") + struct.pack(">ihi", -1, -1, 1)
    body += struct.pack(">iiii", 0, 2, 1, 2) + struct.pack(">i", 1) + strings(b"retention.ms", b"5")
    request = CreateTopicsRequest([wanted], 1000)
    assert request.get_bytes() == frame(19, body + struct.pack(">i", 1000))
    deleted = struct.pack(">i", 1) + strings(b"t") + struct.pack(">i", 1000)
    assert DeleteTopicsRequest([b"t"], 1000).get_bytes() == frame(20, deleted)
    assert DeleteTopicsRequest([b"t"]).to_wire(6).encode(6)


@pytest.mark.parametrize(
    ("request_", "first"), [(CreateTopicsRequest([]), 7), (DeleteTopicsRequest([]), 6)]
)
def test_controllers_that_would_do_nothing_in_no_time_get_some(request_: Any, first: int) -> None:
    assert request_.to_wire(first - 1).timeout_ms == 0
    assert request_.to_wire(first).timeout_ms > 0


@pytest.mark.parametrize(
    ("response", "code", "error"),
    [
        (CreateTopicsResponse, 36, TopicAlreadyExists),
        (DeleteTopicsResponse, 3, UnknownTopicOrPartition),
    ],
)
def test_a_topic_that_is_refused_is_an_error_that_names_it(
    response: Any, code: int, error: type[Exception]
) -> None:
    good, bad = strings(b"fine") + b"\0\0", strings(b"words") + struct.pack(">h", code)
    response(struct.pack(">i", 1) + good)
    with pytest.raises(error, match="'words'"):
        response(struct.pack(">i", 2) + good + bad)
