"""CRC-32C, by package and by table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.wire.records.checksums import crc32c, crc32c_by_table


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        # RFC 3720, appendix B.4; the last is the check value of the CRC catalogues.
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_known_checksums(data: bytes, checksum: int) -> None:
    assert crc32c(data, 0) == checksum
    assert crc32c_by_table(data) == checksum


@given(st.binary(), st.binary())
def test_a_checksum_goes_on_from_that_of_what_stands_before(first: bytes, second: bytes) -> None:
    whole = crc32c_by_table(first + second)
    assert crc32c_by_table(memoryview(second), crc32c_by_table(first)) == whole
    assert crc32c(memoryview(second), crc32c(first, 0)) == whole
