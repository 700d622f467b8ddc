"""``kafka-tools``: 2.x's command line, with its commands, arguments and output.

Needs nothing but what a plain install brings. :func:`fetch_offsets` and
:func:`fetch_consumer_lag` are of use in programs, too.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias

from ..common import OffsetType
from ..exceptions import InvalidOptionError, UsageError
from ..protocol import OffsetPartitionResponse
from . import group_offsets
from .catalog import describe, existing_topic, list_topics
from .ending import exit_status
from .json_arguments import parse_assignment, parse_config
from .places import ends, find_offsets, parse_place, starts
from .table import format_table

if TYPE_CHECKING:
    from ..client import KafkaClient
    from ..protocol import GroupMember
    from ..topic import Topic

__all__ = [
    "consume_topic",
    "create_topic",
    "delete_topic",
    "desc_topic",
    "fetch_consumer_lag",
    "fetch_offsets",
    "main",
    "print_consumer_lag",
    "print_managed_consumer_groups",
    "print_offsets",
    "print_topics",
    "reset_offsets",
]

_Command: TypeAlias = "Callable[[KafkaClient, argparse.Namespace], None]"
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_GROUP = "pykafka_cli"
_COMMIT_EVERY_MS = 3000


# --- for programs, too ---------------------------------------------------------------


def fetch_offsets(
    client: KafkaClient, topic: Topic, offset: str
) -> dict[int, OffsetPartitionResponse]:
    """Offsets of all partitions of a topic.

    :param client: accepted for 2.x; the topic knows its client.
    :param offset: ``EARLIEST``, ``LATEST`` or a UTC time ``YYYY-MM-DDTHH:MM:SS``. Brokers
        before 0.10.1 know the times of segments only. A time before the first message is
        the same as ``EARLIEST``.
    :returns: partition id -> ``(offset=[one offset], err)``.
    :raises InvalidOptionError: ``offset`` is none of these (a ``ValueError``).
    :raises RemoteError: a leader could not be asked.
    """
    found = find_offsets(topic, parse_place(offset))
    return {id_: OffsetPartitionResponse([place], 0) for id_, place in found.items()}


def fetch_consumer_lag(
    client: KafkaClient, topic: Topic, consumer_group: str | bytes
) -> dict[int, tuple[int, int]]:
    """How far a group has come in a topic.

    :param client: accepted for 2.x; the topic knows its client.
    :returns: partition id -> (latest offset, committed offset, -1 where there is none).
    :raises RemoteError: the coordinator or a leader could not be asked.
    """
    latest = ends(topic)
    committed = group_offsets.committed(topic, consumer_group)
    return {id_: (latest[id_], committed[id_]) for id_ in latest}


# --- commands ------------------------------------------------------------------------


def consume_topic(client: KafkaClient, args: argparse.Namespace) -> None:
    """Print the values of new messages, one in a line, until there were ``limit`` of them."""
    topic = existing_topic(client, args.topic)
    consumer = topic.get_simple_consumer(
        _GROUP,
        auto_offset_reset=OffsetType.LATEST,
        reset_offset_on_start=True,
        auto_commit_enable=True,
        auto_commit_interval_ms=_COMMIT_EVERY_MS,
    )
    written = 0
    with consumer, _output(args.outfile) as out:
        while written < args.limit:
            message = consumer.consume()
            if message is not None and message.value:
                out.write(message.value.decode("utf-8", errors="replace") + "\n")
                out.flush()
                written += 1


def _output(path: str | None) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if path is None else Path(path).open("w", encoding="utf-8")


def desc_topic(client: KafkaClient, args: argparse.Namespace) -> None:
    """Print the partitions of a topic."""
    topic = describe(client, args.topic)
    print(f"Topic: {topic.name}")
    print(f"Partitions: {len(topic.partitions)}")
    print(f"Replicas: {topic.replicas}")
    print(format_table(topic.partitions, ["Partition", "Leader", "Replicas", "ISR"]))


def print_topics(client: KafkaClient, args: argparse.Namespace) -> None:
    """Print all topics. As in 2.x, "Replication" counts the copies beside the leader's."""
    rows = [
        (topic.name, len(topic.partitions), topic.replicas - 1) for topic in list_topics(client)
    ]
    print(format_table(rows, ["Topic", "Partitions", "Replication"]))


def print_offsets(client: KafkaClient, args: argparse.Namespace) -> None:
    """Print offsets of a topic's partitions at a place."""
    found = fetch_offsets(client, existing_topic(client, args.topic), args.offset)
    rows = [(id_, answer.offset[0]) for id_, answer in found.items()]
    print(format_table(rows, ["Partition", "Offset"]))


def print_consumer_lag(client: KafkaClient, args: argparse.Namespace) -> None:
    """Print how far a group is behind in a topic."""
    topic = existing_topic(client, args.topic)
    first = starts(topic)
    rows = [
        (id_, group_offsets.lag(latest, first[id_], current), latest, current)
        for id_, (latest, current) in fetch_consumer_lag(client, topic, args.consumer_group).items()
    ]
    print(format_table(rows, ["Partition", "Lag", "Latest Offset", "Current Offset"]))
    print(f"\n Total lag: {sum(row[1] for row in rows):,} messages.")


def reset_offsets(client: KafkaClient, args: argparse.Namespace) -> None:
    """Commit a place as a group's offsets. Prints nothing.

    :raises RemoteError: it is not committed.
    """
    topic = existing_topic(client, args.topic)
    place = parse_place(args.offset)
    group_offsets.commit(topic, args.consumer_group, find_offsets(topic, place))


def print_managed_consumer_groups(client: KafkaClient, args: argparse.Namespace) -> None:
    """Print the groups with a member that reads a topic."""
    name = describe(client, args.topic).name.encode()
    described = client.cluster.get_managed_group_descriptions().values()
    rows = [
        tuple(text.decode() for text in (g.group_id, g.state, g.protocol, g.protocol_type))
        for g in described
        if any(_reads(member, name) for member in g.members.values())
    ]
    print(f"Topic: {args.topic}")
    print(format_table(rows, ["GroupId", "State", "Protocol", "ProtocolType"]))


def _reads(member: GroupMember, topic: bytes) -> bool:
    """By name, or because a pattern gave it the topic."""
    assigned = [name for name, _ in member.member_assignment.partition_assignment]
    return topic in member.member_metadata.topic_names or topic in assigned


def create_topic(client: KafkaClient, args: argparse.Namespace) -> None:
    """Create a topic; ends when it can be used. Prints nothing.

    :raises ProtocolClientError: it is not created.
    """
    if args.replica_assignment and (args.num_partitions or args.replication_factor):
        raise UsageError("-a says how many partitions and copies there are: no -p or -r beside it")
    client.create_topic(
        args.topic,
        args.num_partitions or 1,
        args.replication_factor or 1,
        args.config_entries,
        args.replica_assignment,
        args.broker_timeout_ms,
    )


def delete_topic(client: KafkaClient, args: argparse.Namespace) -> None:
    """Delete a topic, without asking; ends when it is gone. Prints nothing.

    :raises ProtocolClientError: it is not deleted.
    """
    client.delete_topic(args.topic, args.broker_timeout_ms)


# --- arguments -----------------------------------------------------------------------


def _get_arg_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kafka-tools", description="Look into a Kafka cluster.")
    parser.set_defaults(func=None)
    parser.add_argument(
        "-b", "--broker", metavar="HOST", default="localhost:9092", help="default: %(default)s"
    )
    parser.add_argument(
        "-o", "--broker_version", default="0.9.0", help="accepted for 2.x; chooses nothing"
    )
    parser.add_argument(
        "-z", "--zookeeper", metavar="HOSTS", help="find the brokers through ZooKeeper instead"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="how long a broker may take to answer (default: %(default)s)",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_readers(commands)
    _add_group_commands(commands)
    _add_administration(commands)
    return parser


def _add_readers(commands: _Commands) -> None:
    consume = _add(commands, consume_topic, "print new messages of a topic")
    _add_topic(consume)
    consume.add_argument(
        "-l",
        "--limit",
        type=int,
        default=10,
        help="number of messages to print (default: %(default)s)",
    )
    consume.add_argument(
        "-o",
        "--outfile",
        metavar="FILE",
        help="where to print (default: standard output)",
    )
    _add_topic(_add(commands, desc_topic, "describe a topic"))
    _add(commands, print_topics, "list all topics")
    offsets = _add(commands, print_offsets, "print the offsets of a topic")
    _add_topic(offsets)
    _add_offset(offsets)


def _add_group_commands(commands: _Commands) -> None:
    managed = _add(
        commands, print_managed_consumer_groups, "list a topic's groups (needs Kafka 0.9)"
    )
    _add_topic(managed)
    lag = _add(commands, print_consumer_lag, "print how far a group is behind")
    _add_topic(lag)
    _add_consumer_group(lag)
    reset = _add(commands, reset_offsets, "set the offsets of a group")
    _add_topic(reset)
    _add_consumer_group(reset)
    _add_offset(reset)


def _add_administration(commands: _Commands) -> None:
    create = _add(commands, create_topic, "create a topic (needs Kafka 0.10.1)")
    _add_topic(create)
    create.add_argument("-p", "--num_partitions", type=int, help="default: 1")
    create.add_argument("-r", "--replication_factor", type=int, help="default: 1")
    create.add_argument(
        "-a",
        "--replica_assignment",
        metavar="JSON",
        type=parse_assignment,
        help="brokers of each partition, the leader first, instead of -p and -r: "
        """'{"0": [1, 2], "1": [2, 1]}'""",
    )
    create.add_argument(
        "-c",
        "--config_entries",
        metavar="JSON",
        type=parse_config,
        help="""settings of the topic: '{"retention.ms": 60000}'""",
    )
    delete = _add(commands, delete_topic, "delete a topic (needs Kafka 0.10.1)")
    _add_topic(delete)
    for parser in (create, delete):
        parser.add_argument(
            "-t",
            "--timeout",
            type=int,
            default=5000,
            dest="broker_timeout_ms",
            metavar="MS",
            help="how long it may take (default: %(default)s)",
        )


def _add(commands: _Commands, command: _Command, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(command.__name__, help=text, description=text)
    parser.set_defaults(func=command)
    return parser


def _add_topic(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("topic", metavar="TOPIC", help="a topic's name")


def _add_consumer_group(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("consumer_group", metavar="CONSUMER_GROUP", help="a group's name")


def _add_offset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "offset",
        metavar="OFFSET",
        type=_place,
        help="EARLIEST, LATEST, or a time: YYYY-MM-DDTHH:MM:SS (UTC)",
    )


def _place(text: str) -> str:
    try:
        parse_place(text)
    except InvalidOptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


# --- running -------------------------------------------------------------------------


def main() -> int:
    """Run the command that the program's arguments name; returns the exit status."""
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    parser = _get_arg_parser()
    args = parser.parse_args()
    if args.func is None:
        parser.print_help()
        return 0
    return exit_status(lambda: _run(args), f"{parser.prog}: error: ")


def _run(args: argparse.Namespace) -> int:
    from ..client import KafkaClient

    with KafkaClient(
        hosts=args.broker,
        zookeeper_hosts=args.zookeeper,
        socket_timeout_ms=int(args.timeout * 1000),
        broker_version=args.broker_version,
        client_id="kafka-tools",
    ) as client:
        args.func(client, args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
