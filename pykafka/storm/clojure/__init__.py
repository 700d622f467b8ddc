"""The ``.clj`` topologies of streamparse 1 and 2, read as data and never executed."""

from __future__ import annotations

from .forms import Form
from .loading import load_clj, topology_of
from .reader import read_forms

__all__ = ["Form", "load_clj", "read_forms", "topology_of"]
