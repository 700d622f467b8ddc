"""Obeying Storm as a spout."""

from __future__ import annotations

import time
from typing import Any

from ..components.spout import Spout
from ..multilang.serializers import ProtocolError
from .outlet import FULL, PipeOutlet
from .pipe import Pipe

__all__ = ["SpoutLoop"]

#: Seconds for which one ``next`` may collect tuples: acks wait behind it.
_SLICE = 0.005
#: How many answers are written ahead while acks come in numbers: for half of the tuples in flight,
#: if these are many. Storm sends a spout one command at a time and waits for its answer; with these
#: it does not, so that both sides handle many at a time. When acks stop, as many of its questions
#: get old answers, a millisecond apart.
_WINDOW = 256
_MANY = 128
#: Seconds to let Storm say more while it has answers ahead. Each time this end is woken for a few
#: acks costs both more than the acks do.
_GATHER = 0.0004
#: From this many ``next`` without a tuple on, the answer is held back for longer and longer, or
#: Storm would ask a thousand times a second.
_PATIENCE = 20
_LONGEST_PAUSE = 0.01


class SpoutLoop:
    """Reads commands, has the spout obey them, answers each.

    :ivar busy_since: when the commands in hand were read, by :func:`time.monotonic`; 0.0 while
        waiting.
    """

    def __init__(self, spout: Spout, pipe: Pipe, outlet: PipeOutlet) -> None:
        self._spout = spout
        self._pipe = pipe
        self._outlet = outlet
        conf = spout.storm_conf
        self._limit = conf.get("topology.max.spout.pending") or float("inf")
        outlet.prepays = conf.get("topology.acker.executors") == 0
        self._window = 0 if outlet.prepays else _WINDOW
        self._settled = 0
        self._ahead = 0
        self._idle = 0
        self._active = True
        self.busy_since = 0.0

    def run(self) -> None:
        """Obey until something ends it.

        :raises StormWentAwayError: Storm closed its end.
        :raises ProtocolError: something is no command.
        :raises Exception: what the spout raised, reported already.
        """
        while True:
            if self._ahead > 0:
                time.sleep(_GATHER)
            commands = self._pipe.read()
            self.busy_since = time.monotonic()
            settled = self._settled
            for command in commands:
                self._obey(command)
            self._answer(len(commands), self._settled > settled)
            self._outlet.flush()
            self.busy_since = 0.0

    def _obey(self, message: Any) -> None:
        try:
            command, tup_id = message["command"], message.get("id")
        except (KeyError, TypeError, AttributeError) as error:
            raise ProtocolError(f"not a command for a spout: {message!r}") from error
        if command == "ack":
            self._settled += 1
            self._spout.storm_acked(tup_id)
        elif command == "next":
            self._next()
        elif command == "fail":
            self._settled += 1
            self._spout.storm_failed(tup_id)
        elif command == "activate":
            self._active = True
            self._spout.activate()
        elif command == "deactivate":
            self._active = False
            self._spout.deactivate()
        else:
            self._spout.log(f"unknown command {command!r} ignored", "warn")

    def _next(self) -> None:
        """Have the spout emit until it has nothing, a write's worth is there, as many tuples are
        in flight as may be, or time is up."""
        spout, outlet = self._spout, self._outlet
        begin = outlet.emitted
        end = time.monotonic() + _SLICE
        while True:
            emitted = outlet.emitted
            spout.storm_next()
            if (
                outlet.emitted == emitted
                or outlet.size >= FULL
                or outlet.tracked - self._settled >= self._limit
                or time.monotonic() >= end
            ):
                break
        self._idle = self._idle + 1 if outlet.emitted == begin else 0
        if self._idle > _PATIENCE:
            self._pipe.readable(min(0.001 * (self._idle - _PATIENCE), _LONGEST_PAUSE))

    def _answer(self, obeyed: int, settling: bool) -> None:
        """Pay what is owed, and ahead while acks come."""
        self._ahead += self._outlet.prepaid - obeyed
        self._outlet.prepaid = 0
        under_way = self._outlet.tracked - self._settled
        flowing = settling and self._active and under_way >= _MANY
        due = (min(self._window, under_way // 2) if flowing else 0) - self._ahead
        if due > 0:
            self._outlet.answer(due)
            self._ahead += due
