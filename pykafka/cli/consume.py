"""``pykafka consume``: the messages of a topic on standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from ..common import OffsetType
from ..exceptions import InvalidOptionError
from . import group_offsets
from .catalog import check_partitions, existing_topic
from .parameters import Place, to_place
from .places import ends, find_offsets, starts
from .rendering import Render, json_render, make_render
from .session import Session, connection_options

if TYPE_CHECKING:
    from ..simpleconsumer import SimpleConsumer
    from ..topic import Topic

__all__ = ["consume"]

#: Milliseconds without a message after which the loop looks at what else is to be done.
_IDLE_MS = 100
#: Seconds that output may wait in the buffer, and between two commits.
_FLUSH_EVERY = 0.1
_COMMIT_EVERY = 5.0


class _Wish(NamedTuple):
    """The command's options."""

    group: str | None
    start: Place | None
    partition: tuple[int, ...]
    limit: int | None
    until_end: bool
    template: str
    raw: bool
    as_json: bool


class _Copy:
    """Messages from a consumer to a stream. Knows which of them have left this process, and
    commits only those: an interrupted run shows a message again rather than never."""

    def __init__(
        self,
        consumer: SimpleConsumer,
        out: BinaryIO,
        render: Render,
        until: Mapping[int, int] | None,
        commits: bool,
    ) -> None:
        self._consumer = consumer
        self._commits = commits
        self._out = out
        self._render = render
        self._bounded = until is not None
        self._until = dict(until or {})
        self._written: dict[int, int] = {}
        self._flushed: dict[int, int] = {}
        self._flush_at = self._commit_at = 0.0

    def run(self, limit: int | None) -> None:
        """Copy at most ``limit`` messages; at most those up to ``until``; else for ever."""
        count = 0
        while not self._is_over():
            for message in self._consumer:
                if self._bounded and not self._is_wanted(message.partition_id, message.offset):
                    continue
                self._out.write(self._render(message))
                self._written[message.partition_id] = message.offset + 1
                count += 1
                if count == limit:
                    return
                self._look_after(time.monotonic())
                if self._is_over():
                    return
            self._look_after(time.monotonic())

    def _is_over(self) -> bool:
        return self._bounded and not self._until

    def _is_wanted(self, partition: int, offset: int) -> bool:
        """Whether it lies before the end; the last one takes its partition off the list."""
        end = self._until.get(partition, 0)
        if offset >= end - 1:
            self._until.pop(partition, None)
        return offset < end

    def _look_after(self, now: float) -> None:
        if now < self._flush_at:
            return
        self._flush()
        self._flush_at = now + _FLUSH_EVERY
        if now >= self._commit_at:
            self._commit_at = now + _COMMIT_EVERY
            self._commit()

    def _flush(self) -> None:
        self._out.flush()
        self._flushed.update(self._written)
        self._written.clear()

    def _commit(self) -> None:
        if self._commits and self._flushed:
            partitions = self._consumer.partitions
            self._consumer.commit_offsets(
                [(partitions[id_], offset) for id_, offset in self._flushed.items()]
            )
            self._flushed.clear()

    def finish(self) -> None:
        """Write out and commit what is left."""
        try:
            self._flush()
        finally:
            self._commit()


@click.command()
@click.argument("topic")
@click.option("-g", "--group", help="Start where this group is, and commit for it.")
@click.option(
    "--from",
    "start",
    callback=to_place,
    metavar="PLACE",
    help="earliest, latest, an offset, or a UTC time such as 2026-01-31T12:00:00; moves the group."
    "  [default: where the group is, else earliest]",
)
@click.option(
    "-p",
    "--partition",
    type=click.IntRange(min=0),
    multiple=True,
    help="Only this one; repeatable.",
)
@click.option("-n", "--limit", type=click.IntRange(min=1), help="End after so many messages.")
@click.option("--until-end", is_flag=True, help="End where the topic ended when this began.")
@click.option(
    "-f",
    "--format",
    "template",
    default=r"{value}\n",
    show_default=True,
    help="Fields: {topic} {partition} {offset} {timestamp} {key} {value}; \\n, \\t, \\0.",
)
@click.option("--raw", is_flag=True, help="Exact bytes; otherwise what is not UTF-8 is replaced.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object in a line per message.")
@connection_options()
@click.pass_obj
def consume(session: Session, /, topic: str, **options: Any) -> None:
    """Print the messages of TOPIC, until Ctrl-C.

    With a group, what was printed is committed every 5 seconds and at the end, also by Ctrl-C.
    """
    wish = _Wish(**options)
    render = json_render(topic) if wish.as_json else _render(topic, wish)
    with session.connect() as client:
        source = existing_topic(client, topic)
        until = _until(source, wish) if wish.until_end else None
        # A buffer of its own: PYTHONUNBUFFERED would make a system call of each message.
        out = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - no path
        with _consumer(source, wish) as consumer:
            copy = _Copy(consumer, out, render, until, wish.group is not None)
            try:
                copy.run(wish.limit)
            except KeyboardInterrupt:
                # The way to end it, unless there was another one to wait for.
                if wish.limit is not None or wish.until_end:
                    raise
            finally:
                copy.finish()


def _render(topic: str, wish: _Wish) -> Render:
    try:
        return make_render(topic, wish.template, wish.raw)
    except InvalidOptionError as error:
        raise click.UsageError(str(error)) from error


def _until(topic: Topic, wish: _Wish) -> dict[int, int]:
    """Where to end, for the partitions that have anything to read before that."""
    last, begin = ends(topic), starts(topic)
    if wish.start is not None:
        begin = find_offsets(topic, wish.start)
    elif wish.group is not None:
        stored = group_offsets.committed(topic, wish.group)
        begin = {id_: max(offset, stored[id_]) for id_, offset in begin.items()}
    return {
        id_: last[id_] for id_ in check_partitions(topic, wish.partition) if begin[id_] < last[id_]
    }


def _consumer(topic: Topic, wish: _Wish) -> SimpleConsumer:
    """A consumer that begins where it should."""
    partitions = [topic.partitions[id_] for id_ in check_partitions(topic, wish.partition)]
    offsets = None if wish.start is None else find_offsets(topic, wish.start)
    consumer = topic.get_simple_consumer(
        wish.group,
        partitions=partitions,
        auto_offset_reset=OffsetType.EARLIEST,
        reset_offset_on_start=wish.group is None,
        consumer_timeout_ms=_IDLE_MS,
    )
    if offsets is not None:
        # It takes the offset before the next one; before the first there is none.
        consumer.reset_offsets(
            [
                (part, offsets[part.id] - 1 if offsets[part.id] else OffsetType.EARLIEST)
                for part in partitions
            ]
        )
    return consumer
