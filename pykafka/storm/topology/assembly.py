"""From the attributes of a topology's class, and of those it inherits from, to its components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .inputs import Inputs, is_component_class
from .mistakes import Mistakes, did_you_mean
from .specs import ComponentSpec
from .streams import GlobalStreamId

__all__ = ["LISTS", "Declared", "assemble", "declared_in"]

#: The attributes of the short form, which hold lists of specs.
LISTS = ("spouts", "bolts")

#: What a topology's class has for other uses.
_RESERVED = frozenset(
    {
        *(*LISTS, "config", "specs", "check", "read", "write", "to_flux_dict"),
        *("thrift_bolts", "thrift_spouts", "thrift_topology"),
    }
)

#: The specs under an attribute, as written; None where an inherited one is removed.
Declared = dict[str, list[ComponentSpec] | None]


def declared_in(
    qualname: str, namespace: Mapping[str, Any], inherited: Iterable[str], mistakes: Mistakes
) -> Declared:
    """The components that the body of one class declares.

    :param inherited: attributes under which its bases have components.
    """
    declared: Declared = {}
    known = set(inherited)
    for attribute, value in namespace.items():
        if attribute in _RESERVED and isinstance(value, ComponentSpec):
            mistakes.add(
                f"{qualname}.{attribute}: topologies use this attribute themselves; take another, "
                f'and name="{attribute}" if the component is to be called so'
            )
        elif isinstance(value, ComponentSpec):
            declared[attribute] = [_kept(value)]
        elif attribute in LISTS and isinstance(value, (list, tuple)):
            declared[attribute] = [
                _kept(entry)
                for position, entry in enumerate(value)
                if _fits(f"{qualname}.{attribute}[{position}]", attribute, entry, mistakes)
            ]
        elif attribute in LISTS and value is not None:
            mistakes.add_type(f"{qualname}.{attribute} must be a list of specs; given: {value!r}")
        elif attribute in known:
            if value is not None:
                mistakes.add_type(
                    f"{qualname}.{attribute} hides an inherited component with {value!r}; a spec "
                    "replaces it and None removes it"
                )
            declared[attribute] = None
        elif _belongs_elsewhere(qualname, value):
            mistakes.add_type(_no_spec(f"{qualname}.{attribute}", value))
    return declared


def _kept(spec: ComponentSpec) -> ComponentSpec:
    """The spec as it was when the class was made."""
    return spec.copy(spec.name, spec.inputs)


def _fits(place: str, attribute: str, entry: Any, mistakes: Mistakes) -> bool:
    if not isinstance(entry, ComponentSpec):
        mistakes.add_type(_no_spec(place, entry))
        return False
    if entry.is_spout != (attribute == "spouts"):
        kind = "spout" if entry.is_spout else "bolt"
        mistakes.add_type(f"{place}: {entry.label} is a {kind} and does not belong there")
    return True


def _belongs_elsewhere(qualname: str, value: Any) -> bool:
    """Whether it is a component, or a class of them that is not just written down here."""
    if isinstance(value, type):
        return is_component_class(value) and not value.__qualname__.startswith(f"{qualname}.")
    return is_component_class(type(value))


def _no_spec(place: str, value: Any) -> str:
    if is_component_class(value):
        return f"{place} is the class {value.__name__}; write {value.__name__}.spec(...)"
    if is_component_class(type(value)):
        name = type(value).__name__
        return f"{place} is a {name}, not the spec of one; write {name}.spec(...)"
    return f"{place} is no spec; given: {value!r}"


@dataclass
class _Parts:
    """What the classes of a topology declare, taken together."""

    places: dict[str, list[tuple[str, ComponentSpec]]] = field(default_factory=dict)
    #: Where each spec that was ever declared stood, and what it was called: it may have been
    #: replaced since, and whoever reads it reads what replaced it.
    once: dict[int, tuple[str, str]] = field(default_factory=dict)

    def take(self, declared: Declared) -> None:
        for attribute, specs in declared.items():
            if specs is None:
                self.places.pop(attribute, None)
                continue
            named = [(self._name(attribute, spec), spec) for spec in specs]
            self.places[attribute] = named
            for name, spec in named:
                self.once.setdefault(id(spec.origin), (attribute, name))

    def _name(self, attribute: str, spec: ComponentSpec) -> str:
        if spec.name:
            return spec.name
        if attribute in LISTS:
            return _hyphenated(spec.label)
        replaced = self.places.get(attribute)
        return replaced[0][0] if replaced else attribute

    def all(self) -> list[tuple[str, ComponentSpec]]:
        return [entry for entries in self.places.values() for entry in entries]


def _hyphenated(name: str) -> str:
    """``word-spout`` of ``WordSpout``."""
    parts = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
    return parts.lstrip("-")


def assemble(classes: Iterable[Declared], mistakes: Mistakes) -> list[ComponentSpec]:
    """The components of a topology, named, with inputs that name components.

    :param classes: what each class declares, the bases first.
    :returns: copies, the bases' components first, in the order written.
    """
    parts = _Parts()
    for declared in classes:
        parts.take(declared)
    specs: dict[str, ComponentSpec] = {}
    for name, spec in parts.all():
        if name in specs:
            mistakes.add(f"{name}: two components have this name")
            continue
        specs[name] = spec.copy(name, _resolved(name, spec.inputs, parts, mistakes))
        if not spec.is_spout and not spec.inputs:
            mistakes.add(f"{name}: a bolt needs at least one input")
    return list(specs.values())


def _resolved(name: str, inputs: Inputs, parts: _Parts, mistakes: Mistakes) -> Inputs:
    resolved: Inputs = {}
    for source, grouping in inputs.items():
        component = _component(name, source.componentId, parts, mistakes)
        if component is None:
            continue
        stream = GlobalStreamId(component, source.streamId)
        if stream in resolved:
            mistakes.add(
                f'{name}: reads stream "{stream.streamId}" of {component} twice; '
                "a bolt has one grouping for a stream"
            )
        resolved[stream] = grouping
    return resolved


def _component(name: str, source: Any, parts: _Parts, mistakes: Mistakes) -> str | None:
    """The name of the component that an input means, or None if it means none."""
    components = parts.all()
    names = [known for known, _ in components]
    if isinstance(source, str):
        if source in names:
            return source
        mistakes.add(
            f'{name}: reads "{source}", which is no component'
            + did_you_mean(source, names, "components")
        )
        return None
    if isinstance(source, ComponentSpec):
        meant = [known for known, spec in components if spec.origin is source.origin]
        if not meant and id(source.origin) in parts.once:
            attribute, former = parts.once[id(source.origin)]
            meant = [
                known
                for known, _ in parts.places.get(attribute, ())
                if attribute not in LISTS or known == former
            ]
        what = f"the spec of {source.label}"
    else:
        meant = [known for known, spec in components if spec.component_cls is source]
        what = f"the class {source.__name__}"
    if len(meant) == 1:
        return meant[0]
    if meant:
        mistakes.add(
            f"{name}: reads {what}, which several components have: {', '.join(meant)}; "
            "name the one that is meant"
        )
    else:
        mistakes.add(
            f"{name}: reads {what}, which no component of this topology has; "
            f"components: {', '.join(names)}"
        )
    return None
