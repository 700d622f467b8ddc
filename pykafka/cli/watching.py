"""Commands that show something again and again."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..exceptions import RemoteError
from .ending import one_line

__all__ = ["WatchCommand", "repeatedly", "watch_option"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_EVERY = "2"
#: What terminals understand: go to the upper left corner; erase a line; erase what is below.
_HOME, _ERASE_LINE, _ERASE_REST = "\x1b[H", "\x1b[K", "\x1b[J"


class WatchCommand(click.Command):
    """A command whose ``--watch`` may stand without its number, whatever follows."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = [
            f"--watch={_EVERY}"
            if word in ("-w", "--watch") and not _is_number(args[place + 1 : place + 2])
            else word
            for place, word in enumerate(args)
        ]
        return super().parse_args(ctx, given)


def watch_option(function: _Function) -> _Function:
    """``--watch [SECONDS]``."""
    return click.option(
        "-w",
        "--watch",
        metavar="[SECONDS]",
        type=click.FloatRange(min=0.1),
        help=f"Show it every {_EVERY} seconds, or as often as you say, until Ctrl-C.",
    )(function)


def repeatedly(show: Callable[[], None], every: float | None, in_place: bool) -> None:
    """Show something once, or for ever; Ctrl-C ends that, which is no error.

    Whatever goes wrong after the first time is said, and tried again.

    :param show: prints it.
    :param in_place: whether a terminal shows only the last time.
    """
    if every is None:
        show()
        return
    in_place = in_place and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    try:
        for number in itertools.count():
            if number:
                time.sleep(every)
            screen, failure = _Screen(sys.stdout.isatty()), ""
            try:
                with contextlib.redirect_stdout(screen):
                    show()
            except RemoteError as error:
                if not number:
                    raise
                failure = f"Error: {one_line(error)}\n"
            if in_place:
                _replace(screen.getvalue() + failure, every)
            else:
                sys.stdout.write(screen.getvalue())
                sys.stderr.write(failure)
            sys.stdout.flush()
    except KeyboardInterrupt:
        pass


def _replace(text: str, every: float) -> None:
    """Write over what is there, each line after erasing it, so that nothing flickers."""
    head = f"Every {every:g} s until Ctrl-C; {time.strftime('%H:%M:%S')}\n\n"
    lines = (head + text).splitlines()
    sys.stdout.write(_HOME + "".join(f"{_ERASE_LINE}{line}\n" for line in lines) + _ERASE_REST)


class _Screen(io.StringIO):
    """What is printed, by somebody who asks whether it is for a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def _is_number(words: list[str]) -> bool:
    try:
        return bool(words) and float(words[0]) >= 0
    except ValueError:
        return False
