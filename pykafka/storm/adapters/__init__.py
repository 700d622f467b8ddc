"""The Kafka spout for components that other packages run: streamparse's and pystorm's.

Neither package is needed by anything else here; ``adapters.streamparse`` and ``adapters.pystorm``
import theirs, and say what to install where it is missing. ``bridging`` is what both are made of.
"""

from __future__ import annotations

__all__ = ["needs"]


def needs(adapter: str, requirement: str, error: ImportError) -> ImportError:
    """The error for an adapter whose package cannot be imported.

    :param requirement: what pip is to install.
    :param error: why it cannot.
    """
    return ImportError(
        f"{adapter} cannot be used: {error}. Where topologies are made and on Storm's workers it"
        f" needs: pip install {requirement}",
        name=error.name,
        path=error.path,
    )
