"""A cluster becomes another release, broker by broker, under clients that notice nothing."""

from __future__ import annotations

import importlib.util

import pytest
from benchmark_commands import BENCHMARKS, run_benchmark
from services import NeedReleases


@pytest.mark.slow
@pytest.mark.timeout(260)
def test_no_message_is_lost_or_reordered_by_a_rolling_upgrade(need_releases: NeedReleases) -> None:
    """Replication 3, two in sync at least, acknowledged by all; plain and compressed; neither
    producers nor consumers are restarted."""
    need_releases("1.1.1", "2.8.2")
    output = run_benchmark("upgrade", "--between", "500", within_s=240)
    assert output.count("messages flow") == 4


@pytest.mark.parametrize(
    ("places", "again"),
    [
        ([(0, 0), (1, 0), (0, 1), (1, 1)], 0),
        ([(0, 0), (0, 1), (0, 1)], 1),
        ([(0, 0), (0, 1), (0, 2), (1, 0), (0, 1), (0, 2)], 2),
    ],
    ids=["none", "one", "a stretch"],
)
def test_the_judge_sees_what_is_delivered_again(
    monkeypatch: pytest.MonkeyPatch, places: list[tuple[int, int]], again: int
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    spec = importlib.util.spec_from_file_location("upgrade_command", BENCHMARKS / "upgrade.py")
    assert spec is not None
    assert spec.loader is not None
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    assert command.delivered_again((*place, b"") for place in places) == again
