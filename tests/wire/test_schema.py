"""How messages are declared, built, compared and shown, and what unfit values lead to."""

from __future__ import annotations

import tracemalloc

import pytest

from pykafka.exceptions import MalformedDataError, UnsupportedVersion, UsageError
from pykafka.wire.messages import request_class
from pykafka.wire.messages.api_versions import ApiVersionsResponse
from pykafka.wire.messages.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    LeaderIdAndEpoch,
    PartitionData,
)
from pykafka.wire.messages.metadata import MetadataRequest, MetadataResponse
from pykafka.wire.messages.sasl_authenticate import SaslAuthenticateRequest
from pykafka.wire.primitives import BYTES, INT32, STRING, UUID, ArrayOf
from pykafka.wire.schema import ApiMessage, Struct, field


class Point(Struct):
    x: int = field(INT32, "0+")


class LabelledPoint(Struct):
    x: int = field(INT32, "0+")
    label: str = field(STRING, "0+", default="", tag=200)


class ShapeRequest(ApiMessage, api_key=1000, versions="0-3", flexible="2+"):
    points: list[Point] = field(ArrayOf(Point), "0+")
    centre: Point | None = field(Point, "1+", nullable="1+", default=None)
    ids: list[bytes] = field(ArrayOf(UUID), "0+", factory=list)
    parts: list[bytes] = field(ArrayOf(BYTES), "0+", factory=list)


class LaterShapeRequest(ApiMessage, api_key=1000, versions="0-3", flexible="2+"):
    points: list[LabelledPoint] = field(ArrayOf(LabelledPoint), "0+")
    centre: LabelledPoint | None = field(LabelledPoint, "1+", nullable="1+", default=None)
    ids: list[bytes] = field(ArrayOf(UUID), "0+", factory=list)
    parts: list[bytes] = field(ArrayOf(BYTES), "0+", factory=list)
    colour: int = field(INT32, "2+", default=0, tag=0)
    tags: list[str] = field(ArrayOf(STRING), "2+", factory=list, tag=1)


def fetch(**changes: object) -> FetchRequest:
    request = FetchRequest(max_wait_ms=100, min_bytes=1, topics=[])
    for name, value in changes.items():
        setattr(request, name, value)
    return request


def test_a_class_tells_its_api() -> None:
    assert FetchRequest.api_key == FetchResponse.api_key == 1
    assert FetchRequest.name == FetchResponse.name == "Fetch"
    assert FetchRequest.valid_versions == FetchResponse.valid_versions == range(19)
    assert FetchRequest.flexible_versions == range(12, 19)
    assert FetchRequest.response is FetchResponse
    assert request_class(1) is FetchRequest


def test_arguments_go_by_keyword_and_those_without_default_must_be_given() -> None:
    with pytest.raises(TypeError, match="topics"):
        FetchRequest(max_wait_ms=1, min_bytes=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="max_wiat_ms"):
        FetchRequest(max_wiat_ms=1, min_bytes=1, topics=[])  # type: ignore[call-arg]
    for _ in range(2):  # The first instance of a class is made in another way.
        with pytest.raises(TypeError, match="positional"):
            Point(1)  # type: ignore[misc]
        assert Point(x=1).x == 1


def test_defaults_are_kafkas_and_not_shared() -> None:
    first, second = fetch(), fetch()
    assert (first.replica_id, first.max_bytes, first.session_epoch) == (-1, 0x7FFFFFFF, -1)
    first.forgotten_topics_data.append("anything")  # type: ignore[arg-type]
    first.replica_state.replica_id = 5
    assert second.forgotten_topics_data == []
    assert second.replica_state.replica_id == -1


def test_what_a_version_lacks_reads_as_its_default() -> None:
    message = FetchResponse(
        responses=[
            FetchableTopicResponse(
                topic="t",
                partitions=[
                    PartitionData(
                        partition_index=0, error_code=0, high_watermark=9, records=b"records"
                    )
                ],
            )
        ]
    )
    for version in (0, 12):
        partition = (
            FetchResponse.decode(message.encode(version), version).responses[0].partitions[0]
        )
        assert partition.current_leader == LeaderIdAndEpoch(leader_id=-1, leader_epoch=-1)
        assert partition.last_stable_offset == -1
        partition.current_leader.leader_id = 3
        assert partition.current_leader.leader_id == 3


def test_there_are_no_other_attributes() -> None:
    decoded = FetchRequest.decode(fetch().encode(0), 0)
    with pytest.raises(AttributeError, match="FetchRequest has no field 'topcis'"):
        decoded.topcis  # type: ignore[attr-defined]  # noqa: B018 - read for its error
    with pytest.raises(AttributeError):
        decoded.topcis = []  # type: ignore[attr-defined]


def test_messages_are_equal_when_their_fields_are() -> None:
    assert fetch() == fetch()
    assert fetch() != fetch(min_bytes=2)
    assert fetch() != FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(fetch())


def test_repr_shows_what_is_not_the_default_and_no_bytes() -> None:
    assert repr(fetch(rack_id="r")) == (
        "FetchRequest(max_wait_ms=100, min_bytes=1, topics=[], rack_id='r')"
    )
    secret = SaslAuthenticateRequest(auth_bytes=b"\0user\0password")
    assert repr(secret) == "SaslAuthenticateRequest(auth_bytes=<14 bytes>)"


def test_a_field_may_not_hide_an_attribute_of_messages() -> None:
    with pytest.raises(TypeError, match=r"BadRequest\.name hides"):

        class BadRequest(ApiMessage, api_key=1001, versions="0"):
            name: str = field(STRING, "0")  # type: ignore[misc]


@pytest.mark.parametrize("version", [-1, 19])
def test_versions_that_are_not_declared_are_refused(version: int) -> None:
    expected = f"FetchRequest v{version} is unknown to pykafka, which speaks 0 to 18"
    with pytest.raises(UnsupportedVersion, match=expected):
        fetch().encode(version)
    with pytest.raises(UnsupportedVersion, match=expected):
        FetchRequest.decode(b"", version)


@pytest.mark.parametrize("version", [0, 12])
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"max_wait_ms": 1 << 31}, "max_wait_ms: 2147483648 does not fit int32"),
        ({"max_wait_ms": "100"}, "max_wait_ms: str does not fit int32"),
        ({"topics": None}, "topics may not be None"),
        ({"topics": 3}, r"topics: 3 does not fit \[\]FetchTopic"),
        ({"topics": [3]}, r"topics\[0\]: 3 does not fit FetchTopic"),
        (
            {"topics": [FetchTopic(topic=b"t", partitions=[])]},  # type: ignore[arg-type]
            r"topics\[0\]\.topic: bytes does not fit string",
        ),
        (
            {"topics": [FetchTopic(topic="\ud800", partitions=[])]},
            r"topics\[0\]\.topic: str does not fit string",
        ),
        (
            {"topics": [FetchTopic(topic=None, partitions=[])]},  # type: ignore[arg-type]
            r"topics\[0\]\.topic may not be None",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    changes: dict[str, object], complaint: str, version: int
) -> None:
    with pytest.raises(UsageError, match=f"FetchRequest v{version}: {complaint}"):
        fetch(**changes).encode(version)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"ids": [b"short"]}, r"ids\[0\]: bytes does not fit uuid"),
        ({"parts": ["text"]}, r"parts\[0\]: str does not fit bytes"),
        ({"centre": 7}, "centre: 7 does not fit Point"),
    ],
)
def test_an_element_that_does_not_fit_is_named(changes: dict[str, object], complaint: str) -> None:
    shape = ShapeRequest(points=[], **changes)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=complaint):
        shape.encode(3)


@pytest.mark.parametrize("version", [0, 12], ids=["in its length field", "for brokers"])
def test_a_string_that_is_too_long_is_named(version: int) -> None:
    longest = fetch(topics=[FetchTopic(topic="t" * 0x7FFF, partitions=[])])
    assert FetchRequest.decode(longest.encode(version), version) == longest
    long = fetch(topics=[FetchTopic(topic="t" * 0x8000, partitions=[])])
    with pytest.raises(UsageError, match=r"topics\[0\]\.topic: str does not fit string"):
        long.encode(version)


def test_a_value_deep_inside_that_a_version_cannot_carry_is_refused() -> None:
    partition = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1)
    partition.last_fetched_epoch = 4
    request = fetch(topics=[FetchTopic(topic="t", partitions=[partition])])
    with pytest.raises(UnsupportedVersion) as caught:
        request.encode(11)
    assert str(caught.value) == (
        "FetchRequest v11 cannot carry FetchPartition.last_fetched_epoch: it takes version 12 to 18"
    )
    assert FetchRequest.decode(request.encode(12), 12) == request


def test_none_needs_a_version_in_which_the_field_is_nullable() -> None:
    everything = MetadataRequest(topics=None)
    assert everything.encode(1) == b"\xff\xff\xff\xff"
    with pytest.raises(UnsupportedVersion, match="v0: topics may be None from version 1 on"):
        everything.encode(0)


def test_buffers_are_as_good_as_bytes() -> None:
    shape = ShapeRequest(points=[], parts=[bytearray(b"ab"), memoryview(b"cd")])  # type: ignore[list-item]
    assert ShapeRequest.decode(shape.encode(0), 0).parts == [b"ab", b"cd"]


def test_structs_may_be_null() -> None:
    for centre in (None, Point(x=7)):
        shape = ShapeRequest(points=[], centre=centre)
        for version in (1, 2):
            assert ShapeRequest.decode(shape.encode(version), version) == shape


def test_unknown_tagged_fields_are_skipped_on_every_level() -> None:
    later = LaterShapeRequest(
        points=[LabelledPoint(x=1, label="one" * 100), LabelledPoint(x=2)],
        centre=LabelledPoint(x=3, label="three"),
        colour=255,
        tags=["a", "b"],
    )
    body = later.encode(3)
    assert LaterShapeRequest.decode(body, 3) == later
    assert ShapeRequest.decode(body, 3) == ShapeRequest(
        points=[Point(x=1), Point(x=2)], centre=Point(x=3)
    )


def test_more_tagged_fields_than_a_byte_counts_are_skipped() -> None:
    fields = b"".join(bytes([0x80 | tag & 0x7F, 2 + (tag >> 7), 1, 0]) for tag in range(200))
    body = b"\x01\xff\x01\x01" + b"\xc8\x01" + fields
    assert ShapeRequest.decode(body, 2) == ShapeRequest(points=[])
    assert LaterShapeRequest.decode(body, 2) == LaterShapeRequest(points=[])


def test_tagged_fields_at_their_default_take_no_bytes() -> None:
    answer = ApiVersionsResponse(error_code=0, api_keys=[])
    assert answer.encode(3) == b"\0\0" + b"\1" + b"\0\0\0\0" + b"\0"
    answer.zk_migration_ready = True
    assert answer.encode(3) == b"\0\0" + b"\1" + b"\0\0\0\0" + b"\1" + b"\3\1\1"


def test_a_tagged_field_must_fill_its_size() -> None:
    body = b"\0\0" + b"\1" + b"\0\0\0\0" + b"\1" + b"\3\2\1\1"
    with pytest.raises(MalformedDataError, match="1 bytes too many"):
        ApiVersionsResponse.decode(body, 3)


@pytest.mark.parametrize(
    ("cls", "version", "body"),
    [
        (MetadataResponse, 0, b"\x7f\xff\xff\xff"),
        (MetadataResponse, 0, b"\xff\xff\xff\xfe"),
        (MetadataResponse, 0, b"\0\0\0\1" + b"\0\0\0\1" + b"\x7f\xff" + b"host"),
        (MetadataResponse, 9, b"\0\0\0\0" + b"\xff\xff\xff\xff\x07"),
        (MetadataResponse, 9, b"\0\0\0\0" + b"\xff\xff\xff\xff\x7f"),
        (MetadataResponse, 9, b"\0\0\0\0" + b"\x80\x80\x80\x80\x80\x01"),
        (FetchResponse, 0, b"\0\0\0\1\0\1t\0\0\0\1" + b"\0" * 14 + b"\x7f\xff\xff\xff"),
        (FetchResponse, 0, b"\0\0\0\1\0\1t\0\0\0\1" + b"\0" * 14 + b"\xff\xff\xff\xfe"),
    ],
)
def test_lengths_that_lie_take_no_memory(cls: type[ApiMessage], version: int, body: bytes) -> None:
    cls.decode(_smallest(cls, version), version)
    tracemalloc.start()
    try:
        with pytest.raises(MalformedDataError):
            cls.decode(body, version)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def _smallest(cls: type[ApiMessage], version: int) -> bytes:
    """Something to compile the decoder with."""
    if cls is MetadataResponse:
        return MetadataResponse(brokers=[], topics=[]).encode(version)
    return FetchResponse(responses=[]).encode(version)


def test_text_must_be_utf8() -> None:
    with pytest.raises(MalformedDataError, match=r"MetadataRequest v0: 'utf-8' codec"):
        MetadataRequest.decode(b"\0\0\0\1\0\2\xff\xfe", 0)


def test_records_are_copied_out_of_the_frame() -> None:
    message = FetchResponse(
        responses=[
            FetchableTopicResponse(
                topic="t",
                partitions=[
                    PartitionData(
                        partition_index=0, error_code=0, high_watermark=0, records=b"abc"
                    ),
                    PartitionData(partition_index=1, error_code=0, high_watermark=0, records=None),
                ],
            )
        ]
    )
    frame = bytearray(message.encode(4))
    first, second = FetchResponse.decode(memoryview(frame), 4).responses[0].partitions
    frame.clear()
    assert type(first.records) is bytes
    assert (first.records, second.records) == (b"abc", None)
