"""Kafka's own message definitions, out of the published kafka-clients jars."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pykafka.embedded.artifacts import class_path
from pykafka.wire.schema import parse_versions

__all__ = ["NEW", "OLD", "Definition", "classpath_of", "definitions"]

#: The last release with every version from 0 on, and the newest.
OLD, NEW = "3.9.1", "4.3.0"


@dataclass
class Definition:
    """One ``*.json``: a request or a response as one release has it."""

    name: str
    api_key: int | None
    valid: range
    flexible: range
    fields: list[dict[str, Any]]
    #: Fields of the structs that several fields share, by name.
    common: dict[str, list[dict[str, Any]]]


def classpath_of(release: str) -> list[Path]:
    """The kafka-clients jar of a release and what it needs; fetched when not in the cache."""
    return class_path([f"org.apache.kafka:kafka-clients:{release}"])


@cache
def definitions(release: str) -> dict[str, Definition]:
    """All definitions of a release, by name."""
    jar = next(j for j in classpath_of(release) if j.name == f"kafka-clients-{release}.jar")
    found = {}
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.startswith("common/message/") and name.endswith(".json"):
                definition = _parse(archive.read(name).decode())
                found[definition.name] = definition
    return found


def _parse(text: str) -> Definition:
    # Comments have lines of their own, or follow a value; no string in these files holds "//".
    content = json.loads(re.sub(r"(^|\s)//.*$", "", text, flags=re.MULTILINE))
    return Definition(
        name=content["name"],
        api_key=content.get("apiKey"),
        valid=versions(content["validVersions"]),
        flexible=versions(content.get("flexibleVersions", "none")),
        # APIs that a release has removed have none.
        fields=content.get("fields", []),
        common={struct["name"]: struct["fields"] for struct in content.get("commonStructs", [])},
    )


def versions(text: str | None) -> range:
    return parse_versions(None if text == "none" else text)
