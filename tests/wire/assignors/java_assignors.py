"""Kafka's own group assignors, each release's in a Java process of its own."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from wire.kafka_definitions import OLD, classpath_of
from wire.records.java_pipe import JavaPipe, nullable

from pykafka.core.assignors import ASSIGNORS
from pykafka.core.partition_keys import PartitionKey
from pykafka.embedded.artifacts import class_path

__all__ = ["Assignors082", "AssignorsNow", "Said"]

_HERE = Path(__file__).parent

#: Id, name of a static member, subscription.
Said = tuple[str, "str | None", bytes]


class AssignorsNow(JavaPipe):
    """Those of groups with a broker as coordinator, by the names that groups know them by."""

    def __init__(self) -> None:
        super().__init__(_HERE / "AssignorsNow.java", classpath_of(OLD))

    def assign(
        self, name: str, members: Sequence[Said], sizes: Mapping[str, int]
    ) -> dict[str, list[PartitionKey]]:
        """Each member's partitions.

        :param sizes: topic -> how many partitions it has.
        """
        request = _command(b"a", name) + struct.pack(">i", len(sizes))
        for topic, size in sizes.items():
            request += _text(topic) + struct.pack(">i", size)
        request += struct.pack(">i", len(members))
        for id_, instance_id, said in members:
            request += _text(id_) + _text(instance_id) + nullable(said)
        self.ask(request)
        (count,) = self.answer(">i")
        return {self._text(): self._partitions() for _ in range(count)}

    def had(self, name: str, said: bytes) -> tuple[int, list[PartitionKey]]:
        """The generation (-1 if there is none) and the partitions that a member told."""
        self.ask(_command(b"m", name) + nullable(said))
        (generation,) = self.answer(">i")
        return generation, self._partitions()

    def say(
        self,
        name: str,
        version: int,
        topics: Sequence[str],
        owned: Sequence[PartitionKey],
        generation: int,
        rack: str | None = None,
    ) -> bytes:
        """What a member in Java says."""
        request = _command(b"s", name) + struct.pack(">hi", version, generation) + _text(rack)
        request += struct.pack(">i", len(topics)) + b"".join(map(_text, topics))
        request += struct.pack(">i", len(owned))
        for topic, id_ in owned:
            request += _text(topic) + struct.pack(">i", id_)
        self.ask(request)
        written = self.nullable_answer()
        assert written is not None
        return written

    def _partitions(self) -> list[PartitionKey]:
        (count,) = self.answer(">i")
        return [(self._text(), *self.answer(">i")) for _ in range(count)]

    def _text(self) -> str:
        written = self.nullable_answer()
        assert written is not None
        return written.decode()


class Assignors082(JavaPipe):
    """Those of 0.8.2.2's consumer, over what ZooKeeper would say."""

    def __init__(self) -> None:
        jars = class_path(["org.apache.kafka:kafka_2.11:0.8.2.2"])
        super().__init__(_HERE / "Assignors082.java", jars)

    def assign(
        self, name: str, consumers: Mapping[str, Mapping[str, int]], sizes: Mapping[str, int]
    ) -> dict[str, list[PartitionKey]]:
        """Each thread's partitions.

        :param consumers: consumer id -> topic -> how many threads read it.
        :param sizes: topic -> how many partitions it has.
        """
        nodes = {
            f"/brokers/topics/{topic}": json.dumps(
                {"version": 1, "partitions": {str(id_): [0] for id_ in range(size)}}
            )
            for topic, size in sizes.items()
        }
        for consumer, counts in consumers.items():
            said = {"version": 1, "subscription": counts, "pattern": "static", "timestamp": "0"}
            nodes[f"/consumers/g/ids/{consumer}"] = json.dumps(said)
        request = struct.pack(">?i", name == "roundrobin", len(nodes))
        for path, data in nodes.items():
            request += _text(path) + _text(data)
        self.ask(request)
        (count,) = self.answer(">i")
        shares: dict[str, list[PartitionKey]] = {}
        for _ in range(count):
            topic, (id_,), thread = self._text(), self.answer(">i"), self._text()
            shares.setdefault(thread, []).append((topic, id_))
        return shares

    def _text(self) -> str:
        written = self.nullable_answer()
        assert written is not None
        return written.decode()


def _command(code: bytes, name: str) -> bytes:
    return code + struct.pack(">b", list(ASSIGNORS).index(name))


def _text(value: str | None) -> bytes:
    return nullable(None if value is None else value.encode())
