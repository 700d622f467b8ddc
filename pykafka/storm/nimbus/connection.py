"""One connection to one Nimbus: framed Thrift, each call with a deadline."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

from ...net.address import Address
from ..exceptions import (
    NimbusCallError,
    NimbusUnreachableError,
    NotNimbusError,
    SecuredNimbusError,
)
from .structures import nimbus_structures

__all__ = ["NimbusConnection"]

#: Bytes of an answer. Storm's own clients take no more; so the first byte of an answer is 0.
_LARGEST_ANSWER = 16_384_000
#: The first byte of a TLS record that is an alert: Storm 2.8.3's TLS port answers plain Thrift so.
_TLS_ALERT = 0x15
#: One that wants SASL closes the connection (Storm 2.8.3, observed). To one that begins, with
#: a status, by asking for a mechanism that there is not it says so, with another status.
_SASL_START = b"\x01\x00\x00\x00\x04NONE"
_SASL_REFUSALS = (0x03, 0x04)
#: Seconds for that.
_SASL_ANSWER_WITHIN = 5.0

_SECURED = (
    "Nimbus at {address} wants {what}, and answers nothing else. That is not supported: give the "
    "address of a Nimbus with storm.thrift.transport "
    "org.apache.storm.security.auth.SimpleTransportPlugin, if need be through an ssh tunnel"
)


class NimbusConnection:
    """A connection that is open. For one thread at a time.

    :param timeout: seconds to connect, and for each call.
    :raises NimbusUnreachableError: nothing answers there.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        thrift = nimbus_structures()
        # The one in C only takes channels in C.
        from thriftpy2.protocol.binary import TBinaryProtocol
        from thriftpy2.thrift import TClient

        #: Where it leads.
        self.address = address
        self._channel = _Channel(address, timeout)
        protocol: Any = TBinaryProtocol
        self._client = TClient(thrift.Nimbus, protocol(self._channel))

    def call(self, method: str, *arguments: Any) -> Any:
        """What the method of ``service Nimbus`` returns. If it fails without Nimbus having
        answered, the connection is of no further use.

        What the method declares as its exceptions is raised as Thrift has it.

        :raises NimbusUnreachableError: no answer within the time-out, or the connection broke.
        :raises SecuredNimbusError: Nimbus wants TLS or SASL.
        :raises NotNimbusError: the answer is none of Nimbus'.
        :raises NimbusCallError: Nimbus failed.
        """
        from thriftpy2.protocol.exc import TProtocolException
        from thriftpy2.thrift import TApplicationException

        self._channel.begin()
        try:
            return getattr(self._client, method)(*arguments)
        except TApplicationException as error:
            if error.type == TApplicationException.MISSING_RESULT:
                return None
            raise NimbusCallError(
                f"Nimbus at {self.address} failed at {method}: {error.message or 'no reason given'}"
            ) from error
        except (TProtocolException, EOFError) as error:
            self.close()
            raise NotNimbusError(
                f"Nimbus at {self.address}: its answer to {method} is not understood ({error}); "
                "is that really Storm's nimbus.thrift.port?"
            ) from error

    def close(self) -> None:
        """Let go of it."""
        self._channel.close()


class _Channel:
    """What Thrift writes to and reads from; its names are thriftpy2's."""

    def __init__(self, address: Address, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._answered = False
        self._outgoing = bytearray()
        self._incoming = memoryview(b"")
        self._deadline = time.monotonic() + timeout
        try:
            self._socket = socket.create_connection(address, timeout)
        except OSError as error:
            raise NimbusUnreachableError(
                f"Nimbus at {address}: no connection ({_reason(error, timeout)}); is it running, "
                "and is that its nimbus.thrift.port?"
            ) from error

    def begin(self) -> None:
        """Start the clock of a call."""
        self._deadline = time.monotonic() + self._timeout
        self._outgoing.clear()
        self._incoming = memoryview(b"")

    def write(self, data: bytes) -> None:
        self._outgoing += data

    def flush(self) -> None:
        frame = len(self._outgoing).to_bytes(4, "big") + self._outgoing
        with self._broken_means_unreachable():
            self._socket.settimeout(self._left())
            self._socket.sendall(frame)

    def read(self, size: int) -> bytes:
        if not self._incoming:
            self._incoming = memoryview(self._read_frame())
        if size > len(self._incoming):
            raise EOFError(f"it ends {size - len(self._incoming)} bytes too early")
        data, self._incoming = self._incoming[:size], self._incoming[size:]
        return bytes(data)

    def close(self) -> None:
        self._socket.close()

    def _read_frame(self) -> bytes:
        head = self._receive(4)
        size = int.from_bytes(head, "big")
        if size > _LARGEST_ANSWER:
            self.close()
            raise self._not_plain(head)
        self._answered = True
        return self._receive(size)

    def _not_plain(self, head: bytes) -> Exception:
        if head[0] == _TLS_ALERT:
            return SecuredNimbusError(_SECURED.format(address=self._address, what="TLS"))
        return NotNimbusError(
            f"Nimbus at {self._address}: {head!r} is no beginning of an answer; is that really "
            "Storm's nimbus.thrift.port?"
        )

    def _receive(self, size: int) -> bytes:
        data = bytearray()
        with self._broken_means_unreachable():
            while len(data) < size:
                self._socket.settimeout(self._left())
                received = self._socket.recv(min(size - len(data), 1 << 16))
                if not received:
                    raise ConnectionResetError("it closed the connection")
                data += received
        return bytes(data)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    @contextlib.contextmanager
    def _broken_means_unreachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.close()
            hung_up = not self._answered and not isinstance(error, TimeoutError)
            if hung_up and _wants_sasl(self._address):
                what = "Kerberos, or another SASL mechanism"
                raise SecuredNimbusError(
                    _SECURED.format(address=self._address, what=what)
                ) from error
            raise NimbusUnreachableError(
                f"Nimbus at {self._address}: {_reason(error, self._timeout)}"
            ) from error


def _wants_sasl(address: Address) -> bool:
    try:
        with socket.create_connection(address, _SASL_ANSWER_WITHIN) as sock:
            sock.sendall(_SASL_START)
            answer = sock.recv(1)
    except OSError:
        return False
    return bool(answer) and answer[0] in _SASL_REFUSALS


def _reason(error: OSError, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    return error.strerror or str(error)
