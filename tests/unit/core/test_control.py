"""Control procedures: what they ask of whom, and what they make of the answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from procedure_script import asks, is_a, play

from pykafka.core.effects import Connect, Disconnect, Exchange, Node, Now, Refresh, Sleep
from pykafka.core.metadata import BrokerInfo, PartitionInfo, Snapshot, TopicInfo
from pykafka.core.procedures.bootstrap import bootstrap
from pykafka.core.procedures.cluster import fetch_metadata
from pykafka.core.procedures.coordinator import Patience, find_coordinator
from pykafka.core.procedures.group_offsets import (
    commit_offsets,
    fetch_all_offsets,
    fetch_offsets,
)
from pykafka.core.procedures.handshake import ask_versions, open_connection
from pykafka.core.procedures.log_offsets import Place, find_places, list_offsets
from pykafka.core.versions import KAFKA_0_8, KAFKA_0_9
from pykafka.exceptions import (
    GroupAuthorizationFailed,
    GroupCoordinatorNotAvailable,
    LeaderNotFoundError,
    NoBrokersAvailableError,
    OffsetMetadataTooLarge,
    SocketDisconnectedError,
    TopicAuthorizationFailed,
    UnsupportedVersion,
)
from pykafka.wire.messages.api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
)
from pykafka.wire.messages.find_coordinator import Coordinator, FindCoordinatorResponse
from pykafka.wire.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from pykafka.wire.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from pykafka.wire.messages.metadata import MetadataResponse
from pykafka.wire.messages.offset_commit import (
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from pykafka.wire.messages.offset_fetch import (
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)

GONE = SocketDisconnectedError("gone")
NEWEST = ApiVersionsRequest.valid_versions[-1]
PATIENCE = Patience(retries=2, backoff_s=1.0, timeout_s=5.0)


class View:
    """Two brokers; broker 1 leads t/0, broker 2 leads t/1, nobody leads t/2."""

    def __init__(self) -> None:
        self.coordinators: dict[str, Node] = {}
        leaders = {0: 1, 1: 2, 2: -1}
        parts = {id_: PartitionInfo(id_, leader, (), ()) for id_, leader in leaders.items()}
        brokers = {1: BrokerInfo(1, "one", 9092), 2: BrokerInfo(2, "two", 9092)}
        self.snapshot = Snapshot(brokers, {"t": TopicInfo("t", parts)})

    def nodes(self) -> Sequence[Node]:
        return [1, 2]


NOTHING = ListOffsetsResponse(topics=[])
NO_GROUPS = ListGroupsResponse(error_code=0, groups=[])


def test_a_broker_that_hangs_up_on_api_versions_and_groups_is_a_0_8():
    lines = [
        (is_a(Connect, host="h", port=1), "first"),
        (is_a(Exchange, connection="first", version=NEWEST), GONE),
        (is_a(Connect, host="h", port=1), "second"),
        (is_a(Exchange, connection="second", version=0), GONE),
        (is_a(Connect, host="h", port=1), "third"),
        (is_a(Exchange, connection="third", version=0), NOTHING),
        (is_a(Exchange, connection="third", version=NEWEST), GONE),
        (is_a(Connect, host="h", port=1), "fourth"),
    ]
    assert play(open_connection("h", 1, None), lines) == ("fourth", KAFKA_0_8)


@pytest.mark.parametrize("second_try", [GONE, NO_GROUPS], ids=["twice", "once"])
def test_a_newer_broker_in_front_of_which_something_hung_up_is_not_taken_for_an_old_one(second_try):
    lines = [
        (is_a(Connect), "first"),
        (is_a(Exchange, connection="first"), GONE),
        (is_a(Connect), "second"),
        (is_a(Exchange, connection="second"), second_try),
    ]
    if second_try is GONE:
        lines += [(is_a(Connect), "third"), (is_a(Exchange, connection="third"), NOTHING)]
    lines.append((is_a(Exchange, version=NEWEST), versions(_1=(0, 12))))
    assert play(open_connection("h", 1, None), lines)[1].ranges == {1: (0, 12)}


def test_what_hangs_up_on_everything_is_no_broker_of_any_release():
    lines = [
        (is_a(Connect), "first"),
        (is_a(Exchange), GONE),
        (is_a(Connect), "second"),
        (is_a(Exchange), GONE),
        (is_a(Connect), "third"),
        (is_a(Exchange), GONE),
    ]
    with pytest.raises(SocketDisconnectedError):
        play(open_connection("h", 1, None), lines)


def test_a_broker_that_passes_over_api_versions_is_a_0_9():
    def with_probe(effect):
        return is_a(Exchange, connection="first")(effect) and effect.probe == ListGroupsRequest()

    lines = [
        (is_a(Connect), "first"),
        (with_probe, None),
        (is_a(Connect), "second"),
        (is_a(Exchange, connection="second"), ListGroupsResponse(error_code=0, groups=[])),
    ]
    assert play(open_connection("h", 1, None), lines) == ("second", KAFKA_0_9)


def test_versions_are_asked_of_one_broker_after_the_other():
    lines = [
        (is_a(Connect, host="one"), GONE),
        (is_a(Connect, host="two"), "connection"),
        (is_a(Exchange), versions(_1=(0, 2))),
        (is_a(Disconnect, connection="connection"), None),
    ]
    assert play(ask_versions(View()), lines) == {1: (0, 2)}


def test_what_another_connection_has_learnt_is_not_asked_again():
    lines = [(is_a(Connect), "connection")]
    assert play(open_connection("h", 1, KAFKA_0_8), lines) == ("connection", KAFKA_0_8)


def versions(code: int = 0, **ranges: tuple[int, int]) -> ApiVersionsResponse:
    keys = [
        ApiVersion(api_key=int(name[1:]), min_version=low, max_version=high)
        for name, (low, high) in ranges.items()
    ]
    return ApiVersionsResponse(error_code=code, api_keys=keys)


def test_the_release_of_a_broker_is_told_by_what_it_speaks():
    lines = [(is_a(Connect), "connection"), (is_a(Exchange), versions(_1=(4, 17)))]
    _, found = play(open_connection("h", 1, None), lines)
    assert found.ranges == {1: (4, 17)}
    assert "3.9" in found.release


@pytest.mark.parametrize(
    ("refusal", "version"), [(versions(35), 0), (versions(35, _18=(0, 3)), 3)], ids=["0.10", "2.4"]
)
def test_a_broker_with_older_api_versions_is_asked_in_those(refusal, version):
    lines = [
        (is_a(Connect), "connection"),
        (is_a(Exchange, version=NEWEST), refusal),
        (is_a(Exchange, connection="connection", version=version), versions(_1=(0, 2))),
    ]
    assert play(open_connection("h", 1, None), lines)[1].ranges == {1: (0, 2)}


def test_metadata_is_asked_of_one_broker_after_the_other():
    answer = MetadataResponse(brokers=[], topics=[])
    lines = [(asks("Metadata", 1), GONE), (asks("Metadata", 2), answer)]
    assert play(fetch_metadata([1, 2], None, False, 1.0), lines)[0] is answer


def test_when_nobody_answers_each_is_named_with_its_reason():
    lines = [(asks("Metadata", ("a", 1)), GONE), (asks("Metadata", 2), GONE)]
    with pytest.raises(NoBrokersAvailableError, match=r"(?s)a:1: gone.*broker 2: gone"):
        play(fetch_metadata([("a", 1), 2], None, False, 1.0), lines)


@pytest.mark.parametrize(
    ("version", "create", "named"),
    [(0, False, []), (0, True, ["t"]), (3, False, None), (4, False, ["t"]), (4, True, ["t"])],
)
def test_a_refresh_never_names_a_topic_to_a_broker_that_would_create_it(version, create, named):
    procedure = fetch_metadata([1], ["t"], create, 1.0)
    request = next(procedure).message(version)
    topics = None if request.topics is None else [topic.name for topic in request.topics]
    assert topics == named


def test_the_first_contact_is_tried_a_few_times():
    nobody = NoBrokersAvailableError("nobody")
    lines = [
        (is_a(Now), 0.0),
        (is_a(Refresh, topics=None), nobody),
        (is_a(Now), 1.0),
        (is_a(Sleep), None),
        (is_a(Refresh), None),
    ]
    assert play(bootstrap(30.0), lines) is None


def test_the_first_contact_ends_when_time_is_up():
    nobody = NoBrokersAvailableError("nobody")
    lines = [(is_a(Now), 0.0), (is_a(Refresh), nobody), (is_a(Now), 31.0)]
    with pytest.raises(NoBrokersAvailableError):
        play(bootstrap(30.0), lines)


def coordinator(error_code: int = 0, node: int = 2) -> FindCoordinatorResponse:
    host = {1: "one", 2: "two"}.get(node, "elsewhere")
    return FindCoordinatorResponse(error_code=error_code, node_id=node, host=host, port=9092)


def test_a_coordinator_that_is_being_made_is_asked_for_again():
    view = View()
    lines = [
        (asks("FindCoordinator", 1), coordinator(15)),
        (asks("FindCoordinator", 2), coordinator(15)),
        (is_a(Sleep, seconds=1.0), None),
        (asks("FindCoordinator", 1), coordinator()),
    ]
    assert play(find_coordinator(view, "g", PATIENCE), lines) == 2
    assert view.coordinators == {"g": 2}


def test_a_coordinator_outside_the_metadata_is_reached_by_its_address():
    lines = [(asks("FindCoordinator"), coordinator(node=7))]
    assert play(find_coordinator(View(), "g", PATIENCE), lines) == ("elsewhere", 9092)


def test_patience_with_a_coordinator_ends():
    both = [(asks("FindCoordinator"), coordinator(15))] * 2
    lines = [*both, (is_a(Sleep), None), *both, (is_a(Sleep), None), *both]
    with pytest.raises(GroupCoordinatorNotAvailable, match="'g'"):
        play(find_coordinator(View(), "g", PATIENCE), lines)


def commit_answer(*codes: int) -> OffsetCommitResponse:
    parts = [
        OffsetCommitResponsePartition(partition_index=id_, error_code=code)
        for id_, code in enumerate(codes)
    ]
    return OffsetCommitResponse(topics=[OffsetCommitResponseTopic(name="t", partitions=parts)])


def test_a_commit_that_reaches_a_former_coordinator_looks_for_the_new_one():
    view = View()
    view.coordinators["g"] = 1
    lines = [
        (asks("OffsetCommit", 1), commit_answer(0, 16)),
        (is_a(Sleep, seconds=1.0), None),
        (asks("FindCoordinator"), coordinator(node=2)),
        (asks("OffsetCommit", 2), commit_answer(0, 0)),
    ]
    play(commit_offsets(view, "g", {("t", 0): 5, ("t", 1): 6}, "", PATIENCE), lines)


def test_a_commit_is_not_repeated_where_that_cannot_help():
    view = View()
    view.coordinators["g"] = 1
    lines = [(asks("OffsetCommit", 1), commit_answer(12))]
    with pytest.raises(OffsetMetadataTooLarge, match="t/0"):
        play(commit_offsets(view, "g", {("t", 0): 5}, "", PATIENCE), lines)


def test_a_commit_over_a_broken_connection_finds_the_coordinator_again():
    view = View()
    view.coordinators["g"] = 1
    lines = [
        (asks("OffsetCommit", 1), GONE),
        (is_a(Sleep), None),
        (asks("FindCoordinator", 1), coordinator(node=1)),
        (asks("OffsetCommit", 1), commit_answer(0)),
    ]
    play(commit_offsets(view, "g", {("t", 0): 5}, "", PATIENCE), lines)


def test_a_coordinator_without_a_common_version_is_not_asked_again():
    view = View()
    view.coordinators["g"] = 1
    lines = [(asks("OffsetCommit", 1), UnsupportedVersion("too new"))]
    with pytest.raises(UnsupportedVersion):
        play(commit_offsets(view, "g", {("t", 0): 5}, "", PATIENCE), lines)


def fetch_answer(offset: int, code: int) -> OffsetFetchResponse:
    part = OffsetFetchResponsePartition(
        partition_index=0, committed_offset=offset, metadata=None, error_code=code
    )
    return OffsetFetchResponse(topics=[OffsetFetchResponseTopic(name="t", partitions=[part])])


def test_nothing_committed_is_an_answer():
    view = View()
    view.coordinators["g"] = 1
    lines = [(asks("OffsetFetch", 1), fetch_answer(-1, 3))]
    found = play(fetch_offsets(view, "g", [("t", 0)], PATIENCE), lines)
    assert found["t", 0].offset == -1


def test_offsets_that_are_being_loaded_are_waited_for():
    view = View()
    view.coordinators["g"] = 1
    lines = [
        (asks("OffsetFetch", 1), fetch_answer(-1, 14)),
        (is_a(Sleep), None),
        (asks("OffsetFetch", 1), fetch_answer(42, 0)),
    ]
    found = play(fetch_offsets(view, "g", [("t", 0)], PATIENCE), lines)
    assert found["t", 0].offset == 42


def offsets(partition: int, code: int, *found: int) -> ListOffsetsResponse:
    part = ListOffsetsPartitionResponse(
        partition_index=partition, error_code=code, old_style_offsets=list(found)
    )
    return ListOffsetsResponse(topics=[ListOffsetsTopicResponse(name="t", partitions=[part])])


def test_offsets_are_looked_up_at_each_leader_and_again_after_it_moved():
    wanted = {("t", 0): -1, ("t", 1): -1}
    lines = [
        (asks("ListOffsets", 1), offsets(0, 6)),
        (asks("ListOffsets", 2), offsets(1, 0, 11)),
        (is_a(Sleep), None),
        (is_a(Refresh, topics=["t"]), None),
        (asks("ListOffsets", 1), offsets(0, 0, 10)),
    ]
    found = play(list_offsets(View(), wanted, 1.0), lines)
    assert {key: value.offsets for key, value in found.items()} == {("t", 0): [10], ("t", 1): [11]}


def test_a_partition_without_a_leader_is_an_error_that_names_it():
    rest = [(is_a(Sleep), None), (is_a(Refresh), None)] * 5
    with pytest.raises(LeaderNotFoundError, match="t/2"):
        play(list_offsets(View(), {("t", 2): -1}, 1.0), rest)


def test_offsets_that_may_not_be_read_are_not_asked_for_again():
    lines = [(asks("ListOffsets", 1), offsets(0, 29))]
    with pytest.raises(TopicAuthorizationFailed, match="t/0"):
        play(list_offsets(View(), {("t", 0): -1}, 1.0), lines)


def newer(offset: int, timestamp: int = -1, code: int = 0) -> ListOffsetsResponse:
    part = ListOffsetsPartitionResponse(
        partition_index=0, error_code=code, offset=offset, timestamp=timestamp
    )
    return ListOffsetsResponse(topics=[ListOffsetsTopicResponse(name="t", partitions=[part])])


def look_up(when: int, *answers: tuple[int | None, ListOffsetsResponse]) -> Place:
    """Find a time in t/0, given (version spoken, answer) of each request."""
    procedure = find_places(View(), {("t", 0): when}, 1.0)
    effect = next(procedure)
    for version, answer in answers:
        while isinstance(effect, (Sleep, Refresh)):
            effect = procedure.send(None)
        effect.message(version)
        try:
            effect = procedure.send(answer)
        except StopIteration as stop:
            return stop.value["t", 0]
    raise AssertionError(f"one more was asked for: {effect}")


def test_a_time_is_found_exactly_where_brokers_know_those_of_messages():
    assert look_up(500, (1, newer(7, 510))) == Place(7, 510, exact=True)


def test_a_time_after_all_messages_is_the_end():
    found = look_up(500, (1, newer(-1)), (1, newer(9)))
    assert found == Place(9, -1, exact=True, beyond=True)


def test_a_time_is_found_by_segment_where_brokers_know_no_better():
    assert look_up(500, (0, offsets(0, 0, 4))) == Place(4, -1, exact=False)


def test_a_time_before_all_segments_is_the_beginning():
    found = look_up(500, (0, offsets(0, 0)), (0, offsets(0, 0, 2)))
    assert found == Place(2, -1, exact=False, beyond=True)


def test_a_log_whose_messages_have_no_times_is_searched_by_segment():
    found = look_up(500, (1, newer(-1, code=43)), (0, offsets(0, 0, 4)))
    assert found == Place(4, -1, exact=False)


def test_the_coordinator_is_among_several_in_newer_answers():
    several = FindCoordinatorResponse(
        coordinators=[
            Coordinator(key="g", node_id=2, host="two", port=9092, error_code=0, error_message=None)
        ]
    )
    view = View()
    assert play(find_coordinator(view, "g", PATIENCE), [(asks("FindCoordinator"), several)]) == 2


def with_ids() -> View:
    view = View()
    view.coordinators["g"] = 1
    topic = view.snapshot.topics["t"]._replace(id=b"t" * 16)
    view.snapshot = view.snapshot._replace(topics={"t": topic})
    return view


def test_offsets_go_by_the_ids_of_topics_where_those_are_known():
    part = OffsetCommitResponsePartition(partition_index=0, error_code=0)
    answer = OffsetCommitResponse(
        topics=[OffsetCommitResponseTopic(topic_id=b"t" * 16, partitions=[part])]
    )
    procedure = commit_offsets(with_ids(), "g", {("t", 0): 5}, "", PATIENCE)
    effect = next(procedure)
    assert effect.at_most is None
    assert effect.message(10).topics[0].topic_id == b"t" * 16
    with pytest.raises(StopIteration):
        procedure.send(answer)


def test_offsets_go_by_the_names_of_topics_where_no_id_is_known():
    view = View()
    view.coordinators["g"] = 1
    effect = next(commit_offsets(view, "g", {("t", 0): 5}, "", PATIENCE))
    assert effect.at_most == 9


def test_offsets_of_several_groups_are_looked_up_at_once_in_newer_versions():
    part = OffsetFetchResponsePartitions(
        partition_index=0, committed_offset=42, metadata="m", error_code=0
    )
    topics = [OffsetFetchResponseTopics(name="t", partitions=[part])]
    answer = OffsetFetchResponse(groups=[OffsetFetchResponseGroup(group_id="g", topics=topics)])
    procedure = fetch_offsets(with_ids(), "g", [("t", 0)], PATIENCE)
    effect = next(procedure)
    assert [group.group_id for group in effect.message(9).groups] == ["g"]
    with pytest.raises(StopIteration) as stop:
        procedure.send(answer)
    assert stop.value.value["t", 0].offset == 42


def test_all_offsets_of_a_group_are_asked_for_by_no_name():
    view = View()
    view.coordinators["g"] = 1
    lines = [(asks("OffsetFetch", 1), fetch_answer(42, 0))]
    assert play(fetch_all_offsets(view, "g", PATIENCE), lines)["t", 0].offset == 42
    effect = next(fetch_all_offsets(view, "g", PATIENCE))
    assert effect.at_most == 9  # its answer has names of topics
    assert effect.message(2).topics is None
    (group,) = effect.message(9).groups
    assert (group.group_id, group.topics) == ("g", None)
    with pytest.raises(UnsupportedVersion, match=r"0\.10\.2"):
        effect.message(1)


def test_a_group_that_may_not_be_read_is_an_error_that_names_it():
    group = OffsetFetchResponseGroup(group_id="g", topics=[], error_code=30)
    view = with_ids()
    lines = [(asks("OffsetFetch", 1), OffsetFetchResponse(groups=[group]))]
    with pytest.raises(GroupAuthorizationFailed, match="'g'"):
        play(fetch_offsets(view, "g", [("t", 0)], PATIENCE), lines)
