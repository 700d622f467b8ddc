"""2.x's helpers that sort a response's partitions by error, and check numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from ..exceptions import InvalidOptionError, InvalidOptionTypeError

__all__ = ["build_parts_by_error", "handle_partition_responses", "raise_error", "valid_int"]

_Number = TypeVar("_Number", int, float)


def handle_partition_responses(
    error_handlers: Mapping[int, Callable[[Any], Any]],
    parts_by_error: Mapping[int, list[Any]] | None = None,
    success_handler: Callable[[Any], Any] | None = None,
    response: Any = None,
    partitions_by_id: Mapping[int, Any] | None = None,
) -> Mapping[int, list[Any]]:
    """Call a handler for each error code that partitions came back with.

    :param error_handlers: error code -> function of a list of pairs, see below.
    :param parts_by_error: what :func:`build_parts_by_error` made; if it is not given it is
        made of ``response`` and ``partitions_by_id``.
    :param success_handler: the function for code 0.
    :returns: ``parts_by_error``.
    """
    if parts_by_error is None:
        parts_by_error = build_parts_by_error(response, partitions_by_id)
    handlers = dict(error_handlers)
    if success_handler is not None:
        handlers[0] = success_handler
    for code, parts in parts_by_error.items():
        if code in handlers:
            handlers[code](parts)
    return parts_by_error


def build_parts_by_error(
    response: Any, partitions_by_id: Mapping[int, Any] | None
) -> dict[int, list[Any]]:
    """Sort a response's partitions by error code.

    :param response: has ``topics``: name -> partition id -> something with ``err``.
    :param partitions_by_id: what stands for a partition; ``None`` stands for all without it.
    :returns: error code -> list of (what stands for the partition, its part of the response).
    """
    parts_by_error = defaultdict(list)
    for partitions in response.topics.values():
        for id_, part in partitions.items():
            owned = None if partitions_by_id is None else partitions_by_id[id_]
            parts_by_error[part.err].append((owned, part))
    return parts_by_error


def raise_error(error: type[BaseException], info: object = "") -> NoReturn:
    """Raise ``error`` with ``info``."""
    raise error(info)


def valid_int(param: _Number, allow_zero: bool = False, allow_negative: bool = False) -> _Number:
    """Return ``param`` if it is a number within the bounds.

    :raises InvalidOptionTypeError: (a ``TypeError``) it is no number.
    :raises InvalidOptionError: (a ``ValueError``) it is zero or negative where it may not be.
    """
    if not isinstance(param, (int, float)):
        raise InvalidOptionTypeError(f"a number is needed, not {type(param).__name__}: {param!r}")
    if param < 0 and not allow_negative:
        raise InvalidOptionError(f"a number that is not negative is needed, not {param!r}")
    if param == 0 and not allow_zero:
        raise InvalidOptionError(f"a number other than zero is needed, not {param!r}")
    return param
