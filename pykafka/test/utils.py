"""Getting and leaving a cluster in tests, under the names of 2.x."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from .kafka_instance import KafkaConnection, KafkaInstance

__all__ = ["KafkaConnection", "KafkaInstance", "get_cluster", "retry", "stop_cluster"]

_T = TypeVar("_T")


def get_cluster() -> KafkaConnection | KafkaInstance:
    """The cluster that ``BROKERS``, ``ZOOKEEPER`` and ``KAFKA_BIN`` of the environment name, and
    ``BROKERS_SSL`` if it has TLS; without these a new one of three brokers."""
    names = ("KAFKA_BIN", "BROKERS", "ZOOKEEPER")
    bin_dir, brokers, zookeeper = (os.environ.get(name) for name in names)
    if bin_dir and brokers and zookeeper:
        return KafkaConnection(bin_dir, brokers, zookeeper, os.environ.get("BROKERS_SSL"))
    return KafkaInstance(num_instances=3)


def stop_cluster(cluster: KafkaConnection | KafkaInstance) -> None:
    """End a cluster that was started for this; of one that was there, delete the topics."""
    if isinstance(cluster, KafkaInstance):
        cluster.terminate()
    else:
        cluster.flush()


def retry(
    assertion_callable: Callable[[], _T],
    retry_time: float = 10,
    wait_between_tries: float = 0.1,
    exception_to_retry: type[BaseException] | tuple[type[BaseException], ...] = AssertionError,
) -> _T:
    """Call until it raises no ``exception_to_retry``; what it returned.

    :param retry_time: seconds after which the exception is let through.
    :param wait_between_tries: seconds.
    """
    deadline = time.monotonic() + retry_time
    while True:
        try:
            return assertion_callable()
        except exception_to_retry:
            if time.monotonic() >= deadline:
                raise
            time.sleep(wait_between_tries)
