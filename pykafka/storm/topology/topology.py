"""Topologies, described as classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from ..exceptions import TopologyError
from .assembly import Declared, assemble, declared_in
from .checks import check_specs
from .mistakes import Mistakes
from .specs import ComponentSpec, own_copy

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Topology", "TopologyType"]


class TopologyType(type):
    """The class of topologies: makes components of the attributes that are specs."""

    specs: list[ComponentSpec]
    config: dict[str, Any]
    _declared: Declared

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], abstract: bool = False
    ) -> TopologyType:
        cls = super().__new__(mcs, name, bases, namespace)
        mistakes = Mistakes()
        cls._declared = declared_in(cls.__qualname__, namespace, _inherited(cls), mistakes)
        cls.specs = assemble(_declared_by(cls), mistakes)
        cls._name_attributes()
        if isinstance(cls.config, Mapping):
            cls.config = own_copy(cls.config)
        if bases and not abstract:
            check_specs(name, cls.specs, cls.config, mistakes)
            mistakes.raise_any()
        return cls

    def __init__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], abstract: bool = False
    ) -> None:
        super().__init__(name, bases, namespace)

    def _name_attributes(cls) -> None:
        """Put the named copies where the specs were written."""
        named = {id(spec.origin): spec for spec in cls.specs}
        for attribute, specs in cls._declared.items():
            if specs is None:
                continue
            found = [named.get(id(spec.origin), spec) for spec in specs]
            is_list = isinstance(vars(cls)[attribute], (list, tuple))
            setattr(cls, attribute, found if is_list else found[0])

    @property
    def thrift_topology(cls) -> Any:
        """The topology as Nimbus takes it: a Thrift ``StormTopology``.

        :raises MissingRequirementError: thriftpy2 is not installed.
        :raises TopologyError: a par goes by environments.
        """
        from ..nimbus.structures import topology_structure

        return topology_structure(cls)

    @property
    def thrift_spouts(cls) -> dict[str, Any]:
        """The spouts by name, each a Thrift ``SpoutSpec``."""
        spouts: dict[str, Any] = cls.thrift_topology.spouts
        return spouts

    @property
    def thrift_bolts(cls) -> dict[str, Any]:
        """The bolts by name, each a Thrift ``Bolt``."""
        bolts: dict[str, Any] = cls.thrift_topology.bolts
        return bolts

    def __repr__(cls) -> str:
        return f"<topology {cls.__qualname__}: {', '.join(str(spec.name) for spec in cls.specs)}>"


def _declared_by(cls: TopologyType) -> list[Declared]:
    """What each class of a topology declares, the bases first."""
    return [vars(base)["_declared"] for base in reversed(cls.__mro__) if "_declared" in vars(base)]


def _inherited(cls: TopologyType) -> set[str]:
    return {attribute for declared in _declared_by(cls) for attribute in declared}


class Topology(metaclass=TopologyType):
    """A topology: subclass it, and give it specs as attributes.

    ::

        class WordCount(Topology):
            word_spout = WordSpout.spec()
            count_bolt = WordCountBolt.spec(inputs={word_spout: Grouping.fields("word")}, par=2)

    or lists of specs in the short form::

        class WordCount(Topology):
            spouts = [WordSpout(name="word-spout", out=["word"], p=2)]
            bolts = [
                WordCountBolt(name="word-count-bolt", from_=WordSpout, group_on="word", p=8)
            ]

    A component is called what its ``name`` says, else as the attribute, else (in a list) as its
    class with hyphens. A subclass inherits components, and they come first; an attribute of the
    same name replaces one, for whoever reads it too, and None removes it. With
    ``class Common(Topology, abstract=True)`` a base need not be whole.

    All mistakes are found when the class is made.

    :cvar config: Storm's options for this topology.
    :cvar specs: its components, in order.
    :raises TopologyError: it is not what Storm could run. Each mistake is listed.
    """

    specs: ClassVar[list[ComponentSpec]]
    config: ClassVar[dict[str, Any]] = {}

    @classmethod
    def check(cls, environment: str | None = None) -> None:
        """Look for mistakes again.

        :param environment: the one that it is to run in; needed if a par goes by environments.
        :raises TopologyError: there are some.
        """
        mistakes = Mistakes()
        assemble(_declared_by(cls), mistakes)
        check_specs(cls.__name__, cls.specs, cls.config, mistakes)
        for spec in cls.specs:
            try:
                spec.par_in(environment)
            except TopologyError as error:
                mistakes.add(str(error))
        mistakes.raise_any()

    @classmethod
    def write(cls, stream: str | Path | IO[bytes]) -> None:
        """Write the Thrift structure.

        :param stream: a path, or a file that is open for writing bytes.
        """
        from ..nimbus.structures import serialized

        content = serialized(cls.thrift_topology)
        if isinstance(stream, (str, Path)):
            Path(stream).write_bytes(content)
        else:
            stream.write(content)

    @classmethod
    def read(cls, stream: str | Path | IO[bytes]) -> type[Self]:
        """Take over the components of a Thrift structure that was written.

        Python components come back as the command lines that they were written as.

        :param stream: a path, or a file that is open for reading bytes.
        :returns: the class itself; if called on ``Topology``, a new subclass.
        """
        from ..nimbus.structures import deserialized, specs_of

        content = Path(stream).read_bytes() if isinstance(stream, (str, Path)) else stream.read()
        target = cls
        if cls.__bases__ == (object,):
            target = TopologyType("Topology", (cls,), {}, abstract=True)  # type: ignore[assignment]  # a subclass of cls
        target._declared = dict.fromkeys(_inherited(target))
        target._declared.update(
            (str(spec.name), [spec]) for spec in specs_of(deserialized(content))
        )
        target.specs = assemble(_declared_by(target), Mistakes())
        return target

    @classmethod
    def to_flux_dict(cls, name: str) -> dict[str, Any]:
        """The topology as what a Flux YAML file holds; see :mod:`pykafka.storm.flux`."""
        from ..flux import flux_dict

        return flux_dict(cls, name)
