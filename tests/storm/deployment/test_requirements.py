"""Requirement files that go to other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from pykafka.storm.deployment.requirements import flattened, named
from pykafka.storm.exceptions import DeploymentError


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_included_files_stand_where_they_are_included(tmp_path: Path) -> None:
    folder = _write(
        tmp_path,
        one="# comment\nrequests>=2  # wanted\n-r two.txt\n\nsix\n",
        two="--requirement=three.txt\nurl#egg=1\n",
        three="numpy\n",
    )
    text = flattened([folder / "one.txt", folder / "three.txt"])
    assert text == "requests>=2\nnumpy\nurl#egg=1\nsix\nnumpy\n"
    assert named([folder / "one.txt"]) == ["requests", "numpy", "url", "six"]


@pytest.mark.parametrize(
    "line",
    ["-e .", "./local", "../up", "/abs/x.whl", "file:///x", "pkg @ file:///x", "-c pins.txt"],
)
def test_what_only_this_machine_has_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    folder = _write(tmp_path, one=f"six\n{line}\n")
    with pytest.raises(DeploymentError, match=r"one\.txt:2: .*something of this machine"):
        flattened([folder / "one.txt"])


def test_files_that_are_missing_or_go_round_are_named(tmp_path: Path) -> None:
    folder = _write(tmp_path, one="-r none.txt\n", two="-r two.txt\n")
    with pytest.raises(DeploymentError, match=r"none\.txt: No such file"):
        flattened([folder / "one.txt"])
    with pytest.raises(DeploymentError, match=r"two\.txt: includes itself"):
        flattened([folder / "two.txt"])
