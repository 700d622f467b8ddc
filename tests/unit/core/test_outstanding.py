"""What was handed over is taken back once, whatever the order of outcomes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.outstanding import Outstanding
from pykafka.message import Message


def messages(first: int, count: int) -> list[Message]:
    return [Message(b"%d" % number) for number in range(first, first + count)]


def numbers(found: list[Message]) -> list[int]:
    return [int(message.value) for message in found]


@given(
    sizes=st.lists(st.integers(0, 5), max_size=6),
    outcomes=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=12),
)
def test_each_is_taken_once_in_the_order_of_numbers(
    sizes: list[int], outcomes: list[tuple[int, int]]
) -> None:
    away = Outstanding()
    for size in sizes:
        away.add(messages(away.next_number, size))
    left = set(range(sum(sizes)))
    assert away.next_number == len(left)
    for first, count in outcomes:
        expected = sorted(left & set(range(first, first + count)))
        assert numbers(away.take(first, count)) == expected
        left -= set(expected)
    assert numbers(away.take_all()) == sorted(left)
    assert away.take_all() == []


def test_outcomes_in_order_take_what_was_added_in_order() -> None:
    away = Outstanding()
    away.add(messages(0, 3))
    assert numbers(away.take(0, 2)) == [0, 1]
    away.add(messages(3, 2))
    assert numbers(away.take(2, 3)) == [2, 3, 4]
    assert away.take_all() == []
