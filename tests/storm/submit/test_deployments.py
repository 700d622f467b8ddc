"""Projects on a real cluster whose workers' Python has neither pykafka nor what a bolt imports."""

from __future__ import annotations

import getpass
import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from ssh_servers import SshServer, SshServers
from storm_projects import (
    NO_NETWORK,
    await_notes,
    configure,
    hook_calls,
    make_bare_python,
    make_noting_project,
    pykafka_storm,
)
from wheel_making import make_wheel

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.ports import HOST, free_ports
from pykafka.storm.building import Wish
from pykafka.storm.deployment.wheels import installed_wheels
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.reports import TopologyState
from pykafka.storm.project import Project
from pykafka.storm.submitting import submit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of which no package can come from an index."""
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    folder = make_noting_project(tmp_path / "project")
    make_wheel(folder / "wheels", "tinything")
    return folder


def _submit(root: Path, storm: EmbeddedStorm, name: str) -> TopologyState:
    project = Project(root)
    with Nimbus(storm.nimbus_addresses) as nimbus:
        return submit(project, project.environment(), nimbus, Wish(name=name))


def test_packed_tasks_that_start_at_once_share_one_environment_of_the_jars_wheels(
    storm: EmbeddedStorm, topology_name: str, root: Path, notes: Path, bare_python: Path
) -> None:
    environments = root / "environments"
    configure(
        root,
        storm.nimbus_addresses[0],
        notes,
        wheels="wheels",
        no_index=True,
        interpreter=str(bare_python),
        virtualenv_root=str(environments),
    )
    _submit(root, storm, topology_name)
    first, second = await_notes(notes, topology_name)
    assert first["pid"] != second["pid"]
    assert first["version"] == "1.0"
    (made,) = (path for path in environments.iterdir() if path.is_dir())
    for found in ("tinything", "pykafka"):
        assert first[found] == second[found]
        assert Path(first[found]).is_relative_to(made)
    assert hook_calls(root) == [
        ["pre_submit", topology_name, "prod", 1],
        ["post_submit", topology_name, "prod", 1],
    ]

    # The same by the command line, beside it: the host has the environment by now.
    before = Path(first["tinything"]).stat()
    other = f"{topology_name}-too"
    done = pykafka_storm(root, "submit", "-N", other, "-a", "2", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["name"], answer["status"]) == (other, "ACTIVE")
    assert answer["id"].startswith(f"{other}-")
    assert [note["tinything"] for note in await_notes(notes, other)] == [first["tinything"]] * 2
    assert [path for path in environments.iterdir() if path.is_dir()] == [made]
    after = Path(first["tinything"]).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert hook_calls(root)[2:] == [
        ["pre_submit", other, "prod", 1],
        ["post_submit", other, "prod", 1],
    ]


#: Under this name, Nimbus can be reached from the host that sshd is on and from nowhere else.
BEHIND = "nimbus-behind-ssh.invalid"


def _two_hosts(root: Path, ssh_servers: SshServers) -> tuple[list[Path], list[SshServer]]:
    """The folders of two hosts, and their sshd.

    They share this machine's files: each has the folder that its PLACE says, and the worker, for
    which that is no variable, the first one's.
    """
    places = [root / "places" / name for name in ("first", "second")]
    for place in places:
        place.mkdir(parents=True)
    (root / "places" / "$PLACE").symlink_to("first")
    return places, [
        ssh_servers.start(environment={"PLACE": place.name, **NO_NETWORK}) for place in places
    ]


def test_over_ssh_all_hosts_get_the_same_and_a_topology_runs_from_it(
    storm: EmbeddedStorm,
    topology_name: str,
    root: Path,
    notes: Path,
    ssh_servers: SshServers,
) -> None:
    installed_wheels(root / "wheels")
    places, servers = _two_hosts(root, ssh_servers)
    _lead(BEHIND, servers[1])
    hosts = [str(server.address) for server in servers]
    dead = f"{HOST}:{free_ports(1)[0]}"
    port = storm.nimbuses[0].port

    def configured(workers: list[str]) -> None:
        configure(
            root,
            f"{BEHIND}:{port}",
            notes,
            deployment="ssh",
            user=getpass.getuser(),
            use_ssh_for_nimbus=True,
            ssh_options=["-F", str(ssh_servers.config)],
            workers=workers,
            virtualenv_root=f"{root}/places/$PLACE",
            wheels="wheels",
            no_index=True,
        )

    configured([*hosts, dead])
    done = pykafka_storm(root, "submit", "-N", topology_name)
    assert done.returncode == 1
    assert f"{dead}: " in done.stderr.splitlines()[-1]
    assert "Connection refused" in done.stderr.splitlines()[-1]
    assert not any(host in done.stderr.splitlines()[-1] for host in hosts)
    assert hook_calls(root) == [["pre_submit", topology_name, "prod", 1]]
    with Nimbus(storm.nimbus_addresses) as nimbus:
        assert nimbus.cluster().topology(topology_name) is None
    first, second = (_packages(place) for place in places)
    assert first == second
    assert {"tinything.py", "pykafka/__init__.py"} <= set(first)
    made = [_snapshot(place) for place in places]

    configured(hosts)
    done = pykafka_storm(root, "submit", "-N", topology_name)
    assert done.returncode == 0, done.stderr
    for host in hosts:
        assert f"{host}: unchanged" in done.stderr
    assert [_snapshot(place) for place in places] == made
    for note in await_notes(notes, topology_name):
        for found in ("tinything", "pykafka"):
            assert Path(note[found]).is_relative_to(root / "places" / "$PLACE" / "wordcount")
    assert hook_calls(root)[1:] == [
        ["pre_submit", topology_name, "prod", 1],
        ["post_submit", topology_name, "prod", 1],
    ]
    assert not _ssh_processes(ssh_servers)


def _lead(name: str, server: SshServer) -> None:
    """Have ssh, and nobody else, find a server under this name."""
    known = server.config.read_text()
    server.config.write_text(f"Host {name}\n HostName {HOST}\n Port {server.port}\n{known}")


def _packages(place: Path) -> dict[str, str]:
    """The installed Python of an environment: each file's content."""
    (library,) = (place / "wordcount").glob("lib/python*/site-packages")
    return {
        str(path.relative_to(library)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in library.rglob("*.py")
    }


def _snapshot(place: Path) -> dict[str, int]:
    """Every file with its time of change, but compiled Python."""
    return {
        str(path): path.lstat().st_mtime_ns
        for path in place.rglob("*")
        if "__pycache__" not in path.parts and not path.is_dir() and path.suffix != ".lock"
    }


def _ssh_processes(servers: SshServers) -> list[str]:
    found = subprocess.run(
        ["pgrep", "-f", f"ssh .*{servers.config}"], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def test_an_existing_python_is_taken_and_lent_a_pykafka(
    storm: EmbeddedStorm, topology_name: str, root: Path, notes: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    python = make_bare_python(there)
    (library,) = there.glob("lib/python*/site-packages")
    with zipfile.ZipFile(root / "wheels" / "tinything-1.0-py3-none-any.whl") as wheel:
        wheel.extractall(library)
    configure(
        root, storm.nimbus_addresses[0], notes, deployment="existing", interpreter=str(python)
    )
    _submit(root, storm, topology_name)
    for note in await_notes(notes, topology_name):
        assert Path(note["tinything"]).is_relative_to(library)
        assert "pykafka_fallback" in Path(note["pykafka"]).parts
