"""The first contact with a cluster."""

from __future__ import annotations

from ...exceptions import NoBrokersAvailableError
from ..effects import Now, Procedure, Refresh, Sleep

__all__ = ["bootstrap"]

_ROUNDS = 3
_PAUSE_S = 0.3


def bootstrap(patience_s: float) -> Procedure[None]:
    """Fetch metadata of all topics; a few rounds, for brokers that are just starting.

    :param patience_s: no further round is begun after this time.
    :raises NoBrokersAvailableError: nobody answered in the last round.
    """
    start = yield Now()
    for left in range(_ROUNDS - 1, -1, -1):
        try:
            yield Refresh(None)
        except NoBrokersAvailableError:
            now = yield Now()
            if not left or now - start > patience_s:
                raise
            yield Sleep(_PAUSE_S)
        else:
            return
