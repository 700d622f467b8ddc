"""Addresses as people write them."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from ..exceptions import InvalidOptionError

__all__ = ["DEFAULT_PORT", "Address", "parse_hosts", "parse_source_address"]

DEFAULT_PORT = 9092

_HOST_AND_PORT = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:/\[\]]+))(?::(?P<port>\d+))?(?:/.*)?"
)


class Address(NamedTuple):
    """Host (a name, an IPv4 or IPv6 address without brackets) and port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_hosts(
    text: str | bytes, option: str = "hosts", default_port: int = DEFAULT_PORT
) -> list[Address]:
    """The addresses in a comma-separated list.

    Each is ``host``, ``host:port``, ``[IPv6]`` or ``[IPv6]:port``; a ``/suffix`` behind is
    ignored, as in 2.x. Without a port it is 9092, or ``default_port``.

    :raises InvalidOptionError: an entry is none of these; names option and entry.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    entries = [entry for entry in (entry.strip() for entry in text.split(",")) if entry]
    found = [_parse(entry, option, default_port) for entry in entries]
    if not found:
        raise InvalidOptionError(f"option {option} names no host: {text!r}")
    # The order stays, what is named twice is asked once.
    return list(dict.fromkeys(found))


def parse_source_address(text: str | bytes) -> tuple[str, int] | None:
    """Where connections start from: ``host`` or ``host:port``; ``None`` for an empty text."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    if not text:
        return None
    address = _parse(text, "source_address", default_port=0)
    return address.host, address.port


def _parse(entry: str, option: str, default_port: int = DEFAULT_PORT) -> Address:
    if _is_bare_ipv6(entry):
        return Address(entry, default_port)
    match = _HOST_AND_PORT.fullmatch(entry)
    if match is None:
        raise InvalidOptionError(
            f"option {option}: {entry!r} is no address; write host:port or [IPv6 address]:port"
        )
    port = int(match["port"]) if match["port"] else default_port
    if not 0 <= port < 65536 or (port == 0 and default_port):
        raise InvalidOptionError(f"option {option}: {entry!r} has a port outside 1 to 65535")
    return Address(match["v6"] or match["host"], port)


def _is_bare_ipv6(entry: str) -> bool:
    try:
        ipaddress.IPv6Address(entry)
    except ValueError:
        return False
    return True
