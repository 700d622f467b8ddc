"""What becomes of rows, positions and commits when partitions come and go."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from background import in_background
from unit.consumer.fakes import (
    MemoryStore,
    ScriptedMembership,
    ScriptedSource,
    member_of_a_group,
    take,
)

from pykafka.exceptions import (
    IllegalGeneration,
    RebalanceInProgress,
    SocketDisconnectedError,
    UnknownMemberId,
    ZookeeperConnectionError,
)
from pykafka.runtime.consumer.consumption import Consumption

A, B = ("t", 0), ("t", 1)
_SOON = 10.0


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture
def membership() -> ScriptedMembership:
    return ScriptedMembership()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def core(source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore) -> Consumption:
    return member_of_a_group(source, membership, store)


def got(core: Consumption, count: int) -> list[int]:
    messages = [take(core, block=False) for _ in range(count)]
    return [message.offset for message in messages if message is not None]


def test_partitions_begin_where_the_group_has_committed(
    source: ScriptedSource, core: Consumption, store: MemoryStore
) -> None:
    store.offsets = {A: 5, B: 7}
    core.assigned([A, B])
    assert source.started_at == [{A: 5, B: 7}]
    assert core.held() == {A: 4, B: 6}


def test_what_may_be_revoked_is_committed_and_no_more_of_it_delivered(
    source: ScriptedSource, core: Consumption, store: MemoryStore
) -> None:
    core.assigned([A, B])
    source.bring(0, 10, A)
    source.bring(0, 3, B)
    assert got(core, 4) == [0, 1, 2, 3]
    core.will_revoke([A])
    assert store.commits == [{A: 4}]
    # The other partition goes on.
    assert got(core, 10) == [0, 1, 2]


def test_a_partition_that_stays_goes_on_in_the_middle_of_its_run(
    source: ScriptedSource, core: Consumption
) -> None:
    core.assigned([A, B])
    source.bring(0, 6, A)
    source.bring(6, 2, A)
    assert got(core, 2) == [0, 1]
    core.will_revoke([A, B])
    assert got(core, 1) == []
    core.assigned([A])
    assert got(core, 10) == [2, 3, 4, 5, 6, 7]
    assert source.started_at == [{A: 0, B: 0}, {}]
    assert core.positions() == {A: 8}


def test_a_partition_that_may_have_been_elsewhere_begins_at_its_commit(
    source: ScriptedSource, core: Consumption, store: MemoryStore
) -> None:
    core.assigned([A])
    source.bring(0, 6, A)
    assert got(core, 2) == [0, 1]
    core.will_revoke([A])
    store.offsets[A] = 40  # by another member
    core.assigned([A], keep=False)
    assert source.started_at[-1] == {A: 40}
    assert got(core, 1) == []


def test_a_partition_that_leaves_is_forgotten_with_its_rows(
    source: ScriptedSource, core: Consumption
) -> None:
    core.assigned([A, B])
    source.bring(0, 6, A)
    assert got(core, 2) == [0, 1]
    core.will_revoke([A])
    core.assigned([B])
    assert got(core, 10) == []
    assert list(core.held()) == [B]
    assert not core.owns(A)


def test_what_another_member_may_have_by_now_is_not_committed_again(
    source: ScriptedSource, core: Consumption, store: MemoryStore
) -> None:
    core.assigned([A, B])
    source.bring(0, 6, A)
    source.bring(0, 6, B)
    got(core, 8)
    core.will_revoke([A])
    assert core.positions() == {B: 2}
    assert not core.owns(A)
    core.commits.commit()
    assert store.commits[-1] == {B: 2}


def test_lost_partitions_are_dropped_and_not_committed(
    source: ScriptedSource, core: Consumption, store: MemoryStore
) -> None:
    core.assigned([A])
    source.bring(0, 6, A)
    assert got(core, 2) == [0, 1]
    core.lost([A])
    assert (got(core, 1), store.commits, core.positions()) == ([], [], {})


def test_moving_a_partition_drops_what_was_left_of_its_run(
    source: ScriptedSource, core: Consumption
) -> None:
    core.assigned([A])
    source.bring(0, 6, A)
    got(core, 2)
    core.will_revoke([A])
    core.assigned([A])
    core.move({A: 30})
    assert got(core, 5) == []
    assert source.sought == [(A, 30)]


def test_nothing_is_delivered_after_the_lease_until_it_is_extended(
    source: ScriptedSource, core: Consumption, membership: ScriptedMembership
) -> None:
    core.assigned([A])
    membership.lease_until = time.monotonic() - 1
    source.bring(0, 2, A)
    assert got(core, 1) == []
    waiting = in_background(take, core)
    membership.lease_until = time.monotonic() + 60
    core.ready()
    message = waiting.result(_SOON)
    assert message is not None
    assert message.offset == 0


def test_callbacks_are_told_of_what_was_and_what_is(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    told: list[object] = []
    core = member_of_a_group(
        source,
        membership,
        store,
        revoking=told.append,
        rebalanced=lambda old, new: told.append((old, new)),
    )
    store.offsets = {B: 7}
    core.assigned([A])
    source.bring(0, 3, A)
    got(core, 3)
    core.will_revoke([A])
    core.assigned([B])
    core.will_revoke([B])
    core.assigned([B])  # it is the same again
    core.assigned([B])  # nobody has asked
    assert told == [({}, {A: -1}), {A: 2}, ({A: 2}, {B: 6}), {B: 6}, ({B: 6}, {B: 6})]


def test_who_was_not_asked_to_let_go_is_told_of_changes_only(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    told: list[object] = []
    core = member_of_a_group(
        source, membership, store, rebalanced=lambda old, new: told.append(new)
    )
    core.assigned([A])
    core.will_revoke([A])
    core.assigned([A])
    assert told == [{A: -1}]


def test_a_callback_may_commit_what_it_is_about_to_lose(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    core = member_of_a_group(
        source,
        membership,
        store,
        revoking=lambda going: core.commits.commit(),
        commit_on_revoke=False,
    )
    core.assigned([A])
    source.bring(0, 3, A)
    got(core, 2)
    core.will_revoke([A])
    assert store.commits == [{A: 2}]


def test_what_is_held_back_already_is_not_asked_about_again(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    told: list[object] = []
    core = member_of_a_group(source, membership, store, revoking=told.append)
    core.assigned([A])
    source.bring(0, 3, A)
    got(core, 2)
    core.will_revoke([A])
    core.will_revoke([A])
    assert (told, store.commits) == ([{A: 1}], [{A: 2}])


def test_partitions_are_given_up_without_a_commit_if_that_is_wanted(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    core = member_of_a_group(source, membership, store, commit_on_revoke=False)
    core.assigned([A])
    source.bring(0, 3, A)
    got(core, 2)
    core.will_revoke([A])
    assert store.commits == []


def test_a_commit_that_fails_does_not_keep_partitions_from_others(
    source: ScriptedSource, core: Consumption, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    core.assigned([A])
    source.bring(0, 3, A)
    got(core, 2)
    store.failures.append(SocketDisconnectedError("gone"))
    core.will_revoke([A])
    assert "t/0 are not committed" in caplog.text


def test_who_may_have_lost_its_partitions_commits_nothing(
    source: ScriptedSource, core: Consumption, store: MemoryStore, membership: ScriptedMembership
) -> None:
    core.assigned([A])
    source.bring(0, 3, A)
    got(core, 2)
    membership.refusal = ZookeeperConnectionError("not heard")
    with pytest.raises(ZookeeperConnectionError):
        core.commits.commit()
    core.will_revoke([A])
    assert store.commits == []


@pytest.mark.parametrize("error", [RebalanceInProgress, IllegalGeneration, UnknownMemberId])
def test_a_commit_in_a_rebalance_is_repeated_for_what_is_left(
    source: ScriptedSource,
    core: Consumption,
    store: MemoryStore,
    membership: ScriptedMembership,
    error: Callable[[str], Exception],
) -> None:
    core.assigned([A, B])
    source.bring(0, 3, A)
    source.bring(0, 3, B)
    got(core, 4)

    def rebalance() -> bool:
        core.will_revoke([A])
        core.assigned([B])
        return True

    membership.on_settled = rebalance
    store.failures.append(error("the group rebalances"))
    core.commits.commit()
    assert store.commits == [{A: 3, B: 1}, {A: 3}, {B: 1}]


def test_a_commit_of_what_went_meanwhile_is_an_error_that_names_it(
    source: ScriptedSource, core: Consumption, store: MemoryStore, membership: ScriptedMembership
) -> None:
    core.assigned([A, B])

    def rebalance() -> bool:
        core.lost([A])
        return True

    membership.on_settled = rebalance
    store.failures.append(IllegalGeneration("too late"))
    with pytest.raises(IllegalGeneration, match="t/0 went to another member"):
        core.commits.commit({A: 1, B: 1})


def test_what_ends_the_membership_is_raised_behind_the_rows(
    source: ScriptedSource, core: Consumption, membership: ScriptedMembership
) -> None:
    core.assigned([A])
    source.bring(0, 1, A)
    membership.error = UnknownMemberId("dropped")
    assert got(core, 1) == [0]
    with pytest.raises(UnknownMemberId):
        take(core)


def test_an_assignment_to_one_that_was_stopped_meanwhile_is_passed_over(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    core = member_of_a_group(
        source, membership, store, rebalanced=lambda old, new: core.stop(commit=False)
    )
    core.assigned([A])
    assert source.started_at == []


def test_somebody_who_waits_is_using_the_consumer(
    source: ScriptedSource, core: Consumption
) -> None:
    core.assigned([A])
    source.bring(0, 2, A)
    before = core.activity()
    got(core, 1)
    after = core.activity()
    assert before != after
    assert core.activity() == after
    got(core, 1)
    waiting = in_background(take, core)
    while core.activity() is not None:
        time.sleep(0.001)
    source.bring(2, 1, A)
    assert waiting.result(_SOON) is not None


def test_without_a_lease_nothing_that_is_at_hand_is_delivered(
    source: ScriptedSource, membership: ScriptedMembership, core: Consumption
) -> None:
    core.assigned([A])
    source.bring(0, 6, A)
    source.bring(6, 2, A)
    assert got(core, 2) == [0, 1]
    membership.lease_until = time.monotonic()
    core.suspend()
    core.suspend()
    assert got(core, 3) == []
    assert core.positions() == {A: 2}
    membership.lease_until = time.monotonic() + 60
    assert got(core, 10) == [2, 3, 4, 5, 6, 7]


def test_a_run_without_a_lease_goes_with_its_partition(
    source: ScriptedSource, core: Consumption
) -> None:
    core.assigned([A])
    source.bring(0, 6, A)
    assert got(core, 2) == [0, 1]
    core.suspend()
    core.lost([A])
    assert got(core, 1) == []


def test_what_stays_is_the_members_own_again_when_its_user_is_told(
    source: ScriptedSource, membership: ScriptedMembership, store: MemoryStore
) -> None:
    owned: list[list[bool]] = []
    core = member_of_a_group(
        source, membership, store, rebalanced=lambda *_: owned.append([*map(core.owns, (A, B))])
    )
    core.assigned([A, B])
    core.will_revoke([A, B])
    core.assigned([A])
    assert owned == [[True, True], [True, False]]
