"""A session with ZooKeeper: what it keeps alive, what it watches, what it reads and writes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import KazooException, NodeExistsError, NoNodeError

from ...exceptions import InvalidOptionError, ZookeeperConnectionError

__all__ = ["Node", "ZooKeeperSession"]

log = logging.getLogger("pykafka.balancedconsumer")

#: Called with kazoo's event when something that was watched has changed, on kazoo's thread. The
#: same function at the same path is called once.
Watch = Callable[[Any], None]


class Node(NamedTuple):
    """What is at a path.

    :ivar ours: whether it is ephemeral and lives as long as this session.
    """

    data: bytes
    ours: bool


class ZooKeeperSession:
    """Blocking calls, each bounded by the session's time-out. Thread-safe.

    Whatever fails raises :class:`~pykafka.exceptions.ZookeeperConnectionError`, which names
    ZooKeeper and what was asked of it. A watch fires once.

    :param hosts: ``host:port,...`` with an optional chroot at the end.
    :param client: the user's own ``KazooClient`` instead, which is not closed.
    :raises InvalidOptionError: that is not what ``hosts`` is.
    """

    def __init__(
        self,
        hosts: str,
        session_timeout_s: float,
        connect_timeout_s: float,
        use_greenlets: bool = False,
        client: Any = None,
    ) -> None:
        self._hosts = hosts
        self._connect_timeout_s = connect_timeout_s
        self._given = client is not None
        self._client = client if self._given else _client(hosts, session_timeout_s, use_greenlets)
        if self._given:
            self._hosts = ",".join(f"{host}:{port}" for host, port in client.hosts)
        self._closed = False
        self._lost: Callable[[], None] = lambda: None
        self._news: Callable[[], None] = lambda: None
        #: What was asked for; a server may grant less, which kazoo does not tell.
        self.timeout_s: float = self._client._session_timeout / 1000

    @property
    def identity(self) -> tuple[int, bytes] | None:
        """Id and password of the session; ``None`` if there is none."""
        found: tuple[int, bytes] | None = self._client.client_id
        return found

    # -- life -------------------------------------------------------------------------

    def start(self, lost: Callable[[], None], news: Callable[[], None]) -> None:
        """Connect.

        :param lost: called when the session has ended, and all that it kept alive with it.
        :param news: called when ZooKeeper answers again, and watches have to be set anew.
        """
        self._lost, self._news = lost, news
        self._client.add_listener(self._state_changed)
        if self._client.connected:
            return
        self._client.start_async().wait(self._connect_timeout_s)
        if not self._client.connected:
            # kazoo ends only when it has waited for an answer as long as a session lasts.
            self._closed = True
            self._client.handler.spawn(self._end)
            raise ZookeeperConnectionError(
                f"ZooKeeper at {self._hosts} did not answer within {self._connect_timeout_s:g} s;"
                " check zookeeper_connect= and zookeeper_hosts="
            )

    def close(self) -> None:
        """End the session, if it is ours; what it kept alive ends with it. Idempotent."""
        if not self._closed:
            self._closed = True
            self._end()

    def _end(self) -> None:
        self._client.remove_listener(self._state_changed)
        if not self._given:
            # Whatever is not said any more ZooKeeper finds out by the end of the session.
            with contextlib.suppress(KazooException):
                self._client.stop()
                self._client.close()

    def _state_changed(self, state: str) -> None:
        if state == KazooState.LOST:
            self._lost()
        elif state == KazooState.CONNECTED:
            self._news()

    # -- reading and writing ----------------------------------------------------------

    def children(self, path: str, watch: Watch | None = None) -> list[str] | None:
        """Names of what is below, sorted; ``None`` if there is no such path."""
        asked = self._client.get_children_async(path, watch=watch)
        found = self._answers(f"listing {path}", {path: asked})[path]
        return None if found is None else sorted(found)

    def children_of(self, paths: Iterable[str]) -> dict[str, list[str]]:
        """Names of what is below each of these paths, sorted, as far as they are there."""
        asked = {path: self._client.get_children_async(path) for path in paths}
        return {
            path: sorted(found)
            for path, found in self._answers("listing", asked).items()
            if found is not None
        }

    def read(self, paths: Iterable[str], watch: Watch | None = None) -> dict[str, Node]:
        """What is at these paths, as far as there is something."""
        session = self.identity
        asked = {path: self._client.get_async(path, watch=watch) for path in paths}
        return {
            path: Node(found[0], session is not None and found[1].ephemeralOwner == session[0])
            for path, found in self._answers("reading", asked).items()
            if found is not None
        }

    def watch(self, paths: Iterable[str], watch: Watch) -> list[str]:
        """Watch these paths, whether or not they are there; those that are."""
        asked = {path: self._client.exists_async(path, watch=watch) for path in paths}
        return [path for path, found in self._answers("watching", asked).items() if found]

    def create(self, nodes: Mapping[str, bytes]) -> set[str]:
        """Create what lives as long as this session; the paths at which there is ours now."""
        asked = {
            path: self._client.create_async(path, data, ephemeral=True, makepath=True)
            for path, data in nodes.items()
        }
        created = self._answers("creating", asked)
        # A connection that broke may have hidden that it was created.
        there = self.read([path for path, answer in created.items() if answer is None])
        # One that is gone meanwhile was somebody else's.
        return {
            path
            for path, answer in created.items()
            if answer is not None or (path in there and there[path].ours)
        }

    def delete(self, paths: Iterable[str]) -> None:
        """Delete what is there of these paths."""
        asked = {path: self._client.delete_async(path) for path in paths}
        self._answers("deleting", asked)

    def ensure(self, path: str) -> None:
        """Create a path that stays."""
        self._answers("creating", {path: self._client.ensure_path_async(path)})

    def _answers(self, doing: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What each was answered; ``None`` for what is not, or already is, there."""
        answers = {}
        for path, one in asked.items():
            try:
                answers[path] = one.get(timeout=self.timeout_s)
            except (NoNodeError, NodeExistsError):
                answers[path] = None
            except KazooException as error:
                raise self._failure(doing, path, error) from error
            except self._client.handler.timeout_exception as error:
                raise self._failure(doing, path, error) from error
        return answers

    def _failure(self, doing: str, path: str, error: BaseException) -> ZookeeperConnectionError:
        return ZookeeperConnectionError(
            f"ZooKeeper at {self._hosts}, {doing} {path}: {type(error).__name__} {error}".rstrip()
        )

    # -- the same without waiting -----------------------------------------------------

    def beat(self, path: str, heard: Callable[[bool], None]) -> None:
        """Ask whether something is there; ``heard`` is called on kazoo's thread if it answers."""

        def done(answer: Any) -> None:
            if answer.exception is None:
                heard(answer.value is not None)

        self._client.exists_async(path).rawlink(done)

    def read_soon(self, path: str, done: Callable[[bytes | None, Exception | None], None]) -> None:
        """What is at a path, ``None`` if there is nothing; ``done`` is called on kazoo's thread."""

        def answered(answer: Any) -> None:
            error = answer.exception
            if error is None:
                done(answer.value[0], None)
            elif isinstance(error, NoNodeError):
                done(None, None)
            else:
                done(None, self._failure("reading", path, error))

        self._client.get_async(path).rawlink(answered)

    def write_soon(
        self, path: str, data: bytes, done: Callable[[None, Exception | None], None]
    ) -> None:
        """Put data at a path, where it stays; ``done`` is called on kazoo's thread."""

        def written(answer: Any) -> None:
            if isinstance(answer.exception, NoNodeError):
                self._client.create_async(path, data, makepath=True).rawlink(created)
            else:
                created(answer)

        def created(answer: Any) -> None:
            error = answer.exception
            if isinstance(error, NodeExistsError):
                self._client.set_async(path, data).rawlink(created)
            else:
                done(None, None if error is None else self._failure("writing", path, error))

        self._client.set_async(path, data).rawlink(written)


def _client(hosts: str, session_timeout_s: float, use_greenlets: bool) -> KazooClient:
    handler = None
    if use_greenlets:
        from kazoo.handlers.gevent import SequentialGeventHandler

        handler = SequentialGeventHandler()
    try:
        return KazooClient(hosts=hosts, timeout=session_timeout_s, handler=handler)
    except ValueError as error:
        raise InvalidOptionError(f"option zookeeper_connect: {hosts!r}: {error}") from error
