"""Members beside other things: a user's KazooClient, greenlets, forks."""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any

import pytest
from functional.client.programs import run_program
from functional.group.conftest import Fill, Join, one_release, only_zookeeper, options_of
from functional.group.reading import Seen, shared
from groups.owners import ZookeeperGroup
from kazoo.client import KazooClient

from pykafka.embedded import EmbeddedKafka

_HAS_GEVENT = importlib.util.find_spec("gevent") is not None

_IN_GREENLETS = """
    import json, sys, threading
    import gevent
    from pykafka import KafkaClient

    hosts, topic, group, options = sys.argv[1:]
    options = json.loads(options) | {"auto_commit_enable": True}
    turns = 0
    def tick():
        global turns
        while True:
            turns += 1
            gevent.sleep(0.005)
    gevent.spawn(tick)

    client = KafkaClient(hosts, use_greenlets=True)
    got = []
    def read(member, count):
        while len(got) < count:
            message = member.consume()
            if message is not None:
                got.append((message.partition_id, message.offset))

    def member():
        before = turns
        made = client.get_balanced_consumer(topic, group, **options)
        assert turns > before, "joining held up the other greenlets"
        return made

    first = member()
    read(first, 100)
    second = member()
    with gevent.Timeout(20):
        while not (len(first.partitions) == len(second.partitions) == 1):
            gevent.sleep(0.02)
        reading = [gevent.spawn(read, one, 300) for one in (first, second)]
        gevent.joinall(reading, raise_error=True)
        second.stop()
        read(first, 400)
    assert sorted(got) == [(p, n) for p in range(2) for n in range(200)], sorted(got)
    client.close()
    assert [t.name for t in threading.enumerate() if "pykafka" in t.name] == []
    from gevent import monkey
    assert not monkey.saved
    print("done")
"""

_BEFORE_AND_AFTER_A_FORK = """
    import json, os, sys, time, traceback, warnings
    from pykafka import KafkaClient
    from pykafka.exceptions import ForkedProcessError
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks with threads, from 3.12 on

    def refused(call):
        try:
            call()
        except ForkedProcessError:
            return
        raise AssertionError(f"{call} was not refused")

    hosts, topic, group, options = sys.argv[1:]
    client = KafkaClient(hosts)
    member = client.get_balanced_consumer(topic, group, **json.loads(options))
    got = [member.consume().value for _ in range(50)]
    before = member.health().member_id, member.health().generation, member.zookeeper_session

    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for call in (member.consume, member.commit_offsets, member.fetch_offsets,
                         member.reset_offsets, member.start, lambda: next(iter(member))):
                refused(call)
            member.stop()
            client.close()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "the child failed"
    time.sleep(1)
    after = member.health().member_id, member.health().generation, member.zookeeper_session
    assert before == after, (before, after)
    assert len(member.partitions) == 2
    got += [member.consume().value for _ in range(150)]
    assert sorted(got, key=int) == sorted([b"%d" % n for n in range(100)] * 2, key=int)
    member.stop()
    client.close()
    print("done")
"""


@only_zookeeper
def test_a_kazoo_client_of_the_users_is_used_and_not_closed(
    fill: Fill, join: Join, kafka: EmbeddedKafka, group: str
) -> None:
    topic = fill(30, 30)
    zookeeper = KazooClient(kafka.zookeeper, timeout=6.0)
    zookeeper.start(10)
    first = join(topic, zookeeper=zookeeper, zookeeper_connect=None, auto_commit_enable=True)
    # Two members may have one.
    second = join(topic, zookeeper=zookeeper, auto_commit_enable=True)
    shared(first, second, among=2)
    assert first.zookeeper_session == second.zookeeper_session == zookeeper.client_id
    seen = Seen()
    seen.take(30, first, second)
    second.stop()
    with ZookeeperGroup(kafka.zookeeper or "", group) as state:
        # At once, though the session goes on.
        assert len(state.ownership().members) == 1
        shared(first, among=2)
        seen.take(30, first)
        first.stop()
        assert state.ownership().members == frozenset()
        assert state.ownership().owners == {}
    assert seen.is_exactly(p0=30, p1=30)
    assert zookeeper.connected
    assert zookeeper.exists(f"/consumers/{group}")
    zookeeper.stop()
    zookeeper.close()


@one_release
@pytest.mark.skipif(not _HAS_GEVENT, reason="gevent is not installed")
def test_members_in_greenlets(fill: Fill, kind: str, kafka: EmbeddedKafka, group: str) -> None:
    topic = fill(200, 200)
    out = run_program(
        _IN_GREENLETS,
        kafka.bootstrap,
        topic.name.decode(),
        group,
        json.dumps(options_of(kind, kafka)),
    )
    assert out == "done\n"


@one_release
@pytest.mark.skipif(sys.platform == "win32", reason="no fork on Windows")
def test_after_a_fork_the_parent_stays_a_member(
    fill: Fill, join: Join, kind: str, kafka: EmbeddedKafka, group: str
) -> None:
    topic = fill(100, 100)
    options: dict[str, Any] = {**options_of(kind, kafka), "auto_commit_enable": True}
    out = run_program(
        _BEFORE_AND_AFTER_A_FORK,
        kafka.bootstrap,
        topic.name.decode(),
        group,
        json.dumps(options),
    )
    assert out == "done\n"
    # It has left, and everything is committed.
    member = join(topic)
    assert member.consume() is None
