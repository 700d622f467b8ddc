"""What a run of ``spout_ledger.py`` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import spout_parts

from pykafka.embedded import EmbeddedKafka

FAIL, LATE, WORKER, CHILD = "fail", "late", "worker", "spout-child"
BROKER, ZOOKEEPER, REBALANCE, RESUBMIT = "broker", "zookeeper", "rebalance", "resubmit"
USUAL = (FAIL, WORKER, CHILD, LATE, BROKER, ZOOKEEPER, REBALANCE)
#: Seconds for all tasks to be there, also again after the end of workers.
THERE_WITHIN = 240.0
#: Seconds for what was in the log to be processed and committed, while the machine is busy.
CAUGHT_UP_WITHIN = 300.0
_WORKER_JVM = "-XX:TieredStopAtLevel=1"


@dataclass(frozen=True)
class Plan:
    """What is done.

    :ivar rate: messages per second that are produced, at most.
    :ivar timeout: seconds after which Storm takes a tuple for lost.
    :ivar session_ms: after which the group takes a task for lost.
    :ivar pending: how many tuples a task of the spout may have in flight.
    """

    messages: int = 500_000
    partitions: int = 12
    workers: int = 3
    faults: Sequence[str] = USUAL
    seed: int = 1
    rate: int = 5000
    failing: float = 0.02
    timeout: int = 10
    session_ms: int = 10_000
    pending: int = 1000

    @property
    def acts(self) -> list[str]:
        """The faults that happen at one time."""
        return [fault for fault in self.faults if fault != FAIL]

    def conf(self, kafka: EmbeddedKafka, name: str, folder: Path) -> dict[str, object]:
        """The topology's configuration."""
        # Of 0.8 it is ZooKeeper that balances the group.
        through = {"zookeeper_hosts": kafka.zookeeper} if kafka.release.number < (0, 9) else {}
        spout = {
            "topics": [name],
            "group": name,
            "hosts": kafka.bootstrap,
            "session_timeout_ms": self.session_ms,
            "report_interval_ms": 10_000,
            **through,
        }
        return {
            spout_parts.FOLDER: str(folder),
            spout_parts.FAILING: self.failing if FAIL in self.faults else 0.0,
            spout_parts.SEED: self.seed,
            # Storm looks for what is late once in a time-out.
            spout_parts.KEEP_S: 2.5 * self.timeout,
            "topology.workers": self.workers,
            # Workers live for a minute: what counts is how soon they are there.
            "topology.worker.childopts": _WORKER_JVM,
            "topology.max.spout.pending": self.pending,
            "topology.message.timeout.secs": self.timeout,
            **{f"pykafka.spout.{option}": value for option, value in spout.items()},
        }
