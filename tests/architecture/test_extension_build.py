"""Building the package with, and without, its extension module."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from services import end_because_missing

ROOT = Path(__file__).resolve().parents[2]
_BUILD = "from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
_PARTS = ("pykafka", "native", "setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def source(tmp_path: Path, pytestconfig: pytest.Config) -> Path:
    """A copy of what the package is built from, without what was built."""
    for package in ("cffi", "setuptools"):
        if importlib.util.find_spec(package) is None:
            end_because_missing(pytestconfig, f"package {package}")
    copy = tmp_path / "source"
    copy.mkdir()
    for part in _PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
            shutil.copytree(ROOT / part, copy / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, copy)
    return copy


def build(source: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {_BUILD}", str(source.parent)],
        cwd=source,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def only_wheel(source: Path) -> Path:
    (wheel,) = source.parent.glob("*.whl")
    return wheel


def test_with_a_compiler_there_is_one_for_every_newer_python(
    source: Path, pytestconfig: pytest.Config
) -> None:
    if shutil.which("cc") is None:
        end_because_missing(pytestconfig, "a C compiler")
    done = build(source, PYKAFKA_EXTENSIONS="require")
    assert done.returncode == 0, done.stderr
    wheel = only_wheel(source)
    assert "-cp310-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        (module,) = [n for n in archive.namelist() if n.startswith("pykafka/_native.")]
        assert not [name for name in archive.namelist() if name.startswith("native/")]
        archive.extractall(source.parent / "installed")
    assert ".abi3." in module or module.endswith(".pyd")
    program = "from pykafka.native import native; print(native().path)"
    env = {**os.environ, "PYTHONPATH": str(source.parent / "installed")}
    used = subprocess.check_output(
        [sys.executable, "-c", program], cwd=source.parent, env=env, text=True
    )
    assert used.strip() == str(source.parent / "installed" / module)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CC": "false"}, "pykafka is installed without its extension module: no C compiler"),
        ({"PYKAFKA_EXTENSIONS": "skip"}, ""),
    ],
    ids=["no compiler", "skip"],
)
def test_without_it_the_wheel_is_for_every_platform(
    source: Path, environment: dict[str, str], said: str
) -> None:
    done = build(source, **{"PYKAFKA_EXTENSIONS": "auto", **environment})
    assert done.returncode == 0, done.stderr
    assert said in done.stderr
    wheel = only_wheel(source)
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if "_native." in name]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"PYKAFKA_EXTENSIONS": "require", "CC": "false"},
            "PYKAFKA_EXTENSIONS=require, but the extension module cannot be built: no C compiler",
        ),
        ({"PYKAFKA_EXTENSIONS": "yes"}, "PYKAFKA_EXTENSIONS=yes: it is one of auto, require, skip"),
    ],
    ids=["no compiler", "no such choice"],
)
def test_what_was_required_or_misspelt_ends_the_build(
    source: Path, environment: dict[str, str], said: str
) -> None:
    done = build(source, **environment)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr.partition(said)[2]
