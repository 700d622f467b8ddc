#!/usr/bin/env python3
"""The main job, shown and checked: real text through a real Kafka 0.8.2.2 and Storm, and back.

Starts ZooKeeper, Kafka and Storm on this machine and sends the sources of the standard library line
by line to a topic. Tasks of a Kafka spout share its partitions, the words are counted on Storm, a
Kafka bolt sends the counts to another topic, and these are compared with a count of the same text
without Storm. With --no-storm, the lines are consumed again, and every one is accounted for by
partition, offset and content.

Ends with a table and status 0, or says what is wrong or missing and ends with 1.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

try:
    import corpus
    from counting import count_words
    from flow import CODECS, Through, receive, send
    from ledger import differences
    from live import Meter, measured
    from rich.console import Console
    from rich.table import Table

    import pykafka
    from pykafka.cli.ending import exit_status
    from pykafka.client import KafkaClient
    from pykafka.embedded import EmbeddedKafka
except ModuleNotFoundError as error:
    sys.exit(
        f"missing: the package {error.name}. Run 'make demo', or pip install"
        " '.[embedded,cli,storm]'"
    )

if TYPE_CHECKING:
    from ledger import Ledger

RELEASE = "0.8.2.2"
PARTITIONS = 4
TOPIC = "lines"
#: How much text is sent where nobody says, with Storm and without.
_MEGABYTES = {True: 2.0, False: 30.0}


def transfer(
    client: KafkaClient,
    name: str,
    megabytes: float,
    codec: str,
    console: Console,
    through: Through = iter,
) -> int:
    """Send about so much text to a topic that is empty, consume it, compare, and print a table.

    :param through: what the consumed messages pass on their way to the check.
    :returns: 0 if every line is accounted for, else 1.
    """
    topic = client.topics[name]
    meters = Meter("produced"), Meter("consumed")
    with measured(console, meters[0], megabytes) as watch:
        source, sent = send(topic, corpus.lines(megabytes), CODECS[codec], watch)
    stored = {id_: found.offset[0] for id_, found in topic.latest_available_offsets().items()}
    with measured(console, meters[1], megabytes) as watch:
        back, received = receive(topic, stored, watch, through)
    console.print(_table(sent, received))
    console.print(
        f"{len(source.digests()):,} files, SHA-256 of all:\n  as read      {source.hexdigest()}"
        f"\n  as received  {back.hexdigest()}",
        highlight=False,
    )
    problems = differences(source, sent, stored, received, back)
    for problem in problems:
        console.print(f"WRONG: {problem}", highlight=False)
    if problems:
        return 1
    console.print(
        f"Every one of {source.count:,} lines ({source.bytes / 1e6:.1f} MB) came back once, in"
        " order and unchanged.",
        highlight=False,
    )
    return 0


def _table(sent: Ledger, received: Ledger) -> Table:
    table = Table()
    for head in ("partition", "sent", "received", "offsets", "content received", ""):
        table.add_column(head, justify="left" if head.startswith("content") else "right")
    for id_, account in sent.accounts.items():
        other = received.accounts[id_]
        same = account.hexdigest() == other.hexdigest()
        table.add_row(
            str(id_),
            f"{account.count:,}",
            f"{other.count:,}",
            f"0 to {account.next_offset - 1:,}" if account.count else "none",
            other.hexdigest()[:16],
            "ok" if same and not account.irregular else "WRONG",
        )
    return table


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options), "The demo cannot go on: ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--no-storm",
        dest="storm",
        action="store_false",
        help="without Storm: consume the lines again and check every one",
    )
    parser.add_argument(
        "--megabytes",
        type=_positive(float),
        help=f"of text (default: {_MEGABYTES[True]:g}, without Storm {_MEGABYTES[False]:g})",
    )
    parser.add_argument(
        "--brokers", type=_positive(int), default=1, help="of Kafka (default: %(default)s)"
    )
    parser.add_argument(
        "--compression", choices=list(CODECS), default="none", help="(default: %(default)s)"
    )
    return parser


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    def convert(text: str) -> float:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not more than 0")
        return value

    convert.__name__ = kind.__name__
    return convert


def _run(options: argparse.Namespace) -> int:
    # Where nobody looks, tables and lines keep their width.
    console = Console() if sys.stdout.isatty() else Console(width=120)

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    say(
        f"pykafka {pykafka.__version__} on {platform.python_implementation()}"
        f" {platform.python_version()}; starting ZooKeeper and {options.brokers} broker(s) of"
        f" Kafka {RELEASE}"
    )
    with EmbeddedKafka(RELEASE, options.brokers, progress=say) as kafka:
        say(f"ready at {kafka.bootstrap}")
        megabytes = options.megabytes or _MEGABYTES[options.storm]
        if options.storm:
            text, codec = corpus.lines(megabytes), CODECS[options.compression]
            return count_words(kafka, text, megabytes, codec, console)
        kafka.create_topic(TOPIC, PARTITIONS, replication_factor=min(3, options.brokers))
        with KafkaClient(hosts=kafka.bootstrap) as client:
            return transfer(client, TOPIC, megabytes, options.compression, console)


if __name__ == "__main__":
    sys.exit(main())
