"""What a component says, as commands on their way to Storm."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from ..multilang import Serializer
from .pipe import Pipe

__all__ = ["FULL", "PipeOutlet"]

#: Bytes at which what was said is written, whatever is to come.
FULL = 1 << 18


class PipeOutlet:
    """Collects commands, and writes them when told to, or when they are many.

    Everything but :meth:`log` is for the thread that runs the component.

    :ivar size: bytes that wait to be written.
    :ivar emitted: how many tuples were emitted.
    :ivar tracked: how many of them with an id.
    :ivar prepaid: how many answers were written ahead of the commands they are for.
    :ivar prepays: whether each tuple with an id is followed by an answer. Without ackers Storm
        acks within the emit: it sends ``ack`` and waits for that command's answer, before it reads
        on (and before it sends task ids).
    """

    def __init__(self, pipe: Pipe, serializer: Serializer) -> None:
        self._pipe = pipe
        self._encode = serializer.encode
        self._sync = serializer.encode({"command": "sync"})
        self._encode_acks = serializer.encode_acks
        # One that users bring may do without.
        self._encode_emits = getattr(serializer, "encode_emits", None)
        self._said: list[bytes] = []
        # Come last, and all at once: nothing that was said before needs them to have come before.
        self._acks: list[str] = []
        self.size = 0
        self._owner = threading.get_ident()
        self._from_others: deque[bytes] = deque()
        self.emitted = 0
        self.tracked = 0
        self.prepaid = 0
        self.prepays = False

    def emit(
        self,
        values: Sequence[Any],
        tup_id: Any,
        stream: str,
        anchors: Sequence[str],
        direct_task: int | None,
        need_task_ids: bool,
    ) -> list[int] | None:
        """Send a tuple; with ``need_task_ids`` at once."""
        wait = need_task_ids and direct_task is None
        message: dict[str, Any] = {"command": "emit", "tuple": values, "need_task_ids": wait}
        if tup_id is not None:
            message["id"] = tup_id
        if stream != "default":
            message["stream"] = stream
        if anchors:
            message["anchors"] = anchors
        if direct_task is not None:
            message["task"] = direct_task
        data = self._encode(message)
        self._said.append(data)
        self.size += len(data)
        self.emitted += 1
        if tup_id is not None:
            self.tracked += 1
            if self.prepays:
                self.prepaid += 1
                self.answer(1)
        if self.size >= FULL:
            self.flush()
        if not need_task_ids:
            return None
        if direct_task is not None:
            return [direct_task]
        self.flush()
        return self._pipe.task_ids()

    def emit_many(self, tuples: Sequence[list[Any]], tup_ids: Sequence[str] | None) -> bool:
        """Send tuples of a spout into the default stream, if they can be encoded together."""
        if self._encode_emits is None or self.prepays:
            return False
        data: bytes | None = self._encode_emits(tuples, tup_ids)
        if data is None:
            return False
        self._said.append(data)
        self.size += len(data)
        self.emitted += len(tuples)
        if tup_ids is not None:
            self.tracked += len(tup_ids)
        if self.size >= FULL:
            self.flush()
        return True

    def ack(self, tup_id: Any) -> None:
        """Tell that an input tuple is done."""
        if type(tup_id) is str:
            self._acks.append(tup_id)
        else:
            self._say(self._encode({"command": "ack", "id": tup_id}))

    def fail(self, tup_id: Any) -> None:
        """Tell that an input tuple failed."""
        self._say(self._encode({"command": "fail", "id": tup_id}))

    def log(self, message: str, level: int) -> None:
        """Write to Storm's log; from any thread."""
        data = self._encode({"command": "log", "msg": message, "level": level})
        if threading.get_ident() == self._owner:
            self._say(data)
        else:
            self._from_others.append(data)

    def report_error(self, message: str) -> None:
        """Tell of an error."""
        self._say(self._encode({"command": "error", "msg": message}))

    def report_metric(self, name: str, value: Any) -> None:
        """Send a metric."""
        self._say(self._encode({"command": "metrics", "name": name, "params": value}))

    def started(self, pid: int) -> None:
        """Answer the handshake."""
        self._say(self._encode({"pid": pid}))

    def answer(self, count: int) -> None:
        """Say that ``count`` commands have been obeyed, or that a heartbeat arrived."""
        self._say(self._sync * count)

    def flush(self) -> None:
        """Write everything.

        :raises StormWentAwayError: nobody reads any more.
        """
        while self._from_others:
            self._said.append(self._from_others.popleft())
        if self._acks:
            self._said.append(self._encode_acks(self._acks))
            self._acks.clear()
        if self._said:
            data = b"".join(self._said)
            self._said.clear()
            self.size = 0
            self._pipe.write(data)

    def _say(self, data: bytes) -> None:
        self._said.append(data)
        self.size += len(data)
        if self.size >= FULL:
            self.flush()
