"""Bytes to values and back. No sockets, threads, clock or randomness below here."""

from __future__ import annotations
