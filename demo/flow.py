"""The way of the lines: into the topic, and out of it again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ledger import Ledger, Texts

from pykafka.common import CompressionType, OffsetType
from pykafka.message import Message
from pykafka.partitioners import HashingPartitioner
from pykafka.topic import Topic

#: Those that Kafka 0.8.2 knows.
CODECS = {
    "none": CompressionType.NONE,
    "gzip": CompressionType.GZIP,
    "snappy": CompressionType.SNAPPY,
    "lz4": CompressionType.LZ4,
}
#: Called with the number of lines and bytes up to now.
Watch = Callable[[int, int], None]
#: Stands between the consumer and the check; a test loses a line here.
Through = Callable[[Iterable[Message]], Iterable[Message]]

#: Lines between two looks at acknowledgements and progress.
_LOOK_EVERY = 2000
#: Milliseconds without a message after which the rest is taken for lost.
_GIVE_UP_MS = 15000


def send(
    topic: Topic, lines: Iterable[tuple[bytes, bytes]], codec: int, watch: Watch
) -> tuple[Texts, Ledger]:
    """Produce the lines, each to the partition of its key.

    :returns: the texts as they were read, and what was acknowledged at which offset.
    :raises ProduceFailureError: lines were not acknowledged.
    """
    source, ledger = Texts(), Ledger(topic.partitions)
    waiting: dict[int, deque[Message]] = {id_: deque() for id_ in ledger.accounts}
    with topic.get_producer(
        partitioner=HashingPartitioner(), compression=codec, required_acks=-1, linger_ms=100
    ) as producer:
        for key, line in lines:
            source.add(key, line)
            message = producer.produce(line, partition_key=key)
            waiting[message.partition_id].append(message)
            if not source.count % _LOOK_EVERY:
                _book(waiting, ledger)
                watch(source.count, source.bytes)
        producer.flush()
    _book(waiting, ledger)
    watch(source.count, source.bytes)
    return source, ledger


def _book(waiting: dict[int, deque[Message]], ledger: Ledger) -> None:
    """Enter what was acknowledged: delivery gives a message its offset."""
    for id_, queue in waiting.items():
        account = ledger.accounts[id_]
        while queue and queue[0].offset >= 0:
            message = queue.popleft()
            account.add(message.offset, message.partition_key, message.value)


def receive(
    topic: Topic, ends: dict[int, int], watch: Watch, through: Through
) -> tuple[Texts, Ledger]:
    """Consume all partitions from the beginning up to ``ends``.

    Ends early, with what there is, if nothing comes for a while.

    :returns: the texts that the lines make, and the accounts of the partitions.
    """
    back, ledger = Texts(), Ledger(ends)
    accounts = ledger.accounts
    unfinished = {id_ for id_, end in ends.items() if end}
    with topic.get_simple_consumer(
        auto_offset_reset=OffsetType.EARLIEST,
        reset_offset_on_start=True,
        consumer_timeout_ms=_GIVE_UP_MS,
    ) as consumer:
        for message in through(consumer):
            id_, offset = message.partition_id, message.offset
            key, line = message.partition_key, message.value
            back.add(key, line)
            accounts[id_].add(offset, key, line)
            if offset + 1 >= ends[id_]:
                unfinished.discard(id_)
                if not unfinished:
                    break
            if not back.count % _LOOK_EVERY:
                watch(back.count, back.bytes)
    watch(back.count, back.bytes)
    return back, ledger
