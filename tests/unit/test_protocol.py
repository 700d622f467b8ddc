"""2.x's requests and responses: values in, the bytes of the wire out, and back."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from pykafka import common, protocol
from pykafka.exceptions import (
    CorruptRecordError,
    GroupCoordinatorNotAvailable,
    MalformedDataError,
    MessageSetDecodeFailure,
    NotLeaderForPartition,
    UsageError,
)
from pykafka.protocol import (
    API_VERSIONS_080,
    API_VERSIONS_090,
    ApiVersionsResponse,
    FetchRequest,
    FetchResponse,
    FetchResponseV1,
    FetchResponseV2,
    GroupCoordinatorRequest,
    GroupCoordinatorResponse,
    ListOffsetRequest,
    ListOffsetRequestV1,
    ListOffsetResponse,
    ListOffsetResponseV1,
    Message,
    MessageSet,
    MetadataRequest,
    MetadataRequestV1,
    MetadataRequestV4,
    MetadataRequestV5,
    MetadataResponse,
    MetadataResponseV5,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchRequest,
    OffsetFetchRequestV2,
    OffsetFetchResponse,
    OffsetFetchResponseV2,
    PartitionFetchRequest,
    PartitionOffsetCommitRequest,
    PartitionOffsetFetchRequest,
    PartitionOffsetRequest,
    ProduceRequest,
    ProduceResponse,
)
from pykafka.wire.messages import fetch, metadata


def header(api_key: int, version: int = 0) -> bytes:
    return struct.pack(">hhih7s", api_key, version, 0, 7, b"pykafka")


def frame(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def test_every_name_is_where_it_is_listed() -> None:
    for name in protocol.__all__:
        assert getattr(protocol, name).__name__ == name if name[0] != "A" else True
    assert protocol.Message is common.Message
    with pytest.raises(AttributeError, match="Nonsense"):
        protocol.Nonsense  # noqa: B018 - what is tested


def test_a_fetch_request_is_the_frame_of_its_version() -> None:
    request = FetchRequest(timeout=100, min_bytes=1)
    request.add_request(PartitionFetchRequest(b"t", 3, 42))
    body = header(1) + struct.pack(">iiiih1siiqi", -1, 100, 1, 1, 1, b"t", 1, 3, 42, 1024 * 1024)
    assert request.get_bytes() == frame(body)
    assert len(request) == len(frame(body))
    assert 4 + len(header(1)) == request.HEADER_LEN
    assert FetchRequest(api_version=2).get_bytes()[4:8] == b"\0\1\0\2"


def test_pack_into_writes_in_place() -> None:
    request = GroupCoordinatorRequest("g")
    buffer = bytearray(len(request) + 4)
    request.pack_into(buffer, 2)
    assert buffer == b"\0\0" + request.get_bytes() + b"\0\0"
    assert request.get_bytes() == frame(header(10) + b"\0\1g")


def test_partitions_of_a_topic_are_asked_for_together() -> None:
    request = ListOffsetRequest(
        [
            PartitionOffsetRequest(b"a", 0, -1, 2),
            PartitionOffsetRequest(b"b", 0, -2, 1),
            PartitionOffsetRequest(b"a", 1, -1, 2),
        ]
    )
    part = struct.Struct(">iqi").pack
    topics = b"\0\1a\0\0\0\2" + part(0, -1, 2) + part(1, -1, 2) + b"\0\1b\0\0\0\1" + part(0, -2, 1)
    assert request.get_bytes() == frame(header(2) + struct.pack(">ii", -1, 2) + topics)
    later = ListOffsetRequestV1([PartitionOffsetRequest("a", 0, 5, 2)])
    assert later.get_bytes().endswith(struct.pack(">iq", 0, 5))


def test_offsets_are_committed_with_their_time() -> None:
    request = OffsetCommitRequest(
        b"g", -1, b"", [PartitionOffsetCommitRequest(b"t", 0, 7, 1234, b"meta")]
    )
    body = struct.pack(">h1sihih1siiqqh4s", 1, b"g", -1, 0, 1, 1, b"t", 1, 0, 7, 1234, 4, b"meta")
    assert request.get_bytes() == frame(header(8, 1) + body)
    assert request.to_wire(2).topics[0].partitions[0].commit_timestamp == -1


def test_no_partitions_ask_for_all_offsets_of_a_group_from_version_2_on() -> None:
    assert OffsetFetchRequest("g").get_bytes().endswith(b"\0\1g\0\0\0\0")
    assert OffsetFetchRequestV2("g").get_bytes().endswith(b"\0\1g\xff\xff\xff\xff")
    one = OffsetFetchRequest("g", [PartitionOffsetFetchRequest("t", 9)])
    assert one.get_bytes().endswith(b"\0\1t\0\0\0\1\0\0\0\x09")


def test_how_all_topics_are_asked_for_depends_on_the_version() -> None:
    assert MetadataRequest().get_bytes() == frame(header(3) + b"\0\0\0\0")
    assert MetadataRequestV1().get_bytes() == frame(header(3, 1) + b"\xff\xff\xff\xff")
    assert MetadataRequestV5([b"t"], False).get_bytes() == frame(header(3, 5) + b"\0\0\0\1\0\1t\0")
    # A version that cannot say it asks all the same, as 2.x does.
    assert MetadataRequestV4([b"t"], False).to_wire(0).allow_auto_topic_creation


def test_a_value_that_does_not_fit_is_the_callers_error() -> None:
    with pytest.raises(UsageError, match="partition_index"):
        ListOffsetRequest([PartitionOffsetRequest(b"t", "0", -1, 1)]).get_bytes()  # type: ignore[arg-type]  # what is tested


def test_a_message_set_comes_back_from_its_bytes() -> None:
    messages = [Message(b"v", b"k"), Message(None), Message(b"", timestamp=5)]
    for codec in (common.CompressionType.NONE, common.CompressionType.GZIP):
        for release, magic, times in (("0.8.2", 0, [0, 0, 0]), ("0.10.0", 1, [-1, -1, 5])):
            written = MessageSet(codec, messages, release)
            buffer = bytearray(len(written) + 1)
            written.pack_into(buffer, 1)
            read = MessageSet.decode(memoryview(buffer)[1:], partition_id=3).messages
            assert [(m.value, m.partition_key) for m in read] == [
                (b"v", b"k"),
                (None, None),
                (b"", None),
            ]
            assert [m.timestamp for m in read] == times
            assert [m.offset for m in read] == [0, 1, 2]
            assert {(m.partition_id, m.protocol_version, m.compression_type) for m in read} == {
                (3, magic, codec)
            }


def test_a_message_that_is_cut_off_is_left_out_unless_it_is_the_only_one() -> None:
    data = MessageSet(messages=[Message(b"one"), Message(b"two")]).get_bytes()
    assert [m.value for m in MessageSet.decode(data[:-1]).messages] == [b"one"]
    with pytest.raises(MessageSetDecodeFailure, match="29 bytes"):
        MessageSet.decode(data[:20])
    assert MessageSet.decode(b"").messages == []


def test_produce_requests_carry_the_format_of_the_version() -> None:
    request = ProduceRequest(required_acks=-1, timeout=5)
    for number in range(3):
        request.add_message(Message(b"%d" % number), b"t", number % 2)
    assert request.message_count() == 3
    assert [m.value for m in request.messages] == [b"0", b"2", b"1"]
    for version, magic in ((0, 0), (1, 0), (2, 1), (3, 2), (12, 2)):
        topic = request.to_wire(version).topic_data[0]
        read = [MessageSet.decode(part.records or b"").messages for part in topic.partition_data]
        assert [[m.value for m in part] for part in read] == [[b"0", b"2"], [b"1"]]
        assert {m.protocol_version for part in read for m in part} == {magic}


def fetched(records: bytes) -> bytes:
    return fetch.FetchResponse(
        responses=[
            fetch.FetchableTopicResponse(
                topic="t",
                partitions=[
                    fetch.PartitionData(
                        partition_index=1, error_code=6, high_watermark=9, records=records
                    )
                ],
            )
        ]
    ).encode(0)


def test_fetched_messages_stand_by_topic_and_partition() -> None:
    data = fetched(MessageSet(messages=[Message(b"v")]).get_bytes())
    part = FetchResponse(b"xx" + data, offset=2).topics[b"t"][1]
    assert (part.max_offset, part.err, [m.value for m in part.messages]) == (9, 6, [b"v"])
    later = FetchResponseV1(struct.pack(">i", 250) + data)
    assert (later.throttle_time, later.topics[b"t"][1].max_offset) == (250, 9)
    assert FetchResponse.get_versions() == {
        0: FetchResponse,
        1: FetchResponseV1,
        2: FetchResponseV2,
    }


def test_damage_in_fetched_messages_names_the_place() -> None:
    records = bytearray(MessageSet(messages=[Message(b"v")]).get_bytes())
    records[-1] ^= 1
    with pytest.raises(CorruptRecordError, match="t/1") as raised:
        FetchResponse(fetched(bytes(records)))
    assert (raised.value.topic, raised.value.partition, raised.value.offset) == ("t", 1, 0)
    with pytest.raises(MessageSetDecodeFailure, match=r"t/1.*27 bytes.*max_bytes"):
        FetchResponse(fetched(bytes(records[:-1])))


def test_a_response_that_is_no_such_thing_is_malformed() -> None:
    with pytest.raises(MalformedDataError):
        ProduceResponse(b"\0\0\0\1")


def answered(body: str, *values: Any) -> bytes:
    return struct.pack(f">ih1si{body}", 1, 1, b"t", 1, *values)


def test_answers_about_partitions_stand_by_topic_and_partition() -> None:
    assert ProduceResponse(answered("ihq", 0, 7, -1)).topics == {b"t": {0: (7, -1)}}
    assert ListOffsetResponse(answered("ihiqq", 0, 0, 2, 9, 3)).topics == {b"t": {0: ([9, 3], 0)}}
    assert ListOffsetResponseV1(answered("ihqq", 0, 0, 100, 9)).topics == {b"t": {0: (9, 100, 0)}}
    assert OffsetCommitResponse(answered("ih", 0, 12)).topics == {b"t": {0: (12,)}}
    committed = answered("iqh2sh", 0, 5, 2, b"me", 0)
    assert OffsetFetchResponse(committed).topics == {b"t": {0: (5, b"me", 0)}}
    assert OffsetFetchResponseV2(committed + b"\0\x0f").err == 15


def test_the_coordinator_is_read_or_its_error_raised() -> None:
    found = GroupCoordinatorResponse(struct.pack(">hih1si", 0, 2, 1, b"h", 9092))
    assert (found.coordinator_id, found.coordinator_host, found.coordinator_port) == (
        2,
        b"h",
        9092,
    )
    with pytest.raises(GroupCoordinatorNotAvailable):
        GroupCoordinatorResponse(struct.pack(">hihi", 15, -1, 0, -1))


def cluster(version: int) -> bytes:
    return metadata.MetadataResponse(
        throttle_time_ms=4,
        cluster_id="c",
        controller_id=2,
        brokers=[metadata.MetadataResponseBroker(node_id=2, host="h", port=9092, rack="r")],
        topics=[
            metadata.MetadataResponseTopic(
                error_code=0,
                name="t",
                is_internal=True,
                partitions=[
                    metadata.MetadataResponsePartition(
                        error_code=9,
                        partition_index=0,
                        leader_id=2,
                        replica_nodes=[2, 3],
                        isr_nodes=[2],
                        offline_replicas=[3],
                    )
                ],
            )
        ],
    ).encode(version)


def test_metadata_has_what_its_version_has() -> None:
    first = MetadataResponse(cluster(0))
    assert first.brokers == {2: (2, b"h", 9092)}
    assert first.topics == {b"t": (b"t", {0: (0, 2, [2, 3], [2], 9)}, 0)}
    assert (first.controller_id, first.cluster_id, first.throttle_time_ms) == (None, None, 0)
    last = MetadataResponseV5(cluster(5))
    assert last.brokers == {2: (2, b"h", 9092, b"r")}
    assert last.topics == {b"t": (b"t", True, {0: (0, 2, [2, 3], [2], [3], 9)}, 0)}
    assert (last.controller_id, last.cluster_id, last.throttle_time_ms) == (2, b"c", 4)
    assert MetadataResponse.get_version_impl(API_VERSIONS_090) is MetadataResponse


def test_versions_are_read() -> None:
    response = ApiVersionsResponse(struct.pack(">hihhh", 0, 1, 3, 0, 5))
    assert response.api_versions == {3: (3, 0, 5)}
    assert API_VERSIONS_080[9] == (9, 0, 1)
    assert FetchResponse.get_version_impl(API_VERSIONS_080) is FetchResponse
    assert FetchResponse.get_version_impl(API_VERSIONS_090) is FetchResponseV1


def test_an_error_code_is_raised_as_its_class() -> None:
    with pytest.raises(NotLeaderForPartition, match="ProduceResponse"):
        ProduceResponse(struct.pack(">i", 0)).raise_error(6, "the answer")
