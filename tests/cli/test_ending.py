"""How a command ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from pykafka.cli.ending import exit_status
from pykafka.exceptions import KafkaException, ServiceStartError, UnicodeException


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def command() -> NoReturn:
        raise error

    return command


def test_a_command_that_went_well_keeps_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(lambda: 3, "x: ") == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [KafkaException, UnicodeException, OSError])
def test_an_expected_error_is_one_line_and_status_1(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(raising(kind("tried\n  a: refused\n  b: refused")), "x: ") == 1
    assert capsys.readouterr() == ("", "x: tried a: refused; b: refused\n")


def test_an_error_without_a_text_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(raising(KafkaException()), "x: ") == 1
    assert capsys.readouterr().err == "x: KafkaException\n"


def test_the_log_of_a_server_that_did_not_start_keeps_its_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_status(raising(ServiceStartError("it died\nline 1\nline 2")), "x: ") == 1
    assert capsys.readouterr().err == "x: it died\nline 1\nline 2\n"


def test_ctrl_c_is_status_130_and_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(raising(KeyboardInterrupt()), "x: ") == 130
    assert capsys.readouterr() == ("", "")


def test_an_error_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_status(raising(ZeroDivisionError()), "x: ")
