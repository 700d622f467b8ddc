"""Looking at groups in ZooKeeper without being in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from ...core.membership.zookeeper import GroupPaths, is_group_name, read_registered
from ...core.membership.zookeeper_view import ZooKeeperGroup, group_from_nodes
from ...net.zookeeper.session import ZooKeeperSession

__all__ = ["open_session", "read_groups"]

_GROUPS = "/consumers"


@contextlib.contextmanager
def open_session(
    hosts: str, timeout_s: float, use_greenlets: bool = False
) -> Iterator[ZooKeeperSession]:
    """A session that keeps nothing alive and watches nothing.

    :param timeout_s: for ZooKeeper to answer, to the connection and to each question.
    :raises ZookeeperConnectionError: it does not.
    """
    session = ZooKeeperSession(hosts, timeout_s, timeout_s, use_greenlets)
    session.start(lambda: None, lambda: None)
    try:
        yield session
    finally:
        session.close()


def read_groups(
    session: ZooKeeperSession, names: Iterable[str] | None = None
) -> dict[str, ZooKeeperGroup]:
    """The groups that there are, by name; of these names, if some are given.

    Asks level by level, for all groups at once. What goes away meanwhile is not there.

    :raises ZookeeperConnectionError: ZooKeeper does not answer, or does not let us read.
    """
    if names is None:
        names = session.children(_GROUPS) or []
    paths = {name: GroupPaths(name) for name in names if is_group_name(name)}
    there = session.children_of(f"{_GROUPS}/{name}" for name in paths)
    paths = {name: path for name, path in paths.items() if f"{_GROUPS}/{name}" in there}
    tops = session.children_of(
        path for each in paths.values() for path in (each.ids, each.all_owners, each.offsets)
    )
    folders = session.children_of(
        f"{top}/{topic}"
        for each in paths.values()
        for top in (each.all_owners, each.offsets)
        for topic in tops.get(top, ())
    )
    members = [each.id(id_) for each in paths.values() for id_ in tops.get(each.ids, ())]
    leaves = [f"{folder}/{name}" for folder, below in folders.items() for name in below]
    found = session.read([*members, *leaves])

    def registered(each: GroupPaths) -> Iterator[tuple[str, bytes]]:
        for id_ in tops.get(each.ids, ()):
            if each.id(id_) in found:
                yield id_, found[each.id(id_)].data

    def nodes(top: str) -> dict[str, dict[str, bytes]]:
        return {
            topic: {
                name: found[f"{top}/{topic}/{name}"].data
                for name in folders.get(f"{top}/{topic}", ())
                if f"{top}/{topic}/{name}" in found
            }
            for topic in tops.get(top, ())
        }

    return {
        name: group_from_nodes(
            name,
            [read_registered(id_, data) for id_, data in registered(each)],
            nodes(each.all_owners),
            nodes(each.offsets),
        )
        for name, each in sorted(paths.items())
    }
