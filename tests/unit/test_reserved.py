"""Classes of 2.x that this release does not have: there to be found, honest when called."""

from __future__ import annotations

from typing import Any

import pytest
from compat.surface import RECORDED, Promise, difference, find

from pykafka.exceptions import ImplementationNotAvailableError, UsageError

#: Name -> where it is, and where it was in 2.8.
RESERVED = {
    "RdKafkaProducer": ("pykafka.rdkafka", "pykafka.rdkafka.producer"),
    "RdKafkaSimpleConsumer": ("pykafka.rdkafka", "pykafka.rdkafka.simple_consumer"),
}


@pytest.mark.parametrize("name", RESERVED)
def test_signatures_are_those_of_2_8(name: str) -> None:
    module, recorded = RESERVED[name]
    signature = RECORDED[recorded][name]["__init__"]
    assert difference(Promise(f"{module}.{name}.__init__", signature)) is None


@pytest.mark.parametrize("name", RESERVED)
def test_the_error_says_what_to_use_instead(name: str) -> None:
    made: Any = find(f"{RESERVED[name][0]}.{name}")
    with pytest.raises(UsageError, match=f"{name} is not in this release.*(Producer|Consumer)"):
        made(None, None, "group")


@pytest.mark.parametrize("name", ["RdKafkaProducer", "RdKafkaSimpleConsumer"])
def test_librdkafka_classes_fail_as_a_missing_package_does(name: str) -> None:
    made: Any = find(f"pykafka.rdkafka.{name}")
    with pytest.raises(ImportError) as raised:
        made(None, None)
    assert isinstance(raised.value, ImplementationNotAvailableError)
