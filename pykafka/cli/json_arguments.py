"""Arguments of ``kafka-tools`` that are JSON: what they mean, and what is wrong with them."""

from __future__ import annotations

import argparse
import json
from typing import Any

__all__ = ["parse_assignment", "parse_config"]


def parse_assignment(text: str) -> dict[int, list[int]]:
    """Partition id -> broker ids, of ``{"0": [1, 2]}`` or ``[[0, [1, 2]]]``.

    :raises argparse.ArgumentTypeError: it is neither.
    """
    try:
        assignment = {int(id_): list(map(int, brokers)) for id_, brokers in _pairs(text)}
    except (TypeError, ValueError):
        assignment = {}
    if not assignment:
        raise argparse.ArgumentTypeError(
            f"""{text!r} is not brokers for each partition, such as '{{"0": [1, 2]}}'"""
        )
    return assignment


def parse_config(text: str) -> dict[str, Any]:
    """Name -> value of settings, of ``{"retention.ms": 1000}`` or ``[["retention.ms", 1000]]``.

    :raises argparse.ArgumentTypeError: it is neither.
    """
    try:
        config = dict(_pairs(text))
    except (TypeError, ValueError):
        config = {None: None}
    simple = (str, int, float, bool, type(None))
    if not all(isinstance(k, str) and isinstance(v, simple) for k, v in config.items()):
        raise argparse.ArgumentTypeError(
            f"""{text!r} is not settings by their names, such as '{{"retention.ms": 1000}}'"""
        )
    return config


def _pairs(text: str) -> Any:
    found = json.loads(text)
    return found.items() if isinstance(found, dict) else found
