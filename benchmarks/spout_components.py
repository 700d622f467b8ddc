"""The components of ``spout_throughput.py``: our Kafka spout, and the bolt behind every spout."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pykafka.storm import Bolt, KafkaSpout, Tuple

#: What Java's spout emits by itself, which all of them emit.
FIELDS = ["topic", "partition", "offset", "key", "value"]
TOPIC = "lines"
#: The topology's configuration: the file that the bolt writes to, and how long values are.
MARKS, SIZE = "benchmark.file", "benchmark.size"
#: Tuples between two lines in that file.
EACH = 500


class Lines(KafkaSpout):
    """Our side."""

    topics = TOPIC
    decoder = "utf-8"
    fields = FIELDS


class Sink(Bolt):
    """Acks all it gets, and writes from time to time how much that was and when.

    The topic has one partition and the topology one task of each: what comes in another order, or
    comes again, means that something failed on the way.
    """

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        self.number = 0
        self.size = storm_conf[SIZE]
        self.file = Path(storm_conf[MARKS]).open("a", buffering=1)  # noqa: SIM115 - as long as the task

    def process(self, tup: Tuple) -> None:
        _, _, offset, _, value = tup.values
        if offset != self.number or len(value) != self.size:
            self.file.write(f"{self.number} was expected, {offset} came\n")
        self.number += 1
        if self.number % EACH == 0:
            self.file.write(f"{time.time()!r} {self.number}\n")
