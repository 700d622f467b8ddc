"""Asking the person at the terminal before something is lost."""

from __future__ import annotations

import sys

import click

__all__ = ["confirm"]


def confirm(question: str) -> None:
    """Go on if the answer is yes.

    :raises click.ClickException: it is not, or there is nobody who could answer.
    """
    sure = False
    try:
        sure = click.confirm(question, err=True)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        sys.stderr.write("\n")
    if not sure:
        raise click.ClickException("not confirmed (--yes does without): nothing was changed")
