"""Decisions without procedures: versions, metadata, back-off, what to fetch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.epoch_history import EpochHistory
from pykafka.core.fetching import FetchLimits, FetchState, plan_fetch
from pykafka.core.metadata import EMPTY, Snapshot
from pykafka.core.retry import Backoff
from pykafka.core.versions import BrokerVersions, check_broker_version, negotiate
from pykafka.exceptions import InvalidOptionError, UnsupportedVersion
from pykafka.wire.messages.fetch import FetchRequest
from pykafka.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from pykafka.wire.messages.offset_commit import OffsetCommitRequest


@given(st.integers(0, 10**9), st.floats(0, 1))
def test_a_wait_grows_but_never_over_its_bound(failures: int, chance: float):
    wait = Backoff(0.5, 4.0, jitter=0.2).wait_s(failures, chance)
    assert 0 <= wait <= 4.0
    if failures:
        assert wait >= 0.5 * 0.8


def test_the_highest_common_version_is_spoken():
    broker = BrokerVersions({8: (0, 2)}, "0.10.0")
    assert negotiate(OffsetCommitRequest, broker) == 2
    assert negotiate(OffsetCommitRequest, broker, at_most=1) == 1
    assert negotiate(OffsetCommitRequest, broker, pinned=0) == 0


def test_a_newer_broker_is_spoken_to_in_the_highest_version_of_the_client():
    assert negotiate(FetchRequest, BrokerVersions({1: (4, 99)}, "9.9")) == 18


def test_a_broker_that_is_too_new_is_named_with_its_release():
    broker = BrokerVersions({1: (19, 22)}, "4.1 or newer")
    with pytest.raises(UnsupportedVersion, match=r"Fetch: .*0 to 18.*4\.1 or newer.*19 to 22"):
        negotiate(FetchRequest, broker)


def test_what_only_a_lower_version_can_say_is_not_said_to_a_broker_without_it():
    with pytest.raises(UnsupportedVersion, match=r"Fetch: .*0 to 12.*13 to 18"):
        negotiate(FetchRequest, BrokerVersions({1: (13, 18)}, "9.9"), at_most=12)


def test_a_broker_that_does_not_know_a_request_says_none():
    with pytest.raises(UnsupportedVersion, match="speaks none"):
        negotiate(FetchRequest, BrokerVersions({}, "0.8"))


@pytest.mark.parametrize("version", ["0.8.2", "0.9.0", b"4.1.0", "0.8.2.2", "3"])
def test_a_broker_version_of_2x_is_accepted(version: Any):
    check_broker_version(version)


@pytest.mark.parametrize("version", ["", "newest", "1.2.3.4.5", "0.8.x"])
def test_a_broker_version_that_is_none_is_refused(version: str):
    with pytest.raises(InvalidOptionError, match="broker_version"):
        check_broker_version(version)


def answer(leader: int, epoch: int = -1, *, brokers: tuple[int, ...] = (1, 2)) -> MetadataResponse:
    part = MetadataResponsePartition(
        error_code=0,
        partition_index=0,
        leader_id=leader,
        leader_epoch=epoch,
        replica_nodes=[1, 2],
        isr_nodes=[1, 2],
    )
    return MetadataResponse(
        brokers=[MetadataResponseBroker(node_id=id_, host="h", port=id_) for id_ in brokers],
        topics=[MetadataResponseTopic(error_code=0, name="t", partitions=[part])],
    )


def test_a_snapshot_follows_the_leader():
    first = EMPTY.following(answer(1), whole=True, now=1.0)
    assert first.leader("t", 0) == 1
    assert first.following(answer(2), whole=True, now=2.0).leader("t", 0) == 2


def test_leader_epochs_never_go_back():
    newer = EMPTY.following(answer(1, epoch=5), whole=True, now=1.0)
    assert newer.following(answer(2, epoch=4), whole=True, now=2.0).leader("t", 0) == 1
    assert newer.following(answer(2, epoch=6), whole=True, now=2.0).leader("t", 0) == 2


def test_a_leader_that_no_broker_is_known_for_is_no_leader():
    snapshot = EMPTY.following(answer(7), whole=True, now=1.0)
    assert snapshot.leader("t", 0) is None
    assert snapshot.leader("t", 1) is None


def test_an_answer_of_a_broker_that_knows_nobody_keeps_the_addresses():
    known = EMPTY.following(answer(1), whole=True, now=1.0)
    after = known.following(answer(1, brokers=()), whole=True, now=2.0)
    assert set(after.brokers) == {1, 2}


def test_an_answer_for_all_topics_drops_those_that_are_gone():
    known = EMPTY.following(answer(1), whole=True, now=1.0)
    nothing = MetadataResponse(brokers=answer(1).brokers, topics=[])
    assert known.following(nothing, whole=True, now=2.0).topics == {}
    assert "t" in known.following(nothing, whole=False, now=2.0).topics


def test_a_topic_in_trouble_keeps_its_partitions():
    known = EMPTY.following(answer(1), whole=True, now=1.0)
    trouble = MetadataResponse(
        brokers=answer(1).brokers,
        topics=[MetadataResponseTopic(error_code=5, name="t", partitions=[])],
    )
    after: Snapshot = known.following(trouble, whole=True, now=2.0)
    assert set(after.topics["t"].partitions) == {0}


LIMITS = FetchLimits(
    partition_max_bytes=1000,
    max_bytes=3000,
    min_bytes=1,
    max_wait_ms=100,
    queued_max_messages=50,
    queued_max_bytes=10_000,
    backoff=Backoff(0.5, 4.0),
)


def states(count: int) -> list[FetchState]:
    return [FetchState(("t", number), 0, 0) for number in range(count)]


def test_a_long_poll_asks_for_everything():
    plan = plan_fetch(states(3), LIMITS, 0, now=1.0)
    assert (len(plan.states), plan.max_wait_ms) == (3, 100)


def test_no_long_poll_while_a_partition_has_to_stay_out():
    full, unknown, stalled, more = states(4), states(4), states(4), states(4)
    full[0].queued_chunks, full[0].queued_bytes = 1, 500
    unknown[0].fetch_offset = None
    stalled[0].stalled = True
    assert plan_fetch(full[:2], LIMITS, 0, 1.0).max_wait_ms == 0
    assert plan_fetch(unknown[:2], LIMITS, 0, 1.0).max_wait_ms == 0
    assert plan_fetch(more, LIMITS, 0, 1.0).max_wait_ms == 0  # only three fit
    # A stalled one will not come to be asked for by itself.
    assert plan_fetch(stalled[:2], LIMITS, 0, 1.0).max_wait_ms == 100


def test_a_request_asks_for_no_more_bytes_than_it_may():
    plan = plan_fetch(states(10), LIMITS, 0, now=1.0)
    assert len(plan.states) * LIMITS.partition_max_bytes <= LIMITS.max_bytes


def test_brokers_that_bound_their_answers_are_asked_for_all_partitions():
    plan = plan_fetch(states(10), LIMITS, 0, now=1.0, bounded=True)
    assert (len(plan.states), plan.max_wait_ms) == (10, 100)


def test_one_partition_is_asked_for_however_large_its_messages_may_be():
    assert len(plan_fetch(states(2), LIMITS._replace(max_bytes=1), 0, 1.0).states) == 1


def test_fetching_pauses_when_enough_waits():
    assert plan_fetch(states(2), LIMITS, LIMITS.queued_max_bytes, 1.0).states == []
    some = states(1)
    some[0].queued_chunks, some[0].queued_bytes = 1, 500
    some[0].rows_per_byte = 0.2  # 100 messages
    assert plan_fetch(some, LIMITS, 500, 1.0).states == []
    some[0].rows_per_byte = 0.05  # 25 messages
    assert plan_fetch(some, LIMITS, 500, 1.0).states == some


def test_a_partition_that_failed_is_waited_for():
    failed = states(2)
    for state in failed:
        state.not_before = 3.0
    plan = plan_fetch(failed, LIMITS, 0, now=1.0)
    assert (plan.states, plan.wait_s) == ([], 2.0)


def test_a_seek_forgets_what_stalled():
    state = states(1)[0]
    state.stalled, state.fetch_offset, state.queued_chunks = True, None, 3
    state.seek(7, epoch=2)
    assert (state.stalled, state.fetch_offset, state.queued_chunks, state.epoch) == (False, 7, 0, 2)


def fetched(leader: int, leader_epoch: int = -1) -> FetchState:
    """A state that has fetched what a leader of epoch 3 stored."""
    state = states(1)[0]
    state.follow(leader, leader_epoch)
    state.fetch_offset = 10
    state.history.add([(3, 0)])
    return state


def test_another_leader_may_lack_what_was_fetched():
    state = fetched(1, 3)
    state.follow(1, 3)
    assert not state.to_validate
    state.follow(2, 4)
    assert state.to_validate
    assert plan_fetch([state], LIMITS, 0, 1.0).states == []


def test_nothing_is_lost_within_an_epoch():
    state = fetched(1, 3)
    state.doubt()
    state.follow(1, 3)
    assert not state.to_validate


def test_without_epochs_a_failed_fetch_may_mean_that_another_one_led_meanwhile():
    state = fetched(1)
    state.doubt()
    state.follow(1, -1)
    assert state.to_validate


def test_nothing_that_was_fetched_can_be_missed_right_after_a_seek():
    state = fetched(1, 3)
    state.seek(5, 1)
    state.follow(2, 4)
    assert not state.to_validate


def test_a_topic_that_is_made_anew_begins_with_new_epochs():
    def made(id_: bytes, leader: int, epoch: int) -> MetadataResponse:
        found = answer(leader, epoch)
        found.topics[0].topic_id = id_
        return found

    first = EMPTY.following(made(b"a" * 16, 1, 5), whole=False, now=1.0)
    anew = first.following(made(b"b" * 16, 2, 0), whole=False, now=2.0)
    assert (anew.leader("t", 0), anew.leader_epoch("t", 0)) == (2, 0)
    assert anew.topic_ids(["t"]) == {"t": b"b" * 16}


def test_a_topic_that_is_gone_is_forgotten():
    known = EMPTY.following(answer(1, epoch=5), whole=False, now=1.0)
    gone = MetadataResponse(
        brokers=answer(1).brokers,
        topics=[MetadataResponseTopic(error_code=3, name="t", partitions=[])],
    )
    after = known.following(gone, whole=False, now=2.0)
    assert "t" not in after.topics
    assert after.following(answer(2, epoch=0), whole=False, now=3.0).leader("t", 0) == 2


def test_the_ids_of_topics_are_all_known_or_none():
    assert EMPTY.following(answer(1), whole=True, now=1.0).topic_ids(["t"]) is None
    assert EMPTY.topic_ids(["t"]) is None


def history(*met: tuple[int, int]) -> EpochHistory:
    found = EpochHistory()
    found.add(met)
    return found


def test_a_log_in_which_the_last_epoch_goes_on_holds_everything():
    assert history((3, 0), (5, 20)).parting(40, fetch_offset=30) is None


def test_logs_part_where_the_last_epoch_ends():
    assert history((3, 0), (5, 20)).parting(25, fetch_offset=30) == 25


def test_of_an_epoch_that_the_leader_does_not_know_nothing_is_there():
    found = history((3, 0), (5, 20))
    assert found.is_unknown()
    assert found.latest == 3
    # The earlier epoch may have gone on in the other log, or have ended earlier.
    assert found.parting(50, fetch_offset=30) == 20
    assert found.parting(10, fetch_offset=30) == 10


def test_without_an_epoch_that_the_leader_knows_it_cannot_be_told():
    assert not history((5, 20)).is_unknown()


def test_an_epoch_is_remembered_from_where_it_was_met_first():
    found = history((3, 0))
    found.add([(3, 10), (5, 20)])
    found.add([(5, 30)])
    assert found.is_unknown()
    assert found.parting(99, fetch_offset=40) == 20
