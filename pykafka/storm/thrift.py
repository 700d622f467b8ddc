"""What topologies take from streamparse's module of this name: ids of streams, for cycles.

Storm's own structures are made of topologies when these are submitted (:mod:`.nimbus`).
"""

from __future__ import annotations

from .topology import GlobalStreamId

__all__ = ["GlobalStreamId"]
