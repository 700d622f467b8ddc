"""A producer whose brokers, clock and I/O loop are a script: no sockets, threads or waiting.

The producer, its accounts and its sink are the real ones. A blocking call (``flush``, ``stop``,
``produce`` with ``sync``) runs the script's clock until it is answered.
"""

from __future__ import annotations

import gc
import heapq
import itertools
import queue
import threading
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeAlias

from pykafka.core.effects import Now, Refresh, Request, Sleep, Wait
from pykafka.core.metadata import BrokerInfo, PartitionInfo, Snapshot, TopicInfo
from pykafka.exceptions import (
    ConnectFailedError,
    KafkaException,
    LeaderNotAvailable,
    ProduceFailureError,
    SocketDisconnectedError,
)
from pykafka.producer import Producer
from pykafka.runtime.tasks import Task
from pykafka.wire.messages.produce import (
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)
from pykafka.wire.records.decode import RecordReader

TOPIC = "scripted"


class Timer:
    def __init__(self, call: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.call: Callable[..., None] | None = call
        self.args = args

    def cancel(self) -> None:
        self.call = None


class Loop:
    """A loop that runs when it is told to, on a clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now

    def on_loop(self) -> bool:
        return False

    def call_soon(self, call: Callable[..., None], *args: Any) -> None:
        self._calls.append((call, args))

    def call_later(self, seconds: float, call: Callable[..., None], *args: Any) -> Timer:
        timer = Timer(call, args)
        heapq.heappush(self._timers, (self.now + seconds, next(self._order), timer))
        return timer

    def run(self) -> None:
        """Everything that is due now."""
        while self._calls:
            call, args = self._calls.popleft()
            call(*args)

    def advance(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass; whether ``until`` became true on the way."""
        end = self.now + seconds
        self.run()
        while not until():
            if not self._timers or self._timers[0][0] > end:
                self.now = end
                return False
            when, _, timer = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            if timer.call is not None:
                timer.call(*timer.args)
            self.run()
        return True


class Event:
    """An event; who waits for it runs the loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._set = False

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None, "a wait without a bound"
        return self._loop.advance(timeout, self.is_set)


class Backend:
    """See :class:`pykafka.runtime.backend.Backend`; what a producer uses of it."""

    def __init__(self, loop: Loop) -> None:
        self.event = lambda: Event(loop)
        self.lock = threading.Lock
        self.local = threading.local
        self.queue = queue.Queue


@dataclass
class Sent:
    """A produce request that was written to a broker and has no answer yet."""

    leader: int
    request: ProduceRequest
    respond: bool
    _resume: Callable[[Any, BaseException | None], None]
    _brokers: Brokers

    @property
    def values(self) -> dict[int, list[bytes | None]]:
        """Values by partition."""
        return {
            part.index: values_in(part.records)
            for part in self.request.topic_data[0].partition_data
        }

    def acknowledge(self, **codes: int) -> None:
        """Write all of it to the log and answer so; ``p2=7`` refuses partition 2 with code 7."""
        answers = []
        for id_, values in self.values.items():
            code = codes.get(f"p{id_}", 0)
            offset = -1 if code else self._brokers.append(id_, values)
            answers.append(PartitionProduceResponse(index=id_, error_code=code, base_offset=offset))
        self._answer(answers)

    def refuse(self, code: int) -> None:
        """Write nothing, and answer with an error code."""
        self.acknowledge(**{f"p{id_}": code for id_ in self.values})

    def leave_out(self) -> None:
        """Answer without a word on any partition."""
        self._answer([])

    def lose(self, written: bool = False) -> None:
        """The connection breaks, before or after the messages were written to the log."""
        if written:
            for id_, values in self.values.items():
                self._brokers.append(id_, values)
        self._end(None, SocketDisconnectedError("the script closed the connection"))

    def _answer(self, answers: list[PartitionProduceResponse]) -> None:
        topic = TopicProduceResponse(name=TOPIC, partition_responses=answers)
        self._end(ProduceResponse(responses=[topic]) if self.respond else None, None)

    def _end(self, answer: Any, error: BaseException | None) -> None:
        self._brokers.pending.remove(self)
        self._resume(answer, error)
        self._brokers.loop.run()


@dataclass
class Brokers:
    """The brokers of the script.

    :ivar logs: values by partition, as they lie in the log.
    :ivar pending: requests that arrived and wait for the script's answer.
    :ivar reachable: whether connections can be made; ``connecting_s`` is how long each
        request waits for one.
    :ivar automatic: answer every request at once.
    """

    loop: Loop
    logs: dict[int, list[bytes | None]] = field(default_factory=dict)
    pending: list[Sent] = field(default_factory=list)
    reachable: bool = True
    connecting_s: float = 0.0
    automatic: bool = False

    def append(self, partition: int, values: list[bytes | None]) -> int:
        log = self.logs.setdefault(partition, [])
        log.extend(values)
        return len(log) - len(values)

    def receive(self, effect: Request, resume: Callable[..., None]) -> None:
        if self.connecting_s:
            self.loop.call_later(self.connecting_s, self._connected, effect, resume)
        else:
            self._connected(effect, resume)

    def _connected(self, effect: Request, resume: Callable[..., None]) -> None:
        if not self.reachable:
            resume(None, ConnectFailedError("the script refuses connections"))
            return
        try:
            message = effect.message(0)  # type: ignore[operator]
        except KafkaException as error:
            resume(None, error)
            return
        sent = Sent(effect.node, message, effect.respond, resume, self)
        for other in self.pending:
            assert not other.values.keys() & sent.values.keys(), "two batches of one partition"
        self.pending.append(sent)
        if self.automatic:
            self.loop.call_soon(sent.acknowledge)


class Client:
    """What a producer uses of :class:`pykafka.runtime.client.ClientCore`."""

    socket_timeout_s = 30.0
    #: Of Produce.
    version = 0

    def highest_version(self, _: object) -> int:
        return self.version

    def __init__(self, leaders: dict[int, int]) -> None:
        self.loop = Loop()
        self.backend = Backend(self.loop)
        self.brokers = Brokers(self.loop)
        self.metadata_listeners: list[Callable[[Snapshot], None]] = []
        self.topics_in_use: Counter[str] = Counter()
        self.fork_listeners: weakref.WeakSet[Any] = weakref.WeakSet()
        self.leaders = dict(leaders)
        self.set_leaders(leaders)

    def use_topic(self, name: str) -> None:
        self.topics_in_use[name] += 1

    def release_topic(self, name: str) -> None:
        self.topics_in_use[name] -= 1

    def set_leaders(self, leaders: dict[int, int]) -> None:
        """What the brokers' metadata says from now on, at once known to the client."""
        self.leaders = dict(leaders)
        self._refresh()
        self.loop.run()

    def _refresh(self) -> Snapshot:
        parts = {id_: PartitionInfo(id_, leader, (), ()) for id_, leader in self.leaders.items()}
        nodes = {id_: BrokerInfo(id_, "scripted", id_) for id_ in self.leaders.values() if id_ >= 0}
        self.snapshot = Snapshot(nodes, {TOPIC: TopicInfo(TOPIC, parts)})
        for listener in list(self.metadata_listeners):
            listener(self.snapshot)
        return self.snapshot

    def spawn(self, procedure: Any) -> Task:
        return Task(procedure, self._perform).start()

    def _perform(self, effect: Any, resume: Callable[..., None]) -> None:
        if isinstance(effect, Request):
            if effect.node not in self.leaders.values():
                resume(None, LeaderNotAvailable(f"broker {effect.node} is gone"))
            else:
                self.brokers.receive(effect, resume)
        elif isinstance(effect, Refresh):
            # A refresh takes its time, as the real one does: two are never less apart.
            self.loop.call_later(0.1, lambda: resume(self._refresh(), None))
        elif isinstance(effect, Sleep):
            self.loop.call_later(effect.seconds, resume, None, None)
        elif isinstance(effect, Now):
            resume(self.loop.now, None)
        else:
            assert isinstance(effect, Wait)
            self._wait(effect, resume)

    def _wait(self, effect: Wait, resume: Callable[..., None]) -> None:
        def expired() -> None:
            effect.signal.forget()
            resume(False, None)

        timer = None if effect.seconds is None else self.loop.call_later(effect.seconds, expired)

        def woken() -> None:
            if timer is not None:
                timer.cancel()
            resume(True, None)

        if effect.signal.wait(woken):
            woken()


@dataclass(order=True)
class Partition:
    """What a producer uses of :class:`pykafka.partition.Partition`."""

    _id: int

    @property
    def id(self) -> int:
        return self._id


class Script:
    """A producer of one topic, and the hands on everything around it."""

    def __init__(self, leaders: dict[int, int] | None = None, **options: Any) -> None:
        self.client = Client({0: 0} if leaders is None else leaders)
        self.loop = self.client.loop
        self.brokers = self.client.brokers
        self.partitions = [Partition(id_) for id_ in self.client.leaders]
        self.topic = SimpleNamespace(
            name=TOPIC.encode(), partitions={part.id: part for part in self.partitions}
        )
        self.cluster = SimpleNamespace(
            core=self.client,
            register=lambda _: None,
            handler=SimpleNamespace(Event=self.client.backend.event),
        )
        options.setdefault("linger_ms", 0)
        options.setdefault("partitioner", self._by_key)
        self.producer = Producer(self.cluster, self.topic, **options)  # type: ignore[arg-type]
        self.loop.run()

    @staticmethod
    def _by_key(partitions: list[Any], key: bytes | None) -> Any:
        return partitions[int(key or b"0")]

    def produce(self, *values: bytes, partition: int = 0) -> list[Any]:
        """Produce, and let the loop notice."""
        key = b"%d" % partition
        messages = [self.producer.produce(value, key) for value in values]
        self.loop.run()
        return messages

    def sent(self) -> Sent:
        """The only request that waits for an answer."""
        assert len(self.brokers.pending) == 1, self.brokers.pending
        return self.brokers.pending[0]

    def reports(self) -> Iterator[tuple[Any, Exception | None]]:
        """Every report that has come."""
        while True:
            try:
                yield self.producer.get_delivery_report(block=False)
            except queue.Empty:
                return

    def drop_producer(self) -> None:
        """Forget it, as a program does that does not stop it."""
        del self.producer
        gc.collect()

    def close(self) -> None:
        """Everything is well at last; whatever was not settled is."""
        self.brokers.reachable = self.brokers.automatic = True
        self.brokers.connecting_s = 0.0
        self.client.set_leaders(dict.fromkeys(self.client.leaders, 0))
        for sent in list(self.brokers.pending):
            sent.acknowledge()
        if hasattr(self, "producer"):
            with suppress(ProduceFailureError):
                self.producer.stop()


Scripted: TypeAlias = Callable[..., Script]


def values_in(records: bytes | None) -> list[bytes | None]:
    """The values in an encoded message set, in order."""
    reader = RecordReader(records or b"", 0)
    values: list[bytes | None] = []
    while (batch := reader.next_batch()) is not None:
        values += [value for _, _, _, value in batch.rows]
    return values
