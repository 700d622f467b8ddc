"""The trees of tuples: what became of each tuple that a spout emitted with an id."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["Tree", "Trees"]


class Tree:
    """One tuple of a spout and all that was made of it.

    :ivar task: of the spout.
    :ivar message_id: what the spout called the tuple.
    :ivar leaves: tuples of it that were sent and not acked yet.
    :ivar expires: engine time, in seconds, at which it fails.
    """

    __slots__ = ("expires", "leaves", "message_id", "serial", "task")

    def __init__(self, serial: int, task: int, message_id: Any, expires: float) -> None:
        self.serial = serial
        self.task = task
        self.message_id = message_id
        self.expires = expires
        self.leaves = 0


class Trees:
    """Those of all spouts that have not ended, oldest first.

    Storm's acker keeps one number per tree, into which it exclusive-ors the random id of each
    tuple sent and acked; here they are counted, which ends at the same moment without chance.
    """

    def __init__(self) -> None:
        self._open: dict[int, Tree] = {}
        self._planted = 0
        self._pending: dict[int, int] = {}

    def __iter__(self) -> Iterator[Tree]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def plant(self, task: int, message_id: Any, expires: float) -> Tree:
        """Begin the tree of a tuple that the spout emits; it has no leaves yet."""
        self._planted += 1
        tree = Tree(self._planted, task, message_id, expires)
        self._open[tree.serial] = tree
        self._pending[task] = self._pending.get(task, 0) + 1
        return tree

    def pending(self, task: int) -> int:
        """Count the trees of one task of a spout."""
        return self._pending.get(task, 0)

    def acked(self, trees: Iterable[Tree]) -> Iterator[Tree]:
        """One leaf of each was acked: yields those that end well by that."""
        for tree in trees:
            tree.leaves -= 1
            if tree.leaves == 0 and self.end(tree):
                yield tree

    def failed(self, trees: Iterable[Tree]) -> Iterator[Tree]:
        """One leaf of each failed: yields those that end by that, each once only."""
        for tree in trees:
            if self.end(tree):
                yield tree

    def end(self, tree: Tree) -> bool:
        """Take a tree out; False if it has ended before."""
        if self._open.pop(tree.serial, None) is None:
            return False
        self._pending[tree.task] -= 1
        return True

    def next_expiry(self) -> float:
        """Engine time at which the oldest tree fails; infinite if none ever does."""
        for tree in self._open.values():
            return tree.expires
        return math.inf

    def expired(self, now: float) -> list[Tree]:
        """Take out what is too old by now."""
        late = []
        for tree in self._open.values():
            if tree.expires > now:
                break
            late.append(tree)
        for tree in late:
            self.end(tree)
        return late

    def clear(self) -> list[Tree]:
        """Forget all of them, as Storm does when a worker dies; returns what was open."""
        lost = list(self._open.values())
        self._open.clear()
        self._pending.clear()
        return lost
