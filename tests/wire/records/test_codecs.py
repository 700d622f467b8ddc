"""Codecs: round trips, framings of other clients, bounds, damage, missing packages."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.common import CompressionType
from pykafka.exceptions import CodecNotAvailableError, MalformedDataError
from pykafka.wire.records import codecs, lz4_header
from pykafka.wire.records.codecs import CODECS, compress, decompress

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
ALL = pytest.mark.parametrize("codec", sorted(CODECS), ids=lambda number: CODECS[number].name)
LIMIT = 10_000_000


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes packages unimportable."""

    def hide(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    codecs._installed.cache_clear()
    yield hide
    codecs._installed.cache_clear()


def _samples() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "one byte": b"x",
        "text": b"the quick brown fox " * 50,
        "several blocks": bytes(range(256)) * 1200,
        "runs": bytes(300_000),
        "an exact block": b"ab" * 32768,
        "incompressible": zlib.compress(bytes(range(256)) * 4, 9) * 3 + b"\x7f",
    }


SAMPLES = pytest.mark.parametrize("data", _samples().values(), ids=_samples())


@ALL
@SAMPLES
@pytest.mark.parametrize("magic", [0, 1])
def test_what_is_compressed_is_read_again(codec: int, data: bytes, magic: int) -> None:
    packed = compress(codec, data, magic=magic)
    assert decompress(codec, packed, len(data)) == data


@ALL
@given(data=st.binary(max_size=2000))
def test_any_bytes_make_the_round_trip(codec: int, data: bytes) -> None:
    assert decompress(codec, compress(codec, data, magic=1), LIMIT) == data


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_a_higher_level_packs_tighter(codec: int) -> None:
    data = b"".join(b"%d," % (number * 7919 % 10007) for number in range(20_000))
    fast, small = (compress(codec, data, magic=1, level=level) for level in (1, 9))
    assert len(small) < len(fast)
    assert decompress(codec, small, LIMIT) == decompress(codec, fast, LIMIT) == data


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_frames_that_follow_each_other_are_one_text(codec: int) -> None:
    data = compress(codec, b"one ", magic=1) + compress(codec, b"two", magic=1)
    assert decompress(codec, data, LIMIT) == b"one two"


@ALL
def test_the_limit_is_kept(codec: int) -> None:
    packed = compress(codec, bytes(3_000_000), magic=1)
    assert len(decompress(codec, packed, 3_000_000)) == 3_000_000
    with pytest.raises(MalformedDataError, match="2999999"):
        decompress(codec, packed, 2_999_999)


@ALL
def test_a_bomb_takes_little_memory(codec: int) -> None:
    packed = compress(codec, bytes(60_000_000), magic=1)
    with pytest.raises(MalformedDataError, match="100000"):
        decompress(codec, packed, 100_000)
    tracemalloc.start()
    try:
        with pytest.raises(MalformedDataError):
            decompress(codec, packed, 100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


@ALL
def test_data_that_ends_early_is_damage(codec: int) -> None:
    data = b"the quick brown fox jumps over the lazy dog " * 3
    packed = compress(codec, data, magic=1)
    for cut in range(1, len(packed)):
        try:
            text = decompress(codec, packed[:cut], LIMIT)
        except MalformedDataError:
            continue
        # Xerial's frame has no end mark: without a block it is complete.
        assert (codec, cut, text) == (SNAPPY, 16, b"")


@ALL
def test_bytes_after_the_end_are_damage(codec: int) -> None:
    with pytest.raises(MalformedDataError):
        decompress(codec, compress(codec, b"text" * 10, magic=1) + b"!trailing", LIMIT)


@ALL
@given(data=st.binary(max_size=100))
def test_garbage_is_malformed_data(codec: int, data: bytes) -> None:
    with suppress(MalformedDataError):
        decompress(codec, data, 100_000)


@ALL
@given(place=st.integers(0, 400), mask=st.integers(1, 255), magic=st.integers(0, 1))
def test_a_flipped_byte_gives_bytes_or_malformed_data(
    codec: int, place: int, mask: int, magic: int
) -> None:
    packed = bytearray(compress(codec, bytes(range(256)) * 2, magic=magic))
    packed[place % len(packed)] ^= mask
    with suppress(MalformedDataError):
        decompress(codec, bytes(packed), 100_000)


@pytest.mark.parametrize("codec", [0, 5, 7])
def test_an_unknown_codec_is_malformed_data(codec: int) -> None:
    with pytest.raises(MalformedDataError, match=f"codec {codec}"):
        decompress(codec, b"", LIMIT)


class TestGzip:
    def test_reads_what_the_gzip_module_writes(self) -> None:
        assert decompress(GZIP, gzip.compress(b"text" * 99), LIMIT) == b"text" * 99

    def test_writes_what_the_gzip_module_reads(self) -> None:
        assert gzip.decompress(compress(GZIP, b"text" * 99, magic=0)) == b"text" * 99


class TestSnappy:
    # "hello hello hello " as a raw block: length 18, literal of 6 bytes, copy of 12 from 6 back.
    BLOCK = bytes.fromhex("12 14 68656c6c6f20 2e0600")
    TEXT = b"hello " * 3

    def test_reads_a_bare_block_as_pykafka_2_wrote_it(self) -> None:
        assert decompress(SNAPPY, self.BLOCK, LIMIT) == self.TEXT

    def test_reads_the_frame_of_snappy_java(self) -> None:
        frame = bytes.fromhex("82 534e41505059 00 00000001 00000001")
        block = len(self.BLOCK).to_bytes(4, "big") + self.BLOCK
        assert decompress(SNAPPY, frame + block + block, LIMIT) == self.TEXT * 2

    def test_writes_the_frame_of_snappy_java_in_blocks_of_32_kb(self) -> None:
        packed = compress(SNAPPY, bytes(70_000), magic=0)
        assert packed.startswith(bytes.fromhex("82 534e41505059 00 00000001 00000001"))
        sizes = []
        position = 16
        while position < len(packed):
            size = int.from_bytes(packed[position : position + 4], "big")
            position += 4
            sizes.append(len(decompress(SNAPPY, packed[position : position + size], LIMIT)))
            position += size
        assert sizes == [32768, 32768, 70_000 - 65536]

    @pytest.mark.parametrize("size", [-1, 100, 2**31 - 1])
    def test_a_block_longer_than_the_data_is_damage(self, size: int) -> None:
        frame = compress(SNAPPY, b"", magic=0) + size.to_bytes(4, "big", signed=True) + b"abc"
        with pytest.raises(MalformedDataError, match=str(size)):
            decompress(SNAPPY, frame, LIMIT)

    def test_a_block_that_claims_4_gb_takes_none(self) -> None:
        with pytest.raises(MalformedDataError, match=str(LIMIT)):
            decompress(SNAPPY, bytes.fromhex("ffffffff0f") + b"abc", LIMIT)


class TestLz4:
    # Magic number, flags (version 1, independent blocks), blocks of 64 KB, checksum.
    CORRECT = bytes.fromhex("04224d18 60 40 82")
    # As org.apache.kafka.common.message.KafkaLZ4BlockOutputStream of 0.8.2.2 wrote it.
    OF_KAFKA_0_8 = bytes.fromhex("04224d18 60 40 1a")

    def test_writes_for_format_0_the_header_of_kafka_0_8(self) -> None:
        assert compress(LZ4, b"text", magic=0).startswith(self.OF_KAFKA_0_8)
        assert compress(LZ4, b"text", magic=1).startswith(self.CORRECT)

    @pytest.mark.parametrize("header", [CORRECT, OF_KAFKA_0_8])
    def test_reads_both_headers(self, header: bytes) -> None:
        stored = (4 | 1 << 31).to_bytes(4, "little") + b"text"
        assert decompress(LZ4, header + stored + bytes(4), LIMIT) == b"text"

    def test_a_header_with_neither_checksum_is_damage(self) -> None:
        with pytest.raises(MalformedDataError):
            decompress(LZ4, b"\x04\x22\x4d\x18\x60\x40\x00" + bytes(4), LIMIT)

    def test_the_old_checksum_is_exchanged_for_the_correct_one(self) -> None:
        frame = pytest.importorskip("lz4.frame")
        for size in range(frame.BLOCKSIZE_MAX64KB, frame.BLOCKSIZE_MAX4MB + 1):
            correct = frame.compress(bytes(5_000_000), block_size=size, store_size=False)
            old = lz4_header.with_old_checksum(correct)
            assert old[6] != correct[6]
            assert lz4_header.accept_old_checksum(old) == correct
            assert lz4_header.accept_old_checksum(correct) == correct

    def test_reads_frames_of_other_writers(self) -> None:
        frame = pytest.importorskip("lz4.frame")
        data = bytes(range(256)) * 2000
        for options in (
            {"block_linked": True, "store_size": True},
            {"content_checksum": True, "block_checksum": True},
            {"block_size": frame.BLOCKSIZE_MAX4MB},
        ):
            assert decompress(LZ4, frame.compress(data, **options), LIMIT) == data

    @SAMPLES
    def test_cramjam_stands_in_for_the_lz4_package(
        self, data: bytes, without: Callable[..., None]
    ) -> None:
        by_lz4 = compress(LZ4, data, magic=0)
        without("lz4.frame")
        by_cramjam = compress(LZ4, data, magic=0)
        assert by_cramjam.startswith(self.OF_KAFKA_0_8)
        assert decompress(LZ4, by_lz4, len(data)) == data
        assert decompress(LZ4, by_cramjam, len(data)) == data
        if data:
            with pytest.raises(MalformedDataError, match="more than"):
                decompress(LZ4, by_lz4, len(data) - 1)
        codecs._installed.cache_clear()

    def test_lz4_reads_what_cramjam_wrote(self, without: Callable[..., None]) -> None:
        frame = pytest.importorskip("lz4.frame")
        without("lz4.frame")
        for data in _samples().values():
            assert frame.decompress(compress(LZ4, data, magic=1)) == data


class TestMissingPackage:
    @pytest.mark.parametrize(
        ("codec", "hidden", "package"),
        [
            (SNAPPY, ["cramjam"], "cramjam"),
            (LZ4, ["cramjam", "lz4", "lz4.frame"], "lz4"),
            (ZSTD, ["compression.zstd", "zstandard"], "zstandard"),
        ],
    )
    def test_is_named_with_the_command_that_installs_it(
        self, codec: int, hidden: list[str], package: str, without: Callable[..., None]
    ) -> None:
        without(*hidden)
        for work in (
            lambda: compress(codec, b"x", magic=1),
            lambda: decompress(codec, b"x", LIMIT),
        ):
            with pytest.raises(CodecNotAvailableError, match=f"pip install {package}") as raised:
                work()
            assert CODECS[codec].name in str(raised.value)

    def test_does_not_touch_gzip(self, without: Callable[..., None]) -> None:
        without("cramjam", "lz4", "lz4.frame", "compression.zstd", "zstandard")
        assert decompress(GZIP, compress(GZIP, b"x", magic=0), LIMIT) == b"x"


def test_the_table_names_every_codec_of_the_wire() -> None:
    numbers = {number for name, number in vars(CompressionType).items() if not name.startswith("_")}
    assert set(CODECS) == numbers - {CompressionType.NONE}
