"""Delivery reports: what became of a message, for whoever asks for it."""

from __future__ import annotations

from collections import deque
from itertools import groupby
from operator import attrgetter
from typing import Any

from ...core.outstanding import Handed
from ...core.producing import Lane
from ...message import Message, SharedFields

__all__ = ["SyncReport", "ThreadReports", "report"]


def report(batch: Handed, error: Exception | None) -> None:
    """Give each producing thread its part of a batch, in one piece."""
    shared = batch.shared
    if shared is not None:
        if shared.delivery_report_q is not None:
            # Not the batch, which has its bytes as well.
            shared.delivery_report_q.put((batch.part(0, batch.count), error))
        return
    at = 0
    for reports, theirs in groupby(batch.messages, _REPORT_QUEUE):
        number = len(list(theirs))
        if reports is not None:
            reports.put((batch.part(at, at + number), error))
        at += number


_REPORT_QUEUE = attrgetter("_shared.delivery_report_q")


class ThreadReports:
    """Reports per producing thread; batches are taken apart when they are asked for.

    :ivar local: of each thread that has asked, ``lanes``: what its messages share, by partition.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.local = backend.local()

    def shared(self, lane: Lane) -> SharedFields:
        """What the calling thread's messages to a lane share: where their reports go."""
        per_lane = self._own().lanes
        shared: SharedFields | None = per_lane.get(lane.partition_id)
        if shared is None:
            shared = lane.shared.copy()
            shared.delivery_report_q = self.local.queue
            per_lane[lane.partition_id] = shared
        return shared

    def get(self, block: bool, timeout: float | None) -> tuple[Message, Exception | None]:
        own = self._own()
        if not own.opened:
            batch, error = own.queue.get(block, timeout)
            own.opened.extend((message, error) for message in batch.messages)
        message, error = own.opened.popleft()
        return message, error

    def get_all(self) -> list[tuple[list[Message], Exception | None]]:
        """All there are, a batch or a part of one at a time; waits for nothing."""
        own = self._own()
        batches = [([message], error) for message, error in own.opened]
        own.opened.clear()
        # Nobody else takes from a thread's own queue.
        for _ in range(own.queue.qsize()):
            batch, error = own.queue.get()
            batches.append((list(batch.messages), error))
        return batches

    def _own(self) -> Any:
        local = self.local
        if not hasattr(local, "queue"):
            local.queue = self._backend.queue()
            local.opened = deque()
            local.lanes = {}
        return local


class SyncReport:
    """The report of one message whose producer waits for it."""

    def __init__(self, event: Any) -> None:
        self._event = event
        self.error: Exception | None = None

    def put(self, report: tuple[Handed, Exception | None]) -> None:
        """Called on the I/O thread."""
        self.error = report[1]
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the report; whether it came."""
        come: bool = self._event.wait(timeout_s)
        return come
