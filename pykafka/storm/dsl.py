"""Topologies: streamparse's import path."""

from __future__ import annotations

from .topology import Grouping, Stream, Topology

__all__ = ["Grouping", "Stream", "Topology"]
