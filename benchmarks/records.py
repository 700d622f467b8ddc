"""Record sets, bytes <-> rows: time per message, paired with kafka-python in the same run.

    python benchmarks/records.py [--messages N] [--rounds N] [--scan]

Each row is one shape of data. Rounds alternate between ours and kafka-python's, and the best
round of each counts. kafka-python is measured twice when decoding: its record classes alone,
and up to the ConsumerRecord that its consumer hands out (checksums on in both, as it is by
default). Record batches (v2) come in two sizes, "compacted" ones have lost every tenth record.
Targets: decode v0 and v1 at least 9 times as fast as that and v2 at least 7 times, encode v0 and
v1 at least 4 times as fast and v2 at least 5 times.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import struct
import time
from collections.abc import Callable, Sequence

from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from pykafka.native import SCAN_VARIABLE
from pykafka.runtime.consumer.source import RUN_ROWS
from pykafka.wire.records.decode import RecordReader
from pykafka.wire.records.encode import Row, encode_records

SHAPES = {
    "100 B": (False, 100, 100),
    "50..150 B, 12 B key": (True, 50, 150),
    "1000 B": (False, 1000, 1000),
}

#: Messages per batch: what 16 KB hold, and what librdkafka's largest batches do.
BATCHES = (150, 5000)
HEADERS = [("name", b"value")]


def rows_of(keyed: bool, smallest: int, largest: int, count: int) -> list[Row]:
    rng = random.Random(1)
    return [
        (
            1_700_000_000_000 + number // 10,
            b"key-%08d" % number if keyed else None,
            rng.randbytes(rng.randint(smallest, largest)),
        )
        for number in range(count)
    ]


def batches(rows: list[Row], size: int, *, headers: bool = False) -> bytes:
    """Record batches of so many rows, with the offsets that a broker would give them."""
    stored = []
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        data = encode_records(some, 2, 0, headers=[HEADERS] * len(some) if headers else None)
        stored.append(struct.pack(">q", start) + data[8:])
    return b"".join(stored)


def compacted(rows: list[Row], size: int) -> bytes:
    """The same without every tenth record: built by kafka-python, which takes any offsets."""
    stored = []
    for start in range(0, len(rows), size):
        builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 30)
        for delta, (timestamp, key, value) in enumerate(rows[start : start + size]):
            if delta % 10 != 5:
                builder.append(delta, timestamp, key, value, [])
        data = builder.build()
        stored.append(struct.pack(">q", start) + bytes(data[8:]))
    return b"".join(stored)


def decode(data: bytes) -> int:
    reader = RecordReader(data, 0)
    count = 0
    while (batch := reader.next_batch()) is not None:
        for start in range(0, len(batch.rows), RUN_ROWS):
            count += len(list(batch.rows[start : start + RUN_ROWS]))
    return count


def decode_with_kafka_python(data: bytes) -> int:
    records = MemoryRecords(data)
    rows = []
    while (batch := records.next_batch()) is not None:
        assert batch.validate_crc()
        rows += [(record.offset, record.timestamp, record.key, record.value) for record in batch]
    return len(rows)


def consume_with_kafka_python(data: bytes) -> int:
    return len(Fetcher.PartitionRecords(0, TopicPartition("t", 0), MemoryRecords(data)).take())


def encode(rows: list[Row], magic: int, size: int) -> None:
    for start in range(0, len(rows), size):
        encode_records(rows[start : start + size], magic, 0)


def encode_with_kafka_python(rows: list[Row], magic: int, size: int) -> None:
    for start in range(0, len(rows), size):
        builder = MemoryRecordsBuilder(magic, 0, 1 << 30)
        for timestamp, key, value in rows[start : start + size]:
            builder.append(timestamp, key, value)
        builder.close()


def best_times(work: Sequence[Callable[[], object]], count: int, rounds: int) -> list[float]:
    """Nanoseconds per message of each; the collector is off, as it counts for all alike."""
    best = [float("inf")] * len(work)
    for _ in range(rounds):
        for index, run in enumerate(work):
            gc.collect()
            gc.disable()
            start = time.perf_counter()
            run()
            best[index] = min(best[index], time.perf_counter() - start)
            gc.enable()
    return [seconds / count * 1e9 for seconds in best]


def report(title: str, times: list[float]) -> None:
    ours, *theirs = times
    ratios = "  ".join(f"{their:7.0f} ns ({their / ours:4.1f}x)" for their in theirs)
    print(f"{title:<40}{ours:6.0f} ns  {1e3 / ours:5.2f} M/s   kafka-python {ratios}")


def compare_decoding(title: str, data: bytes, rounds: int) -> None:
    work = [
        lambda: decode(data),
        lambda: decode_with_kafka_python(data),
        lambda: consume_with_kafka_python(data),
    ]
    (count,) = {run() for run in work}
    report(f"decode {title}", best_times(work, count, rounds))


def compare_encoding(title: str, rows: list[Row], magic: int, size: int, rounds: int) -> None:
    work = [
        lambda: encode(rows, magic, size),
        lambda: encode_with_kafka_python(rows, magic, size),
    ]
    report(f"encode {title}", best_times(work, len(rows), rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000, help="per set (20000)")
    parser.add_argument("--rounds", type=int, default=7, help="the best one counts (7)")
    parser.add_argument(
        "--scan", action="store_true", help="decode by the extension module, not by Python"
    )
    options = parser.parse_args()
    os.environ[SCAN_VARIABLE] = "require" if options.scan else "off"
    print(f"{platform.python_implementation()} {platform.python_version()}, ns per message")
    for name, shape in SHAPES.items():
        rows = rows_of(*shape, options.messages)
        for magic in (0, 1):
            title = f"v{magic}, {name}"
            compare_decoding(title, encode_records(rows, magic, 0), options.rounds)
            compare_encoding(title, rows, magic, len(rows), options.rounds)
        for size in BATCHES:
            title = f"v2 by {size}, {name}"
            compare_decoding(title, batches(rows, size), options.rounds)
            compare_encoding(title, rows, 2, size, options.rounds)
    rows = rows_of(*SHAPES["100 B"], options.messages)
    compare_decoding("v2 by 150, a header", batches(rows, 150, headers=True), options.rounds)
    compare_decoding("v2 by 150, compacted", compacted(rows, 150), options.rounds)
    compare_decoding("v2 by 1, 100 B", batches(rows, 1), options.rounds)


if __name__ == "__main__":
    main()
