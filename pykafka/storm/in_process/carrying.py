"""Values on their way from one component to another, as JSON would carry them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from ..multilang.fast_json import dumps, loads

__all__ = ["again", "carried"]


def carried(value: Any) -> Any:
    """What arrives of a value: tuples become lists, keys of dicts become strings.

    :raises SerializationError: it cannot go through Storm.
    """
    return loads(dumps(value))


def again(values: Sequence[Any]) -> Sequence[Any]:
    """Values that were carried, for one more reader, who may change what is in them."""
    for value in values:
        if type(value) is list or type(value) is dict:
            return deepcopy(values)
    return values
