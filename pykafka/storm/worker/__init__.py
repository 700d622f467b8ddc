"""The process of a component on a Storm worker: its descriptors, its loop, its end.

Storm starts ``python -c "from pykafka.storm.worker import main; main('package.module.Class')"``.
This package imports nothing that a component does not need: Storm waits for its first answer.
"""

from __future__ import annotations

from .process import main, run_component

__all__ = ["main", "run_component"]
