"""The topology of ``spout_ledger.py`` on its cluster."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import spout_parts
from spout_parts import FIRST, SPOUT, TASKS, Life, SpoutLedger, lives
from spout_plan import THERE_WITHIN, Plan

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.waiting import wait_until
from pykafka.storm.deployment import launching
from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.nimbus import submission
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.structures import topology_structure

_CHATTER = re.compile(r" Client |CGroup")


class Running:
    """The topology on its cluster."""

    def __init__(
        self, storm: EmbeddedStorm, nimbus: Nimbus, name: str, plan: Plan, folder: Path
    ) -> None:
        self.name = name
        self.books = folder / "books"
        self.workers = self._workers = plan.workers
        self.id = ""
        self._storm = storm
        self._nimbus = nimbus
        self._jar = folder / "ledger.jar"
        self.books.mkdir()
        source = Path(spout_parts.__file__)
        build_jar(self._jar, None, resources={source.name: source})

    def submit(self, conf: dict[str, object]) -> None:
        """Begin; returns when all tasks are there."""
        begin = time.monotonic()
        self.workers = self._workers  # however many it had been given when it was killed
        structure = topology_structure(SpoutLedger, launching.installed(sys.executable))
        state = submission.submit(self._nimbus, self.name, self._jar, structure, conf, active=False)
        self.id = state.id
        # While a worker is missing, others begin without it, and lose what they send to it.
        self.await_workers()
        submission.activate(self._nimbus, self.name)
        wait_until(
            lambda: len([life for life in self.current() if life.born > begin]) == TASKS,
            THERE_WITHIN,
            f"{TASKS} tasks",
        )

    def kill(self, wait: int) -> None:
        """End it; returns when nothing of it runs."""
        submission.kill(self._nimbus, self.name, wait=wait)
        submission.await_gone(self._nimbus, self.name, THERE_WITHIN)
        wait_until(lambda: not self._storm.workers(self.id), THERE_WITHIN, "end of all workers")

    def rebalance(self) -> None:
        """Spread it anew."""
        self.workers += 1
        submission.rebalance(
            self._nimbus, self.name, wait=1, workers=self.workers, executors={FIRST: 2}
        )

    def kill_worker(self, chance: random.Random) -> list[Life]:
        """SIGKILL a worker with a spout, and all its components; the tasks that it had."""
        with_spout = {life.worker for life in self.current() if life.component == SPOUT}
        found = [each for each in self._storm.workers(self.id) if each.pid in with_spout]
        worker = chance.choice(found)
        for component in worker.components:
            # First of all: their pipes' ends would have them commit.
            with contextlib.suppress(ProcessLookupError):
                os.kill(component, signal.SIGKILL)
        self._storm.kill_worker(worker)
        return [life for life in self.current() if life.worker == worker.pid]

    def kill_child(self, chance: random.Random) -> list[Life]:
        """SIGKILL the process of one task of the spout; which that was."""
        life = chance.choice([life for life in self.current() if life.component == SPOUT])
        os.kill(life.pid, signal.SIGKILL)
        return [life]

    def current(self) -> list[Life]:
        """The last life of each task."""
        return list({life.task: life for life in lives(self.books)}.values())

    def await_again(self, ended: Iterable[Life]) -> None:
        """Return when other lives of these tasks have begun."""
        gone = {life.path for life in ended}
        wait_until(
            lambda: gone.isdisjoint(life.path for life in self.current()),
            THERE_WITHIN,
            "another life of each task that ended",
        )

    def await_reading(self) -> None:
        """Return when each task of the spout has emitted or heard something."""
        spouts = [life.path for life in self.current() if life.component == SPOUT]
        found = {path: path.stat().st_size for path in spouts}
        wait_until(
            lambda: all(path.stat().st_size > size for path, size in found.items()),
            THERE_WITHIN,
            "messages for each task of the spout",
        )

    def await_workers(self) -> None:
        """Return when it has all workers."""
        wait_until(
            lambda: len(self._storm.workers(self.id)) == self.workers,
            THERE_WITHIN,
            f"{self.workers} workers",
        )

    def shown(self) -> list[str]:
        """What is shown with the topology, as errors; the last ten of each component."""
        found = self._nimbus.topology_errors(self.name)
        told = Counter(f"{each.component}: {each.text.splitlines()[0][:200]}" for each in found)
        return [f"{number} x {text}" for text, number in sorted(told.items())]

    def situation(self) -> str:
        """For who has to find out why something has not happened."""
        found = self._nimbus.cluster().topology(self.name)
        told = [f"topology: {found}; load of the machine: {os.getloadavg()[0]:.0f}"]
        told += map(str, self._nimbus.topology_errors(self.name) if found else [])
        for worker in self._storm.workers(self.id):
            log = self._storm.worker_log_tail(self.id, worker.port, 500).splitlines()
            # Of what workers do not get to each other there are hundreds of lines.
            told += [line[:300] for line in log if not _CHATTER.search(line)][-20:]
        return "\n".join(told)
