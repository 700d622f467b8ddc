"""Records as they travel inside Produce and Fetch: bytes <-> rows.

``decode`` and ``encode`` are the two doors; ``codecs`` and ``checksums`` serve them.
"""

from __future__ import annotations
