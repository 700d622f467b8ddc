"""Where tuples are processed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ...exceptions import UsageError
from .component import Component, check_values
from .tuples import Tuple, is_heartbeat, is_tick

__all__ = ["Bolt"]


class Bolt(Component):
    """Processes tuples, one at a time.

    ::

        class Count(Bolt):
            outputs = ["word", "count"]

            def initialize(self, storm_conf, context):
                self.counts = Counter()

            def process(self, tup):
                word = tup.values.word
                self.counts[word] += 1
                self.emit([word, self.counts[word]])
    """

    #: Whether what is emitted belongs to the tree of the tuple being processed, so that its failing
    #: fails that too.
    auto_anchor: ClassVar[bool] = True
    #: Whether a tuple is acked when :meth:`process` returns, unless it was acked or failed there.
    auto_ack: ClassVar[bool] = True
    #: Whether a tuple is failed when :meth:`process` raises.
    auto_fail: ClassVar[bool] = True

    #: Whether the bolt holds as much as it may: what runs it delivers nothing, and calls
    #: :meth:`storm_flush` when that is due, until it is false again.
    storm_full: bool = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._current_tups: Sequence[Tuple] = ()
        # Ids that are neither acked nor failed. Storm ends the worker on a second ack or fail, and
        # on an anchor that it does not know any more.
        self._open: set[Any] = set()

    @classmethod
    def spec(
        cls, name: str | None = None, inputs: Any = None, par: Any = None, config: Any = None
    ) -> Any:
        """Its place in a topology.

        :param name: the component's name; that of the topology's attribute without one.
        :param inputs: component or stream -> :class:`~pykafka.storm.Grouping`; or a list of
            components, which are shuffled; or one.
        :param par: how many tasks, or environment -> how many; the class' own without it.
        :param config: Storm settings of this component; the class' own without them.
        """
        from ..topology import bolt_spec

        return bolt_spec(cls, name, inputs, par, config)

    @staticmethod
    def is_heartbeat(tup: Tuple) -> bool:
        """Whether Storm only wants to know that the process lives."""
        return is_heartbeat(tup)

    @staticmethod
    def is_tick(tup: Tuple) -> bool:
        """Whether it tells of time passing."""
        return is_tick(tup)

    def process(self, tup: Tuple) -> Any:
        """Process one tuple."""
        raise NotImplementedError(f"{type(self).__name__} has no process()")

    def process_tick(self, tup: Tuple) -> Any:
        """Called every ``topology.tick.tuple.freq.secs``, where the component's or the topology's
        configuration sets that."""

    def emit(
        self,
        tup: Sequence[Any],
        stream: str | None = None,
        anchors: Iterable[Any] | None = None,
        direct_task: int | None = None,
        need_task_ids: bool = False,
    ) -> list[int] | None:
        """Send a tuple.

        :param tup: a list or tuple of values: strings, numbers, booleans, None, and lists and
            dicts of these.
        :param stream: the stream's name; "default" without one.
        :param anchors: tuples, or ids of tuples, whose trees it joins. Without them what is being
            processed, if :attr:`auto_anchor` is set, unless it is acked or failed already.
        :param direct_task: the one task that gets it, on a direct stream.
        :param need_task_ids: whether to wait for, and return, the tasks it goes to.
        :raises TypeError: ``tup`` is no list or tuple.
        :raises SerializationError: a value cannot be sent.
        :raises UsageError: an anchor is acked or failed already.
        """
        if type(tup) is not list:
            check_values(tup)
        ids: Sequence[Any]
        if anchors is not None:
            ids = [self._anchor(anchor) for anchor in anchors]
        elif self.auto_anchor:
            ids = [each.id for each in self._current_tups if each.id in self._open]
        else:
            ids = ()
        return self._outlet.emit(tup, None, stream or "default", ids, direct_task, need_task_ids)

    def emit_many(
        self,
        tuples: Iterable[Sequence[Any]],
        stream: str | None = None,
        anchors: Iterable[Any] | None = None,
        direct_task: int | None = None,
    ) -> None:
        """Send several tuples, as :meth:`emit` does."""
        anchors = None if anchors is None else list(anchors)
        for tup in tuples:
            self.emit(tup, stream, anchors, direct_task)

    def ack(self, tup: Any) -> None:
        """Tell that a tuple is done. A tuple is acked or failed once; later calls do nothing.

        :param tup: the tuple or its id.
        """
        tup_id = tup.id if isinstance(tup, Tuple) else tup
        if tup_id in self._open:
            self._open.remove(tup_id)
            self._outlet.ack(tup_id)

    def fail(self, tup: Any) -> None:
        """Tell that a tuple could not be processed, so that its spout may emit it again.

        :param tup: the tuple or its id.
        """
        tup_id = tup.id if isinstance(tup, Tuple) else tup
        if tup_id in self._open:
            self._open.remove(tup_id)
            self._outlet.fail(tup_id)

    def storm_deliver(self, tup: Tuple) -> None:
        """Process a tuple that what runs the bolt has got for it, and ack or fail it.

        :raises Exception: what the user's code raised, if that has to end the component. It has
            been reported.
        """
        self._open.add(tup.id)
        self._current_tups = (tup,)
        try:
            if tup.stream == "__tick" and is_tick(tup):
                self._tick(tup)
            else:
                self._take(tup)
        except Exception as error:  # noqa: BLE001 - the user's code; raised again if that is wanted
            self._broken(error)
        self._current_tups = ()

    @property
    def storm_deadline(self) -> float | None:
        """When :meth:`storm_flush` is due, by :attr:`storm_clock`; None for never."""
        return None

    def storm_flush(self) -> None:
        """Process what was put together until now, because its time has come."""

    def _take(self, tup: Tuple) -> None:
        self.process(tup)
        if self.auto_ack and tup.id in self._open:
            self.ack(tup)

    def _tick(self, tup: Tuple) -> None:
        # First, and whatever auto_ack says: nobody waits for it, and Storm keeps it until then.
        self._open.remove(tup.id)
        self._outlet.ack(tup.id)
        self.process_tick(tup)

    def _broken(self, error: Exception) -> None:
        """The user's code raised: tell, fail what it was about, raise again if that is the end."""
        tuples = self._current_tups
        self._report(error, tuples[0] if len(tuples) == 1 else list(tuples))
        if self.auto_fail:
            for tup in tuples:
                self.fail(tup)
        self._current_tups = ()
        if self.exit_on_exception:
            raise error

    def _anchor(self, anchor: Any) -> Any:
        anchor_id = anchor.id if isinstance(anchor, Tuple) else anchor
        if anchor_id not in self._open:
            raise UsageError(
                f"{self.component_name}: cannot anchor to {anchor!r}, which is acked or failed"
                " already, or none of its input: emit first"
            )
        return anchor_id
