"""Unsigned varints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.exceptions import MalformedDataError
from pykafka.wire.primitives import decode_uvarint, encode_uvarint


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (16383, "ff7f"),
        (16384, "808001"), (0x7FFFFFFF, "ffffffff07"),
    ],
)  # fmt: skip
def test_seven_bits_to_a_byte(number: int, encoded: str) -> None:
    assert encode_uvarint(number).hex() == encoded
    assert decode_uvarint(bytes.fromhex(encoded), 0) == (number, len(encoded) // 2)


@given(st.integers(0, 0x7FFFFFFF), st.binary(max_size=3), st.binary(max_size=3))
def test_reads_what_it_writes_wherever_it_stands(number: int, before: bytes, behind: bytes) -> None:
    encoded = encode_uvarint(number)
    end = len(before) + len(encoded)
    assert decode_uvarint(before + encoded + behind, len(before)) == (number, end)


@pytest.mark.parametrize("encoded", ["ffffffff08", "ffffffff7f", "808080808001", "ffffffffff01"])
def test_more_than_31_bits_are_malformed(encoded: str) -> None:
    with pytest.raises(MalformedDataError, match="31 bits"):
        decode_uvarint(bytes.fromhex(encoded), 0)


def test_ends_within_the_data() -> None:
    with pytest.raises(IndexError):
        decode_uvarint(b"\x80", 0)
