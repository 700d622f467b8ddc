"""The judge of groups, with made-up groups that do each thing that is wrong."""

from __future__ import annotations

from groups.events import Event, Place
from groups.judge import Sample, Trouble, Verdict, judge, owned_once

TOPIC = "t"
PLACE: Place = (TOPIC, 0)
GRACE = 2.0


def assigned(t: float, member: str) -> Event:
    return Event(t, member, "assigned", TOPIC, 0)


def delivered(t: float, member: str, *offsets: int) -> list[Event]:
    """Messages, a hundredth of a second apart; each one's value is its offset."""
    return [
        Event(t + number / 100, member, "delivered", TOPIC, 0, offset, str(offset))
        for number, offset in enumerate(offsets)
    ]


def of(
    *events: Event | list[Event],
    end: int,
    troubles: tuple[Trouble, ...] = (),
    samples: tuple[Sample, ...] = (),
    may_go_back: tuple[Trouble, ...] = (),
) -> Verdict:
    """The verdict over a partition that holds the offsets below ``end``."""
    flat: list[Event] = []
    for event in events:
        flat += event if isinstance(event, list) else [event]
    produced = {PLACE: {offset: str(offset) for offset in range(end)}}
    return judge(flat, produced, troubles, grace=GRACE, samples=samples, may_go_back=may_go_back)


def commits(*seen: tuple[float, int]) -> tuple[Sample, ...]:
    return tuple(Sample(t, {PLACE: offset}) for t, offset in seen)


def test_a_handed_over_partition_is_fine() -> None:
    verdict = of(
        assigned(0, "a"), delivered(1, "a", 0, 1), assigned(2, "b"), delivered(3, "b", 2), end=3
    )
    assert verdict.fine
    assert (verdict.produced, verdict.delivered, verdict.members) == (3, 3, 2)
    assert verdict.text().endswith("\nfine")


def test_events_may_come_in_any_order() -> None:
    events = [*delivered(3, "b", 2), assigned(2, "b"), *delivered(1, "a", 0, 1)]
    assert of(events, end=3).fine


def test_what_no_one_delivered_is_missing() -> None:
    verdict = of(delivered(1, "a", 0, 2), end=4)
    assert verdict.missing == [(PLACE, 1), (PLACE, 3)]
    assert not verdict.fine
    assert "NOT FINE" in verdict.text()
    assert "missing: (('t', 0), 1)" in verdict.text()


def test_a_partition_that_no_one_has_delivered_from_is_missing() -> None:
    verdict = judge([], {PLACE: {0: None}}, grace=GRACE)
    assert verdict.missing == [(PLACE, 0)]


def test_another_value_or_an_offset_that_does_not_exist_is_damage() -> None:
    wrong = Event(1, "a", "delivered", TOPIC, 0, 0, "other")
    verdict = of(wrong, delivered(2, "a", 1), end=1)
    assert verdict.damaged == [(PLACE, 0), (PLACE, 1)]
    assert not verdict.fine


def test_a_value_that_is_not_known_may_be_anything() -> None:
    assert judge(delivered(1, "a", 0), {PLACE: {0: None}}, grace=GRACE).fine


def test_two_members_that_take_turns_share_a_partition() -> None:
    verdict = of(delivered(1, "a", 0), delivered(2, "b", 1), delivered(3, "a", 2), end=3)
    (shared,) = verdict.shared
    assert (shared.first, shared.second, shared.t, shared.offset) == ("a", "b", 3, 2)
    assert not verdict.fine


def test_a_member_may_get_a_partition_back() -> None:
    verdict = of(
        delivered(1, "a", 0),
        delivered(2, "b", 1),
        assigned(2.5, "a"),
        delivered(3, "a", 2),
        end=3,
    )
    assert verdict.fine


def test_an_assignment_from_before_gives_nothing_back() -> None:
    verdict = of(
        assigned(0, "a"), delivered(1, "a", 0), delivered(2, "b", 1), delivered(3, "a", 2), end=3
    )
    assert len(verdict.shared) == 1


def test_after_a_pause_an_overlap_is_reported_and_allowed() -> None:
    paused = Trouble("a", "pause", 1.5, 3.0)
    verdict = of(
        delivered(1, "a", 0),
        delivered(2, "b", 1),
        delivered(3.1, "a", 2),
        end=3,
        troubles=(paused,),
    )
    assert verdict.fine
    assert len(verdict.overlaps) == 1


def test_the_owner_is_not_at_fault_for_what_a_waking_member_does() -> None:
    verdict = of(
        delivered(1, "a", 0),
        assigned(2, "b"),
        delivered(2, "b", 1),
        delivered(3.1, "a", 1),
        delivered(3.2, "b", 2),
        delivered(3.3, "a", 2),
        end=3,
        troubles=(Trouble("a", "pause", 1.5, 3.0),),
    )
    assert verdict.fine
    assert [case.first for case in verdict.overlaps] == ["a", "a"]


def test_an_overlap_has_to_end_in_time() -> None:
    paused = Trouble("a", "pause", 1.5, 3.0)
    verdict = of(
        delivered(1, "a", 0),
        delivered(2, "b", 1),
        delivered(3.0 + GRACE + 0.1, "a", 2),
        end=3,
        troubles=(paused,),
    )
    assert len(verdict.shared) == 1


def test_the_pause_of_another_member_allows_nothing() -> None:
    verdict = of(
        delivered(1, "a", 0),
        delivered(2, "b", 1),
        delivered(3, "a", 2),
        end=3,
        troubles=(Trouble("c", "pause", 1.5, 3.0),),
    )
    assert len(verdict.shared) == 1


def test_what_hits_all_is_a_trouble_of_each() -> None:
    verdict = of(
        delivered(1, "a", 0),
        delivered(2, "b", 1),
        delivered(3, "a", 2),
        end=3,
        troubles=(Trouble(None, "coordinator killed", 1.5, 3.0),),
    )
    assert verdict.fine


def test_a_clean_handover_explains_no_duplicate() -> None:
    verdict = of(delivered(1, "a", 0, 1), assigned(2, "b"), delivered(3, "b", 1), end=2)
    (duplicate,) = verdict.duplicates
    assert (duplicate.offset, duplicate.first, duplicate.second) == (1, "a", "b")
    assert "nothing had befallen a" in verdict.text()
    assert not verdict.fine


def test_a_member_that_repeats_itself_is_found() -> None:
    assert len(of(delivered(1, "a", 0, 0), end=1).duplicates) == 1


def test_a_kill_explains_what_was_not_committed() -> None:
    killed = Trouble("a", "kill", 2.0, 2.0)
    verdict = of(
        delivered(1, "a", 0, 1, 2),
        assigned(4, "b"),
        delivered(5, "b", 1, 2),
        end=3,
        troubles=(killed,),
        samples=commits((0.9, 0), (1.5, 1)),
    )
    assert verdict.fine
    assert [duplicate.offset for duplicate in verdict.repeated] == [1, 2]


def test_a_kill_explains_nothing_that_was_committed_before() -> None:
    killed = Trouble("a", "kill", 2.0, 2.0)
    verdict = of(
        delivered(1, "a", 0, 1),
        delivered(5, "b", 0, 1),
        end=2,
        troubles=(killed,),
        samples=commits((1.5, 1)),
    )
    assert [duplicate.offset for duplicate in verdict.duplicates] == [0]
    assert [duplicate.offset for duplicate in verdict.repeated] == [1]


def test_what_a_member_told_that_it_committed_counts_too() -> None:
    verdict = of(
        delivered(1, "a", 0, 1),
        Event(1.5, "a", "committed", TOPIC, 0, 1),
        delivered(5, "b", 0, 1),
        end=2,
        troubles=(Trouble("a", "kill", 2.0, 2.0),),
    )
    assert [duplicate.offset for duplicate in verdict.duplicates] == [0]
    assert [duplicate.offset for duplicate in verdict.repeated] == [1]


def test_the_kill_of_another_member_explains_nothing() -> None:
    verdict = of(
        delivered(1, "a", 0),
        delivered(5, "b", 0),
        end=1,
        troubles=(Trouble("c", "kill", 2.0, 2.0),),
    )
    assert len(verdict.duplicates) == 1


def test_a_kill_that_is_long_past_explains_nothing() -> None:
    verdict = of(
        delivered(10, "a", 0),
        delivered(11, "b", 0),
        end=1,
        troubles=(Trouble("a", "pause", 1.0, 2.0),),
    )
    assert len(verdict.duplicates) == 1


def test_a_chain_of_kills_explains_each_repetition() -> None:
    verdict = of(
        delivered(1, "a", 0),
        delivered(5, "b", 0),
        delivered(9, "c", 0),
        end=1,
        troubles=(Trouble("a", "kill", 2.0, 2.0), Trouble("b", "kill", 6.0, 6.0)),
    )
    assert verdict.fine
    assert len(verdict.repeated) == 2


def test_what_a_paused_member_still_had_is_explained_on_both_sides() -> None:
    """b has taken over and delivered; a wakes up and hands out what it had."""
    verdict = of(
        delivered(1, "a", 0),
        delivered(3, "b", 1, 2),
        delivered(4.1, "a", 1),
        end=3,
        troubles=(Trouble("a", "pause", 1.5, 4.0),),
    )
    assert verdict.fine
    assert len(verdict.overlaps) == len(verdict.repeated) == 1


def test_commits_that_go_back_are_found() -> None:
    verdict = of(delivered(1, "a", 0), end=1, samples=commits((1, 5), (2, 7), (3, 6), (4, 6)))
    (back,) = verdict.back
    assert (back.t, back.before, back.after) == (3, 7, 6)
    assert not verdict.fine


def test_a_pause_excuses_no_commit_that_goes_back() -> None:
    paused = Trouble("a", "pause", 1.0, 3.0)
    verdict = of(delivered(1, "a", 0), end=1, troubles=(paused,), samples=commits((1, 7), (2, 6)))
    assert len(verdict.back) == 1


def test_commits_go_back_where_the_caller_says_so() -> None:
    lost = Trouble(None, "offsets topic lost", 1.5, 2.0)
    verdict = of(delivered(1, "a", 0), end=1, samples=commits((1, 7), (2, 6)), may_go_back=(lost,))
    assert verdict.fine
    assert len(verdict.excused_back) == 1


def test_errors_are_shown_and_judged_by_what_follows() -> None:
    verdict = of(Event(0, "a", "error", value="ouch"), delivered(1, "a", 0), end=1)
    assert verdict.fine
    assert "members said: ('a', 'ouch')" in verdict.text()


def test_of_many_cases_the_first_are_shown() -> None:
    text = of(end=1000).text()
    assert "missing                           1,000" in text
    assert "missing: and 990 more" in text


def test_each_partition_has_one_owner_who_is_there() -> None:
    places = [(TOPIC, number) for number in range(4)]
    owners = {places[0]: ("a",), places[1]: ("a", "b"), places[2]: ("gone",)}
    assert owned_once(owners, places[:1], {"a", "b"}) == []
    assert owned_once(owners, places, {"a", "b"}) == [
        "('t', 1) has 2 owners: a, b",
        "('t', 2) is owned by gone, who is gone",
        "('t', 3) has 0 owners: none",
    ]
