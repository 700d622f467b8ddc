"""Storm's multilang protocol: bytes to messages and back. No descriptors, threads or clock.

Wire facts: Storm 2.8.3, ``org.apache.storm.multilang``, observed and read.
"""

from __future__ import annotations

from .serializers import JsonSerializer, Serializer, serializer

__all__ = ["JsonSerializer", "Serializer", "serializer"]
