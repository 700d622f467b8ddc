"""The end of the program: what producers still hold is sent, or counted on standard error."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Protocol

__all__ = ["add", "discard"]

#: All producers together have so long to send what is queued.
AT_EXIT_S = 5.0


class _Finishing(Protocol):
    def finish(self, timeout_s: float) -> str:
        """Stop; in words, what was lost."""


_running: set[_Finishing] = set()
_arranged_in: set[int] = set()


def add(producer: _Finishing) -> None:
    """Have a producer finish when the program ends. Idempotent, thread-safe."""
    _running.add(producer)
    _arrange_for_child_process()


def discard(producer: _Finishing) -> None:
    """It has ended before. Idempotent, thread-safe."""
    _running.discard(producer)


def _finish_all() -> None:
    share_s = AT_EXIT_S / max(1, len(_running))
    for producer in list(_running):
        lost = producer.finish(share_s)
        if lost:
            # Nobody can catch it any more, and logging may be shut down or silent.
            sys.stderr.write(f"pykafka: at the end of the program: {lost}\n")


def _arrange_for_child_process() -> None:
    """A child process of multiprocessing ends without atexit, but runs its own finalizers."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is None or processes.parent_process() is None or os.getpid() in _arranged_in:
        return
    _arranged_in.add(os.getpid())
    from multiprocessing.util import Finalize

    Finalize(None, _finish_all, exitpriority=0)


atexit.register(_finish_all)
