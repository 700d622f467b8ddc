"""What a control procedure may ask of whoever runs it.

A procedure is a generator. It yields one of these and is resumed with the answer, or has
the error thrown into it. The runner (:mod:`pykafka.runtime.tasks`, or a test's script) does
the waiting, so the same procedure serves threads, greenlets and a fake clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from ..wire.schema import ApiMessage

__all__ = [
    "ADMINISTRATION",
    "COORDINATOR",
    "GENERAL",
    "PRODUCE",
    "Await",
    "Connect",
    "Disconnect",
    "Exchange",
    "Node",
    "Now",
    "Procedure",
    "Refresh",
    "Request",
    "Sleep",
    "Wait",
    "node_name",
]

#: A broker's id, or the (host, port) of one whose id is not known yet.
Node: TypeAlias = "int | tuple[str, int]"

#: Connections are kept apart by purpose: a broker answers one request at a time on each,
#: so that a long poll must never stand before a short request.
GENERAL: Final = "general"
PRODUCE: Final = "produce"
COORDINATOR: Final = "coordinator"
#: Making and removing topics, which a broker answers when it is done.
ADMINISTRATION: Final = "administration"


def node_name(node: Node) -> str:
    """A broker in words."""
    return f"broker {node}" if isinstance(node, int) else f"{node[0]}:{node[1]}"


class Request(NamedTuple):
    """Send a message to a broker; the answer is its response message.

    :ivar message: the request, or a function from the negotiated version to it, for
        requests whose content depends on the version.
    :ivar purpose: which of the connections to that broker.
    :ivar timeout_s: bound on all of it, the connecting included; ``None`` for the client's
        socket time-out.
    :ivar version: a version that must be used instead of the highest one in common, where
        versions mean different things (OffsetCommit v0 stores in ZooKeeper).
    :ivar at_most: the highest version that can carry what is to be said (topics by name, say).
    :ivar api: the request's class; only needed where ``message`` is a function.
    :ivar respond: ``False`` where the broker sends no answer (Produce with acks 0); the
        effect then completes once the bytes are written.
    """

    node: Node
    message: ApiMessage | Callable[[int], ApiMessage]
    purpose: str = GENERAL
    timeout_s: float | None = None
    version: int | None = None
    api: type[ApiMessage] | None = None
    respond: bool = True
    at_most: int | None = None

    @property
    def request_class(self) -> type[ApiMessage]:
        """The class of the request message."""
        if self.api is not None:
            return self.api
        assert isinstance(self.message, ApiMessage)
        return type(self.message)


class Connect(NamedTuple):
    """Open a raw connection; the answer is a handle for :class:`Exchange`."""

    host: str
    port: int


class Exchange(NamedTuple):
    """Send one message in a given version on a raw connection; the answer is the response.

    :ivar probe: sent behind it, in version 0, if it is not answered soon. The answer is ``None`` if
        the peer answers only the probe: it has passed over the message, and the connection is
        closed.
    """

    connection: Any
    message: ApiMessage
    version: int
    probe: ApiMessage | None = None


class Disconnect(NamedTuple):
    """Close a raw connection."""

    connection: Any


class Sleep(NamedTuple):
    """Be resumed after so many seconds."""

    seconds: float


class Now(NamedTuple):
    """The monotonic clock, in seconds."""


class Await(NamedTuple):
    """Start something that calls back when it is done; the answer is what it calls back with.

    :ivar start: takes a function of ``(answer, error)``, which may be called on any thread.
    """

    start: Callable[[Callable[[Any, Exception | None], None]], None]


class Wait(NamedTuple):
    """Be resumed when the signal is set, or after so many seconds (``None``: only then).

    The answer is whether the signal was set; it is cleared.
    """

    signal: Any
    seconds: float | None = None


class Refresh(NamedTuple):
    """Fetch metadata of these topics (``None``: of all there are); the answer is the snapshot.

    :ivar create: whether the broker may create topics that it does not have.
    """

    topics: list[str] | None = None
    create: bool = False


_T = TypeVar("_T")
#: A control procedure that ends with a ``_T``.
Procedure: TypeAlias = Generator[Any, Any, _T]
