"""``pykafka doctor``: what there is here to work with, and what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from .. import __version__
from ..core.procedures.handshake import open_connection
from ..exceptions import (
    CodecNotAvailableError,
    ImplementationNotAvailableError,
    KafkaException,
    MissingRequirementError,
)
from ..native import SCAN_VARIABLE, native, scan
from ..runtime.implementation import IMPLEMENTATION_VARIABLE, require_implementation
from ..runtime.rdkafka.library import library
from ..wire.records.codecs import CODECS, require_codec
from .ending import one_line
from .output import print_json, print_table
from .session import Session, connection_options

if TYPE_CHECKING:
    from ..cluster import Cluster

__all__ = ["doctor"]


class _Finding(NamedTuple):
    """One thing that was looked for. ``ok`` is ``False`` if something does not work so."""

    what: str
    ok: bool
    found: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@connection_options()
@click.pass_obj
def doctor(session: Session, as_json: bool) -> None:
    """Show what pykafka finds here; with --hosts or --zookeeper, the brokers, too.

    Optional packages that are missing are no failure. Status 1 if brokers were named and one
    of them does not answer.
    """
    findings = [*_interpreter(), *_codecs(), *_packages(), _java()]
    failed = False
    if session.named:
        brokers = list(_cluster(session))
        failed = not all(finding.ok for finding in brokers)
        findings += brokers
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table(
            ["Part", "State", "Found"],
            [(what, "ok" if ok else "--", found) for what, ok, found in findings],
        )
    if failed:
        raise click.ClickException("not every broker that was looked for answers")


def _interpreter() -> Iterator[_Finding]:
    name, version = platform.python_implementation(), platform.python_version()
    yield _Finding("Python", True, f"{name} {version} on {platform.platform(terse=True)}")
    yield _Finding("pykafka", True, __version__)
    variable = os.environ.get(IMPLEMENTATION_VARIABLE)
    why = f"{IMPLEMENTATION_VARIABLE}={variable}" if variable else "the default"
    try:
        yield _Finding("implementation", True, f"{require_implementation(False)} ({why})")
    except ImplementationNotAvailableError as error:
        yield _Finding("implementation", False, str(error))
    yield _scan()
    yield _librdkafka()


def _scan() -> _Finding:
    """What splits record sets."""
    name, without = "record scan", "record sets are split in Python: slower"
    try:
        used = scan()
    except ImplementationNotAvailableError as error:
        return _Finding(name, False, str(error))
    if used is not None:
        return _Finding(name, True, used.path)
    found = native()
    why = found if isinstance(found, str) else f"{SCAN_VARIABLE}=off"
    return _Finding(name, False, f"{why}; {without}")


def _librdkafka() -> _Finding:
    try:
        return _Finding("librdkafka", True, str(library()))
    except ImplementationNotAvailableError as error:
        return _Finding("librdkafka", False, str(error))


def _codecs() -> Iterator[_Finding]:
    for number, codec in CODECS.items():
        try:
            require_codec(number)
        except CodecNotAvailableError as error:
            yield _Finding(codec.name, False, str(error))
        else:
            yield _Finding(codec.name, True, _version(codec.package) or "the standard library")
    version = _version("crc32c")
    yield _Finding("crc32c", version is not None, version or "computed in Python: slower")


def _packages() -> Iterator[_Finding]:
    for package, without in (
        ("kazoo", "no ZooKeeper: pip install kazoo"),
        ("gevent", "no use_greenlets=True: pip install 'pykafka[gevent]'"),
        ("jgo", "no embedded servers: pip install 'pykafka[embedded]'"),
    ):
        version = _version(package)
        yield _Finding(package, version is not None, version or without)


def _version(package: str | None) -> str | None:
    """``package x.y``; ``None`` if it is not installed."""
    if package is None:
        return None
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def _java() -> _Finding:
    from ..embedded.java import find_java, java_version

    try:
        path = find_java()
    except MissingRequirementError as error:
        return _Finding("Java", False, str(error))
    return _Finding("Java", True, f"{java_version(path)}, {path}")


def _cluster(session: Session) -> Iterator[_Finding]:
    try:
        client = session.connect()
    except KafkaException as error:
        yield _Finding("cluster", False, one_line(error))
        return
    with client:
        snapshot = client.cluster.core.snapshot
        controller = snapshot.controller_id
        names = "not told (before Kafka 0.10)" if controller is None else f"broker {controller}"
        yield _Finding("controller", True, names)
        for id_, broker in sorted(snapshot.brokers.items()):
            yield _broker(client.cluster, id_, broker.host, broker.port)


def _broker(cluster: Cluster, id_: int, host: str, port: int) -> _Finding:
    """Connect to a broker and ask which release it is."""
    core = cluster.core
    what, address = f"broker {id_}", f"{host}:{port}"
    try:
        connection, versions = core.run(open_connection(host, port, None), core.socket_timeout_s)
    except KafkaException as error:
        return _Finding(what, False, f"{address}: {one_line(error)}")
    core.loop.call_soon(connection.close)
    return _Finding(what, True, f"{address}, Kafka {versions.release}")
