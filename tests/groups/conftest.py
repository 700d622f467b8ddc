"""Starting members of a group in tests; without what they need the test ends and says so."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from groups.kinds import KINDS, Options, command_of
from groups.runs import GroupRun
from services import end_because_missing
from wire.records.java_pipe import compiler_is_missing

from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import DownloadError, MissingRequirementError


@pytest.fixture
def need_members(pytestconfig: pytest.Config, tmp_path_factory: Any) -> Callable[..., None]:
    """``need_members("java-broker", "pykafka-2.8")``: end the test if one cannot be had."""

    def need(*names: str) -> None:
        for name in names:
            kind = KINDS[name]
            if kind.module is not None and importlib.util.find_spec(kind.module) is None:
                end_because_missing(pytestconfig, f"{name}: {kind.module} is not installed")
            if kind.java and compiler_is_missing():
                end_because_missing(pytestconfig, f"{name}: a JDK (javac)")
            try:
                # Compiles, fetches and installs, where no member is waited for.
                command_of(name, tmp_path_factory.mktemp("command") / "events", name, Options("g"))
            except (DownloadError, MissingRequirementError) as error:
                end_because_missing(pytestconfig, f"{name}: {error}")

    return need


@pytest.fixture
def group_run(kafka: EmbeddedKafka, topic_name: str) -> Iterator[Callable[..., GroupRun]]:
    """``group_run(**options)``: members that read ``topic_name``, gone when the test ends."""
    with ExitStack() as ends:

        def run(**options: Any) -> GroupRun:
            told = {
                "group": f"group-of-{topic_name}",
                "topics": (topic_name,),
                "bootstrap": kafka.bootstrap,
                "zookeeper": kafka.zookeeper,
            }
            return ends.enter_context(GroupRun(Options(**(told | options))))

        yield run
