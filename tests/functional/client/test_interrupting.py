"""Ctrl-C ends every call that blocks."""

from __future__ import annotations

import signal
import socket
import textwrap
import time
from collections.abc import Iterator

import pytest
from functional.client.programs import program
from functional.client.rogue import FAULTS, TOPIC, Asked, RogueBroker, correct

_BEGIN = """
    import sys, threading
    from pykafka import KafkaClient
    def soon():
        # By the time that it is read the main thread waits in the call that follows.
        threading.Timer(0.5, print, ("waiting",)).start()
"""
_CALLS = {
    "consume": """
        consumer = client.topics["lines"].get_simple_consumer()
        call = consumer.consume
    """,
    "iteration": """
        consumer = client.topics["lines"].get_simple_consumer()
        call = lambda: list(consumer)
    """,
    "an offset look-up": """
        call = client.topics["lines"].latest_available_offsets
    """,
    "a commit": """
        consumer = client.topics["lines"].get_simple_consumer("g", auto_start=False)
        partition = consumer.partitions[0]
        call = lambda: consumer.commit_offsets([(partition, 5)])
    """,
    "a group's look-up": """
        call = lambda: client.topics["lines"].get_simple_consumer("g")
    """,
    "a topic's look-up": """
        call = lambda: client.topics["another"]
    """,
}
_END = """
    soon()
    try:
        call()
    except KeyboardInterrupt:
        print("interrupted")
"""


def interrupted(source: str, address: str) -> None:
    """Run it, press Ctrl-C when it waits, and see that it ends at once and in order."""
    with program(source, address) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        rest = process.stdout.read()
        assert process.wait(30) == 0, rest
        assert rest == ""
        assert time.monotonic() - begin < 8


@pytest.fixture
def rogue() -> Iterator[RogueBroker]:
    """A broker that answers what the first contact asks, and nothing else."""
    with RogueBroker() as rogue:
        silence = FAULTS["nothing at all"]
        for api in ("Fetch", "OffsetCommit", "OffsetFetch"):
            rogue.faults[api] = silence

        def once(asked: Asked) -> tuple[bytes, bool]:
            return (silence if rogue.asked.count(asked.api) > 1 else correct)(asked)

        rogue.faults["Metadata"] = rogue.faults["ListOffsets"] = once
        yield rogue


def lines(*parts: str) -> str:
    return "\n".join(textwrap.dedent(part) for part in parts)


@pytest.mark.parametrize("call", _CALLS)
def test_interrupting(rogue: RogueBroker, call: str) -> None:
    assert TOPIC == "lines"
    connect = "client = KafkaClient(sys.argv[1])"
    interrupted(lines(_BEGIN, connect, _CALLS[call], _END), rogue.address)


def test_interrupting_the_first_contact() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        call = "call = lambda: KafkaClient(sys.argv[1])"
        interrupted(lines(_BEGIN, call, _END), address)


def test_interrupting_the_first_contact_with_zookeeper() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        call = "call = lambda: KafkaClient(zookeeper_hosts=sys.argv[1])"
        interrupted(lines(_BEGIN, call, _END), address)
