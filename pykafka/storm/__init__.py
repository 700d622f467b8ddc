"""Python on Apache Storm: components, topologies, local run and submit."""

from __future__ import annotations
