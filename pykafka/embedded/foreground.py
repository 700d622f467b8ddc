"""Servers in the foreground of a terminal: what ``pykafka up`` runs."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from .cluster import EmbeddedKafka
from .service import Service
from .zookeeper import EmbeddedZookeeper

__all__ = ["run_foreground", "run_zookeeper_foreground"]

#: Seconds between looks at the servers.
_LOOK_EVERY = 0.5
#: Lines of log shown for a server that ended by itself.
_LOG_LINES = 15


def run_foreground(
    release: str,
    brokers: int = 1,
    *,
    config: Mapping[str, object] | None = None,
    data_dir: str | Path | None = None,
    keep_data: bool = False,
    out: TextIO,
) -> None:
    """Run a Kafka cluster until Ctrl-C or SIGTERM; then end it in order and return.

    Writes to ``out`` where it is reached, and each change of a server's state. Arguments and
    errors are those of :class:`EmbeddedKafka`. To be called from the main thread.
    """
    say = _writer(out)
    say(f"starting Kafka {release} with {brokers} broker(s)")
    with (
        _ending_on_signals(say),
        EmbeddedKafka(
            release,
            brokers,
            config=config,
            data_dir=data_dir,
            keep_data=keep_data,
            progress=say,
        ) as kafka,
    ):
        say(f"Kafka {kafka.release.version} is ready; Ctrl-C ends it")
        say(f"  bootstrap  {kafka.bootstrap}")
        say(f"  ZooKeeper  {kafka.zookeeper or 'none (KRaft)'}")
        say(f"  data       {_fate(kafka.data_dir, kept=kafka.keeps_data)}")
        _watch(kafka.services, say)


def run_zookeeper_foreground(
    *, data_dir: str | Path | None = None, keep_data: bool = False, out: TextIO
) -> None:
    """As :func:`run_foreground`, for a ZooKeeper alone."""
    say = _writer(out)
    say("starting ZooKeeper")
    with (
        _ending_on_signals(say),
        EmbeddedZookeeper(data_dir=data_dir, keep_data=keep_data, progress=say) as zookeeper,
    ):
        say("ZooKeeper is ready; Ctrl-C ends it")
        say(f"  ZooKeeper  {zookeeper.address}")
        say(f"  data       {_fate(zookeeper.data_dir, kept=zookeeper.keeps_data)}")
        _watch([zookeeper.service], say)


def _writer(out: TextIO) -> Callable[[str], None]:
    def say(line: str) -> None:
        out.write(f"{line}\n")
        out.flush()

    return say


def _fate(folder: Path, *, kept: bool) -> str:
    return f"{folder} ({'kept' if kept else 'removed at the end'})"


@contextlib.contextmanager
def _ending_on_signals(say: Callable[[str], None]) -> Iterator[None]:
    """Have SIGTERM and SIGHUP end what is going on as Ctrl-C does, and Ctrl-C end it quietly.

    A second signal while the servers are ending interrupts that; their guards kill them then.
    """
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    except KeyboardInterrupt:
        say("stopped")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(services: Sequence[Service], say: Callable[[str], None]) -> None:
    """Tell each change of state until a signal comes."""
    states: dict[Service, str] = {}
    try:
        while True:
            for service in services:
                if states.get(service) != service.state:
                    states[service] = service.state
                    say(_state_line(service))
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        say("stopping")
        raise


def _state_line(service: Service) -> str:
    line = f"{service.name} (port {service.port}): {service.state}"
    if service.running:
        return line
    return f"{line} with status {service.exit_status}; the end of its log:\n" + service.log_tail(
        _LOG_LINES
    )
