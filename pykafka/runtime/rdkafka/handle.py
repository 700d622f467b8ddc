"""One client of librdkafka: its threads, what it says, and how it ends."""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ...core.effects import Procedure, Wait
from ...exceptions import KafkaException
from ..client import ClientCore
from ..tasks import Signal, Task
from .bell import Bell
from .properties import Properties, refused

__all__ = ["Handle", "Outcome", "open_handles"]

log = logging.getLogger("pykafka.rdkafka")

#: How long whoever closes one waits for its threads to end.
_END_S = 10.0
_REFRESH_MS = 1000
#: As syslog counts: what it calls an error is tried again, and so is a warning.
_LEVELS = {5: logging.INFO, 6: logging.INFO, 7: logging.DEBUG}

#: What was said so lately is not said again, of so many texts.
_SAID_AGAIN_S = 60.0
_SAID_MOST = 64

#: Those that are not freed. After a fork the parent's are left alone: their threads are not here.
_open: set[Handle] = set()


def open_handles() -> int:
    """How many handles of librdkafka there are now."""
    return len(_open)


class Outcome(NamedTuple):
    """What became of messages of one partition; see ``pykafka_rd_outcome``."""

    partition: int
    first: int
    number: int
    base_offset: int
    timestamp: int
    error: int


class Handle:
    """A ``rd_kafka_t``: a producer if it has a topic, else a consumer.

    :param closed: called on the loop when the client is closed.
    :param heard: called on the loop when there may be something to take.
    :param outcomes: called on the loop with what became of messages.
    :param times: whether these tell the timestamps that messages had of their own.

    :ivar produces: whether it is a producer.
    :ivar reading: the partitions that are read with it, as C knows them.

    Made and closed by any thread; what it says is taken on the loop.
    """

    def __init__(
        self,
        client: ClientCore,
        properties: Properties,
        closed: Callable[[BaseException], None],
        heard: Callable[[], None] | None = None,
        topic: str | None = None,
        outcomes: Callable[[list[Outcome]], None] | None = None,
        times: bool = False,
    ) -> None:
        self.library = library = properties.library
        self._client = client
        self._closed = closed
        self._heard = heard
        self._outcomes = outcomes
        self._times = times
        self.produces = topic is not None
        self._pid = os.getpid()
        self._said: dict[str, float] = {}
        self.reading: set[Any] = set()
        ffi = library.ffi
        self._bell = Bell(library, client.loop.socket)
        self._told = ffi.new("int8_t *")
        self._events = ffi.new("pykafka_rd_events *")
        self._refreshing = False
        self._watching: Task | None = None
        self._wait: Callable[[float], object] = lambda _: None
        self.pointer = self._make(properties, topic)
        _open.add(self)
        client.loop.call_soon(self._listen)

    def _make(self, properties: Properties, topic: str | None) -> Any:
        library = self.library
        words = library.room_for_text()
        made = library.lib.pykafka_rd_handle_new(
            library.pointer,
            properties.pointer,
            library.ffi.NULL if topic is None else topic.encode(),
            self._told,
            self._bell.pointer,
            words,
            library.room,
        )
        if not made:
            properties.free()
            self._bell.cover_ear()
            self._bell.close()
            text = library.text(words)
            # It names what does not fit together.
            options = [
                option
                for key, option in properties.options.items()
                if f"`{key}`" in text or f'"{key}"' in text
            ]
            raise refused(library, text, options)
        properties.pointer = None
        return made

    def read_ahead(self, rows: int, size: int) -> None:
        """How many rows and bytes of a partition may lie ready; before any is read."""
        self.library.lib.pykafka_rd_read_ahead(self.pointer, rows, size)

    @property
    def usable(self) -> bool:
        """Whether its threads are in this process, and not ended."""
        return self in _open and self._pid == os.getpid()

    def close(self) -> None:
        """End its threads, without waiting for that. Idempotent."""
        if not self.usable:
            return
        _open.discard(self)
        if not self._client.loop.call_soon(self._hang_up):
            self._bell.cover_ear()
        self._wait = self._client.backend.run_native(self._free, name="librdkafka's end")

    def refresh(self) -> None:
        """Ask which partitions its topic has, without waiting for that; on the loop."""
        if self.usable and not self._refreshing:
            self._refreshing = True
            self._client.backend.run_native(self._refresh, name="librdkafka's metadata")

    def _refresh(self) -> None:
        self.library.lib.pykafka_rd_refresh(self.pointer, _REFRESH_MS)
        self._refreshing = False

    def silence(self) -> None:
        """Let none of its threads write to memory of this interpreter any more."""
        if self.usable:
            lib = self.library.lib
            for partition in list(self.reading):
                lib.pykafka_rd_partition_silence(partition)
            lib.pykafka_rd_handle_silence(self.pointer)

    def join(self) -> None:
        """Wait, with a bound, until they have ended; not on the loop, where it does nothing."""
        if not self._client.loop.on_loop():
            self._wait(_END_S)

    def _free(self) -> None:
        while self._refreshing:  # for _REFRESH_MS at most
            time.sleep(0.005)
        self.library.lib.pykafka_rd_handle_free(self.pointer)
        self._bell.close()

    # -- on the loop ------------------------------------------------------------------

    def _listen(self) -> None:
        if self in _open:
            self._client.loop.watch(self._bell.ear, self._rung, None)
            # It ends with the client, whatever librdkafka may still be doing.
            self._watching = self._client.spawn(_forever())
            self._watching.when_done(self._client_ended)

    def _client_ended(self, task: Task) -> None:
        if self._watching is not None and task.error is not None:
            self._closed(task.error)

    def _hang_up(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel(KafkaException("the handle was closed"))
        self._client.loop.unwatch(self._bell.ear)
        self._bell.cover_ear()

    def _rung(self) -> None:
        self._bell.hear()
        if self._told[0]:
            self._take_events()
        if self._heard is not None:
            self._heard()

    def _take_events(self) -> None:
        if not self.usable:
            return
        events, library = self._events, self.library
        library.lib.pykafka_rd_poll(self.pointer, self._times, events)
        if events.text_length:
            self._say(library.ffi.buffer(events.text, events.text_length)[:])
        if events.outcome_count and self._outcomes is not None:
            found = library.ffi.unpack(events.outcomes, events.outcome_count)
            self._outcomes(
                [
                    Outcome(
                        one.partition,
                        one.first,
                        one.count,
                        one.base_offset,
                        one.timestamp,
                        one.error,
                    )
                    for one in found
                ]
            )
        if events.more:
            # In turn with everybody else whom the loop serves.
            self._client.loop.call_soon(self._take_events)

    def _say(self, lines: bytes) -> None:
        for line in lines.decode(errors="replace").split("\0"):
            level, _, text = line.partition(" ")
            if text:
                log.log(self._level(int(level), text), "%s", text)

    def _level(self, level: int, text: str) -> int:
        """Once as a warning; while it lasts, the rest is for those who look closer."""
        now = time.monotonic()
        before = self._said.get(text, -_SAID_AGAIN_S)
        if len(self._said) >= _SAID_MOST:
            self._said.clear()
        self._said[text] = now
        if now - before < _SAID_AGAIN_S:
            return logging.DEBUG
        return _LEVELS.get(level, logging.WARNING)


def _forever() -> Procedure[None]:
    yield Wait(Signal(), None)


def _silence_all() -> None:
    """At the end of the program. Producers end by themselves; consumers are just left."""
    for handle in list(_open):
        if not handle.produces:
            handle.silence()


atexit.register(_silence_all)
