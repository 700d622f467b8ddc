"""What all commands of ``pykafka`` have in common."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line

from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")

COMMANDS = ["up", "topics", "produce", "consume", "offsets"]
COMMANDS += ["groups", "lag", "move-offsets", "doctor"]
PYKAFKA = Program("pykafka")


def test_help_lists_the_commands() -> None:
    text = PYKAFKA.output("--help")
    for command in COMMANDS:
        assert f"\n  {command} " in text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    assert PYKAFKA.output(command, "--help").startswith(f"Usage: pykafka {command}")


def test_help_imports_neither_client_nor_rich() -> None:
    program = (
        "import sys; from pykafka.cli.__main__ import main; sys.argv = ['pykafka', '--help']; "
        "main(); sys.exit(' '.join({'pykafka.client', 'rich', 'kazoo'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_says_its_version() -> None:
    assert PYKAFKA.output("--version").startswith("pykafka 3.")


@pytest.mark.parametrize("module", ["pykafka", "pykafka.cli"])
def test_it_runs_as_a_module(module: str) -> None:
    assert Program(module).output("--help").startswith("Usage: pykafka ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["topics", "--nonsense"],
        ["--timeout", "soon", "topics"],
        ["--timeout", "0", "topics"],
        ["consume"],
        ["consume", "t", "--from", "yesterday"],
        ["consume", "t", "--format", "{size}"],
        ["consume", "t", "--limit", "0"],
        ["offsets", "t", "--reset", "earliest"],
        ["produce", "t", "--acks", "2"],
        ["produce", "t", "no-such-file"],
        ["lag"],
        ["lag", "g", "--watch", "0"],
        ["groups", "g", "h"],
        ["move-offsets", "g", "--zookeeper", "127.0.0.1:1"],
        ["move-offsets", "g", "--from", "kafka"],
        ["move-offsets", "g", "--from", "kafka", "--to", "kafka"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2_and_is_explained(arguments: list[str]) -> None:
    done = PYKAFKA.run(*arguments)
    assert done.returncode == 2
    assert not done.stdout
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_answered_with_those_there_are() -> None:
    assert "up, topics, produce" in PYKAFKA.run("nonsense").stderr


@pytest.mark.parametrize(
    "arguments",
    [["topics"], ["consume", "t"], ["produce", "t"], ["offsets", "t"], ["groups"], ["lag", "g"]],
    ids=" ".join,
)
def test_no_broker_is_one_line_that_names_the_address(arguments: list[str]) -> None:
    done = PYKAFKA.run("--hosts", "127.0.0.1:1", *arguments)
    failed_in_one_line(done, "127.0.0.1:1", "Connection refused")


def test_the_cluster_may_be_named_by_a_variable_and_after_the_command() -> None:
    by_variable = PYKAFKA.run("topics", env={"PYKAFKA_HOSTS": "127.0.0.1:1"})
    failed_in_one_line(by_variable, "127.0.0.1:1")
    after = PYKAFKA.run("topics", "-b", "127.0.0.1:2", env={"PYKAFKA_HOSTS": "127.0.0.1:1"})
    failed_in_one_line(after, "127.0.0.1:2")


@pytest.mark.parametrize("package", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None; "
        "from pykafka.cli.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    failed_in_one_line(done, package, "pip install 'pykafka[cli]'")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("pykafka", ["--hosts", "{}", "topics"]),
        ("pykafka.cli.kafka_tools", ["-b", "{}", "print_topics"]),
    ],
    ids=["pykafka", "kafka-tools"],
)
def test_output_that_nobody_reads_is_no_error(
    kafka: EmbeddedKafka, module: str, arguments: list[str]
) -> None:
    with Program(module).start(*(word.format(kafka.bootstrap) for word in arguments)) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(WITHIN) == 141
