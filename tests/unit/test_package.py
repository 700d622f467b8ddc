"""The package's root: 2.x's names, loaded when they are asked for."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

import pykafka


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_every_listed_name_is_there() -> None:
    for name in pykafka.__all__:
        assert getattr(pykafka, name) is not None
    with pytest.raises(AttributeError, match="Nonsense"):
        pykafka.Nonsense  # noqa: B018 - what is tested


def test_modules_are_found_as_if_they_were_imported() -> None:
    code = "import pykafka; print(pykafka.exceptions.KafkaException, pykafka.partitioners.__name__)"
    assert run(code) == "<class 'pykafka.exceptions.KafkaException'> pykafka.partitioners"


def test_the_client_is_imported_without_what_few_need() -> None:
    heavy = ["asyncio", "gevent", "kazoo", "pykafka.embedded", "ssl"]
    code = (
        "import sys; from pykafka import KafkaClient, SimpleConsumer, Producer\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert run(code) == "[]"


def test_an_application_without_logging_sees_no_output_of_the_library() -> None:
    handlers = logging.getLogger("pykafka").handlers
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)
