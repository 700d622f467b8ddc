"""TLS over a connected socket."""

from __future__ import annotations

import socket
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..exceptions import ConnectFailedError, InvalidOptionTypeError
from .address import Address
from .tls import SslConfig
from .tls_advice import advice_on_handshake

if TYPE_CHECKING:
    import ssl

__all__ = ["Tls"]


class Tls:
    """How the connections of one client start TLS. Thread-safe.

    :param config: an :class:`SslConfig`, an ``ssl.SSLContext``, or any object with 2.x's
        ``wrap_socket(sock)``, which does the handshake itself.
    :raises InvalidOptionError: a file of an :class:`SslConfig` is missing, or not what it must be.
    :raises InvalidOptionTypeError: it is none of these.
    """

    def __init__(self, config: Any) -> None:
        import ssl  # as long to import as the rest of the client

        # One that was made to wrap otherwise is asked to.
        if isinstance(config, SslConfig) and type(config).wrap_socket is SslConfig.wrap_socket:
            config = config.context
        self._config = config
        self._context: ssl.SSLContext | None = None
        if isinstance(config, ssl.SSLContext):
            self._context = config
        elif not callable(getattr(config, "wrap_socket", None)):
            raise InvalidOptionTypeError(
                "option ssl_config must be an SslConfig, an ssl.SSLContext or an object with"
                f" wrap_socket(sock), not {type(config).__name__}: {config!r}"
            )

    def secure(
        self, sock: socket.socket, address: Address, sockets: ModuleType, timeout_s: float
    ) -> socket.socket:
        """Do the handshake on a connected, blocking socket.

        :param sockets: the ``socket`` module that it is of.
        :raises ConnectFailedError: it failed, or did not end within ``timeout_s``; says with
            whom, why, and what to do.
        """
        sock.settimeout(timeout_s)
        try:
            if self._context is None:
                return self._wrap_by_user(sock)
            # ssl refuses with a ValueError what cannot be a host's name.
            wrapped = self._context.wrap_socket(
                sock, server_hostname=address.host, do_handshake_on_connect=False
            )
            try:
                _shake_hands(wrapped, sockets, time.monotonic() + timeout_s)
            except BaseException:
                wrapped.close()
                raise
        except TimeoutError as error:
            raise ConnectFailedError(
                f"TLS handshake with {address} did not end within {timeout_s:.3g} s; is this port a"
                " TLS listener?"
            ) from error
        except (OSError, ValueError) as error:
            raise ConnectFailedError(
                f"TLS handshake with {address} failed: {error}{advice_on_handshake(error)}"
            ) from error
        return wrapped

    def _wrap_by_user(self, sock: socket.socket) -> socket.socket:
        try:
            wrapped: socket.socket = self._config.wrap_socket(sock)
        except OSError:
            raise
        except Exception as error:
            # The user's code, on a thread of ours: whoever waits for the connection hears of it.
            raise ConnectFailedError(f"ssl_config.wrap_socket raised {error!r}") from error
        if not hasattr(wrapped, "recv_into"):
            raise ConnectFailedError(f"ssl_config.wrap_socket returned no socket: {wrapped!r}")
        return wrapped


def _shake_hands(sock: ssl.SSLSocket, sockets: ModuleType, deadline: float) -> None:
    if not hasattr(sockets, "wait_read"):
        sock.do_handshake()
        return
    # gevent's module: ssl itself would hold up all other greenlets while it waits.
    import ssl

    sock.setblocking(False)
    while True:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            wait = sockets.wait_read
        except ssl.SSLWantWriteError:
            wait = sockets.wait_write
        else:
            return
        left = max(0.0, deadline - time.monotonic())
        wait(sock.fileno(), timeout=left, timeout_exc=TimeoutError())
