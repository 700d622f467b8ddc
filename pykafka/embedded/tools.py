"""Kafka's own command line tools, from the jars of a release."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .artifacts import class_path, report_to_stderr
from .java import find_java
from .kafka_runtime import KafkaRuntime
from .process import GuardedPopen
from .releases import KafkaRelease

__all__ = ["KafkaTools"]


class KafkaTools:
    """Runs Java classes of a release. To be used from any thread.

    The jars are looked for, or fetched, when the first one runs: from 3.3 on there are some that
    a broker does without.

    :param folder: where a logging configuration is written to.
    """

    def __init__(
        self,
        release: KafkaRelease,
        folder: Path,
        progress: Callable[[str], None] = report_to_stderr,
    ) -> None:
        self._release = release
        self._folder = folder
        self._progress = progress

    def popen(
        self,
        main_class: str,
        arguments: Sequence[str] = (),
        *,
        jvm_args: Sequence[str] = (),
        **options: Any,
    ) -> GuardedPopen:
        """Start ``main_class``; tools that have moved since 0.8 are found by their old name.

        :param options: as :class:`subprocess.Popen` takes.
        :return: a Popen; it is killed when it is dropped, or this process ends.
        :raises MissingRequirementError: Java or the jars cannot be had.
        """
        jars = class_path(self._release.tool_coordinates, self._progress)
        runtime = KafkaRuntime.for_tools(self._release, find_java(), jars, self._folder)
        tool = self._release.tool_class(main_class)
        return GuardedPopen(runtime.command(tool, *arguments, jvm=jvm_args), **options)

    def run(
        self,
        main_class: str,
        arguments: Sequence[str] = (),
        *,
        input: bytes | None = None,
        jvm_args: Sequence[str] = (),
        timeout: float = 120.0,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``main_class`` to its end.

        :param input: goes to its standard input.
        :return: with ``returncode``, ``stdout`` and ``stderr`` (warnings of its log among it).
        :raises subprocess.TimeoutExpired: it did not end within ``timeout`` seconds.
        :raises MissingRequirementError: Java or the jars cannot be had.
        """
        pipe = subprocess.PIPE
        with self.popen(
            main_class, arguments, jvm_args=jvm_args, stdin=pipe, stdout=pipe, stderr=pipe
        ) as process:
            output, errors = process.communicate(input or b"", timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
