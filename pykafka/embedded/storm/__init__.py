"""A real Storm on this machine, from its published jars."""

from __future__ import annotations

from .cluster import EmbeddedStorm

__all__ = ["EmbeddedStorm"]
