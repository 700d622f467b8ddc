"""2.x's import path of the TLS settings; connections live in :mod:`pykafka.net`."""

from __future__ import annotations

from .net.tls import SslConfig

__all__ = ["SslConfig"]
