"""Frames of requests, headers of responses."""

from __future__ import annotations

import pytest

from pykafka.exceptions import MalformedDataError, UnsupportedVersion, UsageError
from pykafka.wire.header import decode_response_header, encode_request
from pykafka.wire.messages.api_versions import ApiVersionsRequest
from pykafka.wire.messages.metadata import MetadataRequest
from pykafka.wire.messages.sasl_handshake import SaslHandshakeRequest


def test_a_request_is_length_header_and_body() -> None:
    frame = encode_request(MetadataRequest(topics=[]), 0, 258, "me")
    assert frame == b"\0\0\0\x10" + b"\0\x03" + b"\0\0" + b"\0\0\x01\x02" + b"\0\2me" + b"\0\0\0\0"


def test_a_flexible_request_has_tagged_fields_in_its_header() -> None:
    frame = encode_request(ApiVersionsRequest(), 3, 1, "me")
    assert frame == b"\0\0\0\x10" + b"\0\x12\0\3\0\0\0\1" + b"\0\2me" + b"\0" + b"\1\1\0"


def test_a_request_needs_no_client_id() -> None:
    frame = encode_request(SaslHandshakeRequest(mechanism="PLAIN"), 1, 1, None)
    assert frame[4:] == b"\0\x11\0\1\0\0\0\1" + b"\xff\xff" + b"\0\5PLAIN"
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4


def test_a_client_id_that_does_not_fit_is_named() -> None:
    with pytest.raises(UsageError, match="client_id"):
        encode_request(MetadataRequest(topics=[]), 0, 1, "é" * 20_000)


def test_an_undeclared_version_is_refused() -> None:
    with pytest.raises(UnsupportedVersion, match="MetadataRequest v99"):
        encode_request(MetadataRequest(topics=[]), 99, 1, None)


def test_a_response_header_is_the_correlation_id() -> None:
    assert decode_response_header(MetadataRequest, 8, b"\0\0\1\2rest") == (258, 4)


def test_a_flexible_response_header_may_have_tagged_fields() -> None:
    assert decode_response_header(MetadataRequest, 9, b"\0\0\1\2\0rest") == (258, 5)
    tagged = b"\0\0\1\2" + b"\2" + b"\0\1x" + b"\x85\1\2yz" + b"rest"
    assert decode_response_header(MetadataRequest, 9, bytearray(tagged)) == (258, 13)


def test_the_response_to_api_versions_never_has_them() -> None:
    assert decode_response_header(ApiVersionsRequest, 3, b"\0\0\1\2\0\0") == (258, 4)


@pytest.mark.parametrize("frame", [b"", b"\0\0\0", b"\0\0\0\1", b"\0\0\0\1\1", b"\0\0\0\1\1\0\5a"])
def test_a_response_that_ends_within_its_header_is_malformed(frame: bytes) -> None:
    with pytest.raises(MalformedDataError, match="Metadata v9"):
        decode_response_header(MetadataRequest, 9, frame)
