"""Running the commands in ``benchmarks/`` that judge what comes of messages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pykafka

__all__ = ["BENCHMARKS", "run_benchmark"]

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


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
