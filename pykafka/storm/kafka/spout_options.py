"""The options of the Kafka spout, each declared once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...options import Option

__all__ = ["CONFIG_PREFIX", "FUNCTIONS", "SPOUT", "lacks_ackers"]

CONFIG_PREFIX = "pykafka.spout."

_OPTIONS = (
    Option(
        "topics",
        "object",
        None,
        "What to read: a topic's name, a list of names, or a compiled pattern that the whole names"
        " of topics match, also of those that come later.",
    ),
    Option(
        "group",
        "text",
        None,
        "Consumer group whose offsets tell how far the topology is. Another for each topology.",
    ),
    Option(
        "hosts",
        "text",
        None,
        "Brokers to start from, `host:port,...`; `127.0.0.1:9092` if `zookeeper_hosts` is not"
        " given either.",
    ),
    Option(
        "zookeeper_hosts",
        "text",
        None,
        "ZooKeeper to find brokers through, `host:port,...` with an optional chroot path, and to"
        " balance the group through where brokers cannot.",
    ),
    Option(
        "decoder",
        "object",
        "utf-8",
        "What makes a value of a message's bytes: `utf-8`, `json`, `base64`, `latin-1`, or a"
        " function of bytes (or its dotted path). What it raises rejects the message.",
    ),
    Option("key_decoder", "object", "utf-8", "The same for keys; one that is null stays None."),
    Option(
        "fields",
        "object",
        ("value",),
        "Names of the fields that are emitted. `topic`, `partition`, `offset`, `timestamp` (ms),"
        " `key`, `value` and `headers` are those of the message. What other names there are get"
        " the decoded value: one name as it is, several names its members (of a mapping) or items"
        " (of a sequence).",
    ),
    Option(
        "translator",
        "object",
        None,
        "Instead of decoders and fields: a function of a `Message` that returns a list of values,"
        " `(values, stream)`, or None to pass the message over. `outputs` then tells the fields.",
    ),
    Option(
        "guarantee",
        "text",
        "at_least_once",
        "`at_least_once`: what is not acked comes again. `at_most_once`: committed before it is"
        " emitted, and never again. `none`: emitted without ids, committed by the clock.",
        choices=("at_least_once", "at_most_once", "none"),
    ),
    Option(
        "start",
        "text",
        "uncommitted_earliest",
        "Where partitions begin. `uncommitted_earliest`, `uncommitted_latest`: where the group has"
        " committed, or else there. `earliest`, `latest`, `timestamp` (with `start_time_ms`):"
        " there, when the topology was submitted anew; where it has committed, when a worker was"
        " only restarted.",
        choices=("uncommitted_earliest", "uncommitted_latest", "earliest", "latest", "timestamp"),
    ),
    Option("start_time_ms", "int", None, "Milliseconds since 1970, for `timestamp`.", low=0),
    Option(
        "coordination",
        "text",
        "auto",
        "How tasks share partitions: as members of a group that the `broker` coordinates, of one"
        " that is balanced through `zookeeper`, or by the `task`'s index, whether the other tasks"
        " live or not. `auto`: by brokers where they can (0.9 and newer), else through ZooKeeper.",
        choices=("auto", "broker", "zookeeper", "task"),
    ),
    Option(
        "offsets_storage",
        "text",
        "kafka",
        "Where offsets are committed. In ZooKeeper they tell no topology, so that `earliest`,"
        " `latest` and `timestamp` are refused with it.",
        choices=("kafka", "zookeeper", "both"),
    ),
    Option(
        "commit_interval_ms",
        "int",
        1000,
        "Time between two commits. What was acked since the last one comes again after a crash.",
        low=10,
    ),
    Option(
        "max_uncommitted",
        "int",
        100_000,
        "Messages of one partition that are emitted and not to be committed yet at which it"
        " stops; the others go on.",
        low=1,
    ),
    Option(
        "replay_buffer_bytes",
        "int",
        67_108_864,
        "How much of what is in flight is kept to be emitted again; what is not is fetched again.",
        low=0,
    ),
    Option(
        "max_tries",
        "int",
        None,
        "How often a tuple is emitted at most before it is given up: to `dead_letter_topic`, to"
        " `on_give_up`, or to the log alone. Without, as often as it takes.",
        low=1,
    ),
    Option("retry_backoff_ms", "int", 100, "Wait before the first retry; doubles.", low=0),
    Option("retry_backoff_max_ms", "int", 10_000, "The longest such wait.", low=0),
    Option(
        "dead_letter_topic",
        "text",
        None,
        "Where messages go that are given up or rejected, with what is known of them in headers."
        " They count as done when a broker has acknowledged that.",
    ),
    Option(
        "on_give_up",
        "object",
        None,
        "`f(message, reason)`, called instead, or before that, with a `Message` whose value and"
        " key are bytes.",
    ),
    Option(
        "tombstones",
        "text",
        "skip",
        "Whether messages without a value are passed over, or emitted with None as the decoded"
        " value.",
        choices=("skip", "emit"),
    ),
    Option(
        "max_value_bytes",
        "int",
        10_485_760,
        "A message whose value is larger is rejected: Storm's workers hold a tuple several times.",
        low=1,
    ),
    Option(
        "revoke_drain_ms",
        "int",
        None,
        "How long acks are waited for before a partition goes to another task; 2000 with a broker"
        " group, 1000 with ZooKeeper.",
        low=0,
    ),
    Option(
        "session_timeout_ms",
        "int",
        20_000,
        "A task that is not heard for so long has lost its partitions. Brokers and ZooKeeper have"
        " bounds for it.",
        low=1,
    ),
    Option(
        "metadata_max_age_ms",
        "int",
        30_000,
        "How often is looked for new topics and partitions.",
        low=1,
    ),
    Option(
        "report_interval_ms",
        "int",
        60_000,
        "How often lag, counts and the age of commits are written to the log and given to"
        " `on_report`.",
        low=100,
    ),
    Option(
        "on_report", "object", None, "`f(reports)`, called with a `PartitionReport` per partition."
    ),
    Option(
        "fetch_message_max_bytes",
        "int",
        1_048_576,
        "Bytes asked of one partition in one fetch; on Kafka before 0.10.1 no message may be"
        " larger.",
        low=1,
        high=2**31 - 1,
    ),
    Option(
        "queued_max_bytes",
        "int",
        67_108_864,
        "Bytes fetched and not yet decoded, over all partitions, at which fetching pauses.",
        low=1,
    ),
    Option(
        "isolation_level",
        "text",
        "read_uncommitted",
        "`read_committed` leaves out messages of transactions that were aborted (Kafka 0.11 and"
        " newer).",
        choices=("read_uncommitted", "read_committed"),
    ),
    Option("socket_timeout_ms", "int", 30_000, "How long a broker may take to answer.", low=1),
    Option("tls_ca_file", "text", None, "Speak TLS, trusting the authorities in this file (PEM)."),
    Option("tls_cert_file", "text", None, "The client's certificate (PEM)."),
    Option("tls_key_file", "text", None, "Its private key, if it is in another file."),
)

SPOUT = {option.name: option for option in _OPTIONS}
#: What may be functions.
FUNCTIONS = frozenset({"decoder", "key_decoder", "translator", "on_give_up", "on_report"})


def lacks_ackers(guarantee: Any, conf: Mapping[str, Any]) -> str | None:
    """Why a topology's configuration does not allow a guarantee; ``None`` if it does."""
    if guarantee != "at_least_once" or conf.get("topology.acker.executors") != 0:
        return None
    return (
        "guarantee='at_least_once' needs ackers, and topology.acker.executors is 0: Storm then"
        " says of every tuple at once that it is done. Leave that setting out, or choose"
        " guarantee='none'"
    )
