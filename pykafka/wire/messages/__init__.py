"""The messages of Kafka's protocol: one module per API, loaded when its key is asked for.

The names of classes and fields are those of Kafka's message definitions, which say what they
mean (``common/message/*.json`` in the kafka-clients jar). A UUID is 16 ``bytes``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ..schema import ApiMessage

__all__ = ["API_NAMES", "request_class"]

#: API key -> name of the API, for all that this package can speak.
API_NAMES: dict[int, str] = {
    0: "Produce",
    1: "Fetch",
    2: "ListOffsets",
    3: "Metadata",
    8: "OffsetCommit",
    9: "OffsetFetch",
    10: "FindCoordinator",
    18: "ApiVersions",
}


@cache
def request_class(api_key: int) -> type[ApiMessage]:
    """The request class of an API; its ``response`` is the class of the answer.

    :raises KeyError: the key is not in :data:`API_NAMES`.
    """
    name = API_NAMES[api_key]
    snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    module = import_module(f"{__name__}.{snake}")
    found: type[ApiMessage] = getattr(module, f"{name}Request")
    return found
