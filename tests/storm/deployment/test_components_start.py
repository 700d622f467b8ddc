"""Components of a project, started from its jar as Storm starts them, under each deployment."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ssh_servers import SshServers
from storm_side import Task
from wheel_making import make_wheel

from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.deployment.preparing import prepare
from pykafka.storm.deployment.wheels import installed_wheels
from pykafka.storm.project import Project

#: Says where its packages are; tinything is nothing that this machine has.
BOLT = """
from pykafka.storm.bolt import Bolt
import pykafka, tinything

class Subject(Bolt):
    outputs = ["version", "tiny", "pykafka"]
    def process(self, tup):
        self.emit([tinything.VERSION, tinything.__file__, pykafka.__file__])
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose bolt needs a wheel. No index can be asked for it, nor this pykafka be seen
    by who has no own."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    folder = tmp_path / "project"
    for name in ("src", "virtualenvs", "wheels"):
        (folder / name).mkdir(parents=True)
    installed_wheels(folder / "wheels")
    make_wheel(folder / "wheels", "tinything")
    (folder / "src" / "subject.py").write_text(BOLT)
    (folder / "virtualenvs" / "wordcount.txt").write_text("tinything\n")
    return folder


def _resources(root: Path, tmp_path: Path, **environment: object) -> tuple[Path, list[str]]:
    """The folder in which the bolt starts, and the command that starts it."""
    values = {"wheels": "wheels", "no_index": True, "interpreter": sys.executable, **environment}
    (root / "config.json").write_text(json.dumps({"envs": {"prod": values}}))
    project = Project(root)
    (tmp_path / "files").mkdir()
    deployment = prepare(project, project.environment(), "wordcount", tmp_path / "files")
    build_jar(tmp_path / "topology.jar", project.source, resources=deployment.resources)
    with zipfile.ZipFile(tmp_path / "topology.jar") as archive:
        archive.extractall(tmp_path / "worker")
    launcher = deployment.launcher
    return tmp_path / "worker" / "resources", [launcher.command, launcher.script("subject.Subject")]


def _processed(folder: Path, command: list[str]) -> list[str]:
    """What a task of the bolt emits. That it answers with the process that Storm started, the
    handshake sees."""
    with Task(BOLT, folder, command=command) as task:
        task.send(task.tuple("5", "dog"))
        emitted: list[str] = task.until("emit")["tuple"]
        assert task.until("ack")["id"] == "5"
        task.hang_up()
    return emitted


def test_packed_two_tasks_at_once_get_the_wheel_from_one_environment(
    root: Path, tmp_path: Path
) -> None:
    environments = tmp_path / "environments"
    folder, command = _resources(root, tmp_path, virtualenv_root=str(environments))
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: _processed(folder, command), range(2))
    assert first == second
    version, tiny, pykafka = first
    assert version == "1.0"
    (made,) = (path for path in environments.iterdir() if path.is_dir())
    assert Path(tiny).is_relative_to(made)
    assert Path(pykafka).is_relative_to(made)


def test_over_ssh_the_tasks_run_from_the_hosts_environment(
    root: Path, tmp_path: Path, ssh_servers: SshServers
) -> None:
    server = ssh_servers.start(environment={"PIP_CONFIG_FILE": os.devnull})
    folder, command = _resources(
        root,
        tmp_path,
        deployment="ssh",
        workers=[str(server.address)],
        ssh_options=["-F", str(server.config)],
        virtualenv_root=str(tmp_path / "environments"),
    )
    version, tiny, pykafka = _processed(folder, command)
    assert version == "1.0"
    assert Path(tiny).is_relative_to(tmp_path / "environments" / "wordcount")
    assert Path(pykafka).is_relative_to(tmp_path / "environments" / "wordcount")
    # It is installed like any other package, so people can go and look at it.
    assert list((tmp_path / "environments" / "wordcount" / "bin").glob("pykafka"))


def test_existing_takes_the_interpreters_packages(root: Path, tmp_path: Path) -> None:
    import venv

    there = tmp_path / "there"
    venv.create(there, with_pip=False)
    (library,) = there.glob("lib/python*/site-packages")
    with zipfile.ZipFile(root / "wheels" / "tinything-1.0-py3-none-any.whl") as wheel:
        wheel.extractall(library)
    folder, command = _resources(
        root, tmp_path, deployment="existing", interpreter=f"{there}/bin/python"
    )
    version, tiny, pykafka = _processed(folder, command)
    assert version == "1.0"
    assert Path(tiny).is_relative_to(library)
    assert Path(pykafka).resolve() == folder / "pykafka_fallback" / "pykafka" / "__init__.py"
