"""Partitions as procedures speak of them, and answers sorted by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ..exceptions import MalformedDataError

__all__ = ["PartitionKey", "answered_parts", "by_topic", "named"]

#: (topic, partition id)
PartitionKey: TypeAlias = tuple[str, int]


def named(keys: Iterable[PartitionKey]) -> str:
    """The partitions in words."""
    return ", ".join(f"{topic}/{partition}" for topic, partition in keys)


def by_topic(values: Mapping[PartitionKey, Any]) -> dict[str, list[tuple[int, Any]]]:
    """Topic -> (partition id, value) pairs."""
    grouped = defaultdict(list)
    for (topic, partition), value in values.items():
        grouped[topic].append((partition, value))
    return grouped


def answered_parts(
    parts: Mapping[PartitionKey, Any], keys: Iterable[PartitionKey], doing: str
) -> dict[PartitionKey, Any]:
    """The parts of an answer that were asked for.

    :raises MalformedDataError: one is not there.
    """
    missing = [key for key in keys if key not in parts]
    if missing:
        raise MalformedDataError(f"{doing}: the broker's answer leaves out {named(missing)}")
    return {key: parts[key] for key in keys}
