"""The record source in pure Python."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ...core.fetching import FetchLimits
from ...core.partition_keys import PartitionKey
from ...core.retry import Backoff
from ...options import Settings
from ..client import ClientCore
from .feed import Consumed, DecodeOptions, Feed
from .fetcher import Fetcher
from .source import Run, SourceEvents
from .turns import Turns

__all__ = ["PythonSource"]

#: Chunks of so many bytes take longer than the interpreter takes to switch threads.
_LARGE_CHUNK = 131072
_YIELD_S = 0.00001


class PythonSource:
    """Fetches on the I/O thread, decodes where :meth:`next_run` is called.

    See :class:`~.source.RecordSource`.
    """

    def __init__(self, client: ClientCore, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._decode = DecodeOptions(
            settings.fetch_message_max_bytes, settings.decompressed_max_bytes
        )
        self._feeds: dict[PartitionKey, Feed] = {}
        self._turns: Turns[Feed] = Turns()
        self._crash: Exception | None = None

    def start(self, events: SourceEvents) -> None:
        self._events = events
        self._crash = None
        s = self._settings
        backoff_s = s.fetch_error_backoff_ms / 1000
        limits = FetchLimits(
            s.fetch_message_max_bytes,
            s.fetch_max_bytes,
            s.fetch_min_bytes,
            s.fetch_wait_max_ms,
            s.queued_max_messages,
            s.queued_max_bytes,
            Backoff(backoff_s, backoff_s * 8),
        )
        self._fetcher = Fetcher(
            self._client,
            limits,
            s.auto_offset_reset,
            int(s.isolation_level == "read_committed"),
            self._filled,
            self._crashed,
        )

    def assign(self, offsets: Mapping[PartitionKey, int], partitions: Mapping[Any, Any]) -> None:
        for key, offset in offsets.items():
            feed = Feed(key, partitions[key], self._decode)
            self._feeds[key] = feed
            self._client.loop.call_soon(self._fetcher.assign, feed, offset, feed.epoch)

    def revoke(self, keys: Collection[PartitionKey]) -> None:
        for key in keys:
            feed = self._feeds.pop(key, None)
            if feed is not None:
                feed.seek()
                self._client.loop.call_soon(self._fetcher.revoke, key)

    def hold(self, keys: Collection[PartitionKey]) -> None:
        for key in keys:
            if key in self._feeds:
                self._feeds[key].held = True

    def resume(self, keys: Collection[PartitionKey]) -> None:
        for key in keys:
            feed = self._feeds.get(key)
            if feed is not None and feed.held:
                feed.held = False
                # There, because it alone puts feeds on the line that had no turn just now.
                self._client.loop.call_soon(self._filled, feed)

    def seek(self, key: PartitionKey, offset: int) -> None:
        epoch = self._feeds[key].seek()
        self._client.loop.call_soon(self._fetcher.seek, key, offset, epoch)

    def next_run(self) -> Run | None:
        return self._turns.next_run(self._take)

    def _take(self, feed: Feed) -> Run | None:
        return feed.take(self._tell)

    def _tell(self, key: PartitionKey, news: Consumed) -> None:
        self._client.loop.call_soon(self._fetcher.consumed, key, news)
        if news.end is not None and news.size >= _LARGE_CHUNK:
            # Let the I/O thread have the interpreter, or the next fetch would leave only after
            # the switch interval, when this chunk is used up.
            self._client.backend.sleep(_YIELD_S)

    def error(self) -> Exception | None:
        if self._crash is not None:
            return self._crash
        stalls = (feed.stalled_by() for feed in self._feeds.values() if not feed.held)
        return next((error for error in stalls if error is not None), None)

    def stop(self) -> None:
        self._client.loop.call_soon(self._fetcher.stop)
        for feed in self._feeds.values():
            # What the I/O thread still adds to it, and to the line, must not come out of a
            # later start.
            feed.seek()
        self._feeds.clear()
        self._turns.clear()

    # -- called on the I/O thread -----------------------------------------------------

    def _filled(self, feed: Feed) -> None:
        self._turns.filled(feed)
        self._events.ready()

    def _crashed(self, error: BaseException) -> None:
        assert isinstance(error, Exception)
        self._crash = error
        self._events.ready()
