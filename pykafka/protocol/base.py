"""What all requests and responses of 2.x share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, NoReturn, TypeVar

from ..exceptions import ERROR_CODES
from ..utils import ApiVersionAware, Serializable
from ..wire.errors import error_info
from ..wire.header import encode_request
from ..wire.messages import request_class
from ..wire.schema import ApiMessage
from .member_data import ConsumerGroupProtocolMetadata, MemberAssignment

__all__ = [
    "API_VERSIONS_080",
    "API_VERSIONS_090",
    "ERROR_CODES",
    "ApiVersionsSpec",
    "ConsumerGroupProtocolMetadata",
    "MemberAssignment",
    "Request",
    "Response",
    "grouped",
]

_R = TypeVar("_R", bound="Response")
_P = TypeVar("_P", bound=Any)


class Request(Serializable, ApiVersionAware):
    """A request as a value: what its constructor was given.

    :class:`~pykafka.broker.Broker` sends it in the version that is negotiated;
    :attr:`API_VERSION` only says what :meth:`get_bytes` writes.
    """

    API_KEY = -1
    #: The highest version that can say what 2.x's value says; ``None`` for any.
    HIGHEST_VERSION: ClassVar[int | None] = None
    CLIENT_ID: ClassVar[bytes] = b"pykafka"
    #: Length, API key, version, correlation id, length of the client id, client id.
    HEADER_LEN: ClassVar[int] = 4 + 2 + 2 + 4 + 2 + len(CLIENT_ID)

    def to_wire(self, version: int) -> ApiMessage:
        """The message of :mod:`pykafka.wire.messages` that a version of this request is."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it is on the wire")

    def get_bytes(self) -> bytearray:
        """The whole frame with correlation id 0, its length included.

        :raises UsageError: a value does not fit its field.
        """
        message = self.to_wire(self.API_VERSION)
        return bytearray(encode_request(message, self.API_VERSION, 0, self.CLIENT_ID.decode()))

    def __len__(self) -> int:
        """How many bytes :meth:`get_bytes` makes."""
        return len(self.get_bytes())

    def pack_into(self, buff: bytearray | memoryview, offset: int) -> None:
        """Write the frame into ``buff``."""
        frame = self.get_bytes()
        buff[offset : offset + len(frame)] = frame


class Response(ApiVersionAware):
    """A response as a value.

    :param buff: the body (no length, no correlation id) in version :attr:`API_VERSION`.
    :raises MalformedDataError: it is anything else.
    """

    API_KEY = -1

    def __init__(self, buff: bytes | bytearray | memoryview) -> None:
        self._take(request_class(self.API_KEY).response.decode(buff, self.API_VERSION))

    @classmethod
    def from_wire(cls: type[_R], answer: Any) -> _R:
        """The value of an answer that is decoded already, whatever its version."""
        response = cls.__new__(cls)
        response._take(answer)
        return response

    def _take(self, answer: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say what it takes over")

    def raise_error(self, err_code: int, response: Any) -> NoReturn:
        """Raise the error of a code; ``response`` is what the text shows of the answer."""
        raise error_info(err_code).exception(f"{type(self).__name__} {response}")


def grouped(requests: Iterable[_P]) -> dict[str | bytes, list[_P]]:
    """Requests for partitions by their topic's name."""
    topics: dict[str | bytes, list[_P]] = {}
    for request in requests:
        topics.setdefault(request.topic_name, []).append(request)
    return topics


class ApiVersionsSpec(NamedTuple):
    """The lowest and highest version of an API (by its key) that a broker has."""

    key: int
    min: int
    max: int


def _table(**highest: int) -> dict[int, ApiVersionsSpec]:
    return {key: ApiVersionsSpec(key, 0, highest.get(f"api_{key}", 0)) for key in range(17)}


#: 2.x's picture of brokers that do not answer ApiVersions. Connections do not look at it.
API_VERSIONS_080 = _table(api_8=1, api_9=1)
#: The same for 0.9.
API_VERSIONS_090 = _table(api_1=1, api_8=1, api_9=1)
