"""The topology of the demo: lines from Kafka, words of lines, counts of words, counts to Kafka."""

from __future__ import annotations

import re
from collections import Counter

from pykafka.storm import BatchingBolt, Bolt, Grouping, KafkaBolt, KafkaSpout, Topology

LINES, COUNTS, GROUP = "lines", "counts", "word-count"
SPOUTS = 3

_WORD = re.compile(r"[^\W\d]{2,}")


def words_of(line: str) -> list[str]:
    """The words of a line; who counts without Storm asks the same."""
    return _WORD.findall(line.lower())


class Lines(KafkaSpout):
    """Text from Kafka; the tasks share the topic's partitions."""

    topics = [LINES]
    group = GROUP
    fields = ["line"]
    # Some of the library's files are there to be no UTF-8.
    decoder = "latin-1"


class Split(Bolt):
    """Lines to words."""

    outputs = ["word"]

    def process(self, tup):
        self.emit_many([word] for word in words_of(tup.values.line))


class Count(BatchingBolt):
    """How often each word has come up to now; told twice a second, for those that have come."""

    outputs = ["word", "count"]
    secs_between_batches = 0.5

    def initialize(self, storm_conf, context):
        self.counts = Counter()

    def group_key(self, tup):
        return tup.values.word

    def process_batch(self, word, tups):
        self.counts[word] += len(tups)
        self.emit([word, self.counts[word]])


class Results(KafkaBolt):
    """Counts to Kafka; the last one of a word is the one that counts."""

    topic = COUNTS
    key_field = "word"
    encoder = "json"


class WordCount(Topology):
    """Nothing in it knows where Kafka is: that is in the configuration."""

    lines = Lines.spec(par=SPOUTS)
    split = Split.spec(inputs=[lines], par=2)
    count = Count.spec(inputs={split: Grouping.fields("word")}, par=2)
    results = Results.spec(inputs={count: Grouping.fields("word")})
