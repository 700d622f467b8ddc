"""Places in a topic, as they are typed."""

from __future__ import annotations

import datetime as dt

import pytest

from pykafka.cli.places import parse_place
from pykafka.common import OffsetType
from pykafka.exceptions import InvalidOptionError

NOON = dt.datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("earliest", OffsetType.EARLIEST),
        ("LATEST", OffsetType.LATEST),
        ("0", 0),
        ("123456789012345678", 123456789012345678),
        ("2026-01-31T12:00:00", NOON),
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31 14:00:00+02:00", NOON),
        ("2026-01-31", dt.datetime(2026, 1, 31)),
    ],
)
def test_a_place_is_a_name_an_offset_or_a_time_in_utc(text: str, place: int | dt.datetime) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", "yesterday", "2026-13-01", "9" * 30, "1969-12-31"]
)
def test_anything_else_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(InvalidOptionError, match=text or "''"):
        parse_place(text)
