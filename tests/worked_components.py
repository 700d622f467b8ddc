"""Components on ``pykafka.storm`` for tests on a real cluster, and how they get there.

This file is the only one in the jar; workers find pykafka where the tests do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pykafka
from pykafka.storm import Bolt, Grouping, Spout, Topology

#: How many words the spout emits.
WORDS = 40


class WordSpout(Spout):
    """Emits some words, reliably."""

    outputs = ["word"]

    def initialize(self, conf: Any, context: Any) -> None:
        self.emitted = 0

    def next_tuple(self) -> None:
        if self.emitted < WORDS:
            self.emitted += 1
            self.emit([f"word{self.emitted % 4}"], tup_id=self.emitted)


class CountBolt(Bolt):
    """Passes on what it gets."""

    outputs = ["word"]

    def process(self, tup: Any) -> None:
        self.logger.info("got %s", tup.values[0])
        self.emit([tup.values[0]])


class WordCount(Topology):
    """The usual."""

    words = WordSpout.spec()
    count = CountBolt.spec(inputs={words: Grouping.fields("word")}, par=2)


#: For workers to find pykafka.
CONF = {"topology.environment": {"PYTHONPATH": str(Path(pykafka.__file__).parents[1])}}


def submit_word_count(
    nimbus: Any,
    name: str,
    folder: Path,
    conf: dict[str, Any] | None = None,
    *,
    active: bool = True,
    bolt: str = "CountBolt",
) -> None:
    """Submit :class:`WordCount`, or one whose bolt is another class of this module."""
    from pykafka.storm.deployment.jar import build_jar
    from pykafka.storm.deployment.launching import existing
    from pykafka.storm.nimbus.structures import topology_structure
    from pykafka.storm.nimbus.submission import submit

    jar = folder / "worked.jar"
    build_jar(jar, None, resources={Path(__file__).name: Path(__file__)})
    structure = topology_structure(WordCount, existing(sys.executable))
    shell = structure.bolts["count"].bolt_object.shell
    shell.script = shell.script.replace("CountBolt", bolt)
    submit(nimbus, name, jar, structure, {**CONF, **(conf or {})}, active=active)
