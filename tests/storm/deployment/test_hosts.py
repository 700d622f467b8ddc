"""Virtual environments on two real hosts (sshd) at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ssh_servers import PASSWORD, SshServer, SshServers, ssh_to
from wheel_making import make_wheel

from pykafka.embedded.ports import HOST, free_ports
from pykafka.storm.deployment import hosts as hosts_module
from pykafka.storm.deployment.hosts import Made, Recipe, make_environments
from pykafka.storm.deployment.wheels import installed_wheels
from pykafka.storm.exceptions import DeploymentError, HostsError
from pykafka.storm.project import SshHost

#: Hosts ask no index: all they get is what is sent to them.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}

#: A recipe for one server's folder of environments.
Recipes = Callable[..., Recipe]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("wheels")
    return [*installed_wheels(folder), make_wheel(folder, "tinything")]


@pytest.fixture
def recipe(wheels: list[Path], tmp_path: Path) -> Recipes:
    """Hosts share this machine's files, so each has the folder that its HOME says."""
    own = next(wheel for wheel in wheels if wheel.name.startswith("pykafka-"))
    rest = tuple(wheel for wheel in wheels if wheel != own)

    def make(requirements: str = "tinything\n", **more: object) -> Recipe:
        told = Recipe(
            "$HOME/virtualenvs",
            "wordcount",
            own,
            requirements,
            rest,
            interpreter=sys.executable,
        )
        return told._replace(**more)

    return make


def _installed(server: SshServer, name: str = "wordcount") -> list[str]:
    python = server.home / "virtualenvs" / name / "bin" / "python"
    words = [str(python), "-m", "pip", "freeze", "--all", "--no-cache-dir"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [line.split(" @ ")[0] for line in done.stdout.splitlines()]


class Seen:
    """What progress was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def __call__(self, host: str, state: str, line: str) -> None:
        self.told.append((host, state, line))

    def states(self, host: SshHost) -> list[str]:
        states = [state for name, state, _ in self.told if name == str(host)]
        return list(dict.fromkeys(states))


def test_both_hosts_get_the_same_environment_and_a_second_run_changes_nothing(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    servers = [ssh_servers.start(environment=OFFLINE) for _ in range(2)]
    hosts = [server.address for server in servers]
    # What somebody left who was killed in the middle: complete ones have a stamp.
    left = servers[0].home / "virtualenvs" / f"wordcount.{recipe().digest[:12]}" / "left"
    left.mkdir(parents=True)
    seen = Seen()
    made = make_environments(hosts, servers[0].login(), recipe(), progress=seen)
    assert not left.exists()
    assert [(one.host, one.changed) for one in made] == [(str(host), True) for host in hosts]
    assert made[0].packages == made[1].packages
    assert "tinything==1.0" in made[0].packages
    first, second = (_installed(server) for server in servers)
    assert first == second
    assert "pykafka" in " ".join(first)
    for host in hosts:
        assert seen.states(host) == ["connecting", "needs", "line", "made"]
    before = [_snapshot(server) for server in servers]
    again = Seen()
    assert [
        one.changed
        for one in make_environments(hosts, servers[0].login(), recipe(), progress=again)
    ] == [
        False,
        False,
    ]
    assert [_snapshot(server) for server in servers] == before
    for host in hosts:
        assert again.states(host) == ["connecting", "unchanged"]


def _snapshot(server: SshServer) -> dict[str, int]:
    """Every file under the host's environments with its time of change (but compiled Python)."""
    return {
        str(path): path.lstat().st_mtime_ns
        for path in (server.home / "virtualenvs").rglob("*")
        if "__pycache__" not in path.parts and not path.name.endswith(".lock")
    }


def test_a_dead_host_is_named_and_the_others_are_served(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(environment=OFFLINE)
    dead = SshHost(HOST, free_ports(1)[0])
    seen = Seen()
    with pytest.raises(HostsError) as raised:
        make_environments([dead, server.address], server.login(), recipe(), progress=seen)
    assert list(raised.value.failures) == [str(dead)]
    assert "Connection refused" in str(raised.value)
    assert str(dead) in str(raised.value)
    assert "tinything==1.0" in _installed(server)
    assert seen.states(dead) == ["connecting", "failed"]


def test_other_requirements_make_another_environment_under_the_same_name(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(environment=OFFLINE)
    hosts = [server.address]
    make_environments(hosts, server.login(), recipe(""))
    old = (server.home / "virtualenvs" / "wordcount").resolve()
    assert "tinything==1.0" not in _installed(server)
    (made,) = make_environments(hosts, server.login(), recipe())
    assert made.changed
    assert "tinything==1.0" in _installed(server)
    # Components that run keep theirs, and going back costs nothing.
    assert (old / "bin" / "python").exists()
    seen = Seen()
    (back,) = make_environments(hosts, server.login(), recipe(""), progress=seen)
    assert back == Made(str(server.address), True, back.packages)
    assert "needs" not in seen.states(server.address)
    assert (server.home / "virtualenvs" / "wordcount").resolve() == old


def test_overwriting_makes_it_anew_beside_the_one_in_use(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(environment=OFFLINE)
    link = server.home / "virtualenvs" / "wordcount"
    make_environments([server.address], server.login(), recipe())
    old = link.resolve()
    (made,) = make_environments([server.address], server.login(), recipe(), overwrite=True)
    assert made.changed
    assert link.resolve() != old
    assert (old / "bin" / "python").exists()
    (again,) = make_environments([server.address], server.login(), recipe())
    assert not again.changed


def test_a_folder_that_is_not_ours_is_left_alone_unless_it_is_to_be_overwritten(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(environment=OFFLINE)
    theirs = server.home / "virtualenvs" / "wordcount"
    theirs.mkdir(parents=True)
    (theirs / "precious").write_text("x")
    with pytest.raises(HostsError, match="exists and is not pykafka's"):
        make_environments([server.address], server.login(), recipe())
    assert (theirs / "precious").exists()
    make_environments([server.address], server.login(), recipe(), overwrite=True)
    (aside,) = theirs.parent.glob("wordcount.before-*")
    assert (aside / "precious").exists()
    assert "tinything==1.0" in _installed(server)


def test_what_pip_cannot_find_is_told_and_leaves_nothing_behind(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(environment=OFFLINE)
    with pytest.raises(HostsError, match="no-such-package-at-all"):
        make_environments([server.address], server.login(), recipe("no-such-package-at-all\n"))
    left = [path.name for path in (server.home / "virtualenvs").iterdir()]
    assert left == [".wordcount.lock"]


def test_a_host_without_that_interpreter_is_told(ssh_servers: SshServers, recipe: Recipes) -> None:
    server = ssh_servers.start()
    with pytest.raises(HostsError, match="set interpreter") as raised:
        make_environments([server.address], server.login(), recipe(interpreter="no-such-python"))
    assert "no-such-python" in str(raised.value)


def test_a_host_whose_python_is_too_old_is_told(ssh_servers: SshServers, recipe: Recipes) -> None:
    server = ssh_servers.start()
    old = server.folder / "old-python"
    old.write_text(
        f"#!{sys.executable}\nimport sys\nsys.version_info = (3, 8, 1)\nsys.version = '3.8.1 x'\n"
        "exec(sys.argv[2])\n"
    )
    old.chmod(0o755)
    with pytest.raises(HostsError, match=r"is Python 3\.8\.1, not 3\.10 or newer"):
        make_environments([server.address], server.login(), recipe(interpreter=str(old)))


def _python_whose_venv_fails(server: SshServer, virtualenv: str) -> str:
    """As Debian's without python3-venv; ``virtualenv`` is what ``-m virtualenv`` does."""
    inner = server.folder / "inner-python"
    inner.write_text(
        '#!/bin/sh\nif [ "$2" = venv ]; then echo "ensurepip is not available"; exit 1; fi\n'
        f"shift 2\n{virtualenv}\n"
    )
    outer = server.folder / "outer-python"
    outer.write_text(
        f"#!{sys.executable}\nimport sys\nsys.executable = {str(inner)!r}\nexec(sys.argv[2])\n"
    )
    for program in (inner, outer):
        program.chmod(0o755)
    return str(outer)


def test_where_venv_cannot_virtualenv_makes_it(ssh_servers: SshServers, recipe: Recipes) -> None:
    server = ssh_servers.start(environment=OFFLINE)
    python = _python_whose_venv_fails(server, f'exec {sys.executable} -m venv "$@"')
    make_environments([server.address], server.login(), recipe(interpreter=python))
    assert "tinything==1.0" in _installed(server)


def test_where_nothing_makes_environments_it_is_told_what_to_install(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(environment={**OFFLINE, "PATH": "/nonexistent"})
    python = _python_whose_venv_fails(server, "echo No module named virtualenv; exit 1")
    with pytest.raises(HostsError, match="install python3-venv or virtualenv") as raised:
        make_environments([server.address], server.login(), recipe(interpreter=python))
    assert "ensurepip is not available" in str(raised.value)
    assert "No module named virtualenv" in str(raised.value)


def test_a_host_that_takes_too_long_is_given_up(
    ssh_servers: SshServers, recipe: Recipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts_module, "_GRACE", 1.0)
    server = ssh_servers.start()
    slow = server.folder / "slow-python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    with pytest.raises(HostsError, match="not done within"):
        make_environments(
            [server.address], server.login(), recipe(interpreter=str(slow)), timeout=1
        )


def test_ctrl_c_ends_ssh_and_the_program(ssh_servers: SshServers, wheels: list[Path]) -> None:
    server = ssh_servers.start()
    slow = server.folder / "slow-python"
    slow.write_text("#!/bin/sh\necho begun\nexec sleep 60\n")
    slow.chmod(0o755)
    program = (
        "from pathlib import Path\n"
        "from pykafka.storm.deployment.hosts import Recipe, make_environments\n"
        "from pykafka.storm.deployment.ssh import Login\n"
        "from pykafka.storm.project import SshHost\n"
        f"make_environments([SshHost('{HOST}', {server.port})], "
        f"Login(options=('-F', {str(server.config)!r})), "
        f"Recipe('/x', 'x', Path({str(wheels[0])!r}), interpreter={str(slow)!r}), "
        "progress=lambda *said: print(*said, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while "begun" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in err
    assert not ssh_to(server)


def test_hosts_that_came_out_different_are_told(
    ssh_servers: SshServers, recipe: Recipes, tmp_path: Path
) -> None:
    """As when an index gets a new release between two hosts."""
    newer = make_wheel(tmp_path / "newer", "tinything", "2.0").parent
    servers = [
        ssh_servers.start(environment=OFFLINE),
        ssh_servers.start(environment={**OFFLINE, "PIP_FIND_LINKS": str(newer)}),
    ]
    seen = Seen()
    hosts = [server.address for server in servers]
    make_environments(hosts, servers[0].login(), recipe(), progress=seen)
    told = [said for said in seen.told if said[1] == "differs"]
    assert told == [
        (str(hosts[1]), "differs", f"has tinything==2.0, where {hosts[0]} has tinything==1.0")
    ]


def test_a_changed_host_key_is_told_with_the_remedy(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start()
    other = ssh_servers.start()
    key = " ".join(other.host_key().split()[:2])
    server.known_hosts.write_text(f"[{HOST}]:{server.port} {key}\n")
    with pytest.raises(HostsError, match=rf"ssh-keygen -R '\[{HOST}\]:{server.port}'"):
        make_environments([server.address], server.login(), recipe())


def test_an_unknown_host_is_not_trusted(ssh_servers: SshServers, recipe: Recipes) -> None:
    server = ssh_servers.start()
    server.known_hosts.write_text("")
    with pytest.raises(HostsError, match="its key is not known: log in by hand once"):
        make_environments([server.address], server.login(), recipe())


@pytest.mark.usefixtures("password_possible")
def test_a_password_lets_in_and_a_wrong_one_does_not(
    ssh_servers: SshServers, recipe: Recipes
) -> None:
    server = ssh_servers.start(password=True, environment=OFFLINE)
    (made,) = make_environments([server.address], server.login(PASSWORD), recipe())
    assert "tinything==1.0" in made.packages
    with pytest.raises(HostsError, match="it refuses the login"):
        make_environments([server.address], server.login("something else"), recipe())
    with pytest.raises(HostsError, match="it refuses the login"):
        make_environments([server.address], server.login(), recipe())
    server.known_hosts.write_text("")
    with pytest.raises(HostsError, match="its key is not known"):
        make_environments([server.address], server.login(PASSWORD), recipe())


def test_environments_need_hosts(recipe: Recipes, ssh_servers: SshServers) -> None:
    with pytest.raises(DeploymentError, match="no hosts"):
        make_environments([], ssh_servers.start().login(), recipe())


def test_the_password_is_never_shown(ssh_servers: SshServers) -> None:
    login = ssh_servers.start().login(PASSWORD)
    assert PASSWORD not in repr(login)
    assert PASSWORD not in " ".join(login.command(SshHost(HOST)))


def test_another_user_owns_the_environment_if_one_is_named(recipe: Recipes) -> None:
    assert recipe(sudo_user="storm").command[:5] == ["sudo", "-n", "-H", "-u", "storm"]
    assert recipe().command[0] == sys.executable
