"""2.x's bridge between Python 2 and 3: what is left of it are conversions and old names."""

from __future__ import annotations

import builtins
import platform
from collections.abc import Iterator, Mapping
from queue import Empty, Queue
from threading import Semaphore
from typing import TypeVar

__all__ = [
    "IS_PYPY",
    "PY3",
    "Empty",
    "Queue",
    "Semaphore",
    "buffer",
    "get_bytes",
    "get_string",
    "iteritems",
    "iterkeys",
    "itervalues",
    "range",
]

_K = TypeVar("_K")
_V = TypeVar("_V")

PY3 = True
IS_PYPY = platform.python_implementation() == "PyPy"
buffer = memoryview
range = builtins.range


def get_bytes(value: str | bytes) -> bytes:
    """Text as UTF-8; ``bytes`` as they are."""
    return value.encode("utf-8") if isinstance(value, str) else value


def get_string(value: str | bytes) -> str:
    """UTF-8 as text; text as it is."""
    return value.decode("utf-8") if isinstance(value, bytes) else value


def iteritems(d: Mapping[_K, _V]) -> Iterator[tuple[_K, _V]]:
    """``iter(d.items())``."""
    return iter(d.items())


def iterkeys(d: Mapping[_K, _V]) -> Iterator[_K]:
    """``iter(d.keys())``."""
    return iter(d.keys())


def itervalues(d: Mapping[_K, _V]) -> Iterator[_V]:
    """``iter(d.values())``."""
    return iter(d.values())
