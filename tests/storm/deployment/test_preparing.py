"""The three ways by which packages get to the workers, as a project's environment chooses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ssh_servers import SshServers
from wheel_making import make_wheel

from pykafka.storm.deployment.jar import build_jar
from pykafka.storm.deployment.launching import existing, installed, packed
from pykafka.storm.deployment.preparing import Deployment, OnHosts, prepare, prepare_hosts
from pykafka.storm.deployment.wheels import installed_wheels
from pykafka.storm.exceptions import ConfigError, DeploymentError
from pykafka.storm.project import Project
from pykafka.storm.topology import Launcher

RUN = "from pykafka.storm.worker import main; main('bolts.count.Count')"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src" / "bolts").mkdir(parents=True)
    (folder / "src" / "bolts" / "count.py").write_text("class Count: pass\n")
    return folder


def _project(root: Path, **environment: object) -> Project:
    (root / "config.json").write_text(json.dumps({"envs": {"prod": environment}}))
    return Project(root)


def _prepare(project: Project, tmp_path: Path, **more: object) -> Deployment:
    return prepare(project, project.environment(), "wordcount", tmp_path / "files", **more)


def _unpacked(project: Project, deployment: Deployment, tmp_path: Path) -> Path:
    """The resources folder that Storm makes of the jar."""
    jar = tmp_path / "topology.jar"
    build_jar(jar, project.source, resources=deployment.resources)
    with zipfile.ZipFile(jar) as archive:
        archive.extractall(tmp_path / "worker")
    return tmp_path / "worker" / "resources"


def _python(resources: Path, interpreter: str, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run(
        [interpreter, *arguments],
        cwd=resources,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _script(launcher: Launcher) -> str:
    return launcher.script("bolts.count.Count")


def test_commands_are_two_words_that_python_takes() -> None:
    assert packed().command == "python3"
    assert _script(packed()) == "-cimport pykafka_unpack; pykafka_unpack.main('bolts.count.Count')"
    assert installed("/venv/bin/python").command == "/venv/bin/python"
    assert _script(installed("/venv/bin/python")) == f"-c{RUN}" == _script(Launcher())
    fallback = "import sys; sys.path.append('pykafka_fallback'); "
    assert _script(existing("/opt/python")) == f"-c{fallback}{RUN}"
    for launcher in (packed("p", "msgpack"), installed("p", "msgpack"), existing("p", "msgpack")):
        assert _script(launcher).endswith("main('bolts.count.Count', serializer='msgpack')")


def test_packed_is_the_default_and_runs_on_a_worker(root: Path, tmp_path: Path) -> None:
    project = _project(root, virtualenv_root=str(tmp_path / "environments"))
    deployment = _prepare(project, tmp_path)
    assert deployment.launcher == packed()
    resources = _unpacked(project, deployment, tmp_path)
    program = (
        "import pathlib, pykafka_unpack; print(pykafka_unpack.environment(pathlib.Path.cwd()))"
    )
    python = _python(resources, sys.executable, "-c", program)
    assert python.startswith(f"{tmp_path}/environments/wordcount-")
    said = _python(
        resources, python, "-c", "import pykafka, kazoo, bolts.count; print(pykafka.__file__)"
    )
    assert said.startswith(str(Path(python).parents[1]))


def test_packed_takes_requirements_wheels_and_the_interpreter_from_the_project(
    root: Path, tmp_path: Path
) -> None:
    make_wheel(root / "wheels", "tinything")
    (root / "virtualenvs").mkdir()
    (root / "virtualenvs" / "wordcount.txt").write_text("tinything\n")
    project = _project(
        root,
        wheels="wheels",
        no_index=True,
        interpreter="/opt/python3.11/bin/python",
        virtualenv_flags="--system-site-packages",
        serializer="msgpack",
    )
    told: list[tuple[str, str, str]] = []
    deployment = _prepare(project, tmp_path, progress=lambda *said: told.append(said))
    assert "pykafka_wheels/tinything-1.0-py3-none-any.whl" in deployment.resources
    manifest = json.loads(deployment.resources["pykafka_deployment.json"])
    assert manifest["system_site_packages"] is True
    assert "tinything-1.0-py3-none-any.whl" not in manifest["optional"]
    assert deployment.launcher == packed("/opt/python3.11/bin/python", "msgpack")
    assert {host for host, _, _ in told} == {"here"}


def test_existing_uses_the_interpreter_and_brings_pykafka_if_it_has_none(
    root: Path, tmp_path: Path
) -> None:
    project = _project(root, deployment="existing", interpreter=sys.executable)
    deployment = _prepare(project, tmp_path)
    assert deployment.launcher.command == sys.executable
    resources = _unpacked(project, deployment, tmp_path)
    shown = _script(deployment.launcher).replace(
        RUN, "import pykafka, bolts.count; print(pykafka.__file__)"
    )
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    said = _python(resources, str(bare / "bin" / "python"), shown)
    assert Path(said).resolve().parent == resources / "pykafka_fallback" / "pykafka"
    # One that has pykafka keeps to it.
    (library,) = bare.glob("lib/python*/site-packages")
    (library / "pykafka.py").write_text("")
    assert _python(resources, str(bare / "bin" / "python"), shown) == str(library / "pykafka.py")


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"use_virtualenv": False}, "python3"),
        ({"use_virtualenv": False, "interpreter": "/opt/python"}, "/opt/python"),
        ({"install_virtualenv": False, "virtualenv_root": "/v/"}, "/v/wordcount/bin/python"),
        ({"deployment": "existing", "virtualenv_path": "/v"}, "/v/wordcount/bin/python"),
        (
            {"deployment": "existing", "virtualenv_root": "/v", "virtualenv_name": "x"},
            "/v/x/bin/python",
        ),
    ],
)
def test_existing_is_also_what_old_configurations_mean(
    root: Path, tmp_path: Path, environment: dict[str, object], command: str
) -> None:
    assert _prepare(_project(root, **environment), tmp_path).launcher.command == command


@pytest.mark.parametrize(
    ("environment", "mistake"),
    [
        ({"deployment": "existing"}, "set interpreter to its absolute path"),
        ({"deployment": "existing", "interpreter": "bin/python"}, "bin/python is not absolute"),
        ({"deployment": "ssh", "workers": ["a"]}, "virtualenv_root must be the absolute path"),
        ({"deployment": "ssh", "virtualenv_root": "~/v"}, "not '~/v'"),
        ({"virtualenv_name": "a/b"}, "virtualenv_name a/b is not the name of a folder"),
    ],
)
def test_what_a_deployment_lacks_is_told(
    root: Path, tmp_path: Path, environment: dict[str, object], mistake: str
) -> None:
    (tmp_path / "files").mkdir()
    with pytest.raises(ConfigError, match=mistake):
        _prepare(_project(root, **environment), tmp_path)


def test_ssh_without_hosts_is_told(root: Path, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    project = _project(root, deployment="ssh", virtualenv_root="/v")
    with pytest.raises(DeploymentError, match="no hosts"):
        _prepare(project, tmp_path)


def test_ssh_makes_environments_and_the_jar_needs_no_wheels(
    root: Path, tmp_path: Path, ssh_servers: SshServers
) -> None:
    server = ssh_servers.start(environment={"PIP_CONFIG_FILE": os.devnull})
    (root / "wheels").mkdir()
    installed_wheels(root / "wheels")
    make_wheel(root / "wheels", "tinything")
    (root / "needs.txt").write_text("tinything\n")
    project = _project(
        root,
        deployment="ssh",
        workers=[str(server.address)],
        ssh_options=["-F", str(server.config)],
        virtualenv_root=str(tmp_path / "environments"),
        interpreter=sys.executable,
        requirements="needs.txt",
        wheels=["wheels"],
        no_index=True,
    )
    (tmp_path / "files").mkdir()
    told: list[tuple[str, str, str]] = []
    deployment = _prepare(project, tmp_path, progress=lambda *said: told.append(said))
    python = f"{tmp_path}/environments/wordcount/bin/python"
    assert deployment.launcher == installed(python)
    assert list(deployment.resources) == ["pykafka_deployment.json"]
    assert {host for host, _, _ in told} == {str(server.address)}
    resources = _unpacked(project, deployment, tmp_path)
    _python(resources, python, "-c", "import pykafka, kazoo, tinything, bolts.count")
    # What "update-virtualenv" does, with hosts that Nimbus named.
    (again,) = prepare_hosts(
        project,
        project.environment(),
        "wordcount",
        tmp_path / "files",
        on_hosts=OnHosts([server.address]),
    )
    assert not again.changed
