"""The Kafka spout as a component of pystorm."""

from __future__ import annotations

from .bridging import BridgedSpout

__all__ = ["KafkaSpout"]


class KafkaSpout(BridgedSpout):
    """Reads topics of Kafka into a topology, and loses nothing; pystorm runs it.

    ::

        class Lines(KafkaSpout):
            topics = ["lines"]
            group = "words"
            hosts = "127.0.0.1:9092"
            fields = ["line"]

        if __name__ == "__main__":
            Lines().run()

    Options are those of :class:`pykafka.storm.KafkaSpout`: attributes of the class, and over them
    the configuration of topology and component (``pykafka.spout.<option>``). Whoever makes the
    topology declares the same fields as the spout's outputs.

    Subclasses that override :meth:`initialize`, :meth:`next_tuple`, :meth:`ack`, :meth:`fail`,
    :meth:`deactivate` or :meth:`close` call what they override.
    """
