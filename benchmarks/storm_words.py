"""A word count whose every tuple is accounted for: the components, and the books that they keep.

Workers get this file alone. The books are append-only files in a folder that the topology's
configuration names, one folder below it for each life of a task. A number is written before what
it stands for is said to Storm, so that whatever dies, the books know of all that others know.
"""

from __future__ import annotations

import json
import os
import time
from array import array
from collections import Counter, deque
from pathlib import Path
from typing import Any, NamedTuple

from pykafka.storm import Bolt, Grouping, Spout, Topology

#: The topology's configuration: folder of the books, how many tuples, what they are drawn from.
FOLDER, TUPLES, SEED = "ledger.folder", "ledger.tuples", "ledger.seed"
#: Whether something is going to happen to the workers.
DISTURBED = "ledger.disturbed"
#: A file in the folder: what was to happen has happened.
OPEN = "open"
#: While it is not there, whoever counts holds the first so many numbers, so that whatever dies has
#: tuples in hand; and so much of all is not emitted, so that what comes back gets some.
HELD = 1000
HELD_BACK = 0.25
#: Enough for each counting task to get some.
WORDS = ["naïve", "数", "two words", "", "%s", '"', *(f"word{number}" for number in range(58))]
#: What the values that go along are, by number.
KINDS = ["none", "float", "tiny float", "list", "dict", "text", "flag", "integer", "empty"]


def word_of(number: int, seed: int) -> str:
    """The word of a tuple."""
    return WORDS[((number + seed) * 2654435761 % 2**32 >> 7) % len(WORDS)]


def value_of(number: int) -> Any:
    """The value that goes along with a tuple."""
    return (
        None,
        number / 7,
        number * 1e-09 + 1e-07,
        [number, [number / 3, None, "x"], []],
        {"number": number, "inner": {"a": [None, number * 1.5e-07]}},
        f"ü€\n{number}",
        number % 2 == 0,
        2**40 + number,
        {},
    )[number % len(KINDS)]


def same(left: Any, right: Any) -> bool:
    """Whether both are equal and of equal types, all the way down (``1 == True == 1.0``)."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


# --- the books ---

#: Begins the name of a folder that is not complete yet.
_UNFINISHED = "."


class Life(NamedTuple):
    """One process of one task."""

    component: str
    task: int
    born: int
    path: Path

    @property
    def worker(self) -> int:
        """The process id of the worker that it belongs to."""
        return int((self.path / "worker").read_text())

    def numbers(self, book: str) -> array[int]:
        """What was written to one of its books."""
        found = array("I")
        path = self.path / book
        if path.exists():
            data = path.read_bytes()
            # A process that is killed may leave half a number.
            found.frombytes(data[: len(data) // found.itemsize * found.itemsize])
        return found

    def size(self, book: str) -> int:
        """How many numbers were written to one of its books."""
        path = self.path / book
        return path.stat().st_size // array("I").itemsize if path.exists() else 0

    def state(self) -> dict[str, Any]:
        """What it last said of itself."""
        path = self.path / "state"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found


def lives(folder: Path, component: str = "*", task: int | str = "*") -> list[Life]:
    """The lives of a component's tasks, or of all, in the order in which they began."""
    found = []
    for path in folder.glob(f"{component}-{task}-*"):
        name, number, born = path.name.rsplit("-", 2)
        if not name.startswith(_UNFINISHED):
            found.append(Life(name, int(number), int(born), path))
    return sorted(found, key=lambda life: life.born)


class Books:
    """What one life of a task writes."""

    def __init__(self, component: Spout | Bolt) -> None:
        self.root = Path(component.storm_conf[FOLDER])
        name = f"{component.component_name}-{component.task_id}-{time.time_ns()}"
        made = self.root / f"{_UNFINISHED}{name}"
        made.mkdir()
        (made / "worker").write_text(str(os.getppid()))
        self.path = made.rename(self.root / name)
        self._books: dict[str, int] = {}

    def write(self, book: str, number: int) -> None:
        """Append a number; it is there when this returns, whatever becomes of the process."""
        file = self._books.get(book)
        if file is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            file = self._books[book] = os.open(self.path / book, flags, 0o644)
        os.write(file, array("I", [number]).tobytes())

    def state(self, state: dict[str, Any]) -> None:
        """Say how things stand, in place of what was said before."""
        new = self.path / "state.new"
        new.write_text(json.dumps(state))
        new.replace(self.path / "state")

    @property
    def is_open(self) -> bool:
        """Whether what was to happen to the workers has happened."""
        return (self.root / OPEN).exists()


# --- the topology ---


class Words(Spout):
    """Emits its share of the numbers, each with a word and a value, until all are acked.

    It begins with what the books of its earlier lives do not have as acked.
    """

    outputs = ["word", "number", "value"]

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        tasks = context["task->component"]
        mates = sorted(int(task) for task in tasks if tasks[task] == self.component_name)
        first, step = mates.index(int(self.task_id)), len(mates)
        self.seed, tuples = storm_conf[SEED], storm_conf[TUPLES]
        self.books = Books(self)
        acked = bytearray(tuples)
        for life in lives(self.books.root, self.component_name, int(self.task_id)):
            for number in life.numbers("acked"):
                acked[number] = 1
        self.fresh = deque(n for n in range(first, tuples, step) if not acked[n])
        self.failed: deque[int] = deque()
        self.limit = int(tuples * (1 - HELD_BACK)) if storm_conf[DISTURBED] else tuples

    def next_tuple(self) -> None:
        if self.failed:
            self._say(self.failed.popleft())
        elif self.fresh and (self.fresh[0] < self.limit or self._opened()):
            self._say(self.fresh.popleft())

    def _opened(self) -> bool:
        if self.books.is_open:
            self.limit = self.storm_conf[TUPLES]
            return True
        return False

    def _say(self, number: int) -> None:
        self.books.write("emitted", number)
        self.emit([word_of(number, self.seed), number, value_of(number)], tup_id=number)

    def ack(self, tup_id: Any) -> None:
        self.books.write("acked", tup_id)

    def fail(self, tup_id: Any) -> None:
        self.books.write("failed", tup_id)
        self.failed.append(tup_id)


class Tally(Bolt):
    """What the bolts share: values are looked at, and counts are written once a second."""

    config = {"topology.tick.tuple.freq.secs": 1}

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        self.books = Books(self)
        self.counts: Counter[str] = Counter()
        #: By the task that a tuple came from, and the kind of its value.
        self.sources: dict[int, Counter[str]] = {}
        self.written = -1

    def look_at(self, tup: Any) -> None:
        number = tup.values.number
        if not same(tup.values.value, value_of(number)):
            self.books.write("damaged", number)
            self.log(f"number {number}: {tup.values.value!r} instead of {value_of(number)!r}")
        kind = KINDS[number % len(KINDS)]
        self.sources.setdefault(tup.task, Counter())[kind] += 1

    def process_tick(self, tup: Any) -> None:
        total = self.counts.total()
        if total != self.written:
            self.books.state({"counts": self.counts, "sources": self.sources})
            self.written = total


class Count(Tally):
    """Counts words; as long as something is to happen it has some in hand."""

    outputs = ["word", "count", "number", "value"]
    auto_ack = False
    auto_anchor = False

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        super().initialize(storm_conf, context)
        self.holds = bool(storm_conf[DISTURBED]) and not self.books.is_open
        self.held: list[Any] = []

    def process(self, tup: Any) -> None:
        if self.holds and tup.values.number < HELD:
            self.books.write("held", tup.values.number)
            self.held.append(tup)
        else:
            self._count(tup)

    def process_tick(self, tup: Any) -> None:
        if self.holds and self.books.is_open:
            self.holds = False
            for held in self.held:
                self._count(held)
            self.held.clear()
        super().process_tick(tup)

    def _count(self, tup: Any) -> None:
        word, number, value = tup.values
        self.look_at(tup)
        self.books.write("counted", number)
        self.counts[word] += 1
        self.emit([word, self.counts[word], number, value], anchors=[tup])
        self.ack(tup)


class Totals(Tally):
    """Knows how often each word was counted; it is the last to see a tuple."""

    def process(self, tup: Any) -> None:
        word, count, number, _ = tup.values
        self.look_at(tup)
        self.books.write("stored", number)
        if count != self.counts[word] + 1:
            self.books.write("jumped", number)
        self.counts[word] = count


class WordLedger(Topology):
    """The talk's word count, with its figures, and somewhere for the counts to go."""

    words = Words.spec(par=2)
    count = Count.spec(inputs={words: Grouping.fields("word")}, par=8)
    totals = Totals.spec(inputs={count: Grouping.fields("word")}, par=2)


#: How many tasks there are.
TASKS = sum(spec.par for spec in WordLedger.specs)
