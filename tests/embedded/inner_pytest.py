"""Running pytest with the project's plugins on a few tests, as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import services

__all__ = ["run"]

_NAMES = ("applicability", "services", "storm_services", "spreading", "matrix")
PLUGINS = tuple(argument for name in _NAMES for argument in ("-p", name))

SCENARIO = """
def test_something(implementation, kafka):
    pass
"""


def run(folder: Path, *arguments: str, scenario: str = SCENARIO, **environment: str) -> str:
    """What pytest says of the scenario."""
    (folder / "test_scenario.py").write_text(scenario)
    path = os.pathsep.join([str(folder), str(Path(services.__file__).parent)])
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("PYKAFKA_TEST")
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *PLUGINS,
            "--kafka-releases=0.8.2.2",
            "-ra",
            *arguments,
        ],
        cwd=folder,
        env={**inherited, "PYTHONPATH": add_path(path), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout + done.stderr


def add_path(path: str) -> str:
    before = os.environ.get("PYTHONPATH")
    return path if before is None else f"{path}{os.pathsep}{before}"
