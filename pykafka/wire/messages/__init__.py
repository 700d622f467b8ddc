"""The messages of Kafka's protocol: one module per API, loaded when its key is asked for.

The names of classes and fields are those of Kafka's message definitions, which say what they
mean (``common/message/*.json`` in the kafka-clients jar). A UUID is 16 ``bytes``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ..schema import ApiMessage

__all__ = ["API_NAMES", "request_class"]

#: API key -> name of the API, for all that this package can speak.
API_NAMES: dict[int, str] = {
    0: "Produce",
    1: "Fetch",
    2: "ListOffsets",
    3: "Metadata",
    8: "OffsetCommit",
    9: "OffsetFetch",
    10: "FindCoordinator",
    11: "JoinGroup",
    12: "Heartbeat",
    13: "LeaveGroup",
    14: "SyncGroup",
    15: "DescribeGroups",
    16: "ListGroups",
    17: "SaslHandshake",
    18: "ApiVersions",
    19: "CreateTopics",
    20: "DeleteTopics",
    21: "DeleteRecords",
    22: "InitProducerId",
    23: "OffsetForLeaderEpoch",
    24: "AddPartitionsToTxn",
    25: "AddOffsetsToTxn",
    26: "EndTxn",
    28: "TxnOffsetCommit",
    32: "DescribeConfigs",
    33: "AlterConfigs",
    36: "SaslAuthenticate",
    37: "CreatePartitions",
    42: "DeleteGroups",
    44: "IncrementalAlterConfigs",
    47: "OffsetDelete",
    60: "DescribeCluster",
    68: "ConsumerGroupHeartbeat",
    69: "ConsumerGroupDescribe",
}


@cache
def request_class(api_key: int) -> type[ApiMessage]:
    """The request class of an API; its ``response`` is the class of the answer.

    :raises KeyError: the key is not in :data:`API_NAMES`.
    """
    name = API_NAMES[api_key]
    snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    module = import_module(f"{__name__}.{snake}")
    found: type[ApiMessage] = getattr(module, f"{name}Request")
    return found
