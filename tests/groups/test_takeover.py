"""How soon the others have the partitions of a member that ends in order: the short form.

The long one is the same command without options: ``python benchmarks/takeover.py``. There the
aim is 1.1 times the best of the other clients; a few stops beside other tests tell no more than
that nobody waits for the end of a session, or for a heartbeat too many.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from benchmark_commands import run_benchmark


@pytest.mark.slow
@pytest.mark.timing
def test_partitions_are_taken_over_about_as_soon_as_by_another_client(
    need_members: Callable[..., None],
) -> None:
    need_members("ours-broker", "confluent-kafka")
    run_benchmark(
        "takeover",
        *("--clients", "ours-broker", "confluent-kafka", "--stops", "5", "--at-once"),
        *("--at-most", "2"),
        within_s=110,
    )
