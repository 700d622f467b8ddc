"""A broker in the test's hands: right by default, wrong where it is told to be.

Of Kafka 0.8.2, or of any release whose versions it is given.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from pykafka.wire.messages import request_class
from pykafka.wire.messages.api_versions import ApiVersion, ApiVersionsResponse
from pykafka.wire.messages.fetch import FetchableTopicResponse, FetchResponse, PartitionData
from pykafka.wire.messages.find_coordinator import FindCoordinatorResponse
from pykafka.wire.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from pykafka.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from pykafka.wire.messages.offset_commit import (
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from pykafka.wire.messages.offset_fetch import (
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)
from pykafka.wire.records.batch_encode import encode_batch
from pykafka.wire.records.encode import encode_message_set
from pykafka.wire.schema import ApiMessage

__all__ = ["FAULTS", "Asked", "Fault", "RogueBroker", "correct"]

TOPIC = "lines"
_TOPIC_ID = b"the id of lines."
_API_VERSIONS = 18
_LIST_GROUPS = 16
#: Seconds; no thread of this waits longer for anything.
_BOUND = 30.0


class Asked(NamedTuple):
    """A request with the answer that a good broker would give."""

    api: str
    version: int
    correlation_id: int
    body: bytes


#: From what was asked to the bytes to send and whether to hang up then.
Fault = Callable[[Asked], "tuple[bytes, bool]"]


def _frame(correlation_id: int, body: bytes) -> bytes:
    return struct.pack(">ii", 4 + len(body), correlation_id) + body


def correct(asked: Asked) -> tuple[bytes, bool]:
    """No fault at all."""
    return _frame(asked.correlation_id, asked.body), False


def _oversized(_: Asked) -> tuple[bytes, bool]:
    return struct.pack(">i", 2**31 - 1) + bytes(100), False


def _negative(_: Asked) -> tuple[bytes, bool]:
    return struct.pack(">i", -1), False


def _other_correlation(asked: Asked) -> tuple[bytes, bool]:
    return _frame(asked.correlation_id + 7, asked.body), False


def _cut(asked: Asked) -> tuple[bytes, bool]:
    return _frame(asked.correlation_id, asked.body)[:-1], True


def _cut_in_good_form(asked: Asked) -> tuple[bytes, bool]:
    return _frame(asked.correlation_id, asked.body[:-1]), False


def _longer(asked: Asked) -> tuple[bytes, bool]:
    return _frame(asked.correlation_id, asked.body + b"\0"), False


def _garbage(asked: Asked) -> tuple[bytes, bool]:
    return _frame(asked.correlation_id, b"\x7f\xfe" * 40), False


def _hang_up(_: Asked) -> tuple[bytes, bool]:
    return b"", True


def _silence(_: Asked) -> tuple[bytes, bool]:
    return b"", False


FAULTS: dict[str, Fault] = {
    "a length over the limit": _oversized,
    "a negative length": _negative,
    "another correlation id": _other_correlation,
    "an answer cut off": _cut,
    "an answer without its end": _cut_in_good_form,
    "an answer with more behind it": _longer,
    "garbage": _garbage,
    "nothing but an end": _hang_up,
    "nothing at all": _silence,
}


class RogueBroker:
    """Broker 0 of a cluster of one, with the topic :data:`TOPIC`.

    :ivar faults: by the name of the API, how its requests are answered instead.
    :ivar codes: by the name of the API, the error code in its answers.
    :ivar hidden: APIs whose answers leave out every partition.
    :ivar refusal: the error code with which it answers ApiVersions.
    :ivar versions: API key -> (lowest, highest) version, as ApiVersions tells them; without, it
        hangs up on that as 0.8 does.
    :ivar accepted: how many connections were made so far.
    :ivar rows: the values in partition 0.
    """

    def __init__(self, partitions: int = 1) -> None:
        self.partitions = partitions
        self.faults: dict[str, Fault] = {}
        self.codes: dict[str, int] = {}
        self.hidden: set[str] = set()
        self.refusal: int | None = None
        self.versions: Mapping[int, tuple[int, int]] | None = None
        self.rows: list[bytes] = []
        self.asked: list[str] = []
        self.accepted = 0
        self._ending = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._spawn(self._accept)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many clients hold a connection."""
        return len(self._open)

    def __enter__(self) -> RogueBroker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(_BOUND)

    def hang_up(self) -> None:
        """Close every connection there is."""
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _spawn(self, function: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.add(sock)
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._converse(sock)
        finally:
            self._open.discard(sock)

    def _converse(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError), sock.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                request = stream.read(int.from_bytes(head, "big"))
                api_key, version, correlation_id, id_size = struct.unpack_from(">hhih", request)
                if api_key == _LIST_GROUPS and self.versions is None and self.refusal is None:
                    return  # as 0.8 does
                kind = request_class(api_key)
                api = kind.name.removesuffix("Request")
                if api_key == _API_VERSIONS:
                    body = self._api_versions(version)
                    if body is None:
                        return  # likewise
                else:
                    self.asked.append(api)
                    body = self._answer(kind, api, version, request[10 + id_size :])
                asked = Asked(api, version, correlation_id, body)
                data, hang_up = self.faults.get(api, correct)(asked)
                sock.sendall(data)
                if hang_up:
                    return

    def _api_versions(self, version: int) -> bytes | None:
        if self.refusal is not None:
            return ApiVersionsResponse(error_code=self.refusal, api_keys=[]).encode(0)
        if self.versions is None:
            return None
        keys = [
            ApiVersion(api_key=key, min_version=lowest, max_version=highest)
            for key, (lowest, highest) in self.versions.items()
        ]
        return ApiVersionsResponse(error_code=0, api_keys=keys).encode(version)

    def _answer(self, kind: type[ApiMessage], api: str, version: int, rest: bytes) -> bytes:
        """The body; in flexible versions behind a header's tags, of which nobody sends any."""
        tags = b"\0" if version in kind.flexible_versions else b""
        answer: ApiMessage = getattr(self, f"_{api}")(kind.decode(rest[len(tags) :], version))
        return tags + answer.encode(version)

    def _parts(self, api: str, topics: Sequence[Any], make: Callable[..., Any]) -> list[Any]:
        """(topic, its partitions) for those that were asked for."""
        if api in self.hidden:
            return []
        code = self.codes.get(api, 0)
        return [make(topic, code) for topic in topics]

    def _Metadata(self, _: Any) -> ApiMessage:
        code = self.codes.get("Metadata", 0)
        parts = [
            MetadataResponsePartition(
                error_code=0, partition_index=id_, leader_id=0, replica_nodes=[0], isr_nodes=[0]
            )
            for id_ in range(0 if code else self.partitions)
        ]
        return MetadataResponse(
            brokers=[MetadataResponseBroker(node_id=0, host="127.0.0.1", port=self.port)],
            topics=[
                MetadataResponseTopic(
                    error_code=code, name=TOPIC, topic_id=_TOPIC_ID, partitions=parts
                )
            ],
        )

    def _Fetch(self, request: Any) -> ApiMessage:
        def one(topic: Any, code: int) -> FetchableTopicResponse:
            return FetchableTopicResponse(
                topic=topic.topic,
                topic_id=topic.topic_id,
                partitions=[
                    PartitionData(
                        partition_index=part.partition,
                        error_code=code,
                        high_watermark=len(self.rows),
                        records=self._records(part.fetch_offset) if not code else b"",
                    )
                    for part in topic.partitions
                ],
            )

        topics = self._parts("Fetch", request.topics, one)
        if not any(part.records for topic in topics for part in topic.partitions):
            self._ending.wait(min(request.max_wait_ms, 1000) / 1000)
        return FetchResponse(responses=topics)

    def _records(self, offset: int) -> bytes:
        rows = [(-1, None, value) for value in self.rows[offset:]]
        if not rows:
            return b""
        if self.versions is not None:
            return struct.pack(">q", offset) + encode_batch(rows, 0)[8:]
        data = bytearray(encode_message_set(rows, 0, 0))
        position = 0
        for number in range(offset, len(self.rows)):
            struct.pack_into(">q", data, position, number)
            position += 12 + struct.unpack_from(">i", data, position + 8)[0]
        return bytes(data)

    def _ListOffsets(self, request: Any) -> ApiMessage:
        def one(topic: Any, code: int) -> ListOffsetsTopicResponse:
            found = {"old_style_offsets": [0]} if self.versions is None else {"offset": 0}
            parts = [
                ListOffsetsPartitionResponse(
                    partition_index=part.partition_index, error_code=code, **found
                )
                for part in topic.partitions
            ]
            return ListOffsetsTopicResponse(name=topic.name, partitions=parts)

        return ListOffsetsResponse(topics=self._parts("ListOffsets", request.topics, one))

    def _FindCoordinator(self, _: Any) -> ApiMessage:
        code = self.codes.get("FindCoordinator", 0)
        return FindCoordinatorResponse(error_code=code, node_id=0, host="127.0.0.1", port=self.port)

    def _OffsetCommit(self, request: Any) -> ApiMessage:
        def one(topic: Any, code: int) -> OffsetCommitResponseTopic:
            parts = [
                OffsetCommitResponsePartition(partition_index=part.partition_index, error_code=code)
                for part in topic.partitions
            ]
            return OffsetCommitResponseTopic(name=topic.name, partitions=parts)

        return OffsetCommitResponse(topics=self._parts("OffsetCommit", request.topics, one))

    def _OffsetFetch(self, request: Any) -> ApiMessage:
        def one(topic: Any, code: int) -> OffsetFetchResponseTopic:
            parts = [
                OffsetFetchResponsePartition(
                    partition_index=id_, committed_offset=-1, metadata="", error_code=code
                )
                for id_ in topic.partition_indexes
            ]
            return OffsetFetchResponseTopic(name=topic.name, partitions=parts)

        return OffsetFetchResponse(topics=self._parts("OffsetFetch", request.topics, one))
