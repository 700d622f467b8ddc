"""What of 2.8's public surface is different on purpose, or not there yet.

Both tables are strict: an entry that is no longer true fails ``test_surface.py``. A name ending
in ``.*`` stands for itself and everything below it. ``docs/differences.md`` shows the first
table.
"""

from __future__ import annotations

#: Dotted name -> why it is different from 2.8 or gone.
DEVIATIONS: dict[str, str] = {
    "pykafka.broker.Broker.__init__": (
        "takes the cluster: a broker is found in `Cluster.brokers`, and shares the connections of"
        " its client"
    ),
    "pykafka.broker.Broker.from_metadata": "gone, for the same reason",
    "pykafka.connection.BrokerConnection.*": (
        "gone: all connections of a client are run by its I/O thread; `Broker` has a method for"
        " each request"
    ),
    "pykafka.handlers.RequestHandler.*": "gone: there is no thread per connection any more",
    "pykafka.handlers.GEventHandler.*": (
        "is there without gevent, too, but cannot be made; what it offers is found on its instances"
    ),
    "pykafka.partition.Partition.update": (
        "gone: partitions follow the cluster's metadata by themselves"
    ),
    "pykafka.producer.OwnedBroker.*": "gone: it was the worker thread for one broker",
    "pykafka.simpleconsumer.OwnedPartition.*": (
        "gone: it was the queue between a fetching thread and `consume`; `held_offsets` and"
        " `partitions` say what it said"
    ),
    "pykafka.protocol.message.Message": (
        "is `pykafka.common.Message` and has no bytes of its own: batches are read and written as"
        " a whole, by `MessageSet`"
    ),
    "pykafka.protocol.message.Message.VALID_TS_TYPES": "gone: any number is a timestamp",
    "pykafka.protocol.message.Message.decode": "gone: `MessageSet.decode` does it",
    "pykafka.protocol.message.Message.pack_into": "gone: `MessageSet.pack_into` does it",
    "pykafka.test.kafka_instance.KafkaInstance": (
        "does not derive from `ManagedInstance`: the package `testinstances` is not needed"
    ),
    "pykafka.utils.socket.*": "gone: sockets are read by `pykafka.net`",
    "pykafka.utils.struct_helpers.*": "gone: messages are declared in `pykafka.wire.messages`",
}

#: Not written yet. This list only shrinks; a name that appears in the package must leave it.
EXPECTED_MISSING: set[str] = set()
