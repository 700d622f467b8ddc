"""``config.json``: what stands in old and new ones, and what mistakes in it are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pykafka.net.address import Address
from pykafka.storm.exceptions import ConfigError
from pykafka.storm.project import Environment, Project, SshHost
from pykafka.storm.project.configuration import ENVIRONMENT, LOG, PROJECT

#: As on slide 56 of the talk.
TALK = {
    "envs": {
        "0.8": {
            "user": "ubuntu",
            "nimbus": "",
            "workers": ["", ""],
            "log_path": "/var/log/ubuntu/storm",
            "virtualenv_root": "/data/virtualenvs",
        },
        "vagrant": {
            "user": "ubuntu",
            "nimbus": "vagrant.local",
            "workers": ["vagrant.local"],
            "log_path": "/home/ubuntu/storm/logs",
            "virtualenv_root": "/home/ubuntu/virtualenvs",
        },
    }
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYKAFKA_STORM_NIMBUS", "STREAMPARSE_NIMBUS"):
        monkeypatch.delenv(name, raising=False)


def _project(folder: Path, content: object) -> Project:
    (folder / "config.json").write_text(json.dumps(content))
    return Project(folder)


def _environment(folder: Path, **values: Any) -> Environment:
    return _project(folder, {"envs": {"prod": values}}).environment()


def _mistakes(folder: Path, content: object) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        _project(folder, content)
    path = folder / "config.json"
    assert all(mistake.startswith(f"{path}") for mistake in raised.value.mistakes)
    return [mistake.removeprefix(f"{path}: ") for mistake in raised.value.mistakes]


def test_the_talks_file_is_read(tmp_path: Path) -> None:
    project = _project(tmp_path, TALK)
    assert project.environments == ["0.8", "vagrant"]
    vagrant = project.environment("vagrant")
    assert vagrant.nimbus == [Address("vagrant.local", 6627)]
    assert vagrant.workers == [SshHost("vagrant.local")]
    assert vagrant.virtualenv_root == "/home/ubuntu/virtualenvs"
    assert vagrant.log["path"] == "/home/ubuntu/storm/logs"
    assert vagrant.log["backup_count"] == 10
    assert vagrant.deployment == "packed"
    assert vagrant.wants_tunnel
    assert vagrant.serializer == "json"
    old = project.environment("0.8")
    assert old.workers == []
    with pytest.raises(ConfigError, match=r"envs\.0\.8\.nimbus is empty: .*PYKAFKA_STORM_NIMBUS"):
        old.nimbus  # noqa: B018 - asking for it is what raises


def test_streamparse_5s_file_is_read(tmp_path: Path) -> None:
    log = {"path": "", "max_bytes": 1000000, "backup_count": 10, "level": "info"}
    prod = {"user": "", "ssh_password": "", "nimbus": "", "workers": [], "log": log}
    content = {
        "serializer": "json",
        "library": "",
        "topology_specs": "topologies/",
        "virtualenv_specs": "virtualenvs/",
        "envs": {"prod": {**prod, "virtualenv_root": ""}},
    }
    environment = _project(tmp_path, content).environment()
    assert not environment.wants_tunnel
    assert environment.config["log"] == log


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    content = {
        "serialiser": "json",
        "topology_specs": 3,
        "envs": {
            "prod": {
                "nimbos": "x",
                "workers": "x",
                "ssh_port": "22",
                "ui.port": 0,
                "use_virtualenv": "yes",
                "deployment": "pack",
                "requirements": [1],
                "log": {"pat": "x", "max_bytes": True},
                "options": [],
            },
            "beta": [],
        },
    }
    assert _mistakes(tmp_path, content) == [
        "serialiser is unknown; did you mean serializer?",
        "topology_specs must be a text, not 3",
        "envs.prod.nimbos is unknown; did you mean nimbus?",
        'envs.prod.workers must be a list of texts, not "x"',
        'envs.prod.ssh_port must be a port from 1 to 65535, not "22"',
        "envs.prod.ui.port must be a port from 1 to 65535, not 0",
        'envs.prod.use_virtualenv must be true or false, not "yes"',
        "envs.prod.deployment must be one of 'packed', 'ssh', 'existing', not 'pack'",
        "envs.prod.requirements must be a text or a list of texts, not [1]",
        "envs.prod.options must be an object, not []",
        "envs.prod.log.pat is unknown; did you mean path?",
        "envs.prod.log.max_bytes must be a whole number, not true",
        "envs.beta must be an object, not []",
    ]


def test_an_unknown_key_without_a_near_one_is_told_what_there_is(tmp_path: Path) -> None:
    (mistake,) = _mistakes(tmp_path, {"envs": {}, "qqq": 1})
    assert mistake.startswith("qqq is unknown; there is serializer, topology_specs, ")


def test_a_key_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"envs": {"a": {"user": "x", "user": "y"}}}')
    with pytest.raises(ConfigError, match="'user' stands there twice"):
        Project(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"envs": {},}', r"config\.json:1:13: no JSON: "),
        ("[]", r"config\.json: must hold an object, not \[\]"),
        ("{}", r'has no "envs"'),
        ("\xff\xfe", "is no UTF-8"),
    ],
)
def test_what_is_no_configuration_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=said):
        Project(tmp_path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(TALK).encode())
    assert Project(tmp_path).environments == ["0.8", "vagrant"]


def test_every_key_says_what_it_means_and_its_default_is_of_its_type(tmp_path: Path) -> None:
    for table in (PROJECT, ENVIRONMENT, LOG):
        for key in table.values():
            assert key.meaning.endswith(".")
            assert key.meaning[0].isupper() or key.instead
    defaults = {name: key.default for name, key in ENVIRONMENT.items() if key.default is not None}
    assert _environment(tmp_path, **defaults).deployment == "packed"


def test_old_spellings_mean_what_the_new_ones_do(tmp_path: Path) -> None:
    old = _environment(
        tmp_path,
        log_path="/logs",
        log_file="x.log",
        virtualenv_path="/v",
        worker_count=3,
        acker_count=0,
    )
    assert (old.log["path"], old.log["file"]) == ("/logs", "x.log")
    assert old.virtualenv_root == "/v"
    assert old.options["topology.workers"] == 3
    assert old.options["topology.acker.executors"] == 0
    assert old.options["pystorm.log.path"] == "/logs"
    both = _environment(
        tmp_path,
        log_path="/old",
        log={"path": "/new"},
        worker_count=3,
        options={"topology.workers": 4},
    )
    assert both.log["path"] == "/new"
    assert both.options["topology.workers"] == 4


def test_a_log_without_a_path_only_sets_the_level(tmp_path: Path) -> None:
    assert _environment(tmp_path, log={"level": "debug", "path": ""}).options == {
        "pystorm.log.level": "debug"
    }
    assert _environment(tmp_path).options == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"nimbus": "a"}, ["a:6627"]),
        ({"nimbus": "a:6628"}, ["a:6628"]),
        ({"nimbus": "a, b:1"}, ["a:6627", "b:1"]),
        ({"nimbus": ["a", "[::1]:5"]}, ["a:6627", "[::1]:5"]),
        ({"nimbus": "fe80::1"}, ["[fe80::1]:6627"]),
    ],
)
def test_nimbus_may_be_one_or_several(
    tmp_path: Path, values: dict[str, Any], expected: list[str]
) -> None:
    assert [str(address) for address in _environment(tmp_path, **values).nimbus] == expected


def test_variables_of_the_environment_say_where_nimbus_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _environment(tmp_path, nimbus="a")
    monkeypatch.setenv("STREAMPARSE_NIMBUS", "b:1")
    assert environment.nimbus == [Address("b", 1)]
    monkeypatch.setenv("PYKAFKA_STORM_NIMBUS", "c,d")
    assert environment.nimbus == [Address("c", 6627), Address("d", 6627)]
    monkeypatch.setenv("PYKAFKA_STORM_NIMBUS", "c:what")
    with pytest.raises(ConfigError, match="PYKAFKA_STORM_NIMBUS: 'c:what' is no address"):
        environment.nimbus  # noqa: B018 - asking for it is what raises


def test_workers_may_carry_a_port_of_their_own(tmp_path: Path) -> None:
    environment = _environment(tmp_path, workers=["a", "b:2022", ""], ssh_port=22)
    assert environment.workers == [SshHost("a", 22), SshHost("b", 2022)]
    with pytest.raises(ConfigError, match=r"envs\.prod\.workers: 'a:70000' has a port outside"):
        _environment(tmp_path, workers=["a:70000"]).workers  # noqa: B018 - asking raises


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, False),
        ({"user": "ubuntu"}, True),
        ({"user": "ubuntu", "use_ssh_for_nimbus": False}, False),
        ({"use_ssh_for_nimbus": True}, True),
    ],
)
def test_a_tunnel_is_wanted_by_who_has_a_user_there(
    tmp_path: Path, values: dict[str, Any], wanted: bool
) -> None:
    assert _environment(tmp_path, **values).wants_tunnel is wanted


def test_flags_may_name_the_interpreter(tmp_path: Path) -> None:
    for flags in ("-p /opt/py --clear", "--python /opt/py --clear", "--clear --python=/opt/py"):
        environment = _environment(tmp_path, virtualenv_flags=flags)
        assert (environment.interpreter, environment.virtualenv_flags) == ("/opt/py", ["--clear"])
    assert _environment(tmp_path, virtualenv_flags="-p x", interpreter="y").interpreter == "y"
    with pytest.raises(ConfigError, match="virtualenv_flags: No closing quotation"):
        _environment(tmp_path, virtualenv_flags="'x").virtualenv_flags  # noqa: B018 - asking raises


def test_the_environments_serializer_comes_before_the_projects(tmp_path: Path) -> None:
    content = {"serializer": "a", "envs": {"x": {"serializer": "b"}, "y": {}}}
    project = _project(tmp_path, content)
    assert [project.environment(name).serializer for name in "xy"] == ["b", "a"]


def test_the_only_environment_is_the_default_and_else_the_names_are_told(tmp_path: Path) -> None:
    assert _environment(tmp_path).name == "prod"
    project = _project(tmp_path, TALK)
    with pytest.raises(ConfigError, match="choose an environment with -e") as raised:
        project.environment()
    assert "0.8, vagrant" in str(raised.value)
    with pytest.raises(ConfigError, match="no environment 'vagran': did you mean vagrant"):
        project.environment("vagran")
    with pytest.raises(ConfigError, match="there is no environment"):
        _project(tmp_path, {"envs": {}}).environment()
