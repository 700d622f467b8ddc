"""What tests of components need: one component at a time, or a whole topology."""

from __future__ import annotations

from .in_process import ComponentHarness, Emission, Engine, Outcome, run_in_process

__all__ = ["ComponentHarness", "Emission", "Engine", "Outcome", "run_in_process"]
