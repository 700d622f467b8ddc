"""The record source over librdkafka."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...core.effects import Procedure, Refresh
from ...core.fetching import FetchState
from ...core.partition_keys import PartitionKey
from ...core.retry import Backoff
from ...exceptions import KafkaException, RemoteError
from ...options import Settings
from ..client import ClientCore
from ..consumer.python_source import PythonSource
from ..consumer.repositioning import Repositioning
from ..consumer.source import Run, SourceEvents
from ..consumer.turns import Turns
from .feed import Damaged, Lost, RdKafkaFeed
from .handle import Handle
from .library import Library
from .properties import consumer_properties, read_ahead

__all__ = ["RdKafkaSource"]


class RdKafkaSource:
    """librdkafka fetches on its threads; :meth:`next_run` takes a batch out of its queue.

    It has no group and keeps no offsets: each partition is read into a queue of its own, so
    that what is left of one that is given up goes with its queue. What it finds damaged is read
    by :class:`~pykafka.runtime.consumer.python_source.PythonSource`, which tells what is wrong,
    and where one can go on, until the partition is moved. See
    :class:`~pykafka.runtime.consumer.source.RecordSource`; implements
    :class:`~pykafka.runtime.consumer.repositioning.FetchingSide`.

    :raises InvalidOptionError: it cannot honour an option.
    """

    def __init__(self, library: Library, client: ClientCore, settings: Settings) -> None:
        self._library = library
        self._client = client
        self._settings = settings
        # What it does not take is said before anything begins.
        consumer_properties(library, client, settings, 1).free()
        self._feeds: dict[PartitionKey, RdKafkaFeed] = {}
        self._turns: Turns[RdKafkaFeed] = Turns()
        self._handle: Handle | None = None
        #: Reads what is damaged.
        self._examiner: PythonSource | None = None
        self._damaged: set[PartitionKey] = set()
        self._crash: BaseException | None = None
        #: Those whose position is being decided on; on the I/O thread.
        self._states: dict[PartitionKey, FetchState] = {}

    def start(self, events: SourceEvents) -> None:
        self._events = events
        self._crash = None
        s = self._settings
        backoff_s = s.fetch_error_backoff_ms / 1000
        self._repositioning = Repositioning(
            self._client,
            Backoff(backoff_s, backoff_s * 8),
            s.auto_offset_reset,
            int(s.isolation_level == "read_committed"),
            self,
        )

    def assign(self, offsets: Mapping[PartitionKey, int], partitions: Mapping[Any, Any]) -> None:
        if offsets and self._handle is None:
            # Now it is known between how many partitions the queue's bytes are shared.
            properties = consumer_properties(
                self._library, self._client, self._settings, len(offsets)
            )
            self._handle = Handle(self._client, properties, self._client_closed, self._heard)
            self._handle.read_ahead(*read_ahead(self._settings, len(offsets)))
        for key, offset in offsets.items():
            assert self._handle is not None
            self._feeds[key] = feed = RdKafkaFeed(key, partitions[key], self._handle)
            feed.begin(offset)

    def revoke(self, keys: Collection[PartitionKey]) -> None:
        self._examine_no_more(keys)
        for key in keys:
            feed = self._feeds.pop(key, None)
            if feed is not None:
                feed.epoch += 1
                feed.close()

    def hold(self, keys: Collection[PartitionKey]) -> None:
        for key in keys:
            if key in self._feeds:
                self._feeds[key].held = True
        if self._examiner is not None:
            self._examiner.hold(keys)

    def resume(self, keys: Collection[PartitionKey]) -> None:
        for key in keys:
            feed = self._feeds.get(key)
            if feed is not None and feed.held:
                feed.held = False
                # There, because it alone puts feeds on the line that had no turn just now.
                self._client.loop.call_soon(self._filled, feed)
        if self._examiner is not None:
            self._examiner.resume(keys)

    def seek(self, key: PartitionKey, offset: int) -> None:
        self._examine_no_more([key])
        self._feeds[key].seek(offset)

    def next_run(self) -> Run | None:
        run = self._turns.next_run(self._take)
        if run is None and self._examiner is not None:
            return self._examiner.next_run()
        return run

    def _take(self, feed: RdKafkaFeed) -> Run | None:
        found = feed.take()
        if isinstance(found, Lost):
            self._client.loop.call_soon(self._decide, found)
            return None
        if isinstance(found, Damaged):
            self._examine(found)
            return None
        return found

    def _examine(self, damaged: Damaged) -> None:
        feed = damaged.feed
        if self._examiner is None:
            self._examiner = PythonSource(self._client, self._settings)
            self._examiner.start(self._events)
        self._damaged.add(feed.key)
        self._examiner.assign({feed.key: damaged.offset}, {feed.key: feed.partition})

    def _examine_no_more(self, keys: Collection[PartitionKey]) -> None:
        over = self._damaged.intersection(keys)
        if over and self._examiner is not None:
            self._damaged -= over
            self._examiner.revoke(over)

    def error(self) -> Exception | None:
        if self._crash is not None:
            assert isinstance(self._crash, Exception)
            return self._crash
        stalls = (feed.stalled_by() for feed in list(self._feeds.values()) if not feed.held)
        found = next((error for error in stalls if error is not None), None)
        if found is None and self._examiner is not None:
            return self._examiner.error()
        return found

    def stop(self) -> None:
        feeds, self._feeds = list(self._feeds.values()), {}
        self._turns.clear()
        for feed in feeds:
            feed.epoch += 1
            feed.close()
        examiner, self._examiner = self._examiner, None
        self._damaged.clear()
        if examiner is not None:
            examiner.stop()
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()
            handle.join()

    # -- on the I/O thread ------------------------------------------------------------

    def _heard(self) -> None:
        for feed in list(self._feeds.values()):
            if feed.has_data():
                self._turns.filled(feed)
        self._events.ready()

    def _filled(self, feed: RdKafkaFeed) -> None:
        self._turns.filled(feed)
        self._events.ready()

    def _client_closed(self, error: BaseException) -> None:
        self._crash = error
        self._events.ready()

    def _decide(self, lost: Lost) -> None:
        state = lost.state
        self._states[state.key] = state
        if lost.truncated:
            self._client.spawn(self._find_parting(state))
        else:
            self._repositioning.out_of_range(state)

    def _find_parting(self, state: FetchState) -> Procedure[None]:
        topic, partition = state.key
        try:
            yield Refresh([topic])
        except RemoteError as error:
            self.stall(state, error)
            return
        snapshot = self._client.snapshot
        leader = snapshot.leader(topic, partition)
        state.leader = (-1 if leader is None else leader, snapshot.leader_epoch(topic, partition))
        state.to_validate = True
        self._repositioning.validate()

    # -- FetchingSide -----------------------------------------------------------------

    def states(self) -> Iterable[FetchState]:
        return list(self._states.values())

    def is_current(self, state: FetchState, epoch: int) -> bool:
        feed = self._feeds.get(state.key)
        return feed is not None and feed.epoch == epoch and self._states.get(state.key) is state

    def moved(self, state: FetchState) -> None:
        feed = self._settled(state)
        if feed is not None:
            assert state.fetch_offset is not None
            feed.moves.append((state.epoch, state.fetch_offset))
            self._filled(feed)

    def stall(self, state: FetchState, error: KafkaException) -> None:
        feed = self._settled(state)
        if feed is not None:
            feed.stall = (state.epoch, error)
            self._events.ready()

    def wake(self, state: FetchState) -> None:
        # Nothing is lacking after all: it goes on where it was.
        self.moved(state)

    def _settled(self, state: FetchState) -> RdKafkaFeed | None:
        if self._states.get(state.key) is state:
            del self._states[state.key]
        feed = self._feeds.get(state.key)
        return feed if feed is not None and feed.epoch == state.epoch else None
