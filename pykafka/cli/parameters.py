"""Kinds of values that several commands take."""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

import click

from ..exceptions import InvalidOptionError
from .places import parse_place

__all__ = ["Place", "to_place", "to_settings"]

#: An ``OffsetType``, an offset, or a naive UTC datetime.
Place: TypeAlias = "int | dt.datetime"


def to_place(context: click.Context, parameter: click.Parameter, value: str | None) -> Place | None:
    """Callback of options that take a place in a topic's log; see :func:`.places.parse_place`."""
    if value is None:
        return None
    try:
        return parse_place(value)
    except InvalidOptionError as error:
        raise click.BadParameter(str(error), context, parameter) from error


def to_settings(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Callback of repeatable options that take ``KEY=VALUE``."""
    settings = {}
    for value in values:
        key, separator, setting = value.partition("=")
        if not separator or not key:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE", context, parameter)
        settings[key] = setting
    return settings
