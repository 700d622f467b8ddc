"""Record sets, bytes <-> rows: time per message, paired with kafka-python in the same run.

    python benchmarks/records.py [--messages N] [--rounds N]

Each row is one shape of data. Rounds alternate between ours and kafka-python's, and the best
round of each counts. kafka-python is measured twice when decoding: its record classes alone,
and up to the ConsumerRecord that its consumer hands out (checksums on in both, as it is by
default). Targets: decode at least 9 times as fast as that, encode at least 4 times.
"""

from __future__ import annotations

import argparse
import gc
import platform
import random
import time
from collections.abc import Callable

from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from pykafka.wire.records.decode import RecordReader
from pykafka.wire.records.encode import Row, encode_message_set

SHAPES = {
    "100 B": (False, 100, 100),
    "50..150 B, 12 B key": (True, 50, 150),
    "1000 B": (False, 1000, 1000),
}


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


def decode(data: bytes) -> int:
    reader = RecordReader(data, 0)
    count = 0
    while (batch := reader.next_batch()) is not None:
        count += len(batch.rows)
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


def encode_with_kafka_python(rows: list[Row], magic: int) -> int:
    builder = MemoryRecordsBuilder(magic, 0, 1 << 30)
    for timestamp, key, value in rows:
        builder.append(timestamp, key, value)
    builder.close()
    return builder.size_in_bytes()


def best_times(work: list[Callable[[], object]], count: int, rounds: int) -> list[float]:
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
    print(f"{title:<32}{ours:6.0f} ns  {1e3 / ours:5.2f} M/s   kafka-python {ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000, help="per set (20000)")
    parser.add_argument("--rounds", type=int, default=7, help="the best one counts (7)")
    options = parser.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, ns per message")
    for name, shape in SHAPES.items():
        rows = rows_of(*shape, options.messages)
        for magic in (0, 1):
            data = encode_message_set(rows, magic, 0)
            work = [
                lambda data=data: decode(data),
                lambda data=data: decode_with_kafka_python(data),
                lambda data=data: consume_with_kafka_python(data),
            ]
            assert {run() for run in work} == {len(rows)}
            times = best_times(work, len(rows), options.rounds)
            report(f"decode v{magic}, {name}", times)
            work = [
                lambda rows=rows, magic=magic: encode_message_set(rows, magic, 0),
                lambda rows=rows, magic=magic: encode_with_kafka_python(rows, magic),
            ]
            report(f"encode v{magic}, {name}", best_times(work, len(rows), options.rounds))


if __name__ == "__main__":
    main()
