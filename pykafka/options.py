"""Every option, declared once: name, type, default, bounds, meaning, librdkafka key.

Validation, the documentation and librdkafka's mapping read these tables; a test checks signatures.
"""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from .exceptions import InvalidOptionError, InvalidOptionTypeError, UnknownOptionError

__all__ = [
    "CLIENT",
    "CONSUMER",
    "MANAGED",
    "MEMBER",
    "PRODUCER",
    "ZOOKEEPER",
    "Option",
    "Settings",
    "checked",
    "reject_unknown",
    "validated",
]

_INT32_MAX = 2**31 - 1
_MISSING = object()


class Option(NamedTuple):
    """One option.

    :ivar kind: ``"int"``, ``"bool"``, ``"text"`` (``str`` or ASCII ``bytes``) or ``"object"``.
    :ivar choices: the only values that a ``text`` may have.
    :ivar low: smallest value of an ``int``, ``None`` for no bound.
    :ivar also: values that are accepted beside the bounds (``-1`` for "no limit", say).
    :ivar rdkafka: the key of librdkafka's configuration that it maps to.
    :ivar python_only: whether librdkafka refuses any value but the default.
    """

    name: str
    kind: str
    default: Any
    meaning: str
    low: int | None = None
    high: int | None = None
    also: tuple[Any, ...] = ()
    rdkafka: str | None = None
    choices: tuple[str, ...] = ()
    python_only: bool = False

    def check(self, value: Any) -> None:
        """Raise unless ``value`` may stand here."""
        if value is None and (self.default is None or None in self.also):
            return
        if self.kind == "int":
            self._check_int(value)
        elif self.kind == "text" and not isinstance(value, (str, bytes)):
            raise InvalidOptionTypeError(
                f"option {self.name} must be str or bytes, not {type(value).__name__}: {value!r}"
            )
        elif self.choices and value not in self.choices:
            raise InvalidOptionError(f"option {self.name} must be {self.bounds}, not {value!r}")

    def _check_int(self, value: Any) -> None:
        if not isinstance(value, (int, float)):
            raise InvalidOptionTypeError(
                f"option {self.name} must be a number, not {type(value).__name__}: {value!r}"
            )
        if value in self.also:
            return
        if (
            (isinstance(value, float) and not math.isfinite(value))
            or (self.low is not None and value < self.low)
            or (self.high is not None and value > self.high)
        ):
            raise InvalidOptionError(f"option {self.name} must be {self.bounds}, not {value!r}")

    @property
    def bounds(self) -> str:
        """The bounds in words, for error texts and the documentation."""
        if self.kind == "bool":
            return "True or False"
        if self.choices:
            return " or ".join(repr(choice) for choice in self.choices)
        if self.kind != "int":
            return ""
        words = f"at least {self.low}" if self.high is None else f"from {self.low} to {self.high}"
        extra = [str(value) for value in self.also]
        return " or ".join([words, *extra])


class Settings(SimpleNamespace):
    """Checked values of a table's options, as attributes."""


def _table(*options: Option) -> dict[str, Option]:
    return {option.name: option for option in options}


def validated(table: Mapping[str, Option], values: Mapping[str, Any]) -> Settings:
    """Take the table's options out of ``values`` (a caller's ``locals()``, say), checked.

    :raises InvalidOptionError: a value is outside its bounds.
    :raises InvalidOptionTypeError: a value has the wrong type.
    """
    chosen = {}
    for name, option in table.items():
        value = values.get(name, _MISSING)
        if value is _MISSING:
            value = option.default
        option.check(value)
        # 2.x takes floats; a fraction of a millisecond must not become the 0 that means "for ever".
        chosen[name] = math.ceil(value) if isinstance(value, float) else value
    return Settings(**chosen)


def reject_unknown(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise for the first name in ``given`` that is not in ``known``, naming the nearest.

    :raises UnknownOptionError: there is such a name.
    """
    known = list(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows: {', '.join(known)}"
            raise UnknownOptionError(f"{owner} has no option {name!r}; {hint}")


_Init = TypeVar("_Init", bound=Callable[..., None])


def checked(table: Mapping[str, Option]) -> Callable[[_Init], _Init]:
    """Make a constructor name unknown options itself, and check those of ``table``.

    Python's own ``TypeError`` for an unknown keyword is not one of
    :mod:`pykafka.exceptions`, and names nothing near.
    """

    def decorate(init: _Init) -> _Init:
        # inspect.signature would say the same, for the price of importing inspect.
        code = init.__code__
        names = code.co_varnames[1 : code.co_argcount]

        @functools.wraps(init)
        def wrapper(self: Any, *args: Any, **given: Any) -> None:
            reject_unknown(type(self).__name__, given, names)
            for name, value in [*zip(names, args, strict=False), *given.items()]:
                if name in table:
                    table[name].check(value)
            init(self, *args, **given)

        return wrapper  # type: ignore[return-value]  # the same signature, by functools.wraps

    return decorate


CLIENT = _table(
    Option(
        "hosts",
        "text",
        "127.0.0.1:9092",
        "Brokers to start from: a comma-separated list of `host:port`, `host` (port 9092) or"
        " `[IPv6 address]:port`. The others are found through them.",
        rdkafka="bootstrap.servers",
    ),
    Option(
        "zookeeper_hosts",
        "text",
        None,
        "ZooKeeper to find the brokers through instead of `hosts`: `host:port,...`, with an"
        " optional chroot path at the end.",
    ),
    Option(
        "socket_timeout_ms",
        "int",
        30000,
        "How long a broker may take to accept a connection or to answer a request.",
        low=1,
        high=_INT32_MAX,
        rdkafka="socket.timeout.ms",
    ),
    Option(
        "offsets_channel_socket_timeout_ms",
        "int",
        10000,
        "The same for the coordinator of a group (offset commits and look-ups).",
        low=1,
        high=_INT32_MAX,
    ),
    Option(
        "use_greenlets",
        "bool",
        False,
        "Run on gevent's greenlets instead of threads (needs the `gevent` extra).",
    ),
    Option(
        "exclude_internal_topics",
        "bool",
        True,
        "Hide topics whose name starts with two underscores.",
    ),
    Option(
        "source_address",
        "text",
        "",
        "Local address that connections start from: `host` or `host:port`; empty for any.",
        python_only=True,
    ),
    Option(
        "ssl_config",
        "object",
        None,
        "TLS: an `SslConfig`, an `ssl.SSLContext`, or anything with `wrap_socket`.",
    ),
    Option(
        "broker_version",
        "text",
        "0.9.0",
        "Accepted for 2.x and checked to be a version number; chooses nothing: versions are"
        " negotiated with each broker.",
    ),
    Option(
        "client_id",
        "text",
        "pykafka",
        "Name that brokers log and count this client under.",
        rdkafka="client.id",
    ),
    Option(
        "receive_max_bytes",
        "int",
        104857600,
        "Largest response accepted from a broker; more is refused before memory is taken.",
        low=1000,
        high=_INT32_MAX,
        rdkafka="receive.message.max.bytes",
    ),
)

CONSUMER = _table(
    Option("consumer_group", "text", None, "Group whose offsets are committed and looked up."),
    Option(
        "fetch_message_max_bytes",
        "int",
        1048576,
        "Bytes asked of one partition in one fetch; on Kafka before 0.10.1 no message may be"
        " larger.",
        low=1,
        high=_INT32_MAX,
        rdkafka="fetch.message.max.bytes",
    ),
    Option(
        "num_consumer_fetchers",
        "int",
        1,
        "Accepted for 2.x; one fetch per broker is always under way, without threads.",
        low=1,
    ),
    Option(
        "auto_commit_enable",
        "bool",
        False,
        "Commit what was delivered every `auto_commit_interval_ms`, and at `stop()`.",
    ),
    Option("auto_commit_interval_ms", "int", 60000, "Time between two such commits.", low=1),
    Option(
        "queued_max_messages",
        "int",
        2000,
        "Messages of one partition that wait to be consumed before its fetching pauses; soft:"
        " one fetch may bring more.",
        low=1,
        rdkafka="queued.min.messages",
    ),
    Option(
        "fetch_min_bytes",
        "int",
        1,
        "Bytes that a broker waits for before it answers a fetch.",
        low=0,
        high=_INT32_MAX,
        rdkafka="fetch.min.bytes",
    ),
    Option(
        "fetch_error_backoff_ms",
        "int",
        500,
        "First wait before a partition whose fetch failed is asked for again; doubles to 8 times"
        " this, with jitter.",
        low=0,
        rdkafka="fetch.error.backoff.ms",
    ),
    Option(
        "fetch_wait_max_ms",
        "int",
        100,
        "How long a broker may wait for `fetch_min_bytes`.",
        low=0,
        high=_INT32_MAX,
        rdkafka="fetch.wait.max.ms",
    ),
    Option(
        "offsets_channel_backoff_ms",
        "int",
        1000,
        "Wait before the n-th retry of an offset commit or look-up, times n.",
        low=0,
    ),
    Option(
        "offsets_commit_max_retries",
        "int",
        5,
        "Retries of an offset commit or look-up before it raises.",
        low=0,
    ),
    Option(
        "auto_offset_reset",
        "int",
        -2,
        "Where to go without a valid offset: `OffsetType.EARLIEST`, `OffsetType.LATEST`, or"
        " `None` to raise `OffsetOutOfRangeError`.",
        low=-2,
        high=-1,
        also=(None,),
    ),
    Option(
        "consumer_timeout_ms",
        "int",
        -1,
        "How long `consume()` waits before it returns None and iteration ends; -1 (or 0) for ever.",
        low=-1,
    ),
    Option("auto_start", "bool", True, "Start in the constructor."),
    Option(
        "reset_offset_on_start",
        "bool",
        False,
        "Start at `auto_offset_reset` instead of the committed offsets.",
    ),
    Option(
        "compacted_topic",
        "bool",
        False,
        "Accepted for 2.x; gaps in offsets never stall, whatever it says.",
    ),
    Option("generation_id", "int", -1, "Generation that commits carry.", low=-1, high=_INT32_MAX),
    Option("consumer_id", "text", b"", "Member id that commits carry."),
    Option(
        "deserializer",
        "object",
        None,
        "`f(value, key) -> (value, key)`, called at hand-over; what it raises passes through and"
        " the message counts as consumed.",
    ),
    Option(
        "reset_offset_on_fetch",
        "bool",
        True,
        "`fetch_offsets()` also moves the consumer to what it found.",
    ),
    Option(
        "fetch_max_bytes",
        "int",
        52428800,
        "Bytes asked of one broker in one fetch; on Kafka before 0.10.1 kept by asking for"
        " fewer partitions at a time, in turn.",
        low=1,
        high=_INT32_MAX,
        rdkafka="fetch.max.bytes",
    ),
    Option(
        "queued_max_bytes",
        "int",
        134217728,
        "Bytes fetched but not yet decoded, over all partitions, at which fetching pauses.",
        low=1,
        rdkafka="queued.max.messages.kbytes",
    ),
    Option(
        "decompressed_max_bytes",
        "int",
        268435456,
        "Largest size that one compressed batch may have unpacked.",
        low=1,
        python_only=True,
    ),
    Option(
        "isolation_level",
        "text",
        "read_uncommitted",
        "`read_committed` leaves out messages of transactions that were aborted, and waits for"
        " those that are open (Kafka 0.11 and newer).",
        rdkafka="isolation.level",
        choices=("read_uncommitted", "read_committed"),
    ),
)

#: What a member of a group has besides, however the group is balanced.
MEMBER = _table(
    Option(
        "rebalance_max_retries",
        "int",
        5,
        "Failures in a row to take part in a rebalance after which `start()` or `consume()`"
        " raises; a member that was started goes on trying.",
        low=0,
    ),
    Option(
        "rebalance_backoff_ms",
        "int",
        2000,
        "Longest first wait before the next attempt; later ones grow to `rebalance_max_retries`"
        " times this.",
        low=1,
    ),
    Option(
        "post_rebalance_callback",
        "object",
        None,
        "`f(consumer, old_offsets, new_offsets)`, called on the member's thread when its"
        " partitions have changed, or stay after `pre_rebalance_callback` was called, and before"
        " new ones are read; may return offsets to go to.",
    ),
    Option(
        "pre_rebalance_callback",
        "object",
        None,
        "`f(consumer, offsets)`, called on the member's thread when partitions may go to another"
        " member, with what was delivered of them last, and before that is committed.",
    ),
    Option(
        "commit_on_revoke",
        "bool",
        True,
        "Commit what was delivered of partitions before they go to another member, also without"
        " `auto_commit_enable`, as 2.x does.",
    ),
    Option(
        "membership_protocol",
        "object",
        None,
        "How members share partitions: `RangeProtocol` (without), `RoundRobinProtocol`; in groups"
        " that brokers coordinate also `StickyProtocol`, `CooperativeStickyProtocol`, or several"
        " in a list, best first.",
    ),
    Option(
        "max_poll_interval_ms",
        "int",
        None,
        "How long the consumer may take no message, though there are some, before its partitions"
        " go to other members; None for ever.",
        low=1,
    ),
    Option("use_rdkafka", "bool", False, "Fetch with librdkafka."),
)

#: What a member of a group has besides that a broker coordinates.
MANAGED = _table(
    Option(
        "heartbeat_interval_ms",
        "int",
        3000,
        "Time between two heartbeats; others take over what a member gives up no sooner than"
        " their next heartbeat.",
        low=1,
        high=_INT32_MAX,
    ),
    Option(
        "session_timeout_ms",
        "int",
        30000,
        "A member that is not heard for so long has lost its partitions. Brokers have bounds for"
        " it (`group.min.session.timeout.ms`).",
        low=1,
        high=_INT32_MAX,
    ),
    Option(
        "rebalance_timeout_ms",
        "int",
        60000,
        "How long a rebalance waits for a member, its callbacks and commits included (before"
        " 0.10.1: `session_timeout_ms`).",
        low=1,
        high=_INT32_MAX,
    ),
    Option(
        "group_instance_id",
        "text",
        None,
        "Name of a static member (Kafka 2.3 and newer): it comes back to its partitions without a"
        " rebalance if it does within `session_timeout_ms`, and does not leave at `stop()`.",
    ),
    Option(
        "metadata_max_age_ms",
        "int",
        300000,
        "How often is looked for new topics and partitions.",
        low=1,
    ),
)

#: What a member of a group has besides that is coordinated through ZooKeeper.
ZOOKEEPER = _table(
    Option(
        "zookeeper_connection_timeout_ms",
        "int",
        6000,
        "How long ZooKeeper may take to accept a connection.",
        low=1,
        high=_INT32_MAX,
    ),
    Option(
        "zookeeper_session_timeout_ms",
        "int",
        None,
        "A member that ZooKeeper does not hear for so long has lost its partitions; without, as"
        " long as `zookeeper_connection_timeout_ms` (as in 2.x). ZooKeeper grants 2 to 20 of its"
        " ticks.",
        low=1,
        high=_INT32_MAX,
    ),
    Option(
        "zookeeper_connect",
        "text",
        None,
        "ZooKeeper's `host:port,...`, with an optional chroot path; without, `zookeeper_hosts` of"
        " the client.",
    ),
    Option("zookeeper_hosts", "text", "127.0.0.1:2181", "The same, if neither of them is given."),
    Option(
        "zookeeper",
        "object",
        None,
        "A started `KazooClient` to use instead; it is not closed by `stop()`.",
    ),
    Option(
        "offsets_storage",
        "text",
        "kafka",
        "Where the group keeps its offsets: in `kafka` as in 2.x, in `zookeeper` as Java's"
        " high-level consumer does by default, or in `both` (the higher one counts).",
        choices=("kafka", "zookeeper", "both"),
    ),
    Option(
        "zookeeper_layout",
        "text",
        "auto",
        "Which members there are to be understood by: `java` (the high-level consumer of 0.8.2;"
        " what new groups use), `pykafka2` (pykafka 2.x on Python 3), `pykafka2-py2` (on Python"
        " 2). `auto` follows the members that it finds.",
        choices=("auto", "java", "pykafka2", "pykafka2-py2"),
    ),
)

PRODUCER = _table(
    Option(
        "partitioner",
        "object",
        None,
        "`f(partitions, key) -> partition`, called in the producing thread; None goes round robin.",
    ),
    Option(
        "compression",
        "int",
        0,
        "A `CompressionType`.",
        low=0,
        high=4,
        rdkafka="compression.codec",
    ),
    Option(
        "max_retries",
        "int",
        3,
        "How often a batch that was sent and failed is sent again; waiting for a leader or a"
        " connection does not count.",
        low=0,
        rdkafka="message.send.max.retries",
    ),
    Option(
        "retry_backoff_ms",
        "int",
        100,
        "First wait before such a retry; doubles up to one second, with jitter.",
        low=0,
        rdkafka="retry.backoff.ms",
    ),
    Option(
        "required_acks",
        "int",
        1,
        "Acknowledgements: 0 none, 1 the leader's, -1 all in-sync replicas'.",
        low=-1,
        high=32767,
        rdkafka="request.required.acks",
    ),
    Option(
        "ack_timeout_ms",
        "int",
        10000,
        "How long a broker may wait for these.",
        low=1,
        high=_INT32_MAX,
        rdkafka="request.timeout.ms",
    ),
    Option(
        "max_queued_messages",
        "int",
        100000,
        "Messages not yet acknowledged at which `produce` blocks or raises.",
        low=1,
    ),
    Option(
        "min_queued_messages",
        "int",
        70000,
        "Messages that are queued before they are sent, `linger_ms` permitting.",
        low=1,
    ),
    Option(
        "linger_ms",
        "int",
        5000,
        "How long a message may wait for others before it is sent.",
        low=0,
    ),
    Option(
        "queue_empty_timeout_ms",
        "int",
        0,
        "Accepted for 2.x; nothing polls an empty queue any more.",
        low=-1,
    ),
    Option(
        "block_on_queue_full",
        "bool",
        True,
        "Whether `produce` waits when the queue is full, instead of raising"
        " `ProducerQueueFullError`.",
    ),
    Option(
        "max_request_size",
        "int",
        1000012,
        "Bytes of messages in one batch of one partition; a larger single message is refused.",
        low=27,
        high=_INT32_MAX,
        rdkafka="message.max.bytes",
    ),
    Option(
        "sync",
        "bool",
        False,
        "Whether `produce` returns only when the message is acknowledged, or raises.",
    ),
    Option(
        "delivery_reports",
        "bool",
        False,
        "Whether outcomes are fetched with `get_delivery_report()`.",
    ),
    Option(
        "pending_timeout_ms",
        "int",
        5000,
        "How long a sync `produce` waits for its acknowledgement, and `stop()` for those of the"
        " rest; -1 for as long as `delivery_timeout_ms` allows.",
        low=-1,
    ),
    Option("auto_start", "bool", True, "Start in the constructor."),
    Option(
        "serializer",
        "object",
        None,
        "`f(value, key) -> (value, key)`, both bytes or None, called in `produce`.",
    ),
    Option(
        "delivery_timeout_ms",
        "int",
        120000,
        "Within this time after `produce` a message is acknowledged or reported failed.",
        low=1,
        rdkafka="message.timeout.ms",
    ),
    Option(
        "max_queued_bytes",
        "int",
        268435456,
        "The same bound as `max_queued_messages` in bytes; soft.",
        low=1,
        rdkafka="queue.buffering.max.kbytes",
    ),
)
