"""Real text: the sources of the standard library of this interpreter."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

#: Folders below the standard library that hold what people installed.
_INSTALLED = {"site-packages", "dist-packages"}


def sources() -> list[Path]:
    """The library's Python files, in an order that is the same on each run."""
    root = Path(sysconfig.get_path("stdlib"))
    found = [
        path for path in root.rglob("*.py") if not _INSTALLED & set(path.relative_to(root).parts)
    ]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def lines(megabytes: float) -> Iterator[tuple[bytes, bytes]]:
    """Yield ``(module name, line)`` for about so many megabytes of lines.

    Where the library is smaller than that, it comes again, with ``#2`` and so on at the end of
    the names.
    """
    root = Path(sysconfig.get_path("stdlib"))
    left = int(megabytes * 1e6)
    files = sources()
    again = 0
    while left > 0 and files:
        again += 1
        for path in files:
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            key = (f"{name}#{again}" if again > 1 else name).encode()
            # Only the line feed ends a line: what else is in there arrives as it is.
            for line in path.read_bytes().removesuffix(b"\n").split(b"\n"):
                yield key, line
                left -= len(line) + 1
                if left <= 0:
                    return
