"""``python -m pykafka``: the same as the command ``pykafka``."""

from __future__ import annotations

import sys

from .cli.__main__ import main

sys.exit(main())
