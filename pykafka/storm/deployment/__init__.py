"""How a topology gets to the workers: the jar, the Python environment, the way to Nimbus."""

from __future__ import annotations
