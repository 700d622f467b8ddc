"""Topologies as Nimbus takes them, and what Nimbus can be asked."""

from __future__ import annotations
