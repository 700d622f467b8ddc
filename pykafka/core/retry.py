"""How long to wait before trying again."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Backoff"]


class Backoff(NamedTuple):
    """Exponential back-off with jitter.

    :ivar first_s: wait before the first retry, in seconds.
    :ivar most_s: the wait never grows over this.
    :ivar jitter: share of the wait that chance may take away (0 to 1).
    """

    first_s: float
    most_s: float
    jitter: float = 0.2

    def wait_s(self, failures: int, chance: float) -> float:
        """Seconds to wait after the n-th failure in a row; ``chance`` is from 0 to 1."""
        if failures <= 0:
            return 0.0
        # The exponent is bounded so that a year of failures cannot overflow a float.
        full = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 32))
        return full * (1.0 - self.jitter * chance)
