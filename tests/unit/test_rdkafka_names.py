"""2.x's classes on librdkafka: where they were, with the signatures that they had."""

from __future__ import annotations

import pytest
from compat.surface import RECORDED, Promise, difference, find

from pykafka.producer import Producer
from pykafka.rdkafka import RdKafkaProducer, RdKafkaSimpleConsumer
from pykafka.simpleconsumer import SimpleConsumer

#: Name -> the module that it was and is in.
NAMES = {
    "RdKafkaProducer": "pykafka.rdkafka.producer",
    "RdKafkaSimpleConsumer": "pykafka.rdkafka.simple_consumer",
}


@pytest.mark.parametrize("name", NAMES)
def test_signatures_begin_as_those_of_2_8(name: str) -> None:
    signature = RECORDED[NAMES[name]][name]["__init__"]
    assert difference(Promise(f"{NAMES[name]}.{name}.__init__", signature)) is None


@pytest.mark.parametrize("name", NAMES)
def test_they_are_in_the_package_too(name: str) -> None:
    assert find(f"pykafka.rdkafka.{name}") is find(f"{NAMES[name]}.{name}")


def test_they_are_what_they_were_made_of() -> None:
    assert issubclass(RdKafkaProducer, Producer)
    assert issubclass(RdKafkaSimpleConsumer, SimpleConsumer)
