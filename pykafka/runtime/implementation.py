"""The one switch between implementations of fetching and sending."""

from __future__ import annotations

import os

from ..exceptions import ImplementationNotAvailableError

__all__ = ["PYTHON", "RDKAFKA", "require_implementation"]

PYTHON = "python"
RDKAFKA = "rdkafka"
_VARIABLE = "PYKAFKA_IMPL"


def require_implementation(use_rdkafka: bool) -> str:
    """The implementation to use; never another one than was asked for.

    :param use_rdkafka: 2.x's switch; the environment variable ``PYKAFKA_IMPL`` is the same
        for the whole program.
    :raises ImplementationNotAvailableError: it is not there; says what was tried.
    """
    asked = RDKAFKA if use_rdkafka else os.environ.get(_VARIABLE, PYTHON)
    if asked == PYTHON:
        return PYTHON
    by = "use_rdkafka=True" if use_rdkafka else f"{_VARIABLE}={asked}"
    raise ImplementationNotAvailableError(
        f"{by}: use_rdkafka requires rdkafka to be installed, and this build has only the"
        f" {PYTHON!r} implementation; leave it out"
    )
