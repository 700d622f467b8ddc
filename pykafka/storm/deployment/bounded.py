"""A program whose run has a bound, and which is gone when its ``with`` is left."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

__all__ = ["BoundedPopen"]


class BoundedPopen(subprocess.Popen[bytes]):
    """A :class:`subprocess.Popen` that is killed after ``timeout`` seconds, or with its ``with``.

    :ivar timed_out: whether the time was up.
    """

    def __init__(self, command: Sequence[str], timeout: float, **options: Any) -> None:
        self.timed_out = False
        super().__init__(command, **options)
        self._timer = threading.Timer(timeout, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.timed_out = True
        self.kill()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the program; if an error ends the ``with``, kill it first."""
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)
        self._timer.cancel()
