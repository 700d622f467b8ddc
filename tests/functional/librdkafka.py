"""What librdkafka does otherwise: why some tests are not about it.

``docs/librdkafka.md`` has these reasons, word for word.
"""

from __future__ import annotations

import pytest

__all__ = [
    "asks_for_more",
    "counts_what_it_has_written",
    "creates_what_it_asks_about",
    "knows_no_time_zero",
    "tells_no_attempts",
    "unpacks_by_itself",
    "unpacks_without_bound",
]


def _without(why: str, until: str | None = None) -> pytest.MarkDecorator:
    return pytest.mark.without("rdkafka", until=until, why=why)


unpacks_by_itself = _without("librdkafka brings its codecs along: no package is needed")
unpacks_without_bound = _without(
    "librdkafka has no bound on what a batch unpacks to: decompressed_max_bytes is refused"
)
asks_for_more = _without(
    "librdkafka asks for more by itself where a message is larger than a fetch"
)
knows_no_time_zero = _without(
    "librdkafka takes the timestamp 0 for none, and sends the time of the call instead"
)
tells_no_attempts = _without("librdkafka does not tell how often it has tried")
counts_what_it_has_written = _without(
    "librdkafka reports what needs no acknowledgement as delivered when it is written"
)
creates_what_it_asks_about = _without(
    "librdkafka asks for metadata of its topics: brokers before 0.11 create them again",
    until="0.10",
)
