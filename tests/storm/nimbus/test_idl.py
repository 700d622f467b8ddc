"""``nimbus.thrift`` against Storm's own classes."""

from __future__ import annotations

import pytest
from storm_oracle import StormOracle

from pykafka.storm.nimbus.structures import nimbus_structures, structures

THRIFT = nimbus_structures()

#: As Java counts them; by default a field is neither.
REQUIRED = 1
EXCEPTIONS = [
    *("AlreadyAliveException", "NotAliveException", "InvalidTopologyException"),
    "AuthorizationException",
]
STRUCTURES = sorted(
    {found.__name__ for kind in ("structs", "unions") for found in THRIFT.__thrift_meta__[kind]}
    | set(EXCEPTIONS)
)
CALLS = [
    f"{method}_{part}" for method in THRIFT.Nimbus.thrift_services for part in ("args", "result")
]

Field = tuple[int, str, bool]
#: Kinds that are one on the wire: thriftpy2's binary is a string, Java's enumeration a number.
SAME_KIND = {18: 11, -1: 8}


def theirs(oracle: StormOracle, name: str) -> dict[int, Field]:
    """Fields by number."""
    found = {}
    for field in oracle.ask("fields", name).split():
        number, field_name, kind, requirement = field.split(":")
        kind_number = SAME_KIND.get(int(kind), int(kind))
        found[int(number)] = (kind_number, field_name, int(requirement) == REQUIRED)
    return found


@pytest.mark.parametrize("name", STRUCTURES)
def test_each_structure_is_a_part_of_storms(storm_java: StormOracle, name: str) -> None:
    known = theirs(storm_java, name)
    for number, spec in getattr(THRIFT, name).thrift_spec.items():
        assert known[number] == (spec[0], spec[1], spec[-1])


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_storms(storm_java: StormOracle, name: str) -> None:
    ours = {
        number: (SAME_KIND.get(spec[0], spec[0]), spec[1])
        for number, spec in getattr(THRIFT.Nimbus, name).thrift_spec.items()
    }
    known = theirs(storm_java, f"Nimbus${name}")
    assert ours == {number: (kind, field) for number, (kind, field, _) in known.items()}


def test_what_it_includes_is_what_topologies_are_made_of() -> None:
    argument = THRIFT.Nimbus.submitTopologyWithOpts_args.thrift_spec[4]
    assert argument[2] is structures().StormTopology
