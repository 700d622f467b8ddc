"""2.x's small helpers: UTF-8 serializers, and the bases of requests and responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "ApiVersionAware",
    "Serializable",
    "deserialize_utf8",
    "msg_protocol_version",
    "serialize_utf8",
]

#: The first release whose messages carry a timestamp (format 1, KIP-32).
_FIRST_WITH_TIMESTAMPS = (0, 10)


def serialize_utf8(
    value: str | bytes | None, partition_key: str | bytes | None
) -> tuple[bytes | None, bytes | None]:
    """Text to UTF-8, for ``Producer(serializer=...)``; ``bytes`` and ``None`` stay.

    :raises UnicodeEncodeError: there is a lone surrogate in the text.
    """
    return _encoded(value), _encoded(partition_key)


def deserialize_utf8(
    value: bytes | None, partition_key: bytes | None
) -> tuple[str | None, str | None]:
    """UTF-8 to text, for ``SimpleConsumer(deserializer=...)``; ``None`` stays.

    :raises UnicodeDecodeError: it is not UTF-8.
    """
    return _decoded(value), _decoded(partition_key)


def _encoded(value: str | bytes | None) -> bytes | None:
    return value.encode("utf-8") if isinstance(value, str) else value


def _decoded(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8")


def msg_protocol_version(broker_version: str | bytes) -> int:
    """The message format of a release: 0 before 0.10, else 1.

    What this client sends is negotiated instead; only :class:`~pykafka.protocol.MessageSet`
    asks here.

    :raises InvalidOptionError: it does not look like a release.
    """
    from ..core.versions import check_broker_version

    numbers = check_broker_version(broker_version).split(".")
    return int(tuple(map(int, numbers[:2])) >= _FIRST_WITH_TIMESTAMPS)


class Serializable:
    """Something that can be written into a buffer."""

    __slots__ = ()

    def __len__(self) -> int:
        """How many bytes it takes."""
        raise NotImplementedError(f"{type(self).__name__} does not say how many bytes it takes")

    def pack_into(self, buff: bytearray | memoryview, offset: int) -> None:
        """Write its bytes into ``buff`` from ``offset`` on."""
        raise NotImplementedError(f"{type(self).__name__} cannot be written into a buffer")


class ApiVersionAware:
    """A class that has a sibling for each version of its API.

    :cvar API_KEY: the number of the API. A class that sets it starts a family.
    :cvar API_VERSION: the version that the class stands for.
    """

    API_KEY: ClassVar[int] = -1
    API_VERSION: ClassVar[int] = 0
    _family: ClassVar[dict[int, Any]] = {}

    def __init_subclass__(cls) -> None:
        if "API_KEY" in cls.__dict__:
            cls._family = {}
        cls._family[cls.API_VERSION] = cls

    @classmethod
    def get_versions(cls) -> dict[int, Any]:
        """Version -> class, for the whole family."""
        return dict(cls._family)

    @classmethod
    def get_version_impl(cls, api_versions: Mapping[int, Any]) -> Any:
        """The class of the highest version that a broker has, too.

        :param api_versions: API key -> an object with ``min`` and ``max``, such as
            :data:`pykafka.protocol.API_VERSIONS_090`.
        """
        spec = api_versions[cls.API_KEY]
        shared = [version for version in cls._family if version <= spec.max]
        return cls._family[max(shared, default=min(cls._family))]
