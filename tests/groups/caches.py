"""Where what is made once stays, beside the jars that the servers are made of."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["made_once"]


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name; if there is none, ``make`` fills it.

    It gets its name when it is whole, and several processes may make it at a time.
    """
    # As pykafka.embedded.artifacts has it.
    cache = Path(os.environ.get("JGO_CACHE_DIR") or Path.home() / ".cache" / "jgo", "pykafka")
    target = cache / name
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache))
    try:
        make(draft)
        _give_name(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _give_name(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        # Another process was faster; what it made is the same.
        if not target.is_dir():
            raise
