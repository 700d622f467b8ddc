"""What of 2.8's public surface is different on purpose, or not there yet.

Both tables are strict: an entry that is no longer true fails ``test_surface.py``. A name ending
in ``.*`` stands for everything below it. ``docs/differences.md`` shows the first table.
"""

from __future__ import annotations

#: Dotted name -> why it is different from 2.8 or gone.
DEVIATIONS: dict[str, str] = {}

#: Not written yet. This list only shrinks; a name that appears in the package must leave it.
EXPECTED_MISSING: set[str] = {
    "pykafka.BalancedConsumer",
    "pykafka.Broker",
    "pykafka.Cluster",
    "pykafka.KafkaClient",
    "pykafka.ManagedBalancedConsumer",
    "pykafka.Partition",
    "pykafka.Producer",
    "pykafka.RangeProtocol",
    "pykafka.RoundRobinProtocol",
    "pykafka.SimpleConsumer",
    "pykafka.SslConfig",
    "pykafka.Topic",
    "pykafka.broker",
    "pykafka.cli",
    "pykafka.client",
    "pykafka.cluster",
    "pykafka.connection",
    "pykafka.handlers",
    "pykafka.membershipprotocol",
    "pykafka.partition",
    "pykafka.partitioners",
    "pykafka.producer",
    "pykafka.protocol",
    "pykafka.simpleconsumer",
    "pykafka.test",
    "pykafka.topic",
    "pykafka.utils",
}
