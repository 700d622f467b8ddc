"""Running the commands in ``benchmarks/`` that judge what comes of messages."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pykafka

__all__ = ["BENCHMARKS", "load_command", "run_benchmark"]

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load_command(name: str) -> ModuleType:
    """A command as a module, for tests of its parts."""
    spec = importlib.util.spec_from_file_location(f"{name}_command", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # dataclasses looks its classes' annotations up there.
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module


def run_benchmark(name: str, *arguments: str, within_s: float) -> str:
    """Run a command with the package that is tested; what it printed. It must end with 0."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", *arguments],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within_s,
        env=os.environ | {"PYTHONPATH": str(Path(pykafka.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
