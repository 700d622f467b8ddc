"""The core of a client: its loop, its connections, what it knows of the cluster."""

from __future__ import annotations

import logging
import os
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Generic, TypeVar

from ..core.effects import (
    Await,
    Connect,
    Disconnect,
    Exchange,
    Node,
    Now,
    Procedure,
    Refresh,
    Request,
    Sleep,
    Wait,
    node_name,
)
from ..core.metadata import EMPTY, Snapshot
from ..core.procedures.handshake import open_connection
from ..core.versions import BrokerVersions, negotiate
from ..exceptions import (
    ClientClosedError,
    ConnectFailedError,
    KafkaException,
    LeaderNotAvailable,
    MalformedDataError,
    ProtocolClientError,
    RemoteError,
    UsageError,
    WaitTimedOutError,
)
from ..net.address import Address, parse_hosts, parse_source_address
from ..net.chance import shuffle
from ..net.connection import Connection
from ..net.connector import ConnectOptions, start_connecting
from ..net.pool import Pool, PoolHooks
from ..options import Settings
from ..wire.schema import ApiMessage
from .backend import Backend
from .loop import Loop
from .metadata_keeper import MetadataKeeper
from .tasks import Resume, Signal, Task

__all__ = ["Call", "ClientCore"]

log = logging.getLogger("pykafka.cluster")

_T = TypeVar("_T")

#: Slack over a procedure's own time-outs before a blocking call gives it up.
_SLACK_S = 5.0
_CLOSE_S = 5.0
#: How long a broker may take over a message before the probe of an Exchange follows it.
_PROBE_S = 0.1

_cores: weakref.WeakSet[ClientCore] = weakref.WeakSet()


class Call(Generic[_T]):
    """A procedure under way on the loop, for the thread that waits for it."""

    def __init__(self, core: ClientCore, procedure: Procedure[_T]) -> None:
        self._loop = core.loop
        self._ended = core.backend.event()
        self._task: Task | None = None
        if not self._loop.call_soon(self._begin, core, procedure):
            raise ClientClosedError("this KafkaClient was closed meanwhile; make a new one")

    def _begin(self, core: ClientCore, procedure: Procedure[_T]) -> None:
        self._task = core.spawn(procedure)
        self._task.when_done(lambda _: self._ended.set())

    def wait(self, timeout_s: float) -> _T:
        """What it returns; see :meth:`ClientCore.run`."""
        if not self._ended.wait(timeout_s + _SLACK_S):
            error = WaitTimedOutError(f"no answer within {timeout_s + _SLACK_S:g} s")
            self.cancel(error)
            raise error
        task = self._task
        assert task is not None
        if task.error is not None:
            raise task.error
        result: _T = task.result
        return result

    def cancel(self, error: KafkaException) -> None:
        """End it: whoever waits gets this error. Idempotent, thread-safe."""
        self._loop.call_soon(self._cancel, error)

    def _cancel(self, error: KafkaException) -> None:
        if self._task is not None:
            self._task.cancel(error)


class ClientCore:
    """What the users' objects of one client share. Never holds one of them.

    Everything runs on the loop; :meth:`run`, :meth:`start`, :meth:`call` and :meth:`close`
    are for other threads. Implements :class:`pykafka.core.procedures.cluster_view.ClusterView`.
    """

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self.settings = settings
        self.backend = backend
        self.socket_timeout_s = settings.socket_timeout_ms / 1000
        self.bootstrap: list[Address] = []
        if not settings.zookeeper_hosts:
            self.bootstrap = parse_hosts(settings.hosts)
        self.snapshot: Snapshot = EMPTY
        self.coordinators: dict[str, Node] = {}
        #: Topics that consumers and producers use, counted.
        self.topics_in_use: Counter[str] = Counter()
        #: Called on the loop with each new snapshot.
        self.metadata_listeners: list[Callable[[Snapshot], None]] = []
        #: Called in the child after a fork.
        self.fork_listeners: weakref.WeakSet[Any] = weakref.WeakSet()
        self._connect_options = ConnectOptions(
            self.socket_timeout_s,
            parse_source_address(settings.source_address),
            settings.ssl_config,
        )
        self._client_id = _text(settings.client_id)
        #: What brokers spoke when they were connected to last.
        self._spoken: dict[Address, BrokerVersions] = {}
        self._closed = False
        self._tasks: set[Task] = set()
        self._performers: dict[type, Callable[[Any, Resume], None]] = {
            Request: self._request,
            Connect: self._connect,
            Exchange: self._exchange,
            Disconnect: self._disconnect,
            Sleep: self._sleep,
            Now: lambda _, resume: resume(self.loop.time(), None),
            Wait: self._wait,
            Await: self._await,
            Refresh: self._refresh,
        }
        self._begin_lock = backend.lock()
        self._begin()
        _cores.add(self)

    def _begin(self) -> None:
        self._loop = Loop(self.backend, "I/O")
        self.pool = Pool(self._loop, PoolHooks(self._address_of, self._open))
        self._dropped = False
        self.keeper = MetadataKeeper(self)

    @property
    def loop(self) -> Loop:
        """The I/O loop; in a child after a fork, a new one from the first use on."""
        if self._dropped:
            with self._begin_lock:
                if self._dropped:
                    self._begin()
        return self._loop

    # -- for the threads of users -----------------------------------------------------

    def run(self, procedure: Procedure[_T], timeout_s: float) -> _T:
        """Run a procedure and wait for its end.

        :param timeout_s: more than what the procedure itself may take.
        :raises WaitTimedOutError: it did not end in time; it is cancelled.
        :raises ClientClosedError: the client is closed.
        """
        return self.call(procedure).wait(timeout_s)

    def call(self, procedure: Procedure[_T]) -> Call[_T]:
        """Begin a procedure that somebody will wait for, or cancel.

        :raises ClientClosedError: the client is closed.
        """
        self._check_usable()
        if self.loop.on_loop():
            raise UsageError("a blocking call was made on the I/O thread")
        return Call(self, procedure)

    def start(self, procedure: Procedure[Any], done: Callable[[Task], None] | None = None) -> None:
        """Run a procedure without waiting; ``done`` is called on the loop."""
        self._check_usable()

        def begin() -> None:
            task = self.spawn(procedure)
            if done is not None:
                task.when_done(done)

        self.loop.call_soon(begin)

    def refresh(self, topics: Sequence[str] | None = None, create: bool = False) -> Snapshot:
        """Fetch metadata now and wait for it."""

        def procedure() -> Procedure[Snapshot]:
            snapshot: Snapshot = yield Refresh(None if topics is None else list(topics), create)
            return snapshot

        return self.run(procedure(), self.socket_timeout_s * 2)

    def highest_version(self, request: type[ApiMessage]) -> int:
        """The highest version of a request that all brokers that were met speak; -1 for none.

        Tells early what cannot work; whoever leads may be another one yet. Thread-safe.
        """
        spoken = list(self._spoken.items())
        current = {(b.host, b.port) for b in self.snapshot.brokers.values()}
        highest = [
            min(versions.ranges.get(request.api_key, (0, -1))[1], request.valid_versions[-1])
            for address, versions in spoken
            if address in current
        ]
        return min(highest, default=request.valid_versions[-1])

    def close(self, timeout_s: float = _CLOSE_S) -> None:
        """Close connections and end the loop. Idempotent; callable from the loop."""
        if self._closed:
            return
        self._closed = True
        if not self._dropped:
            self._loop.call_soon(self._close_on_loop)
            self._loop.stop(timeout_s)

    def close_soon(self) -> None:
        """The same without waiting, for finalizers."""
        if not self._closed:
            self._closed = True
            if not self._dropped:
                self._loop.call_soon(self._close_on_loop)
                self._loop.call_soon(self._loop.stop, 0.0)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def _check_usable(self) -> None:
        if self._closed:
            raise ClientClosedError("this KafkaClient was closed; make a new one")

    def _close_on_loop(self) -> None:
        error = ClientClosedError("the client was closed")
        for task in list(self._tasks):
            task.cancel(error)
        self.keeper.close(error)
        self.pool.close()

    def follow(self, listener: Callable[[Snapshot], None], topics: Iterable[str]) -> None:
        """Call back with each new snapshot, in which topics are kept fresh. Thread-safe."""
        self.metadata_listeners.append(listener)
        for name in topics:
            self.loop.call_soon(self.use_topic, name)

    def unfollow(self, listener: Callable[[Snapshot], None], topics: Iterable[str]) -> None:
        """Undo :meth:`follow`, with the same arguments. Idempotent, thread-safe."""
        if listener in self.metadata_listeners:
            self.metadata_listeners.remove(listener)
            for name in topics:
                self.loop.call_soon(self.release_topic, name)

    # -- for the loop -----------------------------------------------------------------

    def use_topic(self, name: str) -> None:
        """Have metadata of a topic kept fresh, once more; only on the loop."""
        self.topics_in_use[name] += 1

    def release_topic(self, name: str) -> None:
        """One fewer needs it; only on the loop."""
        self.topics_in_use[name] -= 1
        if self.topics_in_use[name] <= 0:
            del self.topics_in_use[name]

    def spawn(self, procedure: Generator[Any, Any, Any]) -> Task:
        """Run a procedure on the loop; only there."""
        task = Task(procedure, self.perform)
        self._tasks.add(task)
        task.when_done(self._tasks.discard)
        return task.start()

    def perform(self, effect: Any, resume: Resume) -> None:
        """Start an effect; see :data:`pykafka.runtime.tasks.Performer`."""
        self._performers[type(effect)](effect, resume)

    def nodes(self) -> Sequence[Node]:
        """Brokers to ask, best first: connected, then untried, then failing, then the seeds."""
        known: list[Node] = list(self.snapshot.brokers)
        shuffle(known)
        known.sort(key=lambda node: (not self.pool.is_connected(node)) + self.pool.is_failing(node))
        addresses = {(b.host, b.port) for b in self.snapshot.brokers.values()}
        seeds: list[Node] = [(s.host, s.port) for s in self.bootstrap if s not in addresses]
        return known + seeds

    def _address_of(self, node: Node) -> Address:
        if isinstance(node, tuple):
            return Address(*node)
        broker = self.snapshot.brokers.get(node)
        if broker is None:
            raise LeaderNotAvailable(f"broker {node} is not in the cluster's metadata (any more)")
        return Address(broker.host, broker.port)

    def _open(
        self,
        address: Address,
        known: Any,
        opened: Callable[[Connection | None, RemoteError | None], None],
    ) -> None:
        def done(task: Task) -> None:
            if task.error is not None:
                opened(None, _not_opened(task.error))
                return
            connection, connection.versions = task.result
            self._spoken[address] = connection.versions
            opened(connection, None)

        self.spawn(open_connection(address.host, address.port, known)).when_done(done)

    def _connect(self, effect: Connect, resume: Resume) -> None:
        address = Address(effect.host, effect.port)

        def connected(sock: Any, error: ConnectFailedError | None) -> None:
            if sock is None:
                resume(None, error)
                return
            if self._closed:
                sock.close()
                resume(None, ConnectFailedError("the client was closed"))
                return
            connection = Connection(
                self.loop,
                sock,
                address,
                self._client_id,
                self.settings.receive_max_bytes,
                self.pool.disconnected,
            )
            # The pool closes it with the client, though the handshake does not come to an end.
            self.pool.connected(connection)
            resume(connection, None)

        start_connecting(self.loop, address, self._connect_options, connected)

    def _exchange(self, effect: Exchange, resume: Resume) -> None:
        connection, timeout_s = effect.connection, self.socket_timeout_s
        if effect.probe is None:
            connection.send(effect.message, effect.version, timeout_s, resume)
            return
        probe, probed = effect.probe, False

        def send_probe() -> None:
            nonlocal probed
            probed = True
            connection.send(probe, 0, timeout_s, lambda *_: None)

        def done(answer: Any, error: BaseException | None) -> None:
            timer.cancel()
            if probed and isinstance(error, MalformedDataError):
                error = None  # the probe's answer, out of turn
            resume(answer, error)

        timer = self.loop.call_later(_PROBE_S, send_probe)
        connection.send(effect.message, effect.version, timeout_s, done)

    def _disconnect(self, effect: Disconnect, resume: Resume) -> None:
        effect.connection.close()
        resume(None, None)

    def _request(self, effect: Request, resume: Resume) -> None:
        timeout_s = self.socket_timeout_s if effect.timeout_s is None else effect.timeout_s
        deadline = self.loop.time() + timeout_s
        api = effect.request_class
        hint = "; is its port a TLS listener?" if self.settings.ssl_config is not None else ""

        def late() -> None:
            resume(
                None,
                ConnectFailedError(
                    f"no connection to {node_name(effect.node)} for {api.name} within"
                    f" {timeout_s:g} s{hint}"
                ),
            )

        timer = self.loop.call_later(timeout_s, late)

        def ready(connection: Connection | None, error: RemoteError | None) -> None:
            timer.cancel()
            if connection is None:
                resume(None, error)
                return
            left = deadline - self.loop.time()
            if left <= 0:
                late()  # its timer is due, but was not run yet
                return
            try:
                version = negotiate(api, connection.versions, effect.version, effect.at_most)
                message = effect.message if effect.api is None else effect.message(version)  # type: ignore[operator]  # a function where api is given
                connection.send(message, version, left, resume, effect.respond)  # type: ignore[arg-type]  # see above
            except KafkaException as failure:
                resume(None, failure)

        self.pool.acquire(effect.node, effect.purpose, ready)

    def _sleep(self, effect: Sleep, resume: Resume) -> None:
        self.loop.call_later(effect.seconds, resume, None, None)

    def _wait(self, effect: Wait, resume: Resume) -> None:
        signal: Signal = effect.signal
        if effect.seconds is None:
            if signal.wait(lambda: resume(True, None)):
                resume(True, None)
            return

        def expired() -> None:
            signal.forget()
            resume(False, None)

        timer = self.loop.call_later(effect.seconds, expired)

        def woken() -> None:
            timer.cancel()
            resume(True, None)

        if signal.wait(woken):
            woken()

    def _await(self, effect: Await, resume: Resume) -> None:
        def done(answer: Any, error: Exception | None) -> None:
            self.loop.call_soon(resume, answer, error)

        effect.start(done)

    def _refresh(self, effect: Refresh, resume: Resume) -> None:
        self.keeper.request(effect.topics, effect.create, resume)

    # -- forks ------------------------------------------------------------------------

    def after_fork(self) -> None:
        """Drop, in the child, all work and sockets of the parent; reconnect when used."""
        if self._dropped:
            return
        self._dropped = True
        self._begin_lock = self.backend.lock()
        self._loop.abandon()
        self.pool.abandon()
        self._tasks.clear()
        self.coordinators.clear()
        listeners = list(self.fork_listeners)
        self.fork_listeners.clear()
        for listener in listeners:
            listener.after_fork()
        self.metadata_listeners.clear()
        self.topics_in_use.clear()


def _after_fork_in_child() -> None:
    for core in list(_cores):
        core.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _not_opened(error: BaseException) -> RemoteError:
    """Why there is no connection; whoever asked must know that nothing was sent."""
    if isinstance(error, (ConnectFailedError, ProtocolClientError)):
        return error
    wrapped = ConnectFailedError(str(error))
    wrapped.__cause__ = error
    return wrapped
