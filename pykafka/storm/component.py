"""What spouts and bolts share: streamparse's import path."""

from __future__ import annotations

from .components.component import Component
from .components.logs import StormHandler
from .components.tuples import Tuple

__all__ = ["Component", "StormHandler", "Tuple"]
