"""Which release a name means."""

from __future__ import annotations

import pytest

from pykafka.embedded.releases import find_release
from pykafka.exceptions import InvalidOptionError


@pytest.mark.parametrize(
    ("name", "artifact", "version"),
    [
        ("0.8.2.2", "kafka_2.11", "0.8.2.2"),
        ("0.11.0.3", "kafka_2.11", "0.11.0.3"),
        ("1.1.1", "kafka_2.12", "1.1.1"),
        ("4.1.1", "kafka_2.13", "4.1.1"),
    ],
)
def test_a_published_version_means_itself(name: str, artifact: str, version: str) -> None:
    release = find_release(name)
    assert (release.artifact, release.version) == (artifact, version)


@pytest.mark.parametrize(
    ("name", "version"), [("0.8.2", "0.8.2.2"), ("0.10", "0.10.2.2"), ("3.9", "3.9.2")]
)
def test_a_part_of_a_version_means_the_newest_of_that_line(name: str, version: str) -> None:
    assert find_release(name).version == version


@pytest.mark.parametrize(
    ("name", "version"), [("0.8.1.1", "0.8.2.0"), ("0.7", "0.8.2.0"), ("2.5.7", "2.6.0")]
)
def test_an_old_or_missing_version_means_the_next_one_up(name: str, version: str) -> None:
    assert find_release(name).version == version


def test_a_version_newer_than_all_means_the_newest() -> None:
    assert find_release("99.0").number == max(find_release(str(n)).number for n in range(1, 9))


@pytest.mark.parametrize("name", ["", "latest", "0.8.2.x", "4..1", "1.2.3.4.5"])
def test_what_is_no_version_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidOptionError, match="is no version"):
        find_release(name)


def test_metadata_moved_into_kafka_with_4() -> None:
    assert [find_release(name).kraft for name in ("3.9.1", "4.0.0")] == [False, True]
