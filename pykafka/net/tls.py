"""What a user says about TLS."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import InvalidOptionError

if TYPE_CHECKING:
    import ssl

__all__ = ["SslConfig"]

# ssl takes as long to import as the rest of the client: it is, where TLS is used.


class SslConfig:
    """Certificates for a TLS connection; 2.x's class.

    :param cafile: file with the certificates of the authorities to trust (PEM); ``None`` for
        those that the system trusts.
    :param certfile: file with the client's certificate, if brokers ask for one (PEM).
    :param keyfile: file with its private key, if it is not in ``certfile``.
    :param password: of the private key.
    :param check_hostname: whether the broker's certificate must name the host that was
        connected to. 2.x never checked; switch it off only where certificates are wrong.

    Files are read once, when the first client is made with it. Thread-safe.
    """

    def __init__(
        self,
        cafile: str | None,
        certfile: str | None = None,
        keyfile: str | None = None,
        password: str | bytes | None = None,
        check_hostname: bool = True,
    ) -> None:
        self.cafile = cafile
        self.certfile = certfile
        self.keyfile = keyfile
        self.password = password
        self.check_hostname = check_hostname
        self._context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"<SslConfig cafile={self.cafile!r} certfile={self.certfile!r}>"

    @property
    def context(self) -> ssl.SSLContext:
        """The ``ssl.SSLContext`` that these make.

        :raises InvalidOptionError: a file cannot be read, or does not hold what it must; names
            the parameter and the file.
        """
        if self._context is None:
            context = self._authorities()
            context.check_hostname = self.check_hostname
            self._load_certificate(context)
            self._context = context
        return self._context

    def wrap_socket(self, sock: socket.socket) -> ssl.SSLSocket:
        """Wrap a socket without telling the host's name, as 2.x did."""
        host = sock.getpeername()[0] if self.check_hostname else None
        return self.context.wrap_socket(sock, server_hostname=host)

    def _authorities(self) -> ssl.SSLContext:
        import ssl

        _check_readable("cafile", self.cafile)
        try:
            return ssl.create_default_context(cafile=self.cafile)
        except ssl.SSLError as error:
            raise InvalidOptionError(
                f"ssl_config: cafile {self.cafile!r} holds no certificate in PEM form: {error}"
            ) from error

    def _load_certificate(self, context: ssl.SSLContext) -> None:
        import ssl

        if self.certfile is None:
            if self.keyfile is not None:
                raise InvalidOptionError(
                    f"ssl_config: keyfile {self.keyfile!r} is of no use without its certificate:"
                    " give certfile"
                )
            return
        _check_readable("certfile", self.certfile)
        _check_readable("keyfile", self.keyfile)
        try:
            context.load_cert_chain(self.certfile, self.keyfile, self.password or self._ask)
        except ssl.SSLError as error:
            raise InvalidOptionError(
                f"ssl_config: {self._key_files} hold no certificate with its private key in PEM"
                f" form, or password is not the key's: {error}"
            ) from error

    @property
    def _key_files(self) -> str:
        key = "" if self.keyfile is None else f" and keyfile {self.keyfile!r}"
        return f"certfile {self.certfile!r}{key}"

    def _ask(self) -> str:
        # OpenSSL would ask at the terminal, and a service wait there for ever.
        raise InvalidOptionError(
            f"ssl_config: the private key in {self.keyfile or self.certfile!r} is encrypted:"
            " give password"
        )


def _check_readable(parameter: str, name: str | None) -> None:
    """ssl's own errors do not name the file.

    :raises InvalidOptionError: it cannot be read.
    """
    if name is None:
        return
    try:
        with Path(name).open("rb"):
            pass
    except OSError as error:
        raise InvalidOptionError(
            f"ssl_config: {parameter} {name!r} cannot be read: {error.strerror}"
        ) from error
