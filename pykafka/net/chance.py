"""Chance, for waits that must not end everywhere at once.

A generator of its own: programs seed that of the :mod:`random` module and rely on what comes of
it, and all clients of such programs would wait alike.
"""

from __future__ import annotations

import os
import random

__all__ = ["chance", "shuffle"]

_generator = random.Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_generator.seed)

#: A number from 0 to 1.
chance = _generator.random
#: Puts a list into a random order.
shuffle = _generator.shuffle
