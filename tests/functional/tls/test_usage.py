"""What is wrong with ssl_config itself: the caller hears of it, before anyone is connected to."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from functional.tls.conftest import Connect, trusting

from pykafka.connection import SslConfig
from pykafka.embedded.certificates import Certificates
from pykafka.exceptions import InvalidOptionError, InvalidOptionTypeError, UsageError


class Files(NamedTuple):
    """Paths, as options take them."""

    root: str
    cert: str
    key: str
    password: str
    other_key: str
    #: It exists, and is no certificate.
    prose: str
    folder: str
    missing: str


@pytest.fixture
def files(certificates: Certificates, foreign: Certificates, tmp_path: Path) -> Files:
    prose = tmp_path / "prose.pem"
    prose.write_text("Call me Ishmael.\n")
    return Files(
        str(certificates.root_cert),
        str(certificates.client_cert),
        str(certificates.client_key),
        certificates.client_pass,
        str(foreign.client_key),
        str(prose),
        str(tmp_path),
        str(tmp_path / "missing.pem"),
    )


#: What is wrong -> the settings, and the words that must be said of them.
MISTAKES: dict[str, Callable[[Files], tuple[SslConfig, list[str]]]] = {
    "no cafile": lambda f: (SslConfig(f.missing), ["cafile", f.missing, "No such file"]),
    "cafile is no PEM": lambda f: (SslConfig(f.prose), ["cafile", f.prose, "PEM"]),
    "cafile is a folder": lambda f: (SslConfig(f.folder), ["cafile", f.folder, "directory"]),
    "no certfile": lambda f: (
        SslConfig(f.root, f.missing, f.key, f.password),
        ["certfile", f.missing, "No such file"],
    ),
    "certfile is no PEM": lambda f: (
        SslConfig(f.root, f.prose, f.key, f.password),
        ["certfile", f.prose, "PEM"],
    ),
    "no keyfile": lambda f: (
        SslConfig(f.root, f.cert, f.missing),
        ["keyfile", f.missing, "No such file"],
    ),
    "keyfile alone": lambda f: (SslConfig(f.root, None, f.key), ["keyfile", f.key, "certfile"]),
    # OpenSSL would ask for it at the terminal.
    "no password": lambda f: (SslConfig(f.root, f.cert, f.key), [f.key, "give password"]),
    "a wrong password": lambda f: (
        SslConfig(f.root, f.cert, f.key, "wrong"),
        [f.cert, f.key, "password"],
    ),
    "a key of another certificate": lambda f: (
        SslConfig(f.root, f.cert, f.other_key, f.password),
        [f.cert, f.other_key],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_files_is_named_with_option_and_file(
    files: Files, connect: Connect, mistake: str
) -> None:
    config, words = MISTAKES[mistake](files)
    begin = time.monotonic()
    with pytest.raises(InvalidOptionError) as caught:
        connect("127.0.0.1:9092", ssl_config=config)
    assert time.monotonic() - begin < 5
    assert isinstance(caught.value, UsageError)
    for word in ["ssl_config", *words]:
        assert word in str(caught.value)


def test_a_password_is_in_no_text(certificates: Certificates) -> None:
    config = SslConfig("ca.pem", "cert.pem", "key.pem", certificates.client_pass)
    assert certificates.client_pass not in repr(config)


@pytest.mark.parametrize("value", ["ca.pem", {"cafile": "ca.pem"}, True, object])
def test_what_is_no_ssl_config_is_named_with_its_type(connect: Connect, value: Any) -> None:
    with pytest.raises(InvalidOptionTypeError, match=f"ssl_config.*not {type(value).__name__}"):
        connect("127.0.0.1:9092", ssl_config=value)


def test_files_are_read_once(certificates: Certificates) -> None:
    config = trusting(certificates)
    assert config.context is config.context
