"""What runs on one worker when tests are spread."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from embedded.inner_pytest import run
from spreading import group_of

RELEASES = ["0.8.2.2", "4.3.0"]
STORM_RELEASES = ["2.8.3"]


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/f/a/test_x.py::test_y[4.3.0]", "tests/f/a on 4.3.0"),
        ("tests/f/a/test_z.py::test_y[4.3.0-python-none]", "tests/f/a on 4.3.0"),
        ("tests/f/a/test_z.py::test_y[none-0.8.2.2-python]", "tests/f/a on 0.8.2.2"),
        ("tests/f/b/test_x.py::test_y[4.3.0]", "tests/f/b on 4.3.0"),
        ("tests/f/a/test_x.py::test_y[python]", "tests/f/a/test_x.py"),
        ("tests/f/a/test_x.py::test_y", "tests/f/a/test_x.py"),
        ("tests/f/a/test_x.py::test_y[3.9.1]", "tests/f/a/test_x.py"),
        ("tests/f/a/test_x.py::test_y[none-2.8.3]", "all on Storm"),
        ("tests/f/b/test_x.py::test_y[2.8.3]", "all on Storm"),
    ],
)
def test_those_of_a_folder_and_release_go_together(nodeid: str, group: str) -> None:
    assert group_of(nodeid, RELEASES, STORM_RELEASES) == group


def test_a_release_is_on_one_worker(tmp_path: Path) -> None:
    scenario = """
import re
from pathlib import Path

import pytest
from embedded.inner_pytest import run

@pytest.mark.parametrize("number", range(5))
def test_something(kafka_release, number):
    pass
"""
    said = run(
        tmp_path,
        *("--kafka-releases=0.8.2.2,4.3.0", "-v", "-n", "2", "--dist", "loadscope"),
        scenario=scenario,
    )
    workers = {
        release: set(re.findall(rf"\[(gw\d)\].*PASSED.*\[{release}-\d\]", said))
        for release in RELEASES
    }
    assert [len(found) for found in workers.values()] == [1, 1], said
    assert "10 passed" in said
