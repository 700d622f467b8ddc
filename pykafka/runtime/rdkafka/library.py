"""librdkafka, where there is one: found when it is asked for, never linked to."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ...exceptions import (
    ImplementationNotAvailableError,
    KafkaException,
    RdKafkaException,
)
from ...native import Native, native
from ...wire.errors import error_info

__all__ = ["LIBRARY_VARIABLE", "Library", "library"]

#: Names the library's file, and no other one is tried then.
LIBRARY_VARIABLE = "PYKAFKA_LIBRDKAFKA"
_SYSTEMS = "librdkafka.1.dylib" if sys.platform == "darwin" else "librdkafka.so.1"
#: Where an installed confluent-kafka keeps its own, beside or in its package.
_WHEELS = ("../confluent_kafka.libs/librdkafka*.so*", ".dylibs/librdkafka*.dylib")
#: The oldest that the tests run with, as librdkafka counts (2.0.2).
_OLDEST = 0x020002FF
_TEXT = 1024


class Library:
    """A librdkafka that was opened. Thread-safe.

    :ivar native: the extension module.
    :ivar ffi: cffi's view of memory and of the types of ``native/rdkafka.h``.
    :ivar lib: the functions declared there.
    :ivar path: the file.
    :ivar version: ``"2.0.2"``.
    """

    def __init__(self, extension: Native, opened: Any, asked: str) -> None:
        self.native = extension
        self.ffi = extension.ffi
        self.lib = extension.lib
        self._opened = opened
        file = self.lib.pykafka_rd_file(opened)
        self.path = self.text(file) if file else asked
        self.version = self.text(self.lib.pykafka_rd_version_text(opened))

    def __repr__(self) -> str:
        return f"librdkafka {self.version} ({self.path})"

    @property
    def pointer(self) -> Any:
        """What the functions take."""
        return self._opened

    def text(self, chars: Any) -> str:
        """C's text as Python's."""
        encoded: bytes = self.ffi.string(chars)
        return encoded.decode(errors="replace")

    def room_for_text(self) -> Any:
        """What a function writes its words to, as long as :attr:`room` says."""
        return self.ffi.new("char[]", _TEXT)

    room = _TEXT

    def error_name(self, code: int) -> str:
        """``"_PARTITION_EOF"``, say; its own codes are negative."""
        return self.text(self.lib.pykafka_rd_error_name(self._opened, code))

    def error_text(self, code: int) -> str:
        """What the code means."""
        return self.text(self.lib.pykafka_rd_error_text(self._opened, code))

    def error(self, code: int, text: str) -> KafkaException:
        """The error to raise for a code; librdkafka's own are negative.

        :param text: what was asked for, and where.
        """
        if code > 0:
            return error_info(code).exception(text)
        return RdKafkaException(f"{text}: {self.error_text(code)} ({self.error_name(code)})")


@cache
def _opened(asked: str | None) -> Library | str:
    """The library, or what was tried in vain."""
    extension = native()
    if isinstance(extension, str):
        return (
            f"{extension}; it is built when pykafka is installed where there is a C compiler:"
            " PYKAFKA_EXTENSIONS=require pip install --force-reinstall pykafka tells what is"
            " missing"
        )
    if not hasattr(extension.lib, "pykafka_rd_open"):
        return f"there is no opening librdkafka on {sys.platform} yet"
    failures = []
    for path, where in [(asked, LIBRARY_VARIABLE)] if asked else _candidates():
        error = extension.ffi.new("char[]", _TEXT)
        found = extension.lib.pykafka_rd_open(os.fsencode(path), error, _TEXT)
        if not found:
            words = extension.ffi.string(error).decode(errors="replace")
            failures.append(f"{where}: {words if path in words else f'{path}: {words}'}")
            continue
        library = Library(extension, found, path)
        if extension.lib.pykafka_rd_version(found) < _OLDEST:
            failures.append(f"{where}: {library} is too old: 2.0.2 is the oldest that will do")
            continue
        return library
    return "tried " + "; ".join(failures) + f". {_ADVICE}"


_ADVICE = (
    "Install it (Debian: apt-get install librdkafka1), or confluent-kafka, which brings one (pip"
    f" install confluent-kafka), or name its file in {LIBRARY_VARIABLE}"
)


def _candidates() -> Iterator[tuple[str, str]]:
    """What to open, and whose it is."""
    yield _SYSTEMS, "the system's"
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is None or spec.origin is None:
        yield "confluent_kafka", "confluent-kafka's"
        return
    package = Path(spec.origin).parent
    found = [path for pattern in _WHEELS for path in sorted(package.glob(pattern))]
    for path in found or [package / _WHEELS[0]]:
        yield os.path.normpath(path), "confluent-kafka's"


def library() -> Library:
    """The librdkafka to use: the one that ``PYKAFKA_LIBRDKAFKA`` names, else the system's, else
    that of an installed confluent-kafka. The first answer stays.

    :raises ImplementationNotAvailableError: there is none; lists what was tried.
    """
    found = _opened(os.environ.get(LIBRARY_VARIABLE) or None)
    if isinstance(found, str):
        raise ImplementationNotAvailableError(f"librdkafka cannot be used: {found}")
    return found
