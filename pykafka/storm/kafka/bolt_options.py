"""The options of a Kafka bolt, declared once."""

from __future__ import annotations

from ...common import CODECS
from ...options import Option

__all__ = ["FUNCTIONS", "OPTIONS", "PREFIX"]

_INT32_MAX = 2**31 - 1

#: What the keys of the configuration begin with.
PREFIX = "pykafka.bolt."

#: Those that may be functions, or the path of one.
FUNCTIONS = frozenset({"encoder", "key_encoder", "partitioner"})

OPTIONS = {
    option.name: option
    for option in (
        Option(
            "hosts",
            "text",
            None,
            "Brokers to start from, `host:port,...`. This or `zookeeper_hosts` is needed.",
        ),
        Option(
            "zookeeper_hosts",
            "text",
            None,
            "ZooKeeper to find the brokers through, `host:port,...`, with an optional chroot path"
            " at the end.",
        ),
        Option("topic", "text", None, "The topic. This or `topic_field` is needed."),
        Option(
            "topic_field",
            "text",
            None,
            "The field that says the topic of each tuple. Where it is None the tuple is acked, and"
            " nothing is sent.",
        ),
        Option(
            "key_field",
            "text",
            "key",
            "The field that is the message's key; None for no keys. Without this option, a field"
            " `key` if there is one.",
            also=(None,),
        ),
        Option(
            "value_field",
            "object",
            None,
            "The field that is the message's value, or a list of fields, which become a"
            " dictionary. Without, the field `message` or `value`, or the only one that is neither"
            " key nor topic.",
        ),
        Option(
            "encoder",
            "object",
            "utf-8",
            "What makes bytes of the value: `utf-8`, `latin-1` or another of Python's text"
            " encodings, `json`, `base64` (text that is decoded), or a function, or the dotted path"
            " of one.",
        ),
        Option("key_encoder", "object", "utf-8", "The same for the key."),
        Option(
            "required_acks",
            "int",
            -1,
            "When the broker acknowledges: -1 when all in-sync replicas have the message, 1 when"
            " the leader has it; 0 acks the tuple when the message was sent.",
            low=-1,
            high=1,
        ),
        Option(
            "linger_ms",
            "int",
            5,
            "How long a message may wait for others that go with it.",
            low=0,
            high=60000,
        ),
        Option(
            "compression",
            "text",
            "none",
            "How batches are compressed; all but `gzip` need a package.",
            choices=tuple(CODECS),
        ),
        Option(
            "partitioner",
            "object",
            None,
            "`f(partitions, key) -> partition`, a class of such objects, or the dotted path of"
            " either. Without, by a hash of the key, and one after the other for messages without"
            " key.",
        ),
        Option(
            "max_in_flight",
            "int",
            10000,
            "Tuples that are neither acked nor failed at which the bolt takes no more.",
            low=1,
        ),
        Option(
            "max_in_flight_bytes",
            "int",
            67108864,
            "The same bound in bytes of keys and values; soft.",
            low=1,
        ),
        Option(
            "max_request_size",
            "int",
            1000012,
            "Bytes of messages in one batch of one partition; a larger single message is a bad"
            " tuple.",
            low=27,
            high=_INT32_MAX,
        ),
        Option(
            "delivery_timeout_ms",
            "int",
            None,
            "How long a message may wait for Kafka, and then for the acknowledgement, before its"
            " tuple fails; without, half of `topology.message.timeout.secs`.",
            low=100,
            high=_INT32_MAX,
        ),
        Option(
            "fire_and_forget",
            "bool",
            False,
            "Ack tuples as they come; what is not delivered is reported, and lost.",
        ),
        Option(
            "on_bad_tuple",
            "text",
            "fail",
            "What becomes of a tuple that can never be sent: `fail` it, so that its spout decides,"
            " or `drop` it, which acks it. It is reported either way.",
            choices=("fail", "drop"),
        ),
    )
}
