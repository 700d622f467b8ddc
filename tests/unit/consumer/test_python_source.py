"""The record source between its two threads, with the I/O thread in the test's hands."""

from __future__ import annotations

from types import SimpleNamespace

from unit.consumer.fakes import KEY, IdleEvents, started

from pykafka.core.fetching import FetchState
from pykafka.runtime.consumer.feed import Chunk, Feed
from pykafka.runtime.consumer.python_source import PythonSource
from pykafka.wire.records.encode import encode_message_set


def fetched(source: PythonSource, feed: Feed, epoch: int) -> None:
    """What the I/O thread does with an answer."""
    data = encode_message_set([(-1, None, b"value")], 0, 0)
    feed.chunks.append(Chunk(epoch, data, 0, True))
    source._filled(feed)


def test_what_was_fetched_comes_out() -> None:
    source, feed = started()
    fetched(source, feed, feed.epoch)
    run = source.next_run()
    assert run is not None
    assert [value for _, _, _, value in run.rows] == [b"value"]
    assert source.next_run() is None


def test_what_comes_in_behind_a_stop_does_not_come_out_of_the_next_start() -> None:
    source, feed = started()
    epoch = feed.epoch
    source.stop()
    fetched(source, feed, epoch)
    source.start(IdleEvents())
    source.assign({KEY: 0}, {KEY: None})
    assert source.next_run() is None


def test_what_comes_in_behind_a_seek_or_a_revoke_is_dropped() -> None:
    source, feed = started()
    epoch = feed.epoch
    source.seek(KEY, 5)
    fetched(source, feed, epoch)
    assert source.next_run() is None
    epoch = feed.epoch
    source.revoke([KEY])
    fetched(source, feed, epoch)
    assert source.next_run() is None


def test_what_was_asked_before_a_revoke_is_not_taken_for_what_is_asked_since() -> None:
    """An answer that was on its way then comes when the partition is assigned again."""
    source, feed = started()
    fetcher, state = source._fetcher, FetchState(KEY, 0, 0)
    fetcher._feeds[KEY] = (feed, state)
    assert fetcher.is_current(state, 0)
    source.revoke([KEY])
    source.assign({KEY: 100}, {KEY: None})
    again = FetchState(KEY, 100, 0)
    fetcher._feeds[KEY] = (source._feeds[KEY], again)
    late = SimpleNamespace(
        error_code=0,
        records=encode_message_set([(-1, None, b"value")], 0, 0),
        aborted_transactions=None,
    )
    fetcher._take_in({KEY: late}, False, [(state, 0, 0)], 0.0, 0.0)
    assert again.fetch_offset == 100
    assert source.next_run() is None
