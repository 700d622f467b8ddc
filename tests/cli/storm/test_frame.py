"""What all commands of ``pykafka storm`` have in common."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from pykafka.cli.storm import COMMANDS, storm


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    runner = CliRunner()
    explained = runner.invoke(storm, [command, "--help"])
    assert explained.exit_code == 0, explained.output
    assert "Usage: storm " + command in explained.output
    if command != "help":
        assert runner.invoke(storm, ["help", command]).output == explained.output


@pytest.mark.parametrize("arguments", [["help"], ["--help"]])
def test_all_commands_are_listed(arguments: list[str]) -> None:
    listed = CliRunner().invoke(storm, arguments)
    assert listed.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in listed.output


@pytest.mark.parametrize("arguments", [["dance"], ["help", "dance"]])
def test_a_command_that_does_not_exist(arguments: list[str]) -> None:
    found = CliRunner().invoke(storm, arguments)
    assert found.exit_code == 2
    assert "quickstart, run, submit" in found.output


@pytest.mark.parametrize("module", ["pykafka.storm", "pykafka"])
def test_as_a_module(module: str) -> None:
    words = [] if module == "pykafka.storm" else ["storm"]
    found = subprocess.run(
        [sys.executable, "-m", module, *words, "help", "kill"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "Usage: pykafka storm kill" in found.stdout
