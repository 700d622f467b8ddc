"""A consumption core without brokers: what a source brings is laid down by the test."""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from pykafka import options
from pykafka.core.effects import Procedure
from pykafka.core.membership import Owner
from pykafka.core.membership.fixed import FixedMembership
from pykafka.core.partition_keys import PartitionKey
from pykafka.core.procedures.group_offsets import Committed
from pykafka.exceptions import RemoteError
from pykafka.message import Message, SharedFields
from pykafka.runtime.backend import ThreadBackend
from pykafka.runtime.consumer.consumption import Consumption
from pykafka.runtime.consumer.feed import Feed
from pykafka.runtime.consumer.handover import take_one
from pykafka.runtime.consumer.hooks import Hooks
from pykafka.runtime.consumer.python_source import PythonSource
from pykafka.runtime.consumer.source import Run, SourceEvents
from pykafka.runtime.consumer.starting import SetOut

#: The partition that scripted consumers read.
KEY = ("lines", 0)


class ScriptedSource:
    """Brings the runs that a test gives it; see :class:`~...source.RecordSource`.

    :ivar while_decoding: called in :meth:`next_run`, as a signal handler may be.
    :ivar started_at: offsets of each assignment.
    """

    def __init__(self) -> None:
        self.runs: deque[Run] = deque()
        self.failure: Exception | None = None
        self.while_decoding: Callable[[], None] = lambda: None
        self.started_at: list[dict[PartitionKey, int]] = []
        self.sought: list[tuple[PartitionKey, int]] = []
        self.held: set[PartitionKey] = set()
        self._events: SourceEvents | None = None

    def bring(self, first: int, count: int, key: PartitionKey = KEY) -> None:
        """Have a run of so many rows at hand."""
        rows = [(offset, 0, None, b"%d" % offset) for offset in range(first, first + count)]
        self.runs.append(Run(key, rows, SharedFields(), first + count))
        self._tell()

    def fail(self, error: Exception) -> None:
        """Stall."""
        self.failure = error
        self._tell()

    def _tell(self) -> None:
        if self._events is not None:
            self._events.ready()

    def start(self, events: SourceEvents) -> None:
        self._events = events

    def assign(self, offsets: Mapping[PartitionKey, int], partitions: Mapping[Any, Any]) -> None:
        self.started_at.append(dict(offsets))

    def revoke(self, keys: Sequence[PartitionKey]) -> None:
        self.runs = deque(run for run in self.runs if run.key not in keys)

    def hold(self, keys: Collection[PartitionKey]) -> None:
        self.held.update(keys)

    def resume(self, keys: Collection[PartitionKey]) -> None:
        self.held.difference_update(keys)

    def seek(self, key: PartitionKey, offset: int) -> None:
        self.sought.append((key, offset))
        self.revoke([key])

    def next_run(self) -> Run | None:
        run = next((run for run in self.runs if run.key not in self.held), None)
        if run is not None:
            self.runs.remove(run)
        self.while_decoding()
        return run

    def error(self) -> Exception | None:
        return self.failure

    def stop(self) -> None:
        self.runs.clear()


class _Loop:
    def call_soon(self, function: Callable[..., None], *args: Any) -> None:
        function(*args)


class _Everything:
    """Metadata in which every topic is."""

    @property
    def topics(self) -> _Everything:
        return self

    def __contains__(self, name: str) -> bool:
        return True


class _Client:
    """As much of a ClientCore as the core of a consumer without a group touches."""

    def __init__(self) -> None:
        self.backend = ThreadBackend()
        self.loop = _Loop()
        self.closed = False
        self.fork_listeners: weakref.WeakSet[Any] = weakref.WeakSet()
        self.socket_timeout_s = 1.0
        self.snapshot = _Everything()

    def run(self, procedure: Any, timeout_s: float) -> Any:
        """Of procedures that want no answers."""
        try:
            while True:
                next(procedure)
        except StopIteration as stop:
            return stop.value


class ScriptedMembership:
    """Says what a test lets it say; see :class:`~pykafka.core.membership.Membership`.

    :ivar on_settled: called when somebody waits for the end of a rebalance; whether it came.
    """

    def __init__(self) -> None:
        self.lease_until = math.inf
        self.error: Exception | None = None
        self.epoch = 0
        self.refusal: RemoteError | None = None
        self.on_settled: Callable[[], bool] = lambda: False
        self.owner: Owner | None = None

    def start(self, owner: Owner) -> None:
        self.owner = owner

    def stop(self, within_s: float | None = None) -> None: ...

    def abandon(self) -> None: ...

    def after_fork(self) -> None: ...

    def check_commit(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def settled(self, epoch: int, timeout_s: float) -> bool:
        return self.on_settled()


class MemoryStore:
    """Offsets that are committed in memory.

    :ivar failures: raised by the next commits, in this order.
    """

    timeout_s = 5.0

    def __init__(self) -> None:
        self.offsets: dict[PartitionKey, int] = {}
        self.commits: list[dict[PartitionKey, int]] = []
        self.failures: deque[Exception] = deque()

    def commit(self, offsets: Mapping[PartitionKey, int]) -> Procedure[None]:
        yield "ask for it"
        self.commits.append(dict(offsets))
        if self.failures:
            raise self.failures.popleft()
        self.offsets.update(offsets)

    def fetch(self, keys: Iterable[PartitionKey]) -> Procedure[dict[PartitionKey, Committed]]:
        yield from ()
        return {key: Committed(self.offsets.get(key, 0), "", 0) for key in keys}


def member_of_a_group(
    source: ScriptedSource,
    membership: ScriptedMembership,
    store: MemoryStore,
    *,
    revoking: Any = None,
    rebalanced: Any = None,
    **settings: Any,
) -> Consumption:
    """A core whose partitions come from a scripted membership, started."""
    values = options.validated({**options.CONSUMER, **options.MEMBER}, settings)
    client: Any = _Client()
    hooks = Hooks(lambda key: key, SetOut(values, "g", 1, True), revoking, rebalanced)
    core = Consumption(client, values, source, membership, store, hooks)
    core.start()
    return core


def consumption(source: ScriptedSource, **settings: Any) -> Consumption:
    """A core that reads :data:`KEY` from a scripted source, not started."""
    values = options.validated(options.CONSUMER, settings)
    client: Any = _Client()
    hooks = Hooks(lambda key: None, SetOut(values, None))
    return Consumption(client, values, source, FixedMembership([KEY]), None, hooks)


def take(core: Consumption, block: bool = True) -> Message | None:
    """The next message, as ``SimpleConsumer.consume`` gets it."""
    return take_one(core, None, block, None)


class _IdleLoop:
    """Keeps the calls that nobody makes."""

    def __init__(self) -> None:
        self.calls: deque[tuple[Any, ...]] = deque()

    def call_soon(self, *call: Any) -> bool:
        self.calls.append(call)
        return True


class _IdleClient:
    def __init__(self) -> None:
        self.backend = ThreadBackend()
        self.loop = _IdleLoop()
        self.metadata_listeners: list[Callable[..., None]] = []


class IdleEvents:
    def ready(self) -> None:
        """Nobody waits."""


def started() -> tuple[PythonSource, Feed]:
    """A source that was told of one partition, and its feed."""
    client: Any = _IdleClient()
    source = PythonSource(client, options.validated(options.CONSUMER, {}))
    source.start(IdleEvents())
    source.assign({KEY: 0}, {KEY: None})
    return source, source._feeds[KEY]
