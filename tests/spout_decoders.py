"""Decoders that spouts of tests name by their paths."""

from __future__ import annotations


def shorten(data: bytes) -> str:
    """The first three characters."""
    return data.decode()[:3]
