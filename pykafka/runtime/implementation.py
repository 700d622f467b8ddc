"""The one switch between implementations of fetching and sending."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..exceptions import ImplementationNotAvailableError

if TYPE_CHECKING:
    from ..core.producing import SendOptions
    from ..options import Settings
    from .client import ClientCore
    from .consumer.source import RecordSource
    from .producer.sink import PushedSink, WokenSink

__all__ = [
    "IMPLEMENTATION_VARIABLE",
    "PYTHON",
    "RDKAFKA",
    "new_sink",
    "new_source",
    "require_implementation",
]

PYTHON = "python"
RDKAFKA = "rdkafka"
#: Chooses for the whole program.
IMPLEMENTATION_VARIABLE = "PYKAFKA_IMPL"


def require_implementation(use_rdkafka: bool) -> str:
    """The implementation to use; never another one than was asked for.

    :param use_rdkafka: 2.x's switch; the environment variable ``PYKAFKA_IMPL`` is the same
        for the whole program.
    :raises ImplementationNotAvailableError: it is not there; says what was tried.
    """
    asked = RDKAFKA if use_rdkafka else os.environ.get(IMPLEMENTATION_VARIABLE) or PYTHON
    if asked == PYTHON:
        return PYTHON
    by = "use_rdkafka=True" if use_rdkafka else f"{IMPLEMENTATION_VARIABLE}={asked}"
    if asked != RDKAFKA:
        raise ImplementationNotAvailableError(f"{by}: it is {PYTHON} or {RDKAFKA}")
    from .rdkafka.library import library

    try:
        library()
    except ImplementationNotAvailableError as error:
        raise ImplementationNotAvailableError(f"{by}: {error}") from None
    return RDKAFKA


def new_source(use_rdkafka: bool, client: ClientCore, settings: Settings) -> RecordSource:
    """Who fetches for a consumer.

    :raises ImplementationNotAvailableError: that implementation is not there.
    :raises InvalidOptionError: it cannot honour an option.
    """
    if require_implementation(use_rdkafka) == PYTHON:
        from .consumer.python_source import PythonSource

        return PythonSource(client, settings)
    from .rdkafka.library import library
    from .rdkafka.source import RdKafkaSource

    return RdKafkaSource(library(), client, settings)


def new_sink(
    use_rdkafka: bool, client: ClientCore, settings: Settings, options: SendOptions
) -> WokenSink | PushedSink:
    """Who sends for a producer.

    :raises ImplementationNotAvailableError: that implementation is not there.
    :raises InvalidOptionError: it cannot honour an option.
    """
    if require_implementation(use_rdkafka) == PYTHON:
        from .producer.python_sink import PythonSink

        return PythonSink(client, settings, options)
    from .rdkafka.library import library
    from .rdkafka.sink import RdKafkaSink

    return RdKafkaSink(library(), client, settings, options)
