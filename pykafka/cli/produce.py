"""``pykafka produce``: lines to a topic."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from ..common import CODECS
from ..exceptions import (
    KafkaException,
    MessageSizeTooLarge,
    ProduceFailureError,
    UsageError,
)
from ..partitioners import HashingPartitioner
from .catalog import check_partitions
from .ending import one_line
from .session import Session, connection_options

if TYPE_CHECKING:
    from ..partition import Partition
    from ..producer import Producer
    from ..topic import Topic

__all__ = ["produce"]

_ACKS = {"0": 0, "1": 1, "all": -1}
_PARTITIONERS = ["round-robin", "hash"]
#: A line that somebody types is sent after this time, and one that a program writes.
_LINGER_MS = 50
#: Lines between two looks at the clock, for progress.
_LOOK_EVERY = 1000


class _Wish(NamedTuple):
    """The command's options."""

    key_separator: str | None
    partitioner: str | None
    partition: int | None
    compression: str
    acks: str
    delivery_timeout: float


class _Counted:
    """How much was handed to the producer."""

    def __init__(self) -> None:
        self.lines = 0
        self.bytes = 0
        self.began = time.monotonic()

    def __str__(self) -> str:
        seconds = time.monotonic() - self.began
        noun = "message" if self.lines == 1 else "messages"
        return f"{self.lines:,} {noun}, {self.bytes / 1e6:.1f} MB in {seconds:.1f} s"


@click.command()
@click.argument("topic")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "-k",
    "--key-separator",
    metavar="TEXT",
    help=r"The key of a line is what stands before it; \t is a tab.",
)
@click.option(
    "--partitioner",
    type=click.Choice(_PARTITIONERS),
    help="[default: hash with --key-separator, else round-robin]",
)
@click.option("-p", "--partition", type=click.IntRange(min=0), help="All lines to this one.")
@click.option("--compression", type=click.Choice(list(CODECS)), default="none", show_default=True)
@click.option(
    "--acks",
    type=click.Choice(list(_ACKS)),
    default="1",
    show_default=True,
    help="Acknowledgements to wait for: none, the leader's, those of all in-sync replicas.",
)
@click.option(
    "--delivery-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0.001),
    default=120.0,
    show_default=True,
    help="After this time a message that was not acknowledged has failed.",
)
@connection_options()
@click.pass_obj
def produce(session: Session, /, topic: str, file: BinaryIO, **options: Any) -> None:
    """Send each line of FILE (or standard input) to TOPIC, without its line end.

    The brokers may create the topic. Says on standard error what was acknowledged; ends with
    status 1 and the first failure if not everything was.
    """
    wish = _Wish(**options)
    if not logging.getLogger().isEnabledFor(logging.INFO):
        # What it logs of failures is what is reported here.
        logging.getLogger("pykafka.producer").setLevel(logging.CRITICAL)
    counted = _Counted()
    with session.connect() as client:
        target = client.topics[topic]
        producer = _producer(target, wish)
        try:
            with _progress(file) as look:
                problems = _deliver(producer, file, wish.key_separator, counted, look)
        except KeyboardInterrupt:
            producer.stop()
            click.echo(f"interrupted; {counted}", err=True)
            raise
    if problems:
        raise click.ClickException(_summary(counted, problems))
    verb = "handed to the brokers" if wish.acks == "0" else "acknowledged"
    click.echo(f"{counted} {verb}", err=True)


def _producer(topic: Topic, wish: _Wish) -> Producer:
    partitioner: Callable[[list[Partition], Any], Partition] | None = None
    if wish.partition is not None:
        (id_,) = check_partitions(topic, [wish.partition])
        only = topic.partitions[id_]
        partitioner = lambda partitions, key: only  # noqa: E731 - there is no more to it
    elif (wish.partitioner or ("hash" if wish.key_separator else "")) == "hash":
        partitioner = HashingPartitioner()
    return topic.get_producer(
        partitioner=partitioner,
        compression=CODECS[wish.compression],
        required_acks=_ACKS[wish.acks],
        linger_ms=_LINGER_MS,
        delivery_timeout_ms=max(1, int(wish.delivery_timeout * 1000)),
    )


def _deliver(
    producer: Producer,
    file: BinaryIO,
    key_separator: str | None,
    counted: _Counted,
    look: Callable[[_Counted], None],
) -> list[KafkaException]:
    """Send every line and wait for what becomes of them; returns what went wrong."""
    problems = []
    try:
        _send(producer, file, key_separator, counted, look)
    except KafkaException as error:
        problems.append(error)
    try:
        producer.flush()
    except KafkaException as error:
        problems.append(error)
    return problems


def _send(
    producer: Producer,
    file: BinaryIO,
    key_separator: str | None,
    counted: _Counted,
    look: Callable[[_Counted], None],
) -> None:
    """Hand every line to the producer.

    :raises ProduceFailureError: earlier lines failed.
    :raises UsageError: a line cannot be sent; names it.
    """
    separator = key_separator and key_separator.replace(r"\t", "\t").encode()
    for number, line in enumerate(file, 1):
        key, value = None, line.removesuffix(b"\n")
        if separator:
            key, found, value = value.partition(separator)
            if not found:
                raise UsageError(f"line {number} has no key: {key_separator!r} is not in it")
        try:
            producer.produce(value, key)
        except MessageSizeTooLarge as error:
            raise UsageError(f"line {number}: {error}") from error
        counted.lines = number
        counted.bytes += len(line)
        if not number % _LOOK_EVERY:
            look(counted)


def _summary(counted: _Counted, problems: list[KafkaException]) -> str:
    lost = [
        message
        for problem in problems
        if isinstance(problem, ProduceFailureError)
        for message in problem.messages
    ]
    text = f"{counted.lines:,} lines were sent"
    if lost:
        text += f", {len(lost):,} of them not delivered, the first of these {lost[0]!r}"
    return f"{text}; {one_line(problems[0])}"


@contextmanager
def _progress(file: BinaryIO) -> Iterator[Callable[[_Counted], None]]:
    """A function that shows how far it is: on a terminal, unless somebody types into it."""
    if not sys.stderr.isatty() or file.isatty():
        yield lambda counted: None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TimeElapsedColumn, TransferSpeedColumn

    columns = (DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    size = os.fstat(file.fileno()).st_size or None
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda counted: bar.update(task, completed=counted.bytes)
