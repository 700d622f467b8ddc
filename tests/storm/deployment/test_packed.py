"""Wheels that go into the jar: of what is installed here, and of what requirements ask for.

Nothing here may ask an index: whatever would, fails at once.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from wheel_making import make_sdist, make_wheel

from pykafka.exceptions import MissingRequirementError
from pykafka.storm.deployment import packed
from pykafka.storm.deployment import wheels as wheels_module
from pykafka.storm.deployment.packed import Target, collect_wheels
from pykafka.storm.deployment.unpack import unpack_wheel
from pykafka.storm.deployment.wheels import installed_wheels, pykafka_wheel, wheel_of
from pykafka.storm.exceptions import DeploymentError
from pykafka.version import VERSION


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    # A port of the loopback address on which nothing listens, for all that would go elsewhere.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def _names(wheels: list[Path]) -> list[str]:
    return sorted(wheel.name.split("-")[0] for wheel in wheels)


def _requirements(folder: Path, text: str) -> list[Path]:
    path = folder / "requirements.txt"
    path.write_text(text)
    return [path]


def test_without_requirements_nothing_is_asked_for_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "_pip", lambda *_: pytest.fail("pip was run"))
    wheels = collect_wheels(tmp_path / "w", _requirements(tmp_path, "# nothing\n\n"))
    assert {"pykafka", "kazoo"} <= set(_names(wheels))


def test_the_packed_packages_are_those_that_are_installed(tmp_path: Path) -> None:
    (kazoo,) = (wheel for wheel in installed_wheels(tmp_path) if wheel.name.startswith("kazoo-"))
    found = importlib.metadata.distribution("kazoo")
    with zipfile.ZipFile(kazoo) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert archive.read("kazoo/client.py") == found.locate_file("kazoo/client.py").read_bytes()
    assert f"kazoo-{found.version}.dist-info/METADATA" in names
    assert not any("__pycache__" in name or name.startswith("..") for name in names)
    assert not any(name.endswith(("INSTALLER", "REQUESTED")) for name in names)


def test_pip_takes_our_wheels_for_wheels(tmp_path: Path) -> None:
    wheels = installed_wheels(_folder(tmp_path / "made"))
    words = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile"]
    words += ["--target", str(tmp_path / "there"), *map(str, wheels)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "there" / "pykafka" / "storm" / "deployment" / "unpack.py").exists()


def test_pykafka_goes_along_from_wherever_it_was_installed(tmp_path: Path) -> None:
    """Also from a wheel: no source tree, no link to one, no network."""
    first = pykafka_wheel(_folder(tmp_path / "first"))
    there = tmp_path / "there"
    unpack_wheel(first, there, there)
    (library,) = there.glob("lib*/python*/site-packages")
    program = (
        "import sys, pathlib\n"
        "from pykafka.storm.deployment.wheels import pykafka_wheel\n"
        "print(pykafka_wheel(pathlib.Path(sys.argv[1])))\n"
    )
    done = subprocess.run(
        # Without -S there are site-packages of this Python, with a pykafka of their own.
        [sys.executable, "-S", "-c", program, str(_folder(tmp_path / "second"))],
        env={"PYTHONPATH": str(library)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    second = Path(done.stdout.strip())
    assert second.name == first.name
    assert second.read_bytes() == first.read_bytes()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_the_wheel_of_pykafka_holds_no_compiled_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "pykafka/py.typed" in dict(wheels_module.package_files())
    package = tmp_path / "pykafka"
    extension = f"inner/_scan{EXTENSION_SUFFIXES[0]}"
    for name in ("__init__.py", "inner/__pycache__/a.pyc", "inner/topology.thrift", extension):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    monkeypatch.setattr(wheels_module, "_PACKAGE", package)
    names = list(dict(wheels_module.package_files()))
    assert names == ["pykafka/__init__.py", "pykafka/inner/topology.thrift"]


def test_a_package_that_is_a_link_to_its_source_cannot_go_along(tmp_path: Path) -> None:
    info = tmp_path / "linked-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: linked\nVersion: 1.0\n")
    (info / "WHEEL").write_text("Tag: py3-none-any\n")
    (info / "RECORD").write_text("__editable__.linked-1.0.pth,,\n")
    (found,) = importlib.metadata.distributions(path=[str(tmp_path)])
    with pytest.raises(DeploymentError, match="linked is installed as a link to its source"):
        wheel_of(found, tmp_path)


def test_requirements_come_from_folders_of_wheels_and_what_is_installed(tmp_path: Path) -> None:
    links = tmp_path / "links"
    make_wheel(links, "tinything", requires=["tinier>=2"])
    make_wheel(links, "tinier", "1.0")
    make_wheel(links, "tinier", "2.0")
    lines: list[str] = []
    wheels = collect_wheels(
        tmp_path / "w",
        _requirements(tmp_path, "tinything\n"),
        wheel_folders=[links],
        no_index=True,
        progress=lines.append,
    )
    assert {"kazoo", "pykafka", "tinier", "tinything"} <= set(_names(wheels))
    assert "tinier-2.0-py3-none-any.whl" in {wheel.name for wheel in wheels}
    assert any("tinything" in line for line in lines)


def test_a_source_archive_is_built_for_workers_like_this_machine(tmp_path: Path) -> None:
    make_sdist(tmp_path / "links", "fromsource")
    wheels = collect_wheels(
        tmp_path / "w",
        _requirements(tmp_path, "fromsource\n"),
        wheel_folders=[tmp_path / "links"],
        no_index=True,
    )
    (built,) = (wheel for wheel in wheels if wheel.name.startswith("fromsource"))
    with zipfile.ZipFile(built) as archive:
        assert archive.read("fromsource.py") == b"BUILT = True\n"


def test_other_platforms_get_wheels_of_their_own_and_never_source(tmp_path: Path) -> None:
    links = tmp_path / "links"
    tag = "cp312-cp312-manylinux2014_aarch64"
    for name in ("cramjam", "crc32c", "lz4", "zstandard", "tinything"):
        make_wheel(links, name, tag=tag)
        make_wheel(links, name, "2.0", tag="cp312-cp312-win_amd64")
    make_wheel(links, "kazoo", "9.0")
    target = Target(("manylinux2014_aarch64",), "3.12", "cp", ("cp312",))
    asked = _requirements(tmp_path, "tinything\n")
    wheels = collect_wheels(
        tmp_path / "w", asked, target=target, wheel_folders=[links], no_index=True
    )
    assert f"tinything-1.0-{tag}.whl" in {wheel.name for wheel in wheels}
    assert f"lz4-1.0-{tag}.whl" in {wheel.name for wheel in wheels}
    assert "pykafka" in _names(wheels)
    assert not any("win_amd64" in wheel.name for wheel in wheels)
    make_sdist(links, "fromsource")
    with pytest.raises(DeploymentError, match="fromsource"):
        collect_wheels(
            tmp_path / "x",
            _requirements(tmp_path, "fromsource\n"),
            target=target,
            wheel_folders=[links],
            no_index=True,
        )


def test_what_pip_cannot_find_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="No matching distribution found for no-such-thing"):
        collect_wheels(tmp_path / "w", _requirements(tmp_path, "no-such-thing\n"), no_index=True)


def test_an_index_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    """Also the proof that the other tests here have no network."""
    with pytest.raises(DeploymentError, match="pip could not get"):
        collect_wheels(tmp_path / "w", _requirements(tmp_path, "six\n"))


def test_without_pip_the_way_to_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingRequirementError, match="-m ensurepip"):
        collect_wheels(tmp_path / "w", _requirements(tmp_path, "six\n"))


def test_pip_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho begun\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(packed.sys, "executable", str(slow))
    monkeypatch.setattr(packed, "_PIP_TIMEOUT", 1)
    with pytest.raises(DeploymentError, match="begun\nstill running after 1 s: ended"):
        collect_wheels(tmp_path / "w", _requirements(tmp_path, "six\n"))


def test_a_source_tree_that_hides_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``python -m`` in a checkout: setuptools' record of it comes first, and has another name."""
    record = tmp_path / "pykafka.egg-info"
    record.mkdir()
    (record / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: pykafka\nVersion: 0.1\n\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    wheel = pykafka_wheel(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("/METADATA")]
        assert f"Version: {VERSION}\n" in archive.read(name).decode()
    (record / "PKG-INFO").unlink()
    with pytest.raises(DeploymentError, match="metadata cannot be read"):
        pykafka_wheel(tmp_path)
