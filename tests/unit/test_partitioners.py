"""Where messages go: the same places as in 2.8, whatever threads and lists do."""

from __future__ import annotations

import gc
import random
import threading
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.exceptions import InvalidOptionError, LeaderNotFoundError
from pykafka.partitioners import (
    BasePartitioner,
    GroupHashingPartitioner,
    HashingPartitioner,
    InIdOrder,
    RandomPartitioner,
    hashing_partitioner,
)


class Place:
    """Stands for a partition: has an id and sorts by it."""

    def __init__(self, id_: int) -> None:
        self.id = id_

    def __lt__(self, other: Place) -> bool:
        return self.id < other.id

    def __repr__(self) -> str:
        return f"Place({self.id})"


def places(*ids: int) -> list[Any]:
    return [Place(id_) for id_ in ids]


def test_round_robin_starts_at_the_second_place_of_the_list() -> None:
    partitions = places(3, 1, 0, 2)
    partitioner = RandomPartitioner()
    taken = [partitioner(partitions, b"whatever").id for _ in range(6)]
    assert taken == [1, 0, 2, 3, 1, 0]
    assert partitioner.idx == 2


def test_round_robin_goes_on_when_partitions_are_added_or_gone() -> None:
    partitioner = RandomPartitioner()
    partitioner.idx = 7
    assert partitioner(places(0, 1, 2), None).id == 2
    assert partitioner(places(0), None).id == 0
    assert partitioner(places(0, 1, 2, 3), None).id == 1


def test_round_robin_survives_threads_with_lists_of_different_lengths() -> None:
    partitioner = RandomPartitioner()
    failures: list[BaseException] = []

    def work(partitions: list[Any]) -> None:
        try:
            for _ in range(20_000):
                assert partitioner(partitions, None) in partitions
        except (IndexError, AssertionError) as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(places(*range(count)),)) for count in (1, 2, 5, 8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


@pytest.mark.parametrize(("key", "place"), [(b"key", 2), (b"a", 0), (b"b", 0), (b"", 1)])
def test_a_key_lies_where_2_8_puts_it(key: bytes, place: int) -> None:
    assert hashing_partitioner(places(0, 1, 2, 3), key).id == place


@given(st.binary(), st.permutations(range(7)))
def test_the_order_of_the_list_does_not_matter(key: bytes, ids: list[int]) -> None:
    partitioner = HashingPartitioner()
    assert partitioner(places(*ids), key).id == partitioner(places(*range(7)), key).id


@given(st.binary(), st.permutations(range(7)))
def test_a_list_known_to_be_in_order_places_alike(key: bytes, ids: list[int]) -> None:
    partitions = places(*ids)
    ordered = InIdOrder(partitions)
    assert [place.id for place in ordered] == list(range(7))
    assert hashing_partitioner(ordered, key) is hashing_partitioner(partitions, key)


def test_a_partitioner_keeps_nothing_alive() -> None:
    partitioner = HashingPartitioner()
    partitions = places(1, 0)
    watched = weakref.ref(partitions[0])
    partitioner(partitions, b"key")
    partitioner(InIdOrder(partitions), b"key")
    del partitions
    gc.collect()
    assert watched() is None


def test_a_hash_may_be_negative() -> None:
    assert HashingPartitioner(hash_func=lambda key: -5)(places(0, 1, 2, 3), b"").id == 1


@pytest.mark.parametrize("partitioner", [hashing_partitioner, GroupHashingPartitioner(hash)])
def test_hashing_needs_a_key(partitioner: BasePartitioner) -> None:
    with pytest.raises(ValueError, match="partition_key") as raised:
        partitioner(places(0, 1), None)
    assert isinstance(raised.value, InvalidOptionError)


@pytest.mark.parametrize(
    "partitioner", [RandomPartitioner(), hashing_partitioner, GroupHashingPartitioner(hash)]
)
def test_a_topic_without_partitions_is_a_typed_error(partitioner: BasePartitioner) -> None:
    with pytest.raises(LeaderNotFoundError):
        partitioner([], b"key")


def test_a_group_of_neighbours_shares_a_key() -> None:
    random.seed(3)
    partitioner = GroupHashingPartitioner(lambda key: 6, group_size=3)
    partitions = places(4, 7, 0, 1, 2, 3, 5, 6)
    assert {partitioner(partitions, b"key").id for _ in range(200)} == {6, 7, 0}


def test_a_group_cannot_be_larger_than_the_topic_nor_empty() -> None:
    with pytest.raises(InvalidOptionError, match="has 2 partitions"):
        GroupHashingPartitioner(hash, group_size=3)(places(0, 1), b"key")
    with pytest.raises(InvalidOptionError, match="at least 1"):
        GroupHashingPartitioner(hash, group_size=0)
    with pytest.raises(InvalidOptionError, match="hash_func"):
        GroupHashingPartitioner(None)  # type: ignore[arg-type]  # what 2.x checks, too


def test_the_base_says_that_it_decides_nothing() -> None:
    with pytest.raises(NotImplementedError, match="BasePartitioner"):
        BasePartitioner()([], b"key")
