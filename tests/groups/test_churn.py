"""Groups of ours whose members start, stop, pause and die at random: the short form.

The long one is the same command without options: ``python benchmarks/churn.py``.
"""

from __future__ import annotations

import pytest
from benchmark_commands import run_benchmark

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: Of the draws; another one does other things.
SEED = "5"


@pytest.mark.parametrize(
    ("kind", "more"), [("zookeeper", ["--expire"]), ("broker", [])], ids=["zookeeper", "broker"]
)
def test_groups_lose_and_share_nothing_under_churn(kind: str, more: list[str]) -> None:
    output = run_benchmark(
        "churn",
        *("--kind", kind, "--seed", SEED, "--seconds", "14", "--members", "5"),
        *("--partitions", "10", "--rate", "400", "--every", "0.5", "1.5"),
        *("--session-ms", "3000", "--heartbeat-ms", "300"),
        *more,
        within_s=280,
    )
    assert "\nfine\n" in output
    done = next(line for line in output.splitlines() if line.startswith("done: "))
    for what in ("kill", "pause", "start", "stop", *(["expiry"] if more else [])):
        assert what in done, done
