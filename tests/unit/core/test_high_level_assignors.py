"""Shares in ZooKeeper's groups, as Kafka 0.8.2.2 has them; beside its classes in ``tests/wire``."""

from __future__ import annotations

import pytest
from assignor_groups import spread
from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.assignors.high_level import share_range, share_round_robin
from pykafka.core.assignors.java_strings import hash_of, order_of

THREADS = ["g_a-0", "g_a-1", "g_b-0", "g_b-1"]


def test_range_gives_neighbours_to_threads_in_the_order_of_text() -> None:
    threads = [f"c-{number}" for number in (0, 2, 10)]
    assert share_range(threads, [9, 10, 2, 0, 1]) == {
        "c-0": [0, 1],
        "c-10": [2, 9],
        "c-2": [10],
    }


def test_round_robin_deals_by_hash() -> None:
    # Observed: kafka.consumer.RoundRobinAssignor of 0.8.2.2.
    assert share_round_robin(THREADS[::-1], {"u": range(4), "t": range(7)}) == {
        "g_a-0": [("t", 0), ("t", 4), ("u", 1)],
        "g_a-1": [("t", 1), ("t", 5), ("u", 2)],
        "g_b-0": [("t", 2), ("t", 6), ("u", 3)],
        "g_b-1": [("t", 3), ("u", 0)],
    }


def test_equal_hashes_are_dealt_by_name() -> None:
    shares = share_round_robin(["c-0", "c-1"], {"BB": [0], "Aa": [0]})
    assert shares == {"c-0": [("Aa", 0)], "c-1": [("BB", 0)]}


def test_without_threads_there_is_nothing_to_do() -> None:
    assert share_range([], [0]) == {}
    assert share_round_robin([], {"t": [0]}) == {}


@given(st.sets(st.text(max_size=4), min_size=1), st.dictionaries(st.text(), st.integers(0, 20)))
def test_each_partition_has_one_thread(threads: set[str], sizes: dict[str, int]) -> None:
    for size in sizes.values():
        shares = share_range(sorted(threads), range(size))
        assert sorted(id_ for ids in shares.values() for id_ in ids) == list(range(size))
        assert spread([*map(len, shares.values())]) < 2
    dealt = share_round_robin(sorted(threads), {topic: range(n) for topic, n in sizes.items()})
    assert sorted(key for keys in dealt.values() for key in keys) == sorted(
        (topic, id_) for topic, size in sizes.items() for id_ in range(size)
    )
    assert spread([*map(len, dealt.values())]) < 2


@pytest.mark.parametrize(
    ("text", "hashed"),
    [("", 0), ("hello", 99162322), ("polygenelubricants", -(2**31)), ("Aa", 2112), ("BB", 2112)],
)
def test_strings_are_hashed_as_in_java(text: str, hashed: int) -> None:
    assert hash_of(text) == hashed


def test_strings_are_ordered_as_in_java() -> None:
    assert sorted(["\uffe6", "\U0001f600", "a", "aa"], key=order_of) == [
        "a",
        "aa",
        "\U0001f600",
        "\uffe6",
    ]
