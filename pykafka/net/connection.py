"""One connection to a broker: frames out, frames in, answers matched to questions."""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from ..exceptions import (
    FrameTooLargeError,
    MalformedDataError,
    RemoteError,
    SocketDisconnectedError,
    WaitTimedOutError,
)
from ..wire.header import decode_response_header, encode_request
from ..wire.schema import ApiMessage
from .address import Address
from .reactor import Reactor, Timer
from .tls_advice import advice_on_alert, advice_on_silence, is_tls_record

__all__ = ["Connection"]

log = logging.getLogger("pykafka.connection")

#: Responses that fit are parsed out of one buffer; larger ones get a frame of their own
#: that the kernel fills without another copy.
_SMALL = 65536
#: Reads before the loop looks at its other sockets again.
_READS_AT_ONCE = 16
_MAX_CORRELATION_ID = 2**31 - 1
#: What a socket without data, or without room, raises.
_AGAIN: tuple[type[OSError], ...] = (BlockingIOError, InterruptedError)

Done = Callable[[Any, "RemoteError | None"], None]


class _Pending:
    """A request that was written, or is being written, and whose answer is awaited."""

    __slots__ = ("correlation_id", "done", "request", "respond", "timer", "version")

    def __init__(
        self,
        request: type[ApiMessage],
        version: int,
        correlation_id: int,
        respond: bool,
        done: Done,
    ) -> None:
        self.request = request
        self.version = version
        self.correlation_id = correlation_id
        self.respond = respond
        self.done = done
        self.timer: Timer | None = None

    def finish(self, response: Any, error: RemoteError | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.done(response, error)


class Connection:
    """A connected, non-blocking socket on an I/O loop; used on the loop's thread only.

    A broker answers the requests of one connection in order, so the answers are matched by
    order and the correlation id is checked. Anything unexpected closes the connection, and
    every request on it gets the error.

    :ivar versions: what the broker at the other end speaks; set by whoever learns it.
    """

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        address: Address,
        client_id: str,
        receive_max_bytes: int,
        closed: Callable[[Connection], None],
    ) -> None:
        self.address = address
        self.versions: Any = None
        self._reactor = reactor
        self._sock = sock
        self._tls = hasattr(sock, "pending")
        self._again = _tls_again() if self._tls else _AGAIN
        self._client_id = client_id
        self._receive_max_bytes = receive_max_bytes
        self._closed = closed
        self._open = True
        self._heard = False
        self._correlation_id = 0
        self._pending: deque[_Pending] = deque()
        self._out: deque[tuple[memoryview, _Pending]] = deque()
        self._small = memoryview(bytearray(_SMALL))
        self._have = 0
        self._frame: memoryview | None = None
        self._got = 0
        reactor.watch(sock, self._readable, None)

    def __repr__(self) -> str:
        return f"<Connection {self.address} pending={len(self._pending)}>"

    @property
    def open(self) -> bool:
        """Whether requests can be sent."""
        return self._open

    def send(
        self,
        message: ApiMessage,
        version: int,
        timeout_s: float,
        done: Done,
        respond: bool = True,
    ) -> None:
        """Send a request; ``done`` is called once, with the response or the error.

        :param respond: ``False`` if the broker will not answer: ``done(None, None)`` then
            comes when the last byte is with the kernel.
        """
        if not self._open:
            done(None, SocketDisconnectedError(f"the connection to {self.address} is closed"))
            return
        self._correlation_id = self._correlation_id % _MAX_CORRELATION_ID + 1
        frame = encode_request(message, version, self._correlation_id, self._client_id)
        pending = _Pending(type(message), version, self._correlation_id, respond, done)
        pending.timer = self._reactor.call_later(timeout_s, self._expired, pending, timeout_s)
        if respond:
            self._pending.append(pending)
        self._out.append((memoryview(frame), pending))
        if len(self._out) == 1:
            self._write()

    def close(self, error: RemoteError | None = None) -> None:
        """Close; every request under way gets ``error``. Idempotent."""
        if not self._open:
            return
        self._open = False
        self._reactor.unwatch(self._sock)
        self._sock.close()
        waiting = {id(pending): pending for pending in self._pending}
        waiting.update((id(pending), pending) for _, pending in self._out)
        self._pending.clear()
        self._out.clear()
        self._frame = None
        error = error or SocketDisconnectedError(f"the connection to {self.address} was closed")
        self._closed(self)
        for pending in waiting.values():
            pending.finish(None, error)

    def abandon(self) -> None:
        """Close this process's copy of the socket without a word to anyone (after a fork)."""
        self._open = False
        self._sock.close()

    def _expired(self, pending: _Pending, timeout_s: float) -> None:
        self.close(
            WaitTimedOutError(
                f"{self.address} did not answer {pending.request.name} within {timeout_s:g} s"
            )
        )

    def _write(self) -> None:
        out = self._out
        while out:
            data, pending = out[0]
            try:
                sent = self._sock.send(data)
            except self._again:
                self._reactor.watch(self._sock, self._readable, self._write)
                return
            except OSError as error:
                self._lost(f"was lost while sending: {error}", advice_on_alert(error))
                return
            if sent < len(data):
                out[0] = (data[sent:], pending)
            else:
                out.popleft()
                if not pending.respond:
                    pending.finish(None, None)
        if self._open:
            self._reactor.watch(self._sock, self._readable, None)

    def _readable(self) -> None:
        for _ in range(_READS_AT_ONCE):
            frame = self._frame
            room = self._small[self._have :] if frame is None else frame[self._got :]
            try:
                count = self._sock.recv_into(room)
            except self._again:
                return
            except OSError as error:
                self._lost(f"was lost: {error}", advice_on_alert(error))
                return
            if not count:
                self._lost("was closed by the peer")
                return
            try:
                self._take(frame, count)
            except MalformedDataError as error:
                self.close(error)
            self._heard = True
            if not self._open:
                return
            # A short read has emptied the kernel's buffer (not so TLS: it may hold more).
            if count < len(room) and not self._tls:
                return
        if self._tls and self._sock.pending():  # type: ignore[attr-defined]  # a TLS socket
            # The selector cannot see what TLS has already decrypted.
            self._reactor.call_soon(self._readable_again)

    def _readable_again(self) -> None:
        if self._open:
            self._readable()

    def _lost(self, how: str, advice: str = "") -> None:
        about = ""
        if self._pending:
            about = f" while {self._pending[0].request.name} was under way"
            # Where it is known what the peer speaks it has answered elsewhere.
            if not self._heard and self.versions is None:
                advice = advice or advice_on_silence(self._tls)
        text = f"the connection to {self.address} {how}{about}{advice}"
        self.close(SocketDisconnectedError(text))

    def _take(self, frame: memoryview | None, count: int) -> None:
        if frame is None:
            self._have += count
            self._parse()
            return
        self._got += count
        if self._got == len(frame):
            self._frame = None
            self._answered(frame)

    def _parse(self) -> None:
        """Take whole frames out of the small buffer; start a large one if it holds one's head."""
        small, end, at = self._small, self._have, 0
        while end - at >= 4:
            size = int.from_bytes(small[at : at + 4], "big", signed=True)
            self._check_size(size)
            if at + 4 + size <= end:
                frame = memoryview(bytes(small[at + 4 : at + 4 + size]))
                at += 4 + size
                self._answered(frame)
                if not self._open:
                    return
            elif size > _SMALL // 2:
                self._frame = memoryview(bytearray(size))
                self._got = end - at - 4
                self._frame[: self._got] = small[at + 4 : end]
                at = end
            else:
                break
        small[: end - at] = bytes(small[at:end])
        self._have = end - at

    def _check_size(self, size: int) -> None:
        if size < 4:
            raise MalformedDataError(
                f"{self.address} announced a response of {size} bytes: is it a Kafka broker?"
            )
        if not self._heard and not self._tls and is_tls_record(size):
            raise MalformedDataError(
                f"{self.address} answers in TLS: this port is a TLS listener, give ssl_config"
            )
        if size > self._receive_max_bytes:
            raise FrameTooLargeError(
                f"{self.address} announced a response of {size} bytes, over receive_max_bytes"
                f" ({self._receive_max_bytes}): raise that option, lower fetch_max_bytes, or"
                " check that this is a Kafka broker"
            )

    def _answered(self, frame: memoryview) -> None:
        if not self._pending:
            raise MalformedDataError(f"{self.address} sent a response that nobody asked for")
        pending = self._pending[0]
        try:
            correlation_id, start = decode_response_header(pending.request, pending.version, frame)
        except MalformedDataError as error:
            raise self._senseless(error) from error
        if correlation_id != pending.correlation_id:
            raise MalformedDataError(
                f"{self.address} answered with correlation id {correlation_id} where"
                f" {pending.correlation_id} was due"
            )
        response_class = pending.request.response
        assert response_class is not None
        try:
            body = frame[start:]
            version = response_class.answered_in(body, pending.version)
            response = response_class.decode(body, version)
        except MalformedDataError as error:
            raise self._senseless(error) from error
        self._pending.popleft()
        pending.finish(response, None)

    def _senseless(self, error: MalformedDataError) -> MalformedDataError:
        return MalformedDataError(f"{self.address} sent what makes no sense: {error}")


def _tls_again() -> tuple[type[OSError], ...]:
    import ssl  # as long to import as the rest of the client

    return (*_AGAIN, ssl.SSLWantReadError, ssl.SSLWantWriteError)
