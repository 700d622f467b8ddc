"""Every message class against the definitions that Kafka publishes, field by field.

The union of two releases is compared: 3.9.1 still has every version from 0 on, 4.3.0 has the
newest. What a newer Kafka changes shows up here as a difference to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from wire.kafka_definitions import NEW, OLD, Definition, versions
from wire.messages import CLASSES

from pykafka.wire.messages import API_NAMES
from pykafka.wire.primitives import ZERO_UUID, ArrayOf, StructOf, WireType
from pykafka.wire.schema import ApiMessage, Field, Struct

Definitions = dict[str, dict[str, Definition]]

#: Attributes of a field that say nothing about its bytes; others are unknown and a failure.
_NOT_COMPARED = {"about", "entityType", "mapKey"}
_COMPARED = {
    "default", "fields", "ignorable", "name", "nullableVersions", "tag", "taggedVersions", "type",
    "versions",
}  # fmt: skip
_ZERO = {"bool": False, "bytes": b"", "records": b"", "string": "", "uuid": ZERO_UUID}


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _shared(first: range, *others: range) -> range:
    for other in others:
        first = range(max(first.start, other.start), min(first.stop, other.stop))
    return first if first else range(0)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_class_is_what_kafka_publishes(
    cls: type[ApiMessage], kafka_definitions: Definitions
) -> None:
    old, new = (kafka_definitions[release][cls.__name__] for release in (OLD, NEW))
    assert cls.api_key == old.api_key == new.api_key
    assert cls.valid_versions == range(
        min(old.valid.start, new.valid.start), max(old.valid.stop, new.valid.stop)
    )
    for release in (old, new):
        assert _shared(release.flexible, release.valid) == _shared(
            cls.flexible_versions, release.valid
        )
    newest = dict(_walk(new.fields, new, ""))
    assert list(_differences(cls, old.fields, old, newest)) == []
    assert list(_differences(cls, new.fields, new, newest)) == []


def _walk(
    fields: list[dict[str, Any]], definition: Definition, path: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    for spec in fields:
        here = f"{path}.{spec['name']}"
        yield here, spec
        yield from _walk(_members(spec, definition), definition, here)


def _members(spec: dict[str, Any], definition: Definition) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = spec.get("fields") or definition.common.get(
        spec["type"].removeprefix("[]"), []
    )
    return members


def _differences(
    cls: type[Struct],
    published: list[dict[str, Any]],
    definition: Definition,
    newest: dict[str, dict[str, Any]],
    path: str = "",
    within: range | None = None,
) -> Iterator[str]:
    """What a struct has otherwise than a release; ``within``: the versions that can hold it."""
    valid = within or definition.valid
    ours = {spec.name: spec for spec in cls.fields}
    names = [_snake_case(spec["name"]) for spec in published]
    for name, spec in ours.items():
        if name not in names and _shared(spec.versions, valid):
            yield f"{path}.{name}: not in the release, versions {spec.versions}"
    if [name for name in ours if name in names] != names:
        yield f"{path}: fields are {list(ours)}, published {names}"
        return
    for spec in published:
        here = f"{path}.{spec['name']}"
        field = ours[_snake_case(spec["name"])]
        for what, have, want in _compare(field, spec, newest.get(here, spec), valid, cls):
            if have != want:
                yield f"{here}: {what} is {have!r}, published {want!r}"
        members = _members(spec, definition)
        inner = field.type.element if isinstance(field.type, ArrayOf) else field.type
        if isinstance(inner, StructOf):
            held = _shared(field.versions, valid)
            yield from _differences(inner.struct, members, definition, newest, here, held)


def _compare(
    field: Field, spec: dict[str, Any], newest: dict[str, Any], valid: range, cls: type[Struct]
) -> Iterator[tuple[str, Any, Any]]:
    published = versions(spec["versions"])
    nullable = versions(spec.get("nullableVersions", "none"))
    yield "unknown attributes", set(spec) - _COMPARED - _NOT_COMPARED, set()
    yield "type", _type_name(field.type), spec["type"]
    yield "versions", _shared(field.versions, valid), _shared(published, valid)
    yield (
        "nullable",
        _shared(field.nullable, field.versions, valid),
        _shared(nullable, published, valid),
    )
    yield "tag", field.tag, spec.get("tag")
    if "tag" in spec:
        yield "tagged versions", _shared(versions(spec["taggedVersions"]), published), published
    # The newest release decides: a topic's name became ignorable when ids came.
    yield "ignorable", field.ignorable, _flag(newest.get("ignorable", False))
    if field.required:
        yield "default", None, spec.get("default")
    else:
        yield "default", _comparable(field.default), _default(spec, field)


def _flag(value: Any) -> bool:
    return value in (True, "true")


def _type_name(wire: WireType[Any]) -> str:
    return wire.name


def _comparable(value: Any) -> Any:
    return "all defaults" if isinstance(value, Struct) and value == type(value)() else value


def _default(spec: dict[str, Any], field: Field) -> Any:
    """The default that a definition gives, or means by giving none."""
    text, kind = spec.get("default"), spec["type"]
    if text == "null":
        return None
    if kind.startswith("[]"):
        return []
    if isinstance(field.type, StructOf):
        return "all defaults"
    if kind.startswith("int"):
        return int(text or "0", 0) if isinstance(text, (str, type(None))) else text
    if kind == "bool":
        return _flag(text)
    return _ZERO[kind] if text is None else text


def test_defaults_stand_where_some_version_lacks_the_field(kafka_definitions: Definitions) -> None:
    """The rule that decides which arguments must be given: no default by accident."""
    accidents = []
    for cls in CLASSES:
        published = dict(_walk(kafka_definitions[NEW][cls.__name__].fields,
                               kafka_definitions[NEW][cls.__name__], ""))  # fmt: skip
        with_default = {_snake_case(path) for path, spec in published.items() if "default" in spec}
        for spec in cls.fields:
            everywhere = _shared(spec.versions, cls.valid_versions) == cls.valid_versions
            given = f".{spec.name}" in with_default
            if spec.required == (given or not everywhere or spec.tag is not None):
                accidents.append(f"{cls.__name__}.{spec.name}")
    assert accidents == []


def test_registry_names_every_api_as_kafka_does(kafka_definitions: Definitions) -> None:
    published = {
        definition.api_key: name.removesuffix("Request")
        for name, definition in kafka_definitions[NEW].items()
        if name.endswith("Request")
    }
    assert {key: published[key] for key in API_NAMES} == API_NAMES
