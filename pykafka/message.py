"""The message as users hold it, on its way in and on its way out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .partition import Partition

__all__ = ["Bare", "Message", "SharedFields"]

# The same instant as common.EPOCH, which cannot be imported from below.
_EPOCH = dt.datetime(1970, 1, 1)


#: Checksum, magic byte, attributes, two lengths; in format 1 also the timestamp.
_SIZE_V0 = 14
_SIZE_V1 = 22


class _HeadersByOffset(Protocol):
    def of(self, offset: int) -> Sequence[tuple[str, bytes | None]]: ...


class SharedFields:
    """What all messages of one batch have in common, stored once per batch.

    Never changed after it was handed to a message: a message that gets a value of
    its own takes a copy first (:meth:`Message._own`).
    """

    __slots__ = (
        "compression_type",
        "delivery_report_q",
        "headers",
        "leader_epoch",
        "partition",
        "partition_id",
        "produce_attempt",
        "protocol_version",
        "timestamp_type",
    )

    def __init__(
        self,
        partition: Partition | None = None,
        partition_id: int = -1,
        compression_type: int = 0,
        protocol_version: int = 0,
        produce_attempt: int = 0,
        delivery_report_q: Any = None,
        timestamp_type: int = 0,
        leader_epoch: int = -1,
        headers: _HeadersByOffset | None = None,
    ) -> None:
        self.partition = partition
        self.partition_id = partition_id
        self.compression_type = compression_type
        self.protocol_version = protocol_version
        self.produce_attempt = produce_attempt
        self.delivery_report_q = delivery_report_q
        self.timestamp_type = timestamp_type
        self.leader_epoch = leader_epoch
        #: Those of the batch, still encoded: most readers never ask.
        self.headers = headers

    def copy(self) -> SharedFields:
        """An equal record that nobody else holds."""
        return SharedFields(*(getattr(self, name) for name in _CONSTRUCTOR_ORDER))


_CONSTRUCTOR_ORDER = (
    "partition",
    "partition_id",
    "compression_type",
    "protocol_version",
    "produce_attempt",
    "delivery_report_q",
    "timestamp_type",
    "leader_epoch",
    "headers",
)


def _shared(name: str, meaning: str) -> Any:
    """A property of a message whose value lies in the record shared by its batch."""

    def get(message: Message) -> Any:
        return getattr(message._shared, name)

    def set_(message: Message, value: Any) -> None:
        message._own()
        setattr(message._shared, name, value)

    return property(get, set_, doc=meaning)


class Message:
    """One message of a partition.

    :ivar value: the payload, ``None`` for a null value (a tombstone in a compacted topic).
    :ivar partition_key: the key, or ``None``.
    :ivar offset: its offset in the partition; ``-1`` until a broker acknowledged it.
    :ivar timestamp: milliseconds since 1970-01-01 UTC; ``0`` where the format carries
        none (Kafka before 0.10), ``None`` where none was given to ``produce`` yet.

    Mutable; not to be shared between threads while one of them changes it.
    Consumers and producers make :class:`Bare` ones, which takes half the time.
    """

    _headers: list[tuple[str, bytes | None]]

    __slots__ = ("_headers", "_shared", "offset", "partition_key", "timestamp", "value")

    def __init__(
        self,
        value: Any,
        partition_key: Any = None,
        compression_type: int = 0,
        offset: int = -1,
        partition_id: int = -1,
        produce_attempt: int = 0,
        protocol_version: int = 0,
        timestamp: int | dt.datetime | None = None,
        delivery_report_q: Any = None,
        headers: Iterable[tuple[str, bytes | None]] = (),
    ) -> None:
        self.value = value
        self.partition_key = partition_key
        self.offset = offset
        self._shared = SharedFields(
            None,
            partition_id,
            compression_type,
            protocol_version,
            produce_attempt,
            delivery_report_q,
        )
        self.headers = list(headers)
        self.set_timestamp(timestamp)

    partition: Partition | None = _shared("partition", "The :class:`Partition` it lies in.")
    partition_id: int = _shared("partition_id", "The number of that partition, -1 if none yet.")
    compression_type: int = _shared("compression_type", "A :class:`CompressionType` number.")
    protocol_version: int = _shared("protocol_version", "Record format: 0, 1 or 2 (magic byte).")
    produce_attempt: int = _shared("produce_attempt", "How often it was sent before this time.")
    delivery_report_q: Any = _shared("delivery_report_q", "Where its report goes; internal.")

    timestamp_type: int = _shared(
        "timestamp_type",
        "Whose time the timestamp is: 0 = the producer's, 1 = the broker's when it stored it.",
    )
    leader_epoch: int = _shared(
        "leader_epoch", "Epoch of the leader that stored it; -1 if that is not known."
    )

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        """Its headers in their order; empty if it has none (Kafka before 0.11 has none).

        Keys may repeat. Bytes of a key that are no UTF-8 stand in it as with the error handler
        "surrogateescape". Decoded when they are first asked for.

        :raises CorruptRecordError: they are damaged.
        """
        try:
            found = self._headers
        except AttributeError:
            stored = self._shared.headers
            self._headers = found = [] if stored is None else list(stored.of(self.offset))
        return found

    @headers.setter
    def headers(self, value: list[tuple[str, bytes | None]]) -> None:
        self._headers = value

    def _own(self) -> None:
        self._shared = self._shared.copy()

    def set_timestamp(self, ts: int | float | dt.datetime | None) -> None:
        """Set the timestamp from milliseconds or a naive UTC datetime."""
        if isinstance(ts, dt.datetime):
            self.timestamp_dt = ts
        else:
            self.timestamp: Any = ts

    @property
    def timestamp_dt(self) -> dt.datetime | None:
        """The timestamp as a naive UTC datetime; ``None`` where there is none."""
        if self.timestamp is None:
            return None
        return _EPOCH + dt.timedelta(milliseconds=self.timestamp)

    @timestamp_dt.setter
    def timestamp_dt(self, value: dt.datetime) -> None:
        if value.tzinfo is not None:
            value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
        self.timestamp = (value - _EPOCH) // dt.timedelta(milliseconds=1)

    def __len__(self) -> int:
        """Bytes that it takes in a message set without offset and size; never 0, as in 2.x."""
        fixed = _SIZE_V1 if self.protocol_version else _SIZE_V0
        return fixed + len(self.value or b"") + len(self.partition_key or b"")

    def __repr__(self) -> str:
        return (
            f"<Message partition={self.partition_id} offset={self.offset}"
            f" key={self.partition_key!r} value={_shortened(self.value)}>"
        )


class Bare(Message):
    """A message that is made without arguments, by somebody who then sets everything."""

    __slots__ = ()

    # In C, where Message's own would be a call for each. No __getattr__ for what is not set: it
    # would make each reading of an attribute slower.
    __init__ = object.__init__


def _shortened(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(value)} bytes)"
