"""Random messages through Kafka's own codecs: they understand ours, and write the same bytes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire.java_oracle import JavaOracle
from wire.kafka_definitions import Definition
from wire.messages import CLASSES, instances

from pykafka.wire.header import encode_request
from pykafka.wire.messages.metadata import MetadataRequest
from pykafka.wire.schema import ApiMessage


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_kafka_writes_the_same_bytes(
    cls: type[ApiMessage],
    java: JavaOracle,
    kafka_definitions: dict[str, dict[str, Definition]],
    data: st.DataObject,
) -> None:
    published = kafka_definitions[java.release][cls.__name__]
    version = data.draw(st.sampled_from(list(published.valid)))
    message = data.draw(instances(cls, version))
    body = message.encode(version)
    assert java.again(cls.__name__, version, body) == body


@pytest.mark.parametrize(("version", "header_version"), [(1, 1), (9, 2)])
@pytest.mark.parametrize("client_id", ["me", "", None])
def test_kafka_reads_the_header_of_a_request(
    java: JavaOracle, version: int, header_version: int, client_id: str | None
) -> None:
    request = MetadataRequest(topics=None)
    frame = encode_request(request, version, 77, client_id)
    header = frame[4 : -len(request.encode(version))]
    assert java.again("RequestHeader", header_version, header) == header
