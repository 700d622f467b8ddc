"""Running topologies in one process, without Storm and Java: for tests, debuggers and demos."""

from __future__ import annotations

from .engine import Ending, Engine, EngineOptions
from .kit import ComponentHarness, Outcome
from .pipeline import Pipeline, wire
from .record import Emission, ErrorReport, LogLine, Metric
from .running import run_in_process
from .steps import Step

__all__ = [
    "ComponentHarness",
    "Emission",
    "Ending",
    "Engine",
    "EngineOptions",
    "ErrorReport",
    "LogLine",
    "Metric",
    "Outcome",
    "Pipeline",
    "Step",
    "run_in_process",
    "wire",
]
