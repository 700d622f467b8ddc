"""``python -m pykafka.storm.worker package.module.Class``"""

from __future__ import annotations

import sys

from .process import main

if len(sys.argv) != 2:
    sys.exit("usage: python -m pykafka.storm.worker package.module.Class (Storm runs this)")
main(sys.argv[1])
