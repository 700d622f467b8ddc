"""A spout that pystorm runs, and the engine that does its work."""

from __future__ import annotations

import atexit
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from ..exceptions import SerializationError
from ..kafka.spout import DeclaredSpout
from ..multilang import JsonSerializer
from ..worker.process import SWITCH_S
from . import needs
from .pipes import HungUpError, Incoming, Outgoing, TakenOver, take_over

try:
    from pystorm.exceptions import StormWentAwayError
    from pystorm.spout import Spout
except ImportError as error:
    raise needs("pykafka.storm.adapters.pystorm", "'pystorm>=3.1.4,<4'", error) from error

__all__ = ["BridgedSpout"]

#: From this many ``next`` without a tuple on, the answer is held back for longer and longer, or
#: Storm would ask a thousand times a second. Messages end that; acks wait behind it.
_PATIENCE = 20
_LONGEST_PAUSE_S = 0.01
#: Seconds for Storm to say something to a spout that could not start: what is written to a
#: process that is gone already fails before its last words are read.
_LAST_WORDS_S = 5.0


class BridgedSpout(DeclaredSpout, Spout):  # type: ignore[misc]  # pystorm has no annotations
    """What the Kafka spouts of streamparse and pystorm have in common.

    :param input_stream: a stream to read from instead of the process' standard input.
    :param output_stream: the same for what is written.
    :param rdb_signal: as pystorm's.
    :param serializer: as pystorm's.
    """

    def __init__(
        self,
        input_stream: Any = None,
        output_stream: Any = None,
        rdb_signal: Any = "SIGUSR1",
        serializer: str = "json",
    ) -> None:
        self._outgoing = Outgoing(output_stream)
        self._incoming = Incoming(self._outgoing, input_stream)
        self._incoming.gone = self._outgoing.gone = self._storm_went_away
        given = (input_stream or sys.stdin, output_stream or sys.stdout)
        self._are_standard = given == (sys.stdin, sys.stdout)
        self._taken_over: TakenOver | None = None
        self._is_json = serializer == "json"
        self._json = JsonSerializer()
        self._idle = 0
        self._closed = False
        super().__init__(self._incoming, self._outgoing, rdb_signal, serializer)

    def run(self) -> None:
        """Run as a task of Storm, over the process' standard streams; ends the process."""
        if self._are_standard:
            self._taken_over = take_over(self._incoming, self._outgoing)
            atexit.register(self._taken_over.close)
            sys.setswitchinterval(SWITCH_S)
        super().run()

    # -- what pystorm calls -----------------------------------------------------------

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        """Begin to connect; nothing is waited for.

        :raises InvalidOptionError: options are wrong, or contradict each other.
        """
        try:
            self.engine = self.make_engine(storm_conf, context)
        except Exception:
            self._could_not_start()
            raise
        self.engine.start()

    def next_tuple(self) -> None:
        """Emit what there is, for a few milliseconds at most."""
        # What is held is written with pystorm's answer to this command.
        self._outgoing.holding = True
        try:
            emitted = self.engine.next()
        except HungUpError:
            raise StormWentAwayError from None
        finally:
            self._outgoing.holding = False
        self._idle = 0 if emitted else self._idle + 1
        if self._idle > _PATIENCE:
            self.engine.wait(min(0.001 * (self._idle - _PATIENCE), _LONGEST_PAUSE_S))

    def emit(
        self,
        tup: Sequence[Any],
        tup_id: Any = None,
        stream: str | None = None,
        direct_task: int | None = None,
        need_task_ids: bool = False,
    ) -> Any:
        """Send a tuple; parameters and result are those of pystorm's spouts.

        :raises TypeError: ``tup`` is no list or tuple.
        :raises SerializationError: a value cannot be sent; pystorm itself would log that, and the
            tuple would be lost.
        """
        if not isinstance(tup, (list, tuple)):
            raise TypeError(f"a tuple to emit is a list or tuple of values, not {tup!r}")
        message: dict[str, Any] = {"command": "emit", "tuple": tup, "need_task_ids": False}
        if tup_id is not None:
            message["id"] = tup_id
        if stream is not None:
            message["stream"] = stream
        if direct_task is not None:
            message["task"] = direct_task
        data = self._encoded(message)
        if need_task_ids:
            return super().emit(tup, tup_id, stream, direct_task, need_task_ids)
        self._outgoing.write(data)
        return None

    # -- what the engine calls --------------------------------------------------------

    def emit_message(self, values: list[Any], id_: str | None, stream: str | None) -> Any:
        """The engine emits."""
        return self.emit(values, id_, stream)

    def emit_messages(self, tuples: list[list[Any]], ids: list[str] | None) -> bool:
        """Each is emitted by itself: users may have overridden that."""
        return False

    def tell(self, text: str, level: str) -> None:
        """The engine has something for the log."""
        self.log(text, level)

    def show(self, text: str) -> None:
        """The engine has something to be shown with the topology."""
        self.log(text, "error")
        # raise_exception() would answer Storm's command as well.
        self.send_message({"command": "error", "msg": text})

    # ---------------------------------------------------------------------------------

    def _encoded(self, message: dict[str, Any]) -> bytes:
        if self._is_json:
            return self._json.encode(message)
        try:
            data: Any = self.serializer.serialize_dict(message)
        except Exception as error:
            raise SerializationError(f"{message['tuple']!r} cannot be sent: {error}") from error
        return data if isinstance(data, bytes) else bytes(data, "utf-8")

    def _storm_went_away(self) -> None:
        """On the thread that speaks with Storm: what is written below may ask for this again."""
        if hasattr(self, "engine") and not self._closed:
            self._closed = True
            self.close()

    def _could_not_start(self) -> None:
        text = f"The component could not start\n{traceback.format_exc()}"
        self.send_message({"command": "error", "msg": text})
        if self._taken_over is not None:
            self._taken_over.await_input(_LAST_WORDS_S)
