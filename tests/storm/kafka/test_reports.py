"""How partitions stand: to the log, to a callback, and as ``pykafka lag`` has it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

from spout_runs import committed, drive
from storm.kafka.conftest import Fill, Start

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.storm.kafka import PartitionReport


def test_reports_tell_what_happened_and_agree_with_pykafka_lag(
    kafka: EmbeddedKafka, client: KafkaClient, fill: Fill, start: Start, write: Callable[..., None]
) -> None:
    topic = fill(100, 40)
    reports: list[list[PartitionReport]] = []
    run = start(report_interval_ms=300, on_report=staticmethod(reports.append))

    def settle(id_: str, _: object) -> bool | None:
        if id_ == f"{topic}/0/30":
            return None
        return not (id_.endswith("/1/7") and run.emits[id_] < 3)

    drive([run], lambda: len(run.emits) == 140 and run.emits[f"{topic}/1/7"] == 3, settle)
    drive([run], lambda: committed(client, topic, topic) == {0: 30, 1: 40}, settle)
    seen = len(reports)
    drive([run], lambda: len(reports) >= seen + 2, settle)
    first, second = reports[-1]
    assert (first.topic, first.partition, second.partition) == (topic, 0, 1)
    assert (first.committed, first.end, first.lag) == (30, 100, 70)
    assert (second.committed, second.end, second.lag) == (40, 40, 0)
    assert (first.in_flight, first.acked, first.failed, first.replayed) == (1, 99, 0, 0)
    assert (second.in_flight, second.acked, second.failed, second.replayed) == (0, 40, 2, 2)
    assert 0 <= first.commit_age_s < 60
    assert any(line.startswith(f"{topic}/0: lag 70, in flight 1") for line in run.logs)
    places = ["--hosts", kafka.bootstrap]
    if kafka.release.version.startswith("0.8"):
        places += ["--zookeeper", kafka.zookeeper or ""]
    told = subprocess.run(
        [sys.executable, "-m", "pykafka", *places, "lag", topic, "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    rows = json.loads(told.stdout)["partitions"]
    assert [(row["partition"], row["lag"]) for row in rows] == [(0, 70), (1, 0)]


def test_a_report_that_raises_ends_nothing(fill: Fill, start: Start) -> None:
    fill(10)

    def broken(_: object) -> None:
        raise ValueError("mine")

    run = start(report_interval_ms=100, on_report=staticmethod(broken))
    until = time.monotonic() + 20
    drive(
        [run], lambda: any("on_report raised" in e for e in run.errors) or time.monotonic() > until
    )
    drive([run], lambda: len(run.emits) == 10)
    assert "mine" in run.errors[0]
