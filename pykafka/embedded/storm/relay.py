"""Forwards connections to the first of several ports that takes them.

Storm's programs look for Nimbus on several hosts, but on one port. On one machine every Nimbus
has a port of its own; this stands in front of them all.

A program of its own, started by path with no more than the standard library. Arguments: the
port to listen on, those to try in this order; all on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Sequence

_HOST = "127.0.0.1"
_CHUNK = 1 << 16


async def _main(port: int, targets: Sequence[int]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            for target in targets:
                with contextlib.suppress(ConnectionRefusedError):
                    their_reader, their_writer = await asyncio.open_connection(_HOST, target)
                    break
            else:
                return
            with contextlib.closing(their_writer):
                # Storm's clients never close one half only.
                await _first_of(_copy(reader, their_writer), _copy(their_reader, writer))

    server = await asyncio.start_server(serve, _HOST, port)
    await server.serve_forever()


async def _first_of(*directions: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
