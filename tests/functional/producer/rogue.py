"""A broker of one topic that speaks 0.8.2's protocol and misbehaves as a test wants it to."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from pykafka.exceptions import MalformedDataError
from pykafka.wire.messages.list_offsets import ListOffsetsResponse
from pykafka.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from pykafka.wire.messages.produce import (
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)

__all__ = ["HANG_UP", "SAY_NOTHING", "RogueBroker", "refuse"]

_PRODUCE, _LIST_OFFSETS, _METADATA = 0, 2, 3

#: What the broker does with a produce request: takes it and gives the answer's body, or ``None``
#: to close the connection. An error that it raises closes it, too.
Behaviour = Callable[[ProduceRequest], "bytes | None"]


def refuse(code: int) -> Behaviour:
    """Answer with an error code."""

    def answer(request: ProduceRequest) -> bytes:
        topic = request.topic_data[0]
        answers = [
            PartitionProduceResponse(index=part.index, error_code=code, base_offset=0)
            for part in topic.partition_data
        ]
        responses = [TopicProduceResponse(name=topic.name, partition_responses=answers)]
        return ProduceResponse(responses=responses).encode(0)

    return answer


def HANG_UP(_: ProduceRequest) -> None:
    """Close the connection instead of answering."""


def SAY_NOTHING(_: ProduceRequest) -> bytes:
    """Never answer."""
    raise _Silence


class _Silence(Exception):
    pass


class RogueBroker:
    """Listens on a port of its own until the end of the ``with`` block.

    :ivar behaviours: for the produce requests to come, one after the other; the last one stays.
    :ivar received: the produce requests that came.
    """

    def __init__(self, *behaviours: Behaviour, topic: str = "rogue") -> None:
        self.behaviours = list(behaviours)
        self.topic = topic
        self.received: list[ProduceRequest] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> RogueBroker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _close(self._listener)
        self.hang_up()

    def hang_up(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            _close(connection)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while self._answer(connection, stream.read):
                    pass
            except (OSError, struct.error, MalformedDataError):
                return
            finally:
                _close(connection)

    def _answer(self, connection: socket.socket, read: Callable[[int], bytes]) -> bool:
        """Serve one request; whether the connection stays open."""
        (size,) = struct.unpack(">i", read(4))
        frame = read(size)
        key, version, correlation_id, name = struct.unpack_from(">hhih", frame)
        if key == _METADATA:
            body: bytes | None = self._metadata()
        elif key == _LIST_OFFSETS:
            body = ListOffsetsResponse(topics=[]).encode(version)
        elif key == _PRODUCE:
            request = ProduceRequest.decode(frame[10 + name :], version)
            self.received.append(request)
            behaviour = self.behaviours.pop(0) if self.behaviours[1:] else self.behaviours[0]
            try:
                body = behaviour(request)
            except _Silence:
                return True
        else:
            return False  # as 0.8.2 does with what it does not know
        if body is None:
            return False
        connection.sendall(struct.pack(">ii", len(body) + 4, correlation_id) + body)
        return True

    def _metadata(self) -> bytes:
        partition = MetadataResponsePartition(
            partition_index=0, leader_id=0, replica_nodes=[0], isr_nodes=[0], error_code=0
        )
        return MetadataResponse(
            brokers=[MetadataResponseBroker(node_id=0, host="127.0.0.1", port=self._port)],
            topics=[MetadataResponseTopic(name=self.topic, partitions=[partition], error_code=0)],
        ).encode(0)


def _close(sock: socket.socket) -> None:
    with suppress(OSError):  # the other end may have been first
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
