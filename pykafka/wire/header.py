"""Frames: what stands before a request's and a response's body.

A frame is a length (four bytes, not counting itself), a header and a body. Header versions
are Kafka's ``RequestHeader.json`` and ``ResponseHeader.json``: a request has header 1, in
flexible versions 2; a response has header 0, in flexible versions 1. One exception: the
response to ApiVersions always has header 0, because the client that reads it cannot know yet
which versions the broker speaks (KIP-511).
"""

from __future__ import annotations

import struct

from ..exceptions import MalformedDataError, UsageError
from .primitives import decode_uvarint, skip_tagged_fields
from .schema import ApiMessage

__all__ = ["decode_response_header", "encode_request"]

_API_VERSIONS = 18
_REQUEST = struct.Struct(">hhih")
_LENGTH = struct.Struct(">i")
_NO_TAGGED_FIELDS = b"\0"


def encode_request(
    message: ApiMessage, version: int, correlation_id: int, client_id: str | None
) -> bytes:
    """The whole frame of a request, its length included.

    :param correlation_id: what the response will carry; 32 bits, signed.
    :param client_id: names the client in the broker's logs and quotas.
    :raises UnsupportedVersion: as :meth:`ApiMessage.encode` does.
    :raises UsageError: likewise, or the client id does not fit.
    """
    name = b"" if client_id is None else client_id.encode()
    if len(name) > 0x7FFF:
        raise UsageError(f"client_id: {len(name)} bytes, at most {0x7FFF} fit")
    name_length = -1 if client_id is None else len(name)
    head = _REQUEST.pack(message.api_key, version, correlation_id, name_length)
    parts = [b"", head, name]
    if version in message.flexible_versions:
        parts.append(_NO_TAGGED_FIELDS)
    message.encode_into(version, parts)
    parts[0] = _LENGTH.pack(sum(map(len, parts)))
    return b"".join(parts)


def decode_response_header(
    request_class: type[ApiMessage], version: int, data: bytes | bytearray | memoryview
) -> tuple[int, int]:
    """The correlation id of a response, and where in ``data`` its body starts.

    :param request_class: of the request that is answered.
    :param version: of that request.
    :param data: the frame without its length.
    :raises MalformedDataError: the data ends within the header.
    """
    with memoryview(data) as view:
        try:
            (correlation_id,) = _LENGTH.unpack_from(view)
            position = _LENGTH.size
            if (
                version in request_class.flexible_versions
                and request_class.api_key != _API_VERSIONS
            ):
                count, position = decode_uvarint(view, position)
                position = skip_tagged_fields(view, position, count)
        except (struct.error, IndexError) as error:
            raise MalformedDataError(
                f"{request_class.name} v{version}: the response's header is cut off"
            ) from error
        if position > len(view):
            raise MalformedDataError(
                f"{request_class.name} v{version}: the response's header is cut off"
            )
    return correlation_id, position
