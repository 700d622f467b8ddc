"""Messages and sets of them, as 2.x has them; their bytes are made in :mod:`pykafka.wire`."""

from __future__ import annotations

from collections.abc import Sequence

from ..common import CompressionType
from ..exceptions import MessageSetDecodeFailure
from ..message import Message
from ..utils import Serializable, msg_protocol_version
from ..wire.records.decode import RecordReader
from ..wire.records.encode import encode_records

__all__ = ["Message", "MessageSet", "encode_messages"]


def encode_messages(messages: Sequence[Message], magic: int, compression_type: int) -> bytes:
    """A record set of format ``magic``.

    :raises CodecNotAvailableError: the codec's package is not installed.
    :raises UnsupportedVersion: the format has no headers, or not this codec.
    """
    # Rows hold -1 for "no timestamp"; -1 is what a message without one has on the wire, too.
    rows = [
        (-1 if m.timestamp is None else int(m.timestamp), m.partition_key, m.value)
        for m in messages
    ]
    headers = [m.headers for m in messages]
    return encode_records(rows, magic, compression_type, headers=headers if any(headers) else None)


class MessageSet(Serializable):
    """Messages that lie together in a request or a response.

    :param broker_version: the release that its bytes are for.
    """

    def __init__(
        self,
        compression_type: int = CompressionType.NONE,
        messages: list[Message] | None = None,
        broker_version: str | bytes = "0.9.0",
    ) -> None:
        self.compression_type = compression_type
        self._messages = [] if messages is None else messages
        self._magic = msg_protocol_version(broker_version)

    @property
    def messages(self) -> list[Message]:
        """The messages, to be changed in place."""
        return self._messages

    def get_bytes(self, magic: int | None = None) -> bytes:
        """The set in the format of ``broker_version``, or in ``magic``."""
        return encode_messages(
            self._messages, self._magic if magic is None else magic, self.compression_type
        )

    def __len__(self) -> int:
        """How many bytes it takes."""
        return len(self.get_bytes())

    def pack_into(self, buff: bytearray | memoryview, offset: int) -> None:
        """Write the set into ``buff``."""
        data = self.get_bytes()
        buff[offset : offset + len(data)] = data

    @classmethod
    def decode(cls, buff: bytes | bytearray | memoryview, partition_id: int = -1) -> MessageSet:
        """The messages in the bytes of a set, compressed ones taken out.

        A message that is cut off at the end is left out.

        :raises MessageSetDecodeFailure: there is nothing but the beginning of one message; says
            the size that it needs.
        :raises CorruptRecordError: the bytes are damaged.
        """
        reader = RecordReader(bytes(buff), 0)
        messages = []
        while (batch := reader.next_batch()) is not None:
            headers = batch.headers or [()] * len(batch.rows)
            messages += [
                Message(
                    value,
                    partition_key=key,
                    compression_type=batch.codec,
                    offset=offset,
                    partition_id=partition_id,
                    protocol_version=batch.magic,
                    timestamp=timestamp,
                    headers=some,
                )
                for (offset, timestamp, key, value), some in zip(batch.rows, headers, strict=True)
            ]
        if reader.partial_size is not None:
            raise MessageSetDecodeFailure(f"a message needs {reader.partial_size} bytes or more")
        return cls(messages=messages)
