"""A topology on a real Storm that is started for it on this machine."""

from __future__ import annotations

from .running import LocalRun, run_on_storm

__all__ = ["LocalRun", "run_on_storm"]
