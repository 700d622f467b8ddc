"""Spouts: streamparse's import path."""

from __future__ import annotations

from .components.spout import ReliableSpout, Spout

__all__ = ["ReliableSpout", "Spout"]
