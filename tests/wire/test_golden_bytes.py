"""Bodies spelled out by hand from Kafka's protocol guide, for what 0.8.2 speaks."""

from __future__ import annotations

import pytest

from pykafka.wire.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from pykafka.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from pykafka.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
    ListOffsetsTopicResponse,
)
from pykafka.wire.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from pykafka.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from pykafka.wire.messages.offset_fetch import (
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)
from pykafka.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from pykafka.wire.schema import ApiMessage


def hexadecimal(text: str) -> bytes:
    """Groups of digits; what follows ``#`` on a line says what they are."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


CASES: list[tuple[ApiMessage, int, str]] = [
    (
        ProduceRequest(
            acks=-1,
            timeout_ms=10_000,
            topic_data=[
                TopicProduceData(
                    name="t1", partition_data=[PartitionProduceData(index=3, records=b"\xaa\xbb")]
                )
            ],
        ),
        0,
        """ffff                # acks
           00002710            # time-out
           00000001 0002 7431  # one topic
           00000001 00000003   # one partition
           00000002 aabb       # its records""",
    ),
    (
        FetchRequest(
            max_wait_ms=100,
            min_bytes=1,
            topics=[
                FetchTopic(
                    topic="t1",
                    partitions=[
                        FetchPartition(partition=3, fetch_offset=258, partition_max_bytes=1 << 20)
                    ],
                )
            ],
        ),
        0,
        """ffffffff 00000064 00000001   # replica, wait, bytes
           00000001 0002 7431 00000001
           00000003 0000000000000102 00100000""",
    ),
    (
        ListOffsetsRequest(
            replica_id=-1,
            topics=[
                ListOffsetsTopic(
                    name="t",
                    partitions=[
                        ListOffsetsPartition(partition_index=0, timestamp=-2, max_num_offsets=1)
                    ],
                )
            ],
        ),
        0,
        "ffffffff 00000001 0001 74 00000001 00000000 fffffffffffffffe 00000001",
    ),
    (
        ListOffsetsResponse(
            topics=[
                ListOffsetsTopicResponse(
                    name="t",
                    partitions=[
                        ListOffsetsPartitionResponse(
                            partition_index=1, error_code=0, old_style_offsets=[9, 0]
                        )
                    ],
                )
            ]
        ),
        0,
        """00000001 0001 74 00000001 00000001 0000
           00000002 0000000000000009 0000000000000000""",
    ),
    (MetadataRequest(topics=[]), 0, "00000000"),
    (MetadataRequest(topics=[MetadataRequestTopic(name="t")]), 0, "00000001 0001 74"),
    (
        MetadataResponse(
            brokers=[MetadataResponseBroker(node_id=1, host="h", port=9092)],
            topics=[
                MetadataResponseTopic(
                    error_code=5,
                    name="t",
                    partitions=[
                        MetadataResponsePartition(
                            error_code=0,
                            partition_index=2,
                            leader_id=1,
                            replica_nodes=[1, 2],
                            isr_nodes=[1],
                        )
                    ],
                )
            ],
        ),
        0,
        """00000001 00000001 0001 68 00002384        # a broker
           00000001 0005 0001 74                    # a topic, no leader yet
           00000001 0000 00000002 00000001          # a partition and its leader
           00000002 00000001 00000002               # replicas
           00000001 00000001                        # in sync""",
    ),
    (
        OffsetCommitRequest(
            group_id="g",
            topics=[
                OffsetCommitRequestTopic(
                    name="t",
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=0, committed_offset=5, committed_metadata="m"
                        )
                    ],
                )
            ],
        ),
        1,
        """0001 67 ffffffff 0000                              # no member
           00000001 0001 74 00000001 00000000
           0000000000000005 ffffffffffffffff 0001 6d        # the broker's time""",
    ),
    (
        OffsetFetchResponse(
            topics=[
                OffsetFetchResponseTopic(
                    name="t",
                    partitions=[
                        OffsetFetchResponsePartition(
                            partition_index=0, committed_offset=-1, metadata="", error_code=3
                        )
                    ],
                )
            ]
        ),
        1,
        "00000001 0001 74 00000001 00000000 ffffffffffffffff 0000 0003",
    ),
    (FindCoordinatorRequest(key="g"), 0, "0001 67"),
    (
        FindCoordinatorResponse(error_code=0, node_id=1, host="h", port=9092),
        0,
        "0000 00000001 0001 68 00002384",
    ),
]


@pytest.mark.parametrize(
    ("message", "version", "body"),
    CASES,
    ids=[f"{type(message).__name__}-v{version}" for message, version, _ in CASES],
)
def test_body_is_what_the_protocol_guide_says(message: ApiMessage, version: int, body: str) -> None:
    assert message.encode(version) == hexadecimal(body)
    again = type(message).decode(hexadecimal(body), version)
    assert again.encode(version) == hexadecimal(body)
