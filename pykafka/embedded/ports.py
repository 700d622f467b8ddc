"""Free ports of the loopback address."""

from __future__ import annotations

import contextlib
import random
import socket

from ..exceptions import MissingRequirementError

__all__ = ["HOST", "free_ports"]

#: All that the embedded servers listen on.
HOST = "127.0.0.1"
#: Below what systems take for outgoing connections (Linux from 32768, others from 49152). A port
#: from there can be lost while its server is down, even to a client that connects to itself by
#: trying to reach that very server.
_RANGE = range(15_000, 32_000)
_ATTEMPTS = 1000


def free_ports(count: int) -> list[int]:
    """``count`` different ports that nothing uses at this moment.

    Chosen at random, so that clusters started side by side do not meet.

    :raises MissingRequirementError: nearly all of them are taken.
    """
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        for port in random.sample(_RANGE, _ATTEMPTS):
            if len(ports) == count:
                return ports
            sock = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                sock.bind((HOST, port))
                ports.append(port)
    raise MissingRequirementError(
        f"{HOST} has no {count} free ports among {_ATTEMPTS} of {_RANGE.start}-{_RANGE.stop}"
    )
