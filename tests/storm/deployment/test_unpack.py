"""What a worker does with the wheels in the jar, by several processes at once, without a network.

The packages here are made up; the runner in them tells what it was given.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from wheel_making import make_wheel

from pykafka.embedded.waiting import wait_until
from pykafka.storm.deployment import unpack
from pykafka.storm.deployment.launching import packed
from pykafka.storm.deployment.packed import packed_resources

#: Takes the place of the real one: tells what it sees, and that nobody has read its input.
RUNNER = """
import json, os, sys
def main(class_path, serializer="json"):
    import tinything
    said = {
        "class": class_path, "serializer": serializer, "prefix": sys.prefix, "pid": os.getpid(),
        "tiny": tinything.__file__, "input": sys.stdin.readline(), "path": sys.path[0],
    }
    print(json.dumps(said), flush=True)
"""
#: Nothing of this machine's, above all no index and no packages from elsewhere.
BARE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "wheels"
    files = {
        "pykafka/__init__.py": "",
        "pykafka/storm/__init__.py": "",
        "pykafka/storm/worker.py": RUNNER,
    }
    return [make_wheel(folder, "pykafka", files=files), make_wheel(folder, "tinything")]


class Worker:
    """A folder as Storm makes it of a jar, and the components it starts there."""

    def __init__(self, folder: Path, wheels: list[Path], **more: object) -> None:
        self.root = folder / "environments"
        self.folder = folder / "resources"
        given = {"name": "wordcount", "root": str(self.root), **more}
        for name, content in packed_resources(wheels, **given).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())

    def start(
        self, interpreter: str = sys.executable, serializer: str = "json", **variables: str
    ) -> subprocess.Popen[str]:
        launcher = packed(interpreter, serializer)
        return subprocess.Popen(
            [launcher.command, launcher.script("bolts.count.CountBolt")],
            cwd=self.folder,
            env={**BARE, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str, **variables: str) -> tuple[dict[str, str], str]:
        """What the component said, and what stood in standard error."""
        with self.start(*args, **variables) as process:
            out, err = process.communicate("handshake\n", timeout=60)
        assert process.returncode == 0, err
        return json.loads(out), err

    def refused(self, *args: str, **variables: str) -> str:
        """What stood in standard error when no component could start."""
        with self.start(*args, **variables) as process:
            out, err = process.communicate("handshake\n", timeout=60)
        assert process.returncode == 1
        assert out == ""
        return err

    @property
    def made(self) -> list[str]:
        """The environments there are, and what is left of some."""
        return sorted(path.name for path in self.root.iterdir() if path.suffix != ".lock")


@pytest.fixture
def worker(tmp_path: Path, wheels: list[Path]) -> Worker:
    return Worker(tmp_path, wheels)


def test_a_component_runs_with_its_packages_and_reads_its_own_input(worker: Worker) -> None:
    said, err = worker.run()
    (name,) = worker.made
    assert re.fullmatch(r"wordcount-[0-9a-f]{16}", name)
    assert said["prefix"] == str(worker.root / name)
    assert said["tiny"].startswith(said["prefix"])
    assert said["class"] == "bolts.count.CountBolt"
    assert said["input"] == "handshake\n"
    assert said["path"] == ""
    assert said["serializer"] == "json"
    assert "from 2 wheels" in err
    assert len(err) < 4096


def test_another_serializer_is_handed_on(worker: Worker) -> None:
    said, _ = worker.run(sys.executable, "msgpack")
    assert said["serializer"] == "msgpack"


def test_a_second_start_makes_nothing_and_says_nothing(worker: Worker) -> None:
    worker.run()
    before = worker.made
    place = worker.root / before[0]
    os.utime(place, (0, 0))
    _, err = worker.run()
    assert err == ""
    assert worker.made == before
    # So one sees when it was last used.
    assert place.stat().st_mtime > time.time() - 60


def test_processes_that_start_at_once_share_one_environment(worker: Worker) -> None:
    processes = [worker.start() for _ in range(4)]
    said = []
    told = []
    for process in processes:
        with process:
            out, err = process.communicate("handshake\n", timeout=60)
        assert process.returncode == 0, err
        said.append(json.loads(out))
        told.append(err)
    assert len({one["prefix"] for one in said}) == 1
    assert len({one["pid"] for one in said}) == 4
    assert len(worker.made) == 1
    assert sum("made " in err for err in told) == 1


def test_a_process_killed_in_the_middle_is_followed_by_one_that_succeeds(
    tmp_path: Path, wheels: list[Path]
) -> None:
    big = {f"big/part{number}.bin": os.urandom(1 << 20) for number in range(60)}
    worker = Worker(tmp_path, [*wheels, make_wheel(tmp_path / "wheels", "big", files=big)])
    with worker.start() as process:
        wait_until(
            lambda: any(worker.root.glob("*.new/lib/*/site-packages/big")), 30, "in the middle"
        )
        waiting = worker.start()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert worker.made[0].endswith(".new"), "it was killed too late for this test"
    with waiting:
        out, err = waiting.communicate("handshake\n", timeout=60)
    assert waiting.returncode == 0, err
    place = Path(json.loads(out)["prefix"])
    assert worker.made == [place.name]
    assert len(list(place.glob("lib/*/site-packages/big/*"))) == 60


def test_nothing_of_a_half_made_environment_gets_into_the_next_one(worker: Worker) -> None:
    said, _ = worker.run()
    place = Path(said["prefix"])
    place.rename(f"{place}.new")
    for folder in Path(f"{place}.new").glob("lib/*/site-packages"):
        (folder / "stray.py").write_text("")
    again, _ = worker.run()
    assert again["prefix"] == said["prefix"]
    assert not list(place.rglob("stray.py"))
    assert worker.made == [place.name]


def test_an_environment_whose_interpreter_is_gone_is_made_again(worker: Worker) -> None:
    said, _ = worker.run()
    for python in (Path(said["prefix"]) / "bin").iterdir():
        python.unlink()
    again, err = worker.run()
    assert again["prefix"] == said["prefix"]
    assert "made " in err


def _pythons() -> list[str]:
    """Other Pythons of this machine that a worker might have."""
    here = "{}.{}".format(*sys.version_info)
    names = [f"3.{minor}" for minor in range(10, 15) if f"3.{minor}" != here]
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    found = {name: shutil.which(f"python{name}", path=BARE["PATH"]) for name in names}
    found |= {name: str(p) for name in names for p in versions.glob(f"{name}.*/bin/python3")}
    return sorted(path for path in found.values() if path and _runs(path))


def _runs(python: str) -> bool:
    done = subprocess.run(
        [python, "-c", "import venv"], capture_output=True, timeout=60, check=False
    )
    return done.returncode == 0


@pytest.mark.parametrize("python", _pythons(), ids=lambda path: Path(path).parts[-3])
def test_any_python_from_3_10_on_will_do(worker: Worker, python: str) -> None:
    said, _ = worker.run(python)
    assert said["tiny"].startswith(said["prefix"])
    own, _ = worker.run()
    assert own["prefix"] != said["prefix"]


def test_wheels_for_another_python_are_refused_by_name(tmp_path: Path, wheels: list[Path]) -> None:
    folder = tmp_path / "wheels"
    unfit = [
        make_wheel(folder, "old", tag="cp34-cp34m-manylinux1_x86_64"),
        make_wheel(folder, "elsewhere", tag="py3-none-win_amd64"),
    ]
    worker = Worker(tmp_path, [*wheels, *unfit])
    err = worker.refused()
    assert "old-1.0-cp34-cp34m-manylinux1_x86_64.whl (is for cp34-cp34m)" in err
    assert "elsewhere-1.0-py3-none-win_amd64.whl (is for win_amd64)" in err
    assert "set worker_python and worker_platform, or interpreter, in config.json" in err
    assert worker.made == []
    assert len(err) < 4096


def test_optional_packages_that_do_not_fit_are_left_out(tmp_path: Path, wheels: list[Path]) -> None:
    lz4 = make_wheel(tmp_path / "wheels", "lz4", tag="cp34-cp34m-linux_x86_64")
    said, err = Worker(tmp_path, [*wheels, lz4]).run()
    assert "goes without lz4" in err
    assert not list(Path(said["prefix"]).rglob("lz4.py"))


def test_an_optional_package_that_something_asks_for_is_not_left_out(
    tmp_path: Path, wheels: list[Path]
) -> None:
    folder = tmp_path / "wheels"
    lz4 = make_wheel(folder, "lz4", tag="cp34-cp34m-linux_x86_64")
    asks = make_wheel(folder, "asks", requires=["lz4>=1"])
    assert "cannot use lz4" in Worker(tmp_path / "a", [*wheels, lz4, asks]).refused()
    file = tmp_path / "requirements.txt"
    file.write_text("LZ4 >= 1  # wanted\n")
    assert "cannot use lz4" in Worker(tmp_path / "b", [*wheels, lz4], requirements=[file]).refused()


def test_a_python_that_is_too_old_is_told(worker: Worker, tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text(
        f"#!{sys.executable}\nimport sys\nsys.version_info = (3, 9, 1)\nsys.path[0] = ''\n"
        "exec(sys.argv[1][2:])\n"
    )
    old.chmod(0o755)
    assert "not 3.10" in worker.refused(str(old))


def test_a_wheel_that_is_damaged_is_told(worker: Worker) -> None:
    (wheel,) = (worker.folder / unpack.WHEELS).glob("tinything-*")
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"\x01")
    assert "is not what was packed" in worker.refused()
    assert worker.made == []


def test_a_root_that_cannot_be_used_is_named(tmp_path: Path, wheels: list[Path]) -> None:
    file = tmp_path / "file"
    file.write_text("")
    err = Worker(tmp_path / "a", wheels, root=str(file / "inside")).refused()
    assert f"{file}/inside, where environments are to be kept: Not a directory" in err
    assert "is not absolute" in Worker(tmp_path / "b", wheels, root="relative").refused()


def test_a_variable_on_the_worker_overrides_the_root(worker: Worker, tmp_path: Path) -> None:
    said, _ = worker.run(PYKAFKA_STORM_ENVIRONMENTS=str(tmp_path / "elsewhere"))
    assert said["prefix"].startswith(f"{tmp_path}/elsewhere/wordcount-")


def test_without_a_root_the_users_cache_is_taken_or_else_the_temporary_folder(
    tmp_path: Path, wheels: list[Path]
) -> None:
    worker = Worker(tmp_path, wheels, root="")
    home, tmp = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    tmp.mkdir()
    said, _ = worker.run(HOME=str(home), TMPDIR=str(tmp))
    assert said["prefix"].startswith(f"{home}/.cache/pykafka/storm/")
    # A user without a home, as daemons have.
    (tmp_path / "blocked").write_text("")
    said, _ = worker.run(HOME=str(tmp_path / "blocked"), TMPDIR=str(tmp))
    assert said["prefix"].startswith(f"{tmp}/pykafka-storm-{os.getuid()}/")
    assert (tmp / f"pykafka-storm-{os.getuid()}").stat().st_mode & 0o077 == 0


def test_a_temporary_folder_that_others_can_write_to_is_not_trusted(
    tmp_path: Path, wheels: list[Path]
) -> None:
    worker = Worker(tmp_path, wheels, root="")
    (tmp_path / "blocked").write_text("")
    planted = tmp_path / "tmp" / f"pykafka-storm-{os.getuid()}"
    planted.mkdir(parents=True)
    planted.chmod(0o777)
    err = worker.refused(HOME=str(tmp_path / "blocked"), TMPDIR=str(tmp_path / "tmp"))
    assert "others may write to it" in err


def test_every_part_of_a_wheel_goes_where_it_belongs(tmp_path: Path, wheels: list[Path]) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg-1.0.data/purelib/pure.py": "",
        "pkg-1.0.data/platlib/plat.py": "",
        "pkg-1.0.data/data/share/thing.txt": "thing",
        "pkg-1.0.data/headers/pkg.h": "",
        "pkg-1.0.data/scripts/tool": "#!python\nprint('ran')\n",
        "pkg-1.0.data/scripts/binary": b"\x7fELF\n\x00\x01",
    }
    pkg = make_wheel(tmp_path / "wheels", "pkg", files=files)
    said, _ = Worker(tmp_path, [*wheels, pkg]).run()
    place = Path(said["prefix"])
    (library,) = place.glob("lib/python*/site-packages")
    for name in ("pkg/__init__.py", "pure.py", "plat.py", "pkg-1.0.dist-info/METADATA"):
        assert (library / name).exists()
    assert (place / "share" / "thing.txt").read_text() == "thing"
    assert (place / "include" / "pkg" / "pkg.h").exists()
    assert (place / "bin" / "binary").read_bytes() == b"\x7fELF\n\x00\x01"
    ran = subprocess.run([place / "bin" / "tool"], capture_output=True, text=True, check=True)
    assert ran.stdout == "ran\n"


@pytest.mark.parametrize("name", ["../outside.py", "/tmp/outside.py", "pkg-1.0.data/odd/x.py"])
def test_a_wheel_that_reaches_outside_of_itself_is_refused(
    tmp_path: Path, wheels: list[Path], name: str
) -> None:
    bad = make_wheel(tmp_path / "wheels", "pkg", files={name: ""})
    worker = Worker(tmp_path, [*wheels, bad])
    assert f"a wheel holds {name}" in worker.refused()
    assert worker.made == []


def test_what_the_interpreter_has_is_there_only_if_asked_for(
    tmp_path: Path, wheels: list[Path]
) -> None:
    for asked in (False, True):
        worker = Worker(tmp_path / str(asked), wheels, system_site_packages=asked)
        said, _ = worker.run()
        text = (Path(said["prefix"]) / "pyvenv.cfg").read_text()
        assert f"include-system-site-packages = {str(asked).lower()}" in text


#: Tags of a wheel's name -> whether this Python can use it.
HERE = f"cp3{sys.version_info.minor}"
OLDER = f"cp3{sys.version_info.minor - 1}"
NEWER = f"cp3{sys.version_info.minor + 1}"


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.platform != "linux",
    reason="the tags are those of CPython on Linux",
)
@pytest.mark.parametrize(
    ("tags", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("py2-none-any", False),
        (f"py3{sys.version_info.minor}-none-any", True),
        (f"py3{sys.version_info.minor + 1}-none-any", False),
        (f"{HERE}-{HERE}-linux_MACHINE", True),
        (f"{HERE}-{HERE}-manylinux2014_MACHINE", True),
        (f"{HERE}-{HERE}-manylinux_2_17_MACHINE.manylinux2014_MACHINE", True),
        (f"{HERE}-{HERE}-manylinux_2_99_MACHINE", False),
        (f"{HERE}-{HERE}-musllinux_1_2_MACHINE", False),
        (f"{HERE}-{HERE}-macosx_11_0_arm64", False),
        (f"{HERE}-{HERE}-manylinux2014_sparc", False),
        (f"{HERE}-none-any", True),
        (f"{OLDER}-none-any", False),
        (f"{OLDER}-{OLDER}-linux_MACHINE", False),
        (f"{NEWER}-{NEWER}-linux_MACHINE", False),
        (f"{OLDER}-abi3-linux_MACHINE", True),
        (f"{NEWER}-abi3-linux_MACHINE", False),
        (f"{HERE}-{HERE}t-linux_MACHINE", False),
        ("pp310-pypy310_pp73-linux_MACHINE", False),
    ],
)
def test_the_name_of_a_wheel_says_whether_it_can_be_used(tags: str, fits: bool) -> None:
    wheel = f"pkg-1.0-{tags.replace('MACHINE', os.uname().machine)}.whl"
    assert (unpack._unfit(wheel) == "") == fits


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("name", ["unpack.py", "on_host.py"])
def test_what_runs_elsewhere_needs_the_standard_library_alone(name: str) -> None:
    source = Path(unpack.__file__).with_name(name).read_text(encoding="utf-8")
    names = {module.partition(".")[0] for module in _imports(source)}
    assert names <= set(sys.stdlib_module_names)


def test_what_is_no_wheel_is_told(tmp_path: Path, wheels: list[Path]) -> None:
    bad = tmp_path / "wheels" / "pkg-1.0-py3-none-any.whl"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("pkg-1.0.dist-info/METADATA", "Name: pkg\n")
    assert "has no .dist-info/WHEEL" in Worker(tmp_path, [*wheels, bad]).refused()
