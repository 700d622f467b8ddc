"""Permits end where somebody has to look; each is the turn of a lane."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.runtime.producer.permits import Permits


def lanes(count: int) -> list[Any]:
    return [SimpleNamespace(number=number) for number in range(count)]


def test_there_is_none_before_some_are_given_or_without_a_lane() -> None:
    permits = Permits()
    with pytest.raises(StopIteration):
        permits.take()
    permits.give(10)
    with pytest.raises(StopIteration):
        permits.take()
    assert permits.use_one() is None
    assert permits.used == 0


@given(
    count=st.integers(1, 4),
    steps=st.lists(
        st.tuples(st.sampled_from(["give", "take", "take_back", "use_one"]), st.integers(0, 9)),
        max_size=30,
    ),
)
def test_turns_go_round_whatever_is_given_and_taken_back(
    count: int, steps: list[tuple[str, int]]
) -> None:
    permits = Permits()
    permits.share_among(lanes(count))
    used, left = 0, 0
    for step, number in steps:
        if step == "give":
            permits.give(number)
            left = number
        elif step == "take_back":
            permits.take_back()
            left = 0
        elif step == "use_one" and not left:
            lane: Any = permits.use_one()
            assert lane.number == used % count
            used += 1
        elif step == "take":
            for _ in range(min(number, left)):
                taken: Any = permits.take()
                assert taken.number == used % count
                used += 1
                left -= 1
        assert permits.used == used
    for _ in range(left):
        permits.take()
    with pytest.raises(StopIteration):
        permits.take()


@pytest.mark.parametrize("happens", ["give", "take_back", "share_among"])
def test_whoever_had_one_sees_that_it_is_gone(happens: str) -> None:
    permits = Permits()
    permits.share_among(lanes(2))
    permits.give(5)
    had = permits.take
    had()
    {
        "give": lambda: permits.give(5),
        "take_back": permits.take_back,
        "share_among": lambda: permits.share_among(lanes(3)),
    }[happens]()
    assert had is not permits.take
    with pytest.raises(StopIteration):
        had()
    assert permits.used == 1
