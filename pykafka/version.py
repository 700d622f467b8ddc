"""Which release of the package this is; brokers are told, too."""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "3.0.0.dev0"
