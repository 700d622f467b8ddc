"""What was handed over is taken back once, whatever the order of outcomes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.outstanding import Handed, Outstanding, Unheld
from pykafka.core.producing import Batch
from pykafka.message import Message, SharedFields


def held(first: int, count: int) -> Batch:
    return Batch([Message(b"%d" % number) for number in range(first, first + count)], 0, 0.0)


def unheld(first: int, count: int) -> Unheld:
    numbers = range(first, first + count)
    return Unheld([b"%d" % number for number in numbers], None, list(numbers), SharedFields())


def numbers(pieces: list[tuple[int, Handed]]) -> list[int]:
    found = []
    for first, piece in pieces:
        values = [int(message.value) for message in piece.messages]
        assert values == list(range(first, first + piece.count))
        found += values
    return found


@given(
    sizes=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=6),
    outcomes=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=12),
)
def test_each_is_taken_once_in_the_order_of_numbers(
    sizes: list[tuple[int, bool]], outcomes: list[tuple[int, int]]
) -> None:
    away = Outstanding()
    count = 0
    for size, is_held in sizes:
        assert away.add((held if is_held else unheld)(count, size)) == count
        count += size
    left = set(range(count))
    for first, count in outcomes:
        expected = sorted(left & set(range(first, first + count)))
        assert numbers(away.take(first, count)) == expected
        left -= set(expected)
    rest = [int(message.value) for piece in away.take_all() for message in piece.messages]
    assert rest == sorted(left)
    assert away.take_all() == []


def test_outcomes_in_order_take_what_was_added_in_order() -> None:
    away = Outstanding()
    away.add(held(0, 3))
    assert numbers(away.take(0, 2)) == [0, 1]
    away.add(unheld(3, 2))
    assert numbers(away.take(2, 3)) == [2, 3, 4]
    assert away.take_all() == []


def test_what_was_refused_is_nobodys() -> None:
    away = Outstanding()
    away.add(held(0, 4))
    away.drop(2, 2)
    away.add(held(4, 1))
    assert numbers(away.take(1, 9)) == [1, 4]
    assert [one.count for one in away.take_all()] == [1]


def test_messages_that_nobody_holds_are_made_again_as_they_were_delivered() -> None:
    shared = SharedFields(partition_id=3)
    handed = Unheld([b"a", None, b"c"], [b"k", b"", None], [10, 11, 12], shared)
    some = handed.part(1, 3)
    some.acknowledge(100, -1)
    assert [
        (one.value, one.partition_key, one.offset, one.timestamp, one.partition_id, one.headers)
        for one in some.messages
    ] == [(None, b"", 100, 11, 3, []), (b"c", None, 101, 12, 3, [])]
    assert [one.offset for one in handed.messages] == [-1, -1, -1]
    some.acknowledge(100, 55)
    assert [one.timestamp for one in some.messages] == [55, 55]
