"""Making one connection: name look-up, TCP, TLS; blocking, on a thread of its own."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..exceptions import ConnectFailedError
from .address import Address
from .reactor import Reactor
from .tls_handshake import Tls

__all__ = ["ConnectOptions", "connect", "start_connecting"]


class ConnectOptions:
    """How connections are made.

    :param timeout_s: bound on all of the connecting, name look-up excepted.
    :param source: local address to start from, ``None`` for any.
    :param ssl_config: see :class:`pykafka.net.tls_handshake.Tls`; ``None`` for plain text.
    :raises InvalidOptionError: ``ssl_config`` cannot be used; says why.
    """

    def __init__(
        self, timeout_s: float, source: tuple[str, int] | None = None, ssl_config: Any = None
    ) -> None:
        self.timeout_s = timeout_s
        self.source = source
        # Now, and not with the first connection: whoever made the mistake is the one to hear of it.
        self.tls = None if ssl_config is None else Tls(ssl_config)


def start_connecting(
    reactor: Reactor,
    address: Address,
    options: ConnectOptions,
    done: Callable[[socket.socket | None, ConnectFailedError | None], None],
) -> None:
    """Connect beside the loop, then call ``done`` on it with a non-blocking socket or an error.

    A name look-up cannot be interrupted and would hold up everything on the loop.
    """

    def work() -> None:
        try:
            sock = connect(reactor.socket, address, options)
        except ConnectFailedError as error:
            reactor.call_soon(done, None, error)
        else:
            sock.setblocking(False)
            if not reactor.call_soon(done, sock, None):
                sock.close()

    try:
        reactor.spawn(work, name=f"connect {address}")
    except RuntimeError:
        # Python 3.12.1, observed: no thread can be started while the program ends; then what
        # producers still hold is worth holding up the rest.
        work()


def connect(sockets: ModuleType, address: Address, options: ConnectOptions) -> socket.socket:
    """A connected socket, through the first of the host's addresses that accepts.

    :raises ConnectFailedError: none does, or the host has no address.
    """
    deadline = time.monotonic() + options.timeout_s
    try:
        found = sockets.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectFailedError(
            f"host {address.host!r} does not resolve: {error}; check the name in hosts="
            " (or advertised.listeners of the broker)"
        ) from error
    failure: OSError | None = None
    for family, kind, protocol, _, target in found:
        sock: socket.socket = sockets.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if options.source is not None:
                sock.bind(options.source)
            sock.connect(target)
            if options.tls is None:
                return sock
            return options.tls.secure(sock, address, sockets, _left(deadline))
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise ConnectFailedError(f"cannot connect to {address}: {failure}") from failure


def _left(deadline: float) -> float:
    return max(0.05, deadline - time.monotonic())
