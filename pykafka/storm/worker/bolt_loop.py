"""Taking tuples from Storm as a bolt."""

from __future__ import annotations

import time
from typing import Any

from ..components.bolt import Bolt
from ..components.tuples import Tuple, ValueTypes, is_heartbeat
from ..multilang.serializers import ProtocolError
from .outlet import PipeOutlet
from .pipe import Pipe

__all__ = ["BoltLoop"]

#: Seconds after which what was said is written, though more tuples are at hand.
_SLICE = 0.005
#: Seconds between two signs of life of a bolt that is full. Storm takes any message for one.
_ALIVE = 1.0
#: Faster than a named tuple's class.
_new = tuple.__new__


class BoltLoop:
    """Reads tuples, has the bolt process them, answers heartbeats.

    :ivar busy_since: when the tuple in hand was taken up, by :func:`time.monotonic`; 0.0 while
        waiting.
    """

    def __init__(self, bolt: Bolt, pipe: Pipe, outlet: PipeOutlet) -> None:
        self._bolt = bolt
        self._pipe = pipe
        self._outlet = outlet
        self._values = ValueTypes(bolt.context.get("source->stream->fields") or {})
        self.busy_since = 0.0

    def run(self) -> None:
        """Process until something ends it.

        :raises StormWentAwayError: Storm closed its end.
        :raises ProtocolError: something is no tuple.
        :raises Exception: what the bolt raised, reported already.
        """
        while True:
            messages = self._pipe.read(self._until_due())
            self.busy_since = time.monotonic()
            if self._until_due() == 0.0:
                self._bolt.storm_flush()
            self._process(messages)
            self._outlet.flush()
            self.busy_since = 0.0

    def _until_due(self) -> float | None:
        deadline = self._bolt.storm_deadline
        return None if deadline is None else max(0.0, deadline - self._bolt.storm_clock())

    def _process(self, messages: list[Any]) -> None:
        # A look at the clock for each: how long the user's code takes is not ours to know, and acks
        # and the tuples of others must not wait for a whole read's worth of it.
        written = self.busy_since
        for message in messages:
            tup = self._tuple(message)
            if tup.task == -1 and is_heartbeat(tup):
                self._outlet.answer(1)
                continue
            if self._bolt.storm_full:
                self._make_room()
            self._bolt.storm_deliver(tup)
            now = time.monotonic()
            if now - written > _SLICE:
                self._outlet.flush()
                written = self.busy_since = now
                if self._until_due() == 0.0:
                    self._bolt.storm_flush()

    def _make_room(self) -> None:
        """Read nothing until the bolt takes tuples again: Storm then holds back, too."""
        told = 0.0
        while self._bolt.storm_full:
            self.busy_since = now = time.monotonic()
            if now - told >= _ALIVE:
                # The heartbeats that are to be answered lie in the pipe.
                self._outlet.answer(1)
                told = now
            self._outlet.flush()
            due = self._until_due()
            self._pipe.rest(_ALIVE if due is None else min(due, _ALIVE))
            if self._until_due() == 0.0:
                self._bolt.storm_flush()

    def _tuple(self, message: Any) -> Tuple:
        try:
            component, stream = message["comp"], message["stream"]
            values = self._values(component, stream, message["tuple"])
            return _new(Tuple, (message["id"], component, stream, message["task"], values))
        except (KeyError, TypeError) as error:
            raise ProtocolError(f"not a tuple for a bolt: {message!r}") from error
