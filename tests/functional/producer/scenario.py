"""What scenarios of producing are made of: fixtures' types, reading back, programs of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import pykafka
from pykafka.embedded import EmbeddedKafka
from pykafka.message import Message
from pykafka.producer import Producer
from pykafka.topic import Topic

__all__ = ["MakeProducer", "MakeTopic", "Program", "Stored", "read_all"]

MakeTopic = Callable[..., Topic]
MakeProducer = Callable[..., Producer]
Stored = Callable[[Topic], "dict[int, list[Message]]"]


def read_all(topic: Topic) -> dict[int, list[Message]]:
    """Every message that a topic has at the call, by partition, in the order of offsets."""
    ends = {id_: found.offset[0] for id_, found in topic.latest_available_offsets().items()}
    messages: dict[int, list[Message]] = {id_: [] for id_ in ends}
    missing = sum(ends.values())
    consumer = topic.get_simple_consumer(consumer_timeout_ms=10_000)
    try:
        while missing:
            message = consumer.consume()
            assert message is not None, f"{missing} messages did not come"
            if message.offset < ends[message.partition_id]:
                messages[message.partition_id].append(message)
                missing -= 1
    finally:
        consumer.stop()
    for partition in messages.values():
        assert [message.offset for message in partition] == list(range(len(partition)))
    return messages


class Program:
    """Runs code in an interpreter of its own.

    The code finds ``topic``, its ``client``, the brokers as ``hosts``, and ``options`` for
    ``get_producer`` that select the implementation.
    """

    def __init__(
        self, kafka: EmbeddedKafka, topic: str, options: Mapping[str, object], folder: Path
    ) -> None:
        self._folder = folder
        self._head = textwrap.dedent(f"""
            import os, signal, sys, threading, time
            import pykafka
            # A shell that runs tests in the background has it ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            hosts, options = {kafka.bootstrap!r}, {dict(options)!r}
            client = pykafka.KafkaClient(hosts, **globals().get("client_options", {{}}))
            topic = client.topics[{topic!r}]
            """)

    def start(self, code: str, before: str = "") -> subprocess.Popen[str]:
        """Start it.

        :param before: code that comes even before the client is made.
        """
        source = textwrap.dedent(before) + self._head + textwrap.dedent(code)
        return subprocess.Popen(
            [sys.executable, "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # The package that is tested here, not what lies in the current folder.
            cwd=self._folder,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(Path(pykafka.__file__).parents[1])},
        )

    def run(self, code: str, before: str = "", within_s: float = 30) -> tuple[int, str, str]:
        """Run it to its end: exit status, standard output, standard error."""
        return self.end(self.start(code, before), within_s)

    def end(self, process: subprocess.Popen[str], within_s: float = 30) -> tuple[int, str, str]:
        """Wait for the end of what was started."""
        try:
            out, err = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"the program did not end within {within_s} s:\n{out}\n{err}")
        return process.returncode, out, err
