"""Environments of Python for peers that must not stand beside pykafka's own packages."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

__all__ = ["install"]


def install(folder: Path, requirements: Sequence[str]) -> str:
    """Make an environment with what is required from PyPI; its interpreter."""
    print(f"installing {' and '.join(requirements)} into an environment of its own", flush=True)
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True, timeout=300)
    return python
