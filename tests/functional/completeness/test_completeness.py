"""A million messages there and back: none lost, none doubled, none out of order."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from benchmark_commands import BENCHMARKS, run_benchmark

MESSAGES = 1_000_000


def run(release: str, *arguments: str) -> str:
    """Run the command; what it printed. It must end with 0."""
    amount = ("--release", release, "--messages", str(MESSAGES))
    return run_benchmark("completeness", *amount, *arguments, within_s=240)


@pytest.mark.slow
@pytest.mark.timeout(260)
@pytest.mark.parametrize("brokers", ["1", "3"])
def test_a_million_messages_arrive_once_and_in_order(kafka_release: str, brokers: str) -> None:
    assert "complete" in run(kafka_release, "--brokers", brokers)


@pytest.mark.slow
@pytest.mark.timeout(260)
def test_a_million_messages_survive_the_death_of_a_leader(kafka_release: str) -> None:
    """Replication 3, two in sync at least, no unclean election, acknowledged by all."""
    output = run(kafka_release, "--brokers", "3", "--kill-leader")
    assert "killed" in output


@pytest.fixture(scope="module")
def command() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "completeness_command", BENCHMARKS / "completeness.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _swap(pairs: list[Any]) -> None:
    pairs[2], pairs[4] = pairs[4], pairs[2]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda pairs: None, {}),
        (lambda pairs: pairs.pop(3), {"lost": 1, "delivered": 9}),
        (lambda pairs: pairs.append(pairs[3]), {"doubled": 1}),
        (_swap, {"reordered": 1}),
        (lambda pairs: pairs.append((1, pairs[0][1])), {"damaged": 1}),
        (lambda pairs: pairs.append((0, b"000000000003...x")), {"damaged": 1}),
        (lambda pairs: pairs.append((0, None)), {"damaged": 1}),
    ],
    ids=["nothing", "lost", "doubled", "swapped", "other partition", "altered", "null"],
)
def test_the_judge_sees_what_is_wrong(
    command: ModuleType, damage: Callable[[list[Any]], object], expected: dict[str, int]
) -> None:
    owners = bytearray([0, 1] * 5)
    filler = command.filler_of(16)
    pairs = [(owners[n], b"%012d%b" % (n, filler)) for n in range(10)]
    damage(pairs)
    account = command.Ledger(owners, filler).take(pairs)
    right = {"delivered": 10, "lost": 0, "doubled": 0, "reordered": 0, "damaged": 0}
    assert account._asdict() == right | expected
    assert account.is_fine(doubles_allowed=False) is not bool(expected)
