"""A fast Kafka client in pure Python, for Kafka 0.8.2 and newer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .utils.lazy import lazy_names
from .version import VERSION

if TYPE_CHECKING:
    from .balancedconsumer import BalancedConsumer
    from .broker import Broker
    from .client import KafkaClient
    from .cluster import Cluster
    from .connection import SslConfig
    from .managedbalancedconsumer import ManagedBalancedConsumer
    from .membershipprotocol import (
        CooperativeStickyProtocol,
        RangeProtocol,
        RoundRobinProtocol,
        StickyProtocol,
    )
    from .partition import Partition
    from .producer import Producer
    from .simpleconsumer import SimpleConsumer
    from .topic import Topic

__all__ = [
    "BalancedConsumer",
    "Broker",
    "Cluster",
    "CooperativeStickyProtocol",
    "KafkaClient",
    "ManagedBalancedConsumer",
    "Partition",
    "Producer",
    "RangeProtocol",
    "RoundRobinProtocol",
    "SimpleConsumer",
    "SslConfig",
    "StickyProtocol",
    "Topic",
]

__version__ = VERSION

# An application that configures no logging must not see "last resort" output of a library.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# Loaded when asked for: SslConfig alone brings ssl, which takes longer than all the rest.
__getattr__ = lazy_names(
    __name__,
    __all__,
    (
        "client",
        "cluster",
        "broker",
        "topic",
        "partition",
        "simpleconsumer",
        "producer",
        "membershipprotocol",
        "balancedconsumer",
        "managedbalancedconsumer",
        "connection",
        "common",
        "exceptions",
        "handlers",
        "partitioners",
        "protocol",
        "utils",
    ),
)
