"""``python -m pykafka.storm``: the commands of ``pykafka storm``."""

from __future__ import annotations

import sys

from ..cli.__main__ import main

if __name__ == "__main__":
    sys.argv.insert(1, "storm")
    sys.exit(main())
