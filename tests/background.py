"""Calls that may block, beside a test that must not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["in_background"]

_T = TypeVar("_T")


def in_background(function: Callable[..., _T], *args: Any, **kwargs: Any) -> Future[_T]:
    """Call it on a thread of its own.

    A pool of :mod:`concurrent.futures` would join its threads at the end of the program: a call
    that blocks for ever would turn one failed test into a run that never ends.
    """
    outcome: Future[_T] = Future()

    def work() -> None:
        try:
            outcome.set_result(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is read
            outcome.set_exception(error)

    threading.Thread(target=work, name=f"test of {function}", daemon=True).start()
    return outcome
