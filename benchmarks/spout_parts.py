"""A topology that reads numbered messages from Kafka, and the books that its components keep.

Workers get this file alone. A book is a file of lines, one for each process of a task, in a folder
that the topology's configuration names. A line is written before what it stands for is said to
Storm, so that whatever dies, the books know of all that others know. Times are those of
``time.monotonic()``, which is one clock for all processes of a machine.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pykafka.storm import Bolt, Grouping, KafkaSpout, Topology

#: The topology's configuration: folder of the books, the share of tuples that fail, a seed for it,
#: seconds for which a tuple is kept back once that is asked for.
FOLDER, FAILING, SEED = "ledger.folder", "ledger.failing", "ledger.seed"
KEEP_S = "ledger.keep.s"
SPOUT, FIRST, LAST = "numbers", "checked", "stored"
#: What a spout's book says of a tuple, and what a bolt's does.
EMITTED, ACKED, FAILED = "emitted", "acked", "failed"
#: A file in the folder: one tuple is to be kept back. Whoever does it makes the second one, which
#: says which tuple that was, and the third when it lets go of it.
KEEP, KEPT, RELEASED = "keep", "kept", "released"


class Life(NamedTuple):
    """One process of one task.

    :ivar born: its first moment.
    :ivar worker: the process id of its worker.
    :ivar pid: its own.
    """

    component: str
    task: int
    born: float
    worker: int
    pid: int
    path: Path

    def lines(self) -> list[list[str]]:
        """What it has written; a process that was killed may have left half a line."""
        text = self.path.read_text()
        return [line.split() for line in text[: text.rfind("\n") + 1].splitlines()]


def lives(folder: Path, component: str = "*") -> list[Life]:
    """The lives of a component's tasks, or of all, in the order in which they began."""
    found = []
    for path in folder.glob(f"{component}-*.book"):
        name, task, born, worker, pid = path.stem.rsplit("-", 4)
        found.append(Life(name, int(task), int(born) / 1e9, int(worker), int(pid), path))
    return sorted(found, key=lambda life: life.born)


class Book:
    """What one life of a task writes."""

    def __init__(self, component: KafkaSpout | Bolt, folder: Path) -> None:
        place = f"{component.component_name}-{component.task_id}-{time.monotonic_ns()}"
        path = folder / f"{place}-{os.getppid()}-{os.getpid()}.book"
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, *words: object) -> None:
        """Append a line with the time; it is there when this returns."""
        line = f"{' '.join(map(str, words))} {time.monotonic():.6f}\n"
        os.write(self._file, line.encode())


class Numbers(KafkaSpout):
    """Reads the messages; where they are goes along with them."""

    fields = ["topic", "partition", "offset", "number"]

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        self.book = Book(self, Path(storm_conf[FOLDER]))
        super().initialize(storm_conf, context)

    def emit(self, tup: Sequence[Any], tup_id: Any = None, *args: Any, **options: Any) -> Any:
        self.book.write(EMITTED, tup_id)
        return super().emit(tup, tup_id, *args, **options)

    def ack(self, tup_id: Any) -> None:
        self.book.write(ACKED, tup_id)
        super().ack(tup_id)

    def fail(self, tup_id: Any) -> None:
        self.book.write(FAILED, tup_id)
        super().fail(tup_id)


def place_of(tup: Any) -> str:
    """Where a tuple's message is, as the spout's ids say it."""
    return f"{tup.values.topic}/{tup.values.partition}/{tup.values.offset}"


class Careless(Bolt):
    """Fails half of the share that is to fail: there are two such bolts in a row."""

    auto_ack = False

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        self.folder = Path(storm_conf[FOLDER])
        self.book = Book(self, self.folder)
        self._failing = storm_conf[FAILING] / 2
        self._random = random.Random(f"{storm_conf[SEED]} {self.task_id}")

    def process(self, tup: Any) -> None:
        if self._random.random() < self._failing:
            self.book.write(FAILED, place_of(tup), tup.values.number)
            self.fail(tup)
        else:
            self.do(tup)

    def do(self, tup: Any) -> None:
        """Process a tuple that does not fail here."""
        raise NotImplementedError


class Check(Careless):
    """Hands tuples on. When it is asked for, one task keeps one of them back for some time."""

    outputs = ["topic", "partition", "offset", "number"]
    config = {"topology.tick.tuple.freq.secs": 1}

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        super().initialize(storm_conf, context)
        self._keep_s = storm_conf[KEEP_S]
        self._chosen = False
        self._kept: Any = None
        self._until = 0.0

    def do(self, tup: Any) -> None:
        if self._chosen:
            self._chosen = False
            self._kept, self._until = tup, time.monotonic() + self._keep_s
            (self.folder / KEPT).write_text(place_of(tup))
        else:
            self._hand_on(tup)

    def process_tick(self, tup: Any) -> None:
        if self._kept is not None and time.monotonic() > self._until:
            self._hand_on(self._kept)
            self._kept = None
            (self.folder / RELEASED).touch()
        elif (self.folder / KEEP).exists():
            try:
                (self.folder / KEPT).touch(exist_ok=False)
            except FileExistsError:
                return
            self._chosen = True

    def _hand_on(self, tup: Any) -> None:
        self.emit(list(tup.values), anchors=[tup])
        self.ack(tup)


class Store(Careless):
    """The last one to see a tuple."""

    def do(self, tup: Any) -> None:
        self.book.write(ACKED, place_of(tup), tup.values.number)
        self.ack(tup)


class SpoutLedger(Topology):
    """Read, check, store."""

    numbers = Numbers.spec(par=4)
    checked = Check.spec(inputs={numbers: Grouping.SHUFFLE}, par=4)
    stored = Store.spec(inputs={checked: Grouping.SHUFFLE}, par=2)


#: How many tasks there are.
TASKS = sum(spec.par for spec in SpoutLedger.specs)
