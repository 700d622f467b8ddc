"""What a topology of Python components needs in its configuration, and Storm has not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["KRYO_REGISTER", "with_defaults"]

KRYO_REGISTER = "topology.kryo.register"

#: What Storm's JSON parser makes of lists, objects and many a float (``1e-06``). Storm knows how
#: to carry none of them from worker to worker. Its own shaded parser changed in 2.6.
_SINCE_2_6 = (
    "org.apache.storm.shade.net.minidev.json.JSONArray",
    "org.apache.storm.shade.net.minidev.json.JSONObject",
    "java.math.BigDecimal",
)
_BEFORE_2_6 = (
    "org.apache.storm.shade.org.json.simple.JSONArray",
    "org.apache.storm.shade.org.json.simple.JSONObject",
)


def with_defaults(conf: Mapping[str, Any], version: str) -> dict[str, Any]:
    """A topology's configuration for a cluster of that version: with the classes of values that
    go from worker to worker. What ``conf`` registers, or otherwise says of them, stays.

    :param version: of Storm, as Nimbus tells it; one that says nothing is taken for a new one.
    """
    needed = _registrations(version)
    given = conf.get(KRYO_REGISTER) or []
    # Each entry is a class, or one with its serializer; Storm takes a mapping of these, too.
    entries = [{name: given[name]} for name in given] if isinstance(given, Mapping) else list(given)
    known = {
        name for entry in entries for name in (entry if isinstance(entry, Mapping) else [entry])
    }
    added = [name for name in needed if name not in known]
    return {**conf, KRYO_REGISTER: [*entries, *added]} if added else dict(conf)


def _registrations(version: str) -> tuple[str, ...]:
    found = re.match(r"(\d+)\.(\d+)", version)
    number = (int(found[1]), int(found[2])) if found else (2, 6)
    if number < (2, 0):
        # There, Java's own serialization is what is fallen back to.
        return ()
    return _SINCE_2_6 if number >= (2, 6) else _BEFORE_2_6
