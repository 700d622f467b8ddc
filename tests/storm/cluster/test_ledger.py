"""Every tuple is accounted for on a real cluster, while its workers die or move."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from benchmark_commands import load_command

from pykafka.embedded import EmbeddedStorm

#: The command takes a million.
TUPLES = 30_000


@pytest.fixture(scope="module")
def command() -> ModuleType:
    return load_command("storm_ledger")


@pytest.mark.slow
@pytest.mark.timeout(600)
# The command has two more, "bolt-worker" and "rebalance": with these two CI would take long.
@pytest.mark.parametrize("fault", ["none", "spout-worker"])
def test_every_tuple_is_accounted_for(
    fault: str, command: ModuleType, storm2: EmbeddedStorm, topology_name: str, tmp_path: Path
) -> None:
    plan = command.Plan(TUPLES, fault, timeout=5)
    account = command.run(storm2, plan, tmp_path, topology_name, print)
    assert account.trouble == [], account.rows


# --- the judge ---

#: Workers' process ids, and the tasks of each: task 5 is a spout.
FIRST, SECOND = 100, 200
NUMBERS = 40
ALL_BUT_3 = [number for number in range(NUMBERS) if number != 3]


class Books:
    """The books of a run of 40 numbers: a spout in one worker, a bolt of each kind in the other."""

    def __init__(self, folder: Path, command: ModuleType) -> None:
        self.folder = folder
        self._command = command
        word_of, kinds = command.word_of, command.KINDS
        words = Counter(word_of(number, 1) for number in range(NUMBERS))
        kinds_seen = Counter(kinds[number % len(kinds)] for number in range(NUMBERS))
        state = {"counts": words, "sources": {"5": kinds_seen}}
        everything = list(range(NUMBERS))
        self.life("words-5-1", FIRST, emitted=everything, acked=everything)
        self.life("count-6-2", SECOND, state, counted=everything)
        self.life("totals-7-3", SECOND, state, stored=everything)

    def life(self, name: str, worker: int, state: Any = None, **books: list[int]) -> None:
        """Begin a life, or write some of its books anew."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        (path / "worker").write_text(str(worker))
        if state is not None:
            (path / "state").write_text(json.dumps(state))
        for book, numbers in books.items():
            (path / book).write_bytes(array("I", numbers).tobytes())

    def change(self, life: str, **changes: Any) -> None:
        path = self.folder / life / "state"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def spout_died(self, again: list[int]) -> None:
        """Number 3 was in flight when it did; these it emitted in its second life."""
        self.life("words-5-1", FIRST, acked=ALL_BUT_3)
        self.life("count-6-2", SECOND, held=[3], counted=ALL_BUT_3)
        self.life("words-5-4", FIRST + 1, emitted=again, acked=[3])
        self.life("count-6-5", SECOND + 1, counted=[3])

    def trouble(self, fault: str) -> str:
        judged = self._command.judge(self.folder, self._command.Plan(NUMBERS, fault))
        return "\n".join(judged.trouble)


@pytest.fixture
def books(tmp_path: Path, command: ModuleType) -> Books:
    return Books(tmp_path, command)


Damage = Callable[[Books], None]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda books: books.life("words-5-1", FIRST, emitted=ALL_BUT_3), "never emitted: 1 (3)"),
        (lambda books: books.life("words-5-1", FIRST, acked=ALL_BUT_3), "never acked: 1 (3)"),
        (
            lambda books: books.life("count-6-2", SECOND, counted=ALL_BUT_3),
            "acked, not counted: 1 (3)",
        ),
        (
            lambda books: books.life("totals-7-3", SECOND, stored=ALL_BUT_3),
            "acked, not stored: 1 (3)",
        ),
        (
            lambda books: books.life("count-6-2", SECOND, counted=[*range(NUMBERS), 3]),
            "counted more than once: 1 (3)",
        ),
        (lambda books: books.life("words-5-1", FIRST, failed=[3]), "failed: 1 (3)"),
        (lambda books: books.life("count-6-2", SECOND, damaged=[3]), "values that are not"),
        (lambda books: books.life("totals-7-3", SECOND, jumped=[3]), "not the next one: 1 (3)"),
        (lambda books: books.life("count-6-9", SECOND), "tasks that ended: 1 (6)"),
        (lambda books: books.change("count-6-2", counts={"word1": 1}), "wrong in count:"),
        (
            lambda books: books.life("totals-8-9", SECOND, {"counts": {"word1": 0}}),
            "in several tasks of totals: 1 (word1)",
        ),
        (lambda books: books.life("words-5-1", SECOND), "kinds that never were: 9"),
    ],
)
def test_what_is_wrong_without_a_fault_is_found(
    damage: Damage, expected: str, books: Books
) -> None:
    assert books.trouble("none") == ""
    damage(books)
    found = books.trouble("none")
    assert expected in found


def test_what_was_in_flight_must_come_again(books: Books) -> None:
    books.spout_died(again=[3])
    assert books.trouble("spout-worker") == ""
    assert books.trouble("rebalance") == ""
    books.spout_died(again=[4])
    assert books.trouble("spout-worker").strip() == "not emitted again: 1 (3)"


def test_a_fault_that_did_not_happen_is_no_proof(books: Books) -> None:
    for fault in ("bolt-worker", "spout-worker", "rebalance"):
        assert "tasks that ended and began again: none" in books.trouble(fault)


def test_a_spout_that_died_with_the_bolts_is_found(books: Books) -> None:
    books.spout_died(again=[3])
    assert "spouts that ended: 1 (5)" in books.trouble("bolt-worker")


def test_values_are_told_apart_by_type(command: ModuleType) -> None:
    same = command.storm_words.same
    assert same([1, {"a": [None, 0.5]}], [1, {"a": [None, 0.5]}])
    for left, right in [(1, True), (1, 1.0), ([1.0], [1]), ({"a": None}, {}), ([], [None])]:
        assert not same(left, right)
