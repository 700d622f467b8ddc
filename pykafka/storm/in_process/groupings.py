"""Which tasks of a bolt get a tuple."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any
from zlib import crc32

from ..exceptions import TopologyError
from .plan import Subscription

__all__ = ["Chooser", "chooser"]

#: Values of a tuple -> tasks that get it.
Chooser = Callable[[Sequence[Any]], Sequence[int]]


def chooser(
    subscription: Subscription,
    reader: str,
    tasks: Sequence[int],
    fields: Sequence[str] | None,
    random: Random,
) -> Chooser:
    """Make what one emitting task asks for the tasks of one reader.

    :param tasks: the reader's tasks, ascending.
    :param fields: names of the stream's values.
    :param random: decides on the order of a shuffle.
    :raises TopologyError: a grouping that only Java code can decide.
    """
    kind = subscription.kind
    if kind == "fields":
        positions = [(fields or ()).index(name) for name in subscription.fields]
        return _by_fields(positions, tasks)
    if kind == "all":
        return lambda _values: tasks
    if kind == "global":
        lowest = tasks[:1]
        return lambda _values: lowest
    if kind in ("shuffle", "local_or_shuffle", "none"):
        return _shuffle(tasks, random)
    if kind == "direct":
        # Only an emit that names the task reaches it.
        return lambda _values: ()
    raise TopologyError(
        f"bolt {reader!r} reads {subscription.component!r} stream {subscription.stream!r} by "
        f"grouping {kind!r}, which is Java code and cannot run in process: "
        "use one of Storm's own groupings, or run the topology on Storm"
    )


def _shuffle(tasks: Sequence[int], random: Random) -> Chooser:
    """Deal like Storm: the tasks in turn, in an order drawn once."""
    order = [[task] for task in tasks]
    random.shuffle(order)
    position = -1
    last = len(order) - 1

    def choose(_values: Sequence[Any]) -> Sequence[int]:
        nonlocal position
        position = 0 if position == last else position + 1
        return order[position]

    return choose


def _by_fields(positions: Sequence[int], tasks: Sequence[int]) -> Chooser:
    """Equal values, equal task; ``hash`` of a string would differ from run to run."""
    single = [[task] for task in tasks]
    count = len(single)
    if len(positions) == 1:
        (only,) = positions

        def choose(values: Sequence[Any]) -> Sequence[int]:
            value = values[only]
            text = value if type(value) is str else repr(_canonical(value))
            return single[crc32(text.encode("utf-8", "surrogatepass")) % count]

    else:

        def choose(values: Sequence[Any]) -> Sequence[int]:
            text = repr([_canonical(values[position]) for position in positions])
            return single[crc32(text.encode("utf-8", "surrogatepass")) % count]

    return choose


def _canonical(value: Any) -> Any:
    """Bring values that are equal to one spelling: 1, 1.0 and True, dicts in any order."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    return value
