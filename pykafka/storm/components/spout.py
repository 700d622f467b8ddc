"""Where tuples come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from .component import Component, check_values

__all__ = ["ReliableSpout", "Spout"]


class Spout(Component):
    """Emits tuples into a topology.

    ::

        class Words(Spout):
            outputs = ["word"]

            def initialize(self, storm_conf, context):
                self.words = itertools.cycle(["dog", "cat"])

            def next_tuple(self):
                self.emit([next(self.words)])
    """

    @classmethod
    def spec(cls, name: str | None = None, par: Any = None, config: Any = None) -> Any:
        """Its place in a topology.

        :param name: the component's name; that of the topology's attribute without one.
        :param par: how many tasks, or environment -> how many; the class' own without it.
        :param config: Storm settings of this component; the class' own without them.
        """
        from ..topology import spout_spec

        return spout_spec(cls, name, par, config)

    def next_tuple(self) -> None:
        """Emit a tuple, or a few; called again and again. Return soon: nothing else, acks included,
        happens meanwhile. Emitting nothing says that there is nothing now."""
        raise NotImplementedError(f"{type(self).__name__} has no next_tuple()")

    def ack(self, tup_id: Any) -> None:
        """Called when a tuple, and all that came of it, has been processed.

        :param tup_id: the id that it was emitted with; a list comes back as a tuple.
        """

    def fail(self, tup_id: Any) -> None:
        """Called when a tuple was failed by a bolt, or not done in time.

        :param tup_id: the id that it was emitted with; a list comes back as a tuple.
        """

    def activate(self) -> None:
        """Called before the first :meth:`next_tuple`, and when the topology is activated again."""

    def deactivate(self) -> None:
        """Called when the topology is deactivated, and first of all when it is killed or
        rebalanced; acks may still come."""

    def emit(
        self,
        tup: Sequence[Any],
        tup_id: Any = None,
        stream: str | None = None,
        direct_task: int | None = None,
        need_task_ids: bool = False,
    ) -> list[int] | None:
        """Send a tuple.

        :param tup: a list or tuple of values: strings, numbers, booleans, None, and lists and
            dicts of these.
        :param tup_id: tells which tuple it was when it is acked or failed: a string, number,
            or a tuple of these. Without one it is neither.
        :param stream: the stream's name; "default" without one.
        :param direct_task: the one task that gets it, on a direct stream.
        :param need_task_ids: whether to wait for, and return, the tasks it goes to.
        :raises TypeError: ``tup`` is no list or tuple.
        :raises SerializationError: a value cannot be sent.
        """
        if type(tup) is not list:
            check_values(tup)
        return self._outlet.emit(tup, tup_id, stream or "default", (), direct_task, need_task_ids)

    def emit_many(
        self,
        tuples: Iterable[Sequence[Any]],
        tup_ids: Iterable[Any] | None = None,
        stream: str | None = None,
    ) -> None:
        """Send several tuples.

        :param tup_ids: one id for each.
        :raises ValueError: there are not as many ids as tuples.
        """
        if tup_ids is None:
            for tup in tuples:
                self.emit(tup, stream=stream)
        else:
            for tup, tup_id in zip(tuples, tup_ids, strict=True):
                self.emit(tup, tup_id=tup_id, stream=stream)

    def storm_emit_many(self, tuples: Sequence[list[Any]], tup_ids: Sequence[str] | None) -> bool:
        """Send tuples into the default stream together, if that can be, see :class:`Outlet`."""
        # Who overrides emit(), in a subclass or here, wants to see each of them.
        inherited = getattr(self.emit, "__func__", None) is Spout.emit
        return inherited and self._outlet.emit_many(tuples, tup_ids)

    def storm_acked(self, tup_id: Any) -> None:
        """What runs the spout tells that a tuple is done."""
        try:
            self.ack(_hashable(tup_id) if type(tup_id) is list else tup_id)
        except Exception as error:  # noqa: BLE001 - the user's code; raised again if that is wanted
            self._broken(error)

    def storm_failed(self, tup_id: Any) -> None:
        """What runs the spout tells that a tuple failed."""
        try:
            self.fail(_hashable(tup_id) if type(tup_id) is list else tup_id)
        except Exception as error:  # noqa: BLE001 - the user's code; raised again if that is wanted
            self._broken(error)

    def storm_next(self) -> None:
        """What runs the spout asks for tuples: calls :meth:`next_tuple`."""
        try:
            self.next_tuple()
        except Exception as error:  # noqa: BLE001 - the user's code; raised again if that is wanted
            self._broken(error)

    def _broken(self, error: Exception) -> None:
        """The user's code raised: tell, and raise again if that is the end."""
        self._report(error)
        if self.exit_on_exception:
            raise error


def _hashable(value: Any) -> Any:
    """JSON knows no tuples: one that was an id comes back as a list, which can be no key."""
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


class ReliableSpout(Spout):
    """A spout that emits failed tuples again, by itself.

    What is not acked yet is kept in memory, and gone when the process is.

    :ivar unacked_tuples: id -> what was emitted.
    :ivar failed_tuples: id -> how often it failed.
    """

    #: How often a tuple is emitted again.
    max_fails: ClassVar[int] = 3

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.failed_tuples: Counter[Any] = Counter()
        self.unacked_tuples: dict[Any, tuple[Sequence[Any], str | None, int | None, bool]] = {}

    def ack(self, tup_id: Any) -> None:
        """Forget a tuple that is done."""
        self.failed_tuples.pop(tup_id, None)
        if self.unacked_tuples.pop(tup_id, None) is None:
            self.logger.error("ack of %r, which is not waited for", tup_id)

    def fail(self, tup_id: Any) -> None:
        """Emit a tuple again, unless it failed :attr:`max_fails` times before; then it is given up
        as if it had been acked."""
        emitted = self.unacked_tuples.get(tup_id)
        if emitted is None:
            self.logger.error("fail of %r, which is not waited for", tup_id)
        elif self.failed_tuples[tup_id] < self.max_fails:
            self.failed_tuples[tup_id] += 1
            tup, stream, direct_task, need_task_ids = emitted
            self.emit(tup, tup_id, stream, direct_task, need_task_ids)
        else:
            self.logger.warning("giving up %r: it failed %d times", tup_id, self.max_fails + 1)
            self.ack(tup_id)

    def emit(
        self,
        tup: Sequence[Any],
        tup_id: Any = None,
        stream: str | None = None,
        direct_task: int | None = None,
        need_task_ids: bool = False,
    ) -> list[int] | None:
        """As :meth:`Spout.emit`, and keeps the tuple until it is acked.

        :raises ValueError: there is no ``tup_id``.
        """
        if tup_id is None:
            raise ValueError("a ReliableSpout emits with an id: emit(values, tup_id=...)")
        tasks = super().emit(tup, tup_id, stream, direct_task, need_task_ids)
        self.unacked_tuples[_hashable(tup_id)] = (tup, stream, direct_task, need_task_ids)
        return tasks
