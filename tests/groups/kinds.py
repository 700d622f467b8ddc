"""The kinds of members, and how each is told in its client's own words what all are told alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from groups.java_programs import java_member
from groups.old_pykafka import old_interpreter
from wire.kafka_definitions import classpath_of

import pykafka
from pykafka.embedded.artifacts import class_path

__all__ = ["BROKER", "KINDS", "ZOOKEEPER", "Options", "command_of"]

_PROGRAMS = Path(__file__).parent / "programs"
_OLD = "pykafka28_member"

#: The kinds of groups.
ZOOKEEPER, BROKER = "zookeeper", "broker"


@dataclass(frozen=True)
class Options:
    """What a member is told. Not every client knows everything; what it does not is passed over.

    :ivar topics: names; or instead of them ``pattern``, a regular expression.
    :ivar commits: have the program commit after each batch, and when partitions go (kafka-python
        cannot then), instead of the client by itself. Members of ZooKeeper groups always leave
        it to the client.
    :ivar assignor: ``range``, ``roundrobin``, ``sticky`` (librdkafka has none of that name),
        ``cooperative-sticky``; of a ZooKeeper group the first two, 2.8 always takes ``range``.
    :ivar offsets_storage: of a ZooKeeper group: ``kafka``, ``zookeeper``, ``both``.
    :ivar session_timeout_ms: of the group's coordinator or of the session in ZooKeeper.
    :ivar native: options of the client, over what follows from the others.
    """

    group: str
    topics: tuple[str, ...] = ()
    pattern: str | None = None
    bootstrap: str = ""
    zookeeper: str | None = None
    assignor: str = "range"
    commits: bool = False
    commit_interval_ms: int = 500
    offsets_storage: str = "kafka"
    session_timeout_ms: int = 6000
    heartbeat_interval_ms: int = 500
    rebalance_timeout_ms: int = 10_000
    rebalance_max_retries: int = 30
    rebalance_backoff_ms: int = 500
    instance_id: str | None = None
    native: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One way of being a member.

    :ivar group: the kind of group, :data:`ZOOKEEPER` or :data:`BROKER`.
    :ivar command: what runs it: (file of events, name, options) -> command line.
    :ivar module: what has to be importable for it.
    :ivar java: whether it has to be compiled.
    """

    group: str
    command: Callable[[Path, str, Options], list[str]]
    module: str | None = None
    java: bool = False


def command_of(kind: str, events: Path, name: str, options: Options) -> list[str]:
    """The command line of a member. May take its time at the first call: it compiles, fetches
    and installs what is not there.

    :raises DownloadError: something cannot be fetched.
    :raises MissingRequirementError: something cannot be had.
    """
    return KINDS[kind].command(events, name, options)


def _program(
    python: str, program: str, events: Path, name: str, options: Options, **more: Any
) -> list[str]:
    told = asdict(options) | {"events": str(events), "member": name} | more
    # The old package must not meet ours, and ours has to be the one that is tested.
    path = [] if program == _OLD else [f"PYTHONPATH={Path(pykafka.__file__).parents[1]}"]
    command = ["env", "-u", "PYTHONPATH", *path, python, str(_PROGRAMS / f"{program}.py")]
    return [*command, json.dumps(told)]


def _ours(managed: bool) -> Callable[[Path, str, Options], list[str]]:
    def command(events: Path, name: str, options: Options) -> list[str]:
        native: dict[str, Any] = {
            "auto_commit_enable": True,
            "auto_commit_interval_ms": options.commit_interval_ms,
        }
        if managed:
            native |= {
                "session_timeout_ms": options.session_timeout_ms,
                "heartbeat_interval_ms": options.heartbeat_interval_ms,
                "rebalance_timeout_ms": options.rebalance_timeout_ms,
            }
            if options.instance_id is not None:
                native["group_instance_id"] = options.instance_id
        else:
            native |= {
                "zookeeper_connect": options.zookeeper,
                "zookeeper_session_timeout_ms": options.session_timeout_ms,
                "rebalance_max_retries": options.rebalance_max_retries,
                "rebalance_backoff_ms": options.rebalance_backoff_ms,
                "offsets_storage": options.offsets_storage,
            }
        more = {"managed": managed, "native": native | dict(options.native)}
        return _program(sys.executable, "our_member", events, name, options, **more)

    return command


def _kafka_python(events: Path, name: str, options: Options) -> list[str]:
    native = {
        "bootstrap_servers": options.bootstrap,
        "client_id": name,
        "group_id": options.group,
        "group_instance_id": options.instance_id,
        "auto_offset_reset": "earliest",
        "enable_auto_commit": not options.commits,
        "auto_commit_interval_ms": options.commit_interval_ms,
        "session_timeout_ms": options.session_timeout_ms,
        "heartbeat_interval_ms": options.heartbeat_interval_ms,
        "max_poll_interval_ms": options.rebalance_timeout_ms,
        **options.native,
    }
    return _program(sys.executable, "kafka_python_member", events, name, options, native=native)


def _confluent(events: Path, name: str, options: Options) -> list[str]:
    native = {
        "bootstrap.servers": options.bootstrap,
        "client.id": name,
        "group.id": options.group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": not options.commits,
        # It would store, and commit, a whole batch the moment that the program gets it.
        "enable.auto.offset.store": False,
        "auto.commit.interval.ms": options.commit_interval_ms,
        "session.timeout.ms": options.session_timeout_ms,
        "heartbeat.interval.ms": options.heartbeat_interval_ms,
        # It refuses one below the session's time-out.
        "max.poll.interval.ms": max(options.rebalance_timeout_ms, options.session_timeout_ms),
        "partition.assignment.strategy": options.assignor,
        **({"group.instance.id": options.instance_id} if options.instance_id else {}),
        **options.native,
    }
    return _program(sys.executable, "confluent_member", events, name, options, native=native)


def _old_pykafka(events: Path, name: str, options: Options) -> list[str]:
    native = {
        "zookeeper_connect": options.zookeeper,
        "auto_commit_enable": True,
        "auto_commit_interval_ms": options.commit_interval_ms,
        "rebalance_max_retries": options.rebalance_max_retries,
        "rebalance_backoff_ms": options.rebalance_backoff_ms,
        # What it calls the time-out of a connection is the session's, too.
        "zookeeper_connection_timeout_ms": options.session_timeout_ms,
        **options.native,
    }
    python = str(old_interpreter())
    return _program(python, _OLD, events, name, options, native=native)


_JAVA_ASSIGNORS = {
    "range": "RangeAssignor",
    "roundrobin": "RoundRobinAssignor",
    "sticky": "StickyAssignor",
    "cooperative-sticky": "CooperativeStickyAssignor",
}


def _java(events: Path, name: str, options: Options) -> list[str]:
    native = {
        "bootstrap.servers": options.bootstrap,
        "client.id": name,
        "group.id": options.group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": _java_text(not options.commits),
        "auto.commit.interval.ms": options.commit_interval_ms,
        "session.timeout.ms": options.session_timeout_ms,
        "heartbeat.interval.ms": options.heartbeat_interval_ms,
        "max.poll.interval.ms": options.rebalance_timeout_ms,
        "partition.assignment.strategy": "org.apache.kafka.clients.consumer."
        + _JAVA_ASSIGNORS[options.assignor],
        **({"group.instance.id": options.instance_id} if options.instance_id else {}),
        **options.native,
    }
    commits = "commits" if options.commits else "commits-itself"
    arguments = [str(events), name, *_java_subscription(options), commits, *_pairs(native)]
    return java_member("ConsumerMember", classpath_of("3.9.1"), arguments, events.parent)


def _high_level(events: Path, name: str, options: Options) -> list[str]:
    native = {
        "zookeeper.connect": options.zookeeper,
        "zookeeper.session.timeout.ms": options.session_timeout_ms,
        "zookeeper.connection.timeout.ms": 20_000,
        "group.id": options.group,
        "client.id": name,
        "auto.offset.reset": "smallest",
        "auto.commit.enable": "true",
        "auto.commit.interval.ms": options.commit_interval_ms,
        "offsets.storage": "zookeeper" if options.offsets_storage == "zookeeper" else "kafka",
        "dual.commit.enabled": _java_text(options.offsets_storage == "both"),
        "rebalance.max.retries": options.rebalance_max_retries,
        "rebalance.backoff.ms": options.rebalance_backoff_ms,
        "partition.assignment.strategy": options.assignor,
        "fetch.wait.max.ms": 100,
        **options.native,
    }
    arguments = [str(events), name, *_java_subscription(options), *_pairs(native)]
    jars = class_path(["org.apache.kafka:kafka_2.11:0.8.2.2"])
    return java_member("HighLevelMember", jars, arguments, events.parent)


def _java_subscription(options: Options) -> list[str]:
    if options.pattern is not None:
        return ["pattern", options.pattern]
    return ["topics", ",".join(options.topics)]


def _pairs(native: Mapping[str, Any]) -> list[str]:
    return [f"{key}={value}" for key, value in native.items()]


def _java_text(flag: bool) -> str:
    return str(flag).lower()


KINDS = {
    "ours-zookeeper": Kind(ZOOKEEPER, _ours(managed=False)),
    "ours-broker": Kind(BROKER, _ours(managed=True)),
    "java-zookeeper": Kind(ZOOKEEPER, _high_level, java=True),
    "java-broker": Kind(BROKER, _java, java=True),
    "pykafka-2.8": Kind(ZOOKEEPER, _old_pykafka),
    "kafka-python": Kind(BROKER, _kafka_python, module="kafka"),
    "confluent-kafka": Kind(BROKER, _confluent, module="confluent_kafka"),
}
