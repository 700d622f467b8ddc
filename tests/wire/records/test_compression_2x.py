"""``pykafka.utils.compression``: the functions that 2.x had."""

from __future__ import annotations

import pytest

from pykafka.exceptions import MalformedDataError
from pykafka.utils import compression

TEXT = b"the quick brown fox jumps over the lazy dog " * 3000


@pytest.mark.parametrize(
    ("encode", "decode"),
    [
        (compression.encode_gzip, compression.decode_gzip),
        (compression.encode_snappy, compression.decode_snappy),
        (compression.encode_lz4, compression.decode_lz4),
        (compression.encode_lz4, compression.decode_lz4f),
        (compression.encode_lz4_old_kafka, compression.decode_lz4_old_kafka),
    ],
)
@pytest.mark.parametrize("as_buffer", [bytes, bytearray, memoryview])
def test_round_trips(encode, decode, as_buffer) -> None:
    packed = encode(as_buffer(TEXT))
    assert len(packed) < len(TEXT)
    assert decode(as_buffer(packed)) == TEXT


def test_snappy_is_bare_by_default_and_framed_on_request() -> None:
    assert not compression.encode_snappy(TEXT).startswith(b"\x82SNAPPY")
    framed = compression.encode_snappy(TEXT, xerial_compatible=True)
    smaller = compression.encode_snappy(TEXT, xerial_compatible=True, xerial_blocksize=1024)
    assert framed.startswith(b"\x82SNAPPY\x00")
    assert len(framed) < len(smaller)
    assert compression.decode_snappy(framed) == compression.decode_snappy(smaller) == TEXT


def test_the_old_lz4_header_differs_in_its_checksum_only() -> None:
    new, old = compression.encode_lz4(TEXT), compression.encode_lz4_old_kafka(TEXT)
    assert (new[:6], new[7:]) == (old[:6], old[7:])
    assert new[6] != old[6]


def test_damage_is_a_typed_error() -> None:
    with pytest.raises(MalformedDataError):
        compression.decode_gzip(b"no gzip")
