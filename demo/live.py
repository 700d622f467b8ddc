"""What the demo shows while it runs: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flow import Watch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

#: Seconds between two plain lines.
_LINE_EVERY = 2.0


class Meter:
    """How fast one direction went."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines = 0
        self.bytes = 0
        self.seconds = 0.0
        self._began = 0.0

    def begin(self) -> None:
        """Measure from now on."""
        self._began = time.monotonic()

    def update(self, lines: int, size: int) -> None:
        """Take over how far it is."""
        self.lines, self.bytes = lines, size
        self.seconds = time.monotonic() - self._began

    def __str__(self) -> str:
        megabytes, seconds = self.bytes / 1e6, self.seconds or 1e-9
        return (
            f"{megabytes:6.1f} MB {megabytes / seconds:5.1f} MB/s"
            f" {self.lines:10,} lines {self.lines / seconds:8,.0f}/s"
        )


@contextmanager
def measured(console: Console, meter: Meter, megabytes: float) -> Iterator[Watch]:
    """Give a function to be called with the numbers of lines and bytes up to now.

    :param megabytes: about how much there will be.
    """
    meter.begin()
    if console.is_terminal:
        with _bar(console, meter, megabytes) as watch:
            yield watch
        return
    last = time.monotonic()

    def say(lines: int, size: int) -> None:
        nonlocal last
        meter.update(lines, size)
        if time.monotonic() - last >= _LINE_EVERY:
            last = time.monotonic()
            console.print(f"{meter.name:9} {meter}", highlight=False)

    yield say
    console.print(f"{meter.name:9} {meter}", highlight=False)


@contextmanager
def _bar(console: Console, meter: Meter, megabytes: float) -> Iterator[Watch]:
    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[meter]}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(meter.name, total=megabytes * 1e6, meter=meter)

        def watch(lines: int, size: int) -> None:
            meter.update(lines, size)
            progress.update(task, completed=size)

        yield watch
        progress.update(task, total=meter.bytes)


@contextmanager
def counted(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function to be called with the number of words that have been counted up to now."""
    if console.is_terminal:
        columns = (
            TextColumn("counted  "),
            BarColumn(bar_width=16),
            TextColumn("{task.completed:,.0f} of {task.total:,} words"),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("counted", total=total)
            yield lambda count: progress.update(task, completed=count)
        return
    last = 0.0

    def say(count: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY or count >= total:
            last = time.monotonic()
            console.print(f"counted   {count:,} of {total:,} words", highlight=False)

    yield say
