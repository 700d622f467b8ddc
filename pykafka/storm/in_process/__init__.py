"""Running topologies in one process, without Storm and Java: for tests, debuggers and demos."""

from __future__ import annotations

from .engine import Ending, Engine, EngineOptions
from .record import Emission, ErrorReport, LogLine, Metric
from .running import run_in_process
from .steps import Step

__all__ = [
    "Emission",
    "Ending",
    "Engine",
    "EngineOptions",
    "ErrorReport",
    "LogLine",
    "Metric",
    "Step",
    "run_in_process",
]
