"""What the README and the documentation show works when it is typed in."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from docs.pages import PAGES, ROOT, Block, blocks

from pykafka.embedded import EmbeddedKafka

#: Pages whose programs need what is not written yet -> what that is. Strict: a page that works
#: must leave the list.
NOT_YET: dict[str, str] = {}

#: The broker that pages are tried on.
RELEASE = "0.8.2.2"

#: The one that listens with TLS.
TLS_RELEASE = "3.9.1"

#: What stands in a page -> whose it is, and how to get the real one from that cluster.
STANDS_FOR: dict[str, tuple[str, Callable[[EmbeddedKafka], object]]] = {
    "127.0.0.1:9092": (RELEASE, lambda kafka: kafka.bootstrap),
    "127.0.0.1:2181": (RELEASE, lambda kafka: kafka.zookeeper),
    "127.0.0.1:9093": (TLS_RELEASE, lambda kafka: kafka.bootstrap_tls),
    "/etc/kafka/ca.pem": (TLS_RELEASE, lambda kafka: kafka.certificates.root_cert),
    "/etc/kafka/client.pem": (TLS_RELEASE, lambda kafka: kafka.certificates.client_cert),
    "/etc/kafka/client.key": (TLS_RELEASE, lambda kafka: kafka.certificates.client_key),
    "the key's password": (TLS_RELEASE, lambda kafka: kafka.certificates.client_pass),
}

#: Our own commands, as modules to run.
COMMANDS = {"kafka-tools": "pykafka.cli.kafka_tools", "pykafka": "pykafka.cli"}

#: Languages that no one runs: shown text, data, and directives of the documentation.
SHOWN = {"text", "toml", "ini", "clojure"}

Substitute = Callable[[str], str]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _run(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.reason is None]


def _pages_with(*languages: str) -> list[Any]:
    pages = []
    for page in PAGES:
        if any(block.language in languages for block in _run(page)):
            missing = NOT_YET.get(_name(page)) if "python" in languages else None
            marks = [pytest.mark.xfail(reason=missing, strict=True)] if missing else []
            pages.append(pytest.param(page, id=_name(page), marks=marks))
    return pages


@pytest.fixture
def substitute(request: pytest.FixtureRequest) -> Substitute:
    """Put what is of real servers, which are started if need be, into a text."""

    def replaced(text: str) -> str:
        for shown, (release, real) in STANDS_FOR.items():
            if shown in text:
                clusters = request.getfixturevalue("embedded_kafka")
                kafka = clusters(release, 1, tls=release == TLS_RELEASE)
                text = text.replace(shown, str(real(kafka)))
        return text

    return replaced


@pytest.mark.parametrize("page", _pages_with("python"))
def test_the_python_blocks_of_a_page_run_as_one_program(page: Path, substitute: Substitute) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in _run(page):
        if block.is_output:
            assert printed == block.text, f"{_name(page)}:{block.line}"
        if block.language != "python":
            continue
        # Empty lines in front make the line numbers of a traceback those of the page.
        source = "\n" * (block.line - 1) + substitute(block.text)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(source, page, "exec"), names)
        printed = output.getvalue()


#: Seconds for one of our own commands.
_COMMAND_WITHIN = 60


def _run_command(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one of our commands, or a module of Python, in that folder."""
    module = words[1:] if words[0] == "python" else ["-m", COMMANDS[words[0]], *words[1:]]
    return subprocess.run(
        [sys.executable, *module],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_COMMAND_WITHIN,
        check=False,
    )


def _check_command(words: list[str]) -> None:
    """Check that what a foreign command names exists.

    :raises AssertionError: it does not, or the command is one that nothing here knows.
    """
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for target in [word for word in words[1:] if "=" not in word]:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no make target {target}"
    elif words[:2] == ["pip", "install"]:
        declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        for extra in re.findall(r"[\w-]+", " ".join(re.findall(r"\[(.*?)\]", " ".join(words)))):
            assert re.search(rf"^{extra} = \[", declared, re.MULTILINE), f"no extra {extra}"
    else:
        assert words == ["tox"], f"nothing here can check the command: {shlex.join(words)}"


@pytest.mark.parametrize("page", _pages_with("console"))
def test_the_commands_of_a_page_work_or_name_what_exists(
    page: Path, substitute: Substitute, tmp_path: Path
) -> None:
    folder = tmp_path
    (folder / "README.md").symlink_to(ROOT / "README.md")
    for block in _run(page):
        if block.language != "console":
            continue
        for line in block.text.splitlines():
            if not line.startswith("$ "):
                continue
            words = shlex.split(line[2:], comments=True)
            if words[0] == "cd":
                folder /= words[1]
            elif words[0] in COMMANDS or words[:2] == ["python", "-m"]:
                done = _run_command([words[0], *map(substitute, words[1:])], folder)
                told = f"{_name(page)}: {line}\n{done.stdout}{done.stderr}"
                assert done.returncode == 0, told
            else:
                _check_command(words)


def _storm_commands(page: Path) -> list[str]:
    """All that a page shows of ``pykafka storm``, what is not run included."""
    return [
        line[2:]
        for block in blocks(page)
        if block.language == "console"
        for line in block.text.splitlines()
        if line.startswith("$ pykafka storm ")
    ]


@pytest.mark.parametrize(
    ("page", "line"),
    [pytest.param(page, line, id=line) for page in PAGES for line in _storm_commands(page)],
)
def test_commands_that_need_a_cluster_are_spelled_as_they_are(
    page: Path, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # For files that the line names.
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)[2:]
    for word in words:
        if Path(word).suffix in {".jar", ".json", ".txt"}:
            Path(word).touch()
    group = importlib.import_module("pykafka.cli.storm").storm
    try:
        command = group.get_command(click.Context(group), words[0])
    except ModuleNotFoundError as error:
        pytest.skip(f"{words[0]} is not there yet: {error}")
    assert command is not None, f"{_name(page)}: there is no command {words[0]}"
    command.make_context(words[0], words[1:])


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_block_is_of_a_language_that_is_neither_run_nor_just_shown(page: Path) -> None:
    for block in blocks(page):
        known = block.language in {"python", "console", *SHOWN} or block.language.startswith("{")
        assert known or block.reason, f"{_name(page)}:{block.line}: {block.language or 'no'} block"
