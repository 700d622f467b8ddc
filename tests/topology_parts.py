"""Components for tests of topologies."""

from __future__ import annotations

from typing import Any

from pykafka.storm import Bolt, Spout
from pykafka.storm.topology import Grouping, JavaBolt, JavaSpout, ShellBolt, Stream, Topology

__all__ = ["CountBolt", "EverythingTopology", "PrintBolt", "SplitBolt", "WordCount", "WordSpout"]


class WordSpout(Spout):
    """Has one stream."""

    outputs = ["word"]

    def next_tuple(self) -> None:
        """Emit nothing."""


class CountBolt(Bolt):
    """Has one stream, and more than a default."""

    outputs = ["word", "count"]
    par = 3
    config = {"topology.tick.tuple.freq.secs": 1}

    def process(self, tup: Any) -> None:
        """Do nothing."""


class SplitBolt(Bolt):
    """Has several streams, one of them direct."""

    outputs = [
        Stream(["word", "length"]),
        Stream(["error"], name="errors"),
        Stream(["word"], name="chosen", direct=True),
    ]

    def process(self, tup: Any) -> None:
        """Do nothing."""


class PrintBolt(Bolt):
    """Has no stream."""

    def process(self, tup: Any) -> None:
        """Do nothing."""


class WordCount(Topology):
    """The usual."""

    word_spout = WordSpout.spec()
    count_bolt = CountBolt.spec(inputs={word_spout: Grouping.fields("word")}, par=2)


class EverythingTopology(Topology):
    """One of each thing that Thrift can say."""

    config = {"topology.workers": 3}
    words = WordSpout.spec(par=2, config={"topology.max.spout.pending": 10})
    java_words = JavaSpout.spec(
        full_class_name="com.example.Words",
        args_list=["a", 1, 2**40, 1.5, True, b"\x00\xff"],
        outputs=["word", "weight"],
    )
    frozen_words = JavaSpout.spec(serialized_java=b"\xac\xed\x00\x05", outputs=["word"])
    split = SplitBolt.spec(inputs=[words, java_words])
    counts = CountBolt.spec(
        name="count-bolt",
        inputs={
            split: Grouping.fields("word", "length"),
            split["errors"]: Grouping.GLOBAL,
            split["chosen"]: Grouping.DIRECT,
            words: Grouping.ALL,
            java_words: Grouping.NONE,
            frozen_words: Grouping.LOCAL_OR_SHUFFLE,
        },
    )
    printer = PrintBolt.spec(
        inputs={
            counts: Grouping.custom_object("com.example.Choice", ["x", 7, False, 0.5, b"y"]),
            split: Grouping.custom_serialized(b"\xac\xed\x00\x06"),
        },
    )
    shell = ShellBolt.spec(command="ruby", script="count.rb", inputs=[counts], outputs=["n"], par=4)
    java = JavaBolt.spec(
        full_class_name="com.example.Sink", args_list=[], inputs=[shell], config={"a": [1, None]}
    )
