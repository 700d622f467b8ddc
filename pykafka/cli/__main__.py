"""The command ``pykafka``: what it needs is looked for before it is imported."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from .ending import FAILED

__all__ = ["main"]


def main() -> int:
    """Run the command that the program's arguments name; returns the exit status."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"pykafka: this command needs {' and '.join(missing)}: pip install 'pykafka[cli]'\n"
        )
        return FAILED
    from .app import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
