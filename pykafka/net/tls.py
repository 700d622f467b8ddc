"""TLS over a connected socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from ..exceptions import ConnectFailedError

if TYPE_CHECKING:
    import ssl

__all__ = ["SslConfig", "secure"]

# ssl takes as long to import as the rest of the client: it is, where TLS is used.


class SslConfig:
    """Certificates for a TLS connection; 2.x's class.

    :param cafile: file with the certificates of the authorities to trust (PEM).
    :param certfile: file with the client's certificate, if brokers ask for one (PEM).
    :param keyfile: file with its private key, if it is not in ``certfile``.
    :param password: of the private key.
    :param check_hostname: whether the broker's certificate must name the host that was
        connected to. 2.x never checked; switch it off only where certificates are wrong.

    Files are read when the first connection is made. Thread-safe.
    """

    def __init__(
        self,
        cafile: str,
        certfile: str | None = None,
        keyfile: str | None = None,
        password: str | bytes | None = None,
        check_hostname: bool = True,
    ) -> None:
        self.cafile = cafile
        self.certfile = certfile
        self.keyfile = keyfile
        self._password = password
        self.check_hostname = check_hostname
        self._context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"<SslConfig cafile={self.cafile!r} certfile={self.certfile!r}>"

    @property
    def context(self) -> ssl.SSLContext:
        """The ``ssl.SSLContext`` that these make."""
        import ssl

        if self._context is None:
            context = ssl.create_default_context(cafile=self.cafile)
            context.check_hostname = self.check_hostname
            if self.certfile is not None:
                context.load_cert_chain(self.certfile, self.keyfile, self._password)
            self._context = context
        return self._context

    def wrap_socket(self, sock: socket.socket) -> ssl.SSLSocket:
        """Wrap a socket without telling the host's name, as 2.x did."""
        host = sock.getpeername()[0] if self.check_hostname else None
        return self.context.wrap_socket(sock, server_hostname=host)


def secure(sock: socket.socket, config: Any, host: str) -> socket.socket:
    """Do the TLS handshake on a blocking socket that has a time-out.

    :param config: an :class:`SslConfig`, an ``ssl.SSLContext``, or any object with 2.x's
        ``wrap_socket(sock)``.
    :raises ConnectFailedError: the handshake failed; says why.
    """
    import ssl

    try:
        if isinstance(config, SslConfig):
            config = config.context
        if isinstance(config, ssl.SSLContext):
            return config.wrap_socket(sock, server_hostname=host)
        wrapped: socket.socket = config.wrap_socket(sock)
    except ssl.SSLError as error:
        raise ConnectFailedError(
            f"TLS handshake with {host} failed: {error}; check ssl_config, and that the port is"
            " a TLS listener"
        ) from error
    except OSError as error:
        raise ConnectFailedError(f"TLS handshake with {host} failed: {error}") from error
    return wrapped
