"""Options in librdkafka's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...common import CODECS
from ...exceptions import InvalidOptionError, RdKafkaException
from ...net.tls import SslConfig
from ...options import CLIENT, CONSUMER, PRODUCER, Option, Settings
from ...wire.messages.api_versions import ApiVersionsRequest
from ...wire.messages.join_group import JoinGroupRequest
from ..client import ClientCore
from .library import Library

__all__ = [
    "Properties",
    "Property",
    "consumer_properties",
    "producer_properties",
    "read_ahead",
    "refused",
]


class Property(NamedTuple):
    """One property.

    :ivar option: whose value it is; ``None`` for what no option changes.
    :ivar probed: whether a library that does not know it can go without.
    """

    key: str
    value: str
    option: str | None = None
    probed: bool = False


#: Whatever is read or sent.
_ALWAYS = (
    Property("log.queue", "true"),
    Property("reconnect.backoff.ms", "50"),
    Property("reconnect.backoff.max.ms", "1000"),
    # How long a topic may be unknown to brokers until that is said.
    Property("topic.metadata.propagation.max.ms", "5000", probed=True),
    # It would tell brokers about this process.
    Property("enable.metrics.push", "false", probed=True),
)
#: Positions, commits and resets are not its business.
_CONSUMER = (
    Property("check.crcs", "true"),
    Property("auto.offset.reset", "error"),
    Property("enable.auto.commit", "false"),
    Property("enable.auto.offset.store", "false"),
    Property("enable.partition.eof", "true"),
)
#: Batches come when they are due; which of them may fail is said for each message.
_PRODUCER = (
    # Messages keep their order through retries.
    Property("max.in.flight.requests.per.connection", "1"),
    Property("batch.num.messages", "1000000"),
    # How many may be queued is bounded before they come here.
    Property("queue.buffering.max.messages", "10000000"),
)
#: How long it may wait for the rest of a batch that it is being given.
_REST_OF_A_BATCH_MS = 5
#: It looks at the age of messages once a second.
_LATE_MS = 1000
#: What one takes beside its key and value, at most.
_OVERHEAD = 512
_LEAST_MESSAGE_MAX_BYTES = 1000
#: It takes no larger numbers than these.
_MOST_QUEUED_MESSAGES = 10_000_000
_MOST_QUEUED_KBYTES = 2_097_151
#: With more, each is out of the processor's caches again when it is handed over.
_QUEUED_MESSAGES = 20_000
#: What a thread of the extension takes out of librdkafka before somebody comes for it: enough to
#: be busy while that one is, too.
_AHEAD_ROWS = 2000
_AHEAD_BYTES = 1 << 20
_QUEUE_BACKOFF = Property("fetch.queue.backoff.ms", "5", probed=True)


#: What setting a property says that the library does not know.
_UNKNOWN = -2


class Properties:
    """Checked properties of one handle; hand them to it once.

    :ivar pointer: to what the functions take; ``None`` when a handle has it.
    :ivar options: the option that each property's value comes from.
    """

    def __init__(self, library: Library, properties: Iterator[Property]) -> None:
        self.library = library
        self.options: dict[str, str] = {}
        self.pointer: Any = library.lib.pykafka_rd_properties_new(library.pointer)
        try:
            for one in properties:
                self.set(one)
        except BaseException:
            self.free()
            raise

    def set(self, one: Property) -> bool:
        """Set one; whether the library knows it.

        :raises InvalidOptionError: it refuses an option's value.
        :raises RdKafkaException: it refuses another one.
        """
        library = self.library
        words = library.room_for_text()
        key, value = one.key.encode(), one.value.encode()
        result = library.lib.pykafka_rd_properties_set(
            library.pointer, self.pointer, key, value, words, library.room
        )
        if one.option is not None:
            self.options[one.key] = one.option
        if one.probed and result == _UNKNOWN:
            return False
        if result:
            raise refused(library, library.text(words), [one.option] if one.option else [])
        return True

    def free(self) -> None:
        """Drop them, if no handle has them. Idempotent."""
        pointer, self.pointer = self.pointer, None
        if pointer is not None:
            self.library.lib.pykafka_rd_properties_free(self.library.pointer, pointer)


def refused(library: Library, words: str, options: list[str]) -> RdKafkaException | Exception:
    """The error for a configuration that librdkafka does not take, in its own words."""
    if options:
        names = " and ".join(dict.fromkeys(options))
        return InvalidOptionError(f"option {names}: {library} refuses it: {words}")
    return RdKafkaException(f"{library} refuses its configuration: {words}")


def consumer_properties(
    library: Library, client: ClientCore, settings: Settings, partitions: int
) -> Properties:
    """Those of a consumer.

    :param partitions: between so many the queue's bytes are shared.
    :raises InvalidOptionError: an option has a value that it cannot honour.
    """
    _refuse_what_only_python_can(CONSUMER, settings)
    # One that cannot be told (2.0.2) looks a second later whether a full queue has been read
    # from: then the bytes alone are the bound.
    queued = min(settings.queued_max_messages, _QUEUED_MESSAGES)
    special = {
        "queued_max_bytes": str(_kbytes(_share(settings, partitions))),
        "queued_max_messages": str(queued if _looks_soon(library) else _MOST_QUEUED_MESSAGES),
    }
    return Properties(library, _consumer(client, settings, special))


def _share(settings: Settings, partitions: int) -> int:
    """Bytes of one partition that may be queued."""
    share: int = settings.queued_max_bytes // max(1, partitions)
    return max(1, share)


def read_ahead(settings: Settings, partitions: int) -> tuple[int, int]:
    """Rows and bytes of one partition that may lie ready outside of its queue."""
    rows = min(settings.queued_max_messages, _AHEAD_ROWS)
    return rows, min(_share(settings, partitions), _AHEAD_BYTES)


def _looks_soon(library: Library) -> bool:
    """Whether it can be told when to look again."""
    trial = Properties(library, iter([]))
    try:
        return trial.set(_QUEUE_BACKOFF)
    finally:
        trial.free()


def _consumer(
    client: ClientCore, settings: Settings, special: Mapping[str, str]
) -> Iterator[Property]:
    # An answer holds what was asked for, and its head.
    yield from _client(client, settings.fetch_max_bytes + _OVERHEAD)
    yield from _CONSUMER
    yield _QUEUE_BACKOFF
    yield from _mapped(CONSUMER, settings, special)


def producer_properties(library: Library, client: ClientCore, settings: Settings) -> Properties:
    """Those of a producer.

    :raises InvalidOptionError: an option has a value that it cannot honour.
    """
    _refuse_what_only_python_can(PRODUCER, settings)
    return Properties(library, _producer(client, settings))


def _producer(client: ClientCore, settings: Settings) -> Iterator[Property]:
    yield from _client(client, 0)
    yield from _PRODUCER
    codecs = {number: name for name, number in CODECS.items()}
    # What lingers here has a part of its time behind it there.
    left_ms = settings.delivery_timeout_ms - min(
        settings.linger_ms, settings.delivery_timeout_ms // 2
    )
    size = settings.max_request_size
    timeout_ms = max(left_ms - _LATE_MS, left_ms // 2, 1)
    special = {
        "compression": codecs[settings.compression],
        "delivery_timeout_ms": str(timeout_ms),
        # The largest message must have room.
        "max_queued_bytes": str(_kbytes(max(settings.max_queued_bytes, 2 * size))),
        "max_request_size": str(max(size + _OVERHEAD, _LEAST_MESSAGE_MAX_BYTES)),
    }
    yield from _mapped(PRODUCER, settings, special)
    yield Property("batch.size", str(size), "max_request_size")
    at_once = settings.sync or settings.linger_ms == 0 or timeout_ms <= _REST_OF_A_BATCH_MS
    yield Property("queue.buffering.max.ms", "0" if at_once else str(_REST_OF_A_BATCH_MS))


def _mapped(
    table: Mapping[str, Option], settings: Settings, special: Mapping[str, str]
) -> Iterator[Property]:
    for option in table.values():
        if option.rdkafka is not None:
            value = special.get(option.name) or str(getattr(settings, option.name))
            yield Property(option.rdkafka, value, option.name)


def _client(client: ClientCore, least_answer: int) -> Iterator[Property]:
    settings = client.settings
    _refuse_what_only_python_can(CLIENT, settings)
    yield from _ALWAYS
    brokers = [(broker.host, broker.port) for broker in client.snapshot.brokers.values()]
    seeds = [*brokers, *((seed.host, seed.port) for seed in client.bootstrap)]
    special = {
        "hosts": ",".join(_address(*seed) for seed in dict.fromkeys(seeds)),
        "client_id": _text(settings.client_id),
    }
    yield from _mapped(CLIENT, settings, special)
    if least_answer > settings.receive_max_bytes:
        yield Property("receive.message.max.bytes", str(least_answer), "fetch_max_bytes")
    yield from _versions(client)
    if settings.ssl_config is not None:
        yield from _tls(settings.ssl_config)


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _versions(client: ClientCore) -> Iterator[Property]:
    """Brokers before 0.10 cannot be asked what they speak: they hang up."""
    if client.highest_version(ApiVersionsRequest) < 0:
        old = client.highest_version(JoinGroupRequest) < 0
        yield Property("api.version.request", "false")
        yield Property("broker.version.fallback", "0.8.2.2" if old else "0.9.0.1")


def _tls(config: Any) -> Iterator[Property]:
    option = "ssl_config"
    if not isinstance(config, SslConfig):
        raise InvalidOptionError(
            "option ssl_config: librdkafka reads certificates from files itself: give it as an"
            f" SslConfig, not as {type(config).__name__}, or leave librdkafka out"
        )
    _ = config.context  # says which file cannot be read
    yield Property("security.protocol", "ssl", option)
    files = {
        "ssl.ca.location": config.cafile,
        "ssl.certificate.location": config.certfile,
        "ssl.key.location": config.keyfile or config.certfile,
        "ssl.key.password": None if config.password is None else _text(config.password),
    }
    for key, value in files.items():
        if value is not None:
            yield Property(key, value, option)
    checked = "https" if config.check_hostname else "none"
    yield Property("ssl.endpoint.identification.algorithm", checked, option)


def _refuse_what_only_python_can(table: Mapping[str, Option], settings: Settings) -> None:
    for option in table.values():
        if option.python_only and getattr(settings, option.name) != option.default:
            raise InvalidOptionError(
                f"option {option.name}: librdkafka has nothing like it: leave it out, or leave"
                " librdkafka out"
            )


def _kbytes(size: int) -> int:
    return min(max(1, size // 1024), _MOST_QUEUED_KBYTES)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
