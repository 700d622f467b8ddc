"""A project's folder: found, its topologies loaded, its hooks called."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pykafka.storm.exceptions import ConfigError, ProjectError, TopologyError, TopologyTypeError
from pykafka.storm.project import Hooks, Project

WORDCOUNT = """
from pykafka.storm.topology import Topology
from bolts.count import WordCountBolt, WordSpout

class WordCount(Topology):
    words = WordSpout.spec()
    counts = WordCountBolt.spec(inputs=[words])
"""

COMPONENTS = """
from pykafka.storm.spout import Spout
from pykafka.storm.bolt import Bolt

class WordSpout(Spout):
    outputs = ["word"]

class WordCountBolt(Bolt):
    outputs = ["word", "count"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one topology."""
    _write(
        tmp_path,
        {
            "config.json": json.dumps({"envs": {"prod": {}}}),
            "topologies/wordcount.py": WORDCOUNT,
            "src/bolts/__init__.py": "",
            "src/bolts/count.py": COMPONENTS,
            "virtualenvs/wordcount.txt": "six\n",
        },
    )
    return tmp_path


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the interpreter forget what projects it saw."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("pykafka."):
            del sys.modules[name]


def test_a_project_is_found_from_any_folder_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Project.find(root / "src" / "bolts").root == root
    monkeypatch.chdir(root / "topologies")
    assert Project.find().root == root


def test_where_there_is_no_project_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="pykafka storm quickstart"):
        Project.find(tmp_path)


def test_another_configuration_may_be_named(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"envs": {"elsewhere": {}}}')
    assert Project.find(root, other).environments == ["elsewhere"]
    with pytest.raises(ConfigError, match=r"none\.json: No such file"):
        Project.find(root, tmp_path / "none.json")


def test_the_only_topology_is_the_default(root: Path) -> None:
    project = Project(root)
    found = project.load_topology()
    assert found.__name__ == "WordCount"
    assert [spec.name for spec in found.specs] == ["words", "counts"]
    assert project.topology_name() == "wordcount"
    assert sys.path[0] == str(root / "src")
    assert project.load_topology("wordcount").__name__ == "WordCount"
    assert sys.path.count(str(root / "src")) == 1


def test_components_in_the_topologys_own_file_are_found_on_workers(
    root: Path, tmp_path: Path
) -> None:
    text = WORDCOUNT.replace("from bolts.count import WordCountBolt, WordSpout", COMPONENTS)
    _write(root, {"topologies/wordcount.py": text})
    project = Project(root)
    module = project.load_topology().specs[0].component_class.__module__
    assert project.topology_resources() == {f"{module}.py": root / "topologies" / "wordcount.py"}


def test_of_several_topologies_one_must_be_chosen(root: Path) -> None:
    _write(root, {"topologies/other.clj": "(ns other)", "topologies/__init__.py": ""})
    project = Project(root)
    assert list(project.topologies()) == ["other", "wordcount"]
    with pytest.raises(ProjectError, match="choose a topology with -n: there is other, wordcount"):
        project.load_topology()
    with pytest.raises(ProjectError, match="no topology 'wordcont': did you mean wordcount"):
        project.load_topology("wordcont")


def test_an_old_projects_clojure_is_read(root: Path) -> None:
    text = """(ns other (:use [streamparse.specs]) (:gen-class))
    (defn other [options]
      [{"words" (python-spout-spec options "bolts.count.WordSpout" ["word"]
                                   :p (get options "spouts" 1))}
       {"counts" (python-bolt-spec options {"words" ["word"]} "bolts.count.WordCountBolt" ["n"])}])
    """
    _write(root, {"topologies/other.clj": text})
    project = Project(root)
    words, counts = project.load_topology("other", {"spouts": 3}).specs
    assert (words.name, words.par, counts.name) == ("words", 3, "counts")
    assert project.topology_resources("other") == {}
    _write(root, {"topologies/other.clj": "(ns other)\n(defn other [options] 1)\n"})
    with pytest.raises(TopologyError, match=r"other\.clj:2"):
        project.load_topology("other")


def test_a_name_that_two_files_have_is_told(root: Path) -> None:
    _write(root, {"topologies/wordcount.clj": ""})
    with pytest.raises(ProjectError, match=r"both wordcount\.clj and wordcount\.py"):
        Project(root).topologies()


def test_a_project_without_topologies_says_so(root: Path) -> None:
    (root / "topologies" / "wordcount.py").unlink()
    with pytest.raises(ProjectError, match="there is no topology in this project"):
        Project(root).load_topology()
    (root / "topologies").rmdir()
    with pytest.raises(ProjectError, match=r"topologies: there is no such folder"):
        Project(root).topologies()


def test_a_module_of_the_topologys_name_is_no_trouble(root: Path) -> None:
    _write(
        root,
        {
            "src/wordcount/__init__.py": COMPONENTS,
            "topologies/wordcount.py": WORDCOUNT.replace("bolts.count", "wordcount"),
        },
    )
    assert Project(root).load_topology().__name__ == "WordCount"


def test_a_topology_that_inherits_is_the_one(root: Path) -> None:
    more = "\nclass More(WordCount):\n    pass\n\nalias = More\n"
    _write(root, {"topologies/wordcount.py": WORDCOUNT + more})
    assert Project(root).load_topology().__name__ == "More"


def test_an_imported_topology_is_taken_if_there_is_no_other(root: Path) -> None:
    _write(
        root,
        {
            "src/shared.py": WORDCOUNT,
            "topologies/wordcount.py": "from shared import WordCount\n",
        },
    )
    assert Project(root).load_topology().__name__ == "WordCount"
    own = WORDCOUNT.replace("class WordCount", "import shared\n\nclass Own")
    _write(root, {"topologies/wordcount.py": own})
    assert Project(root).load_topology().__name__ == "Own"


def _mistake(root: Path, text: str, kind: type[Exception] = ProjectError) -> str:
    _write(root, {"topologies/wordcount.py": text})
    with pytest.raises(kind) as raised:
        Project(root).load_topology()
    return str(raised.value)


def test_mistakes_name_file_and_line(root: Path) -> None:
    path = root / "topologies" / "wordcount.py"
    assert _mistake(root, "x = 1\ny = (\n") == f"{path}:2: SyntaxError: '(' was never closed"
    assert _mistake(root, "\nimport nothing_such\n") == (
        f"{path}:2: ModuleNotFoundError: No module named 'nothing_such'"
    )
    assert _mistake(root, "\n\n1 / 0\n") == f"{path}:3: ZeroDivisionError: division by zero"
    assert _mistake(root, "raise SystemExit(3)\n") == f"{path}:1: SystemExit: 3"
    assert _mistake(root, "x = 1\n").startswith(f"{path}: holds no topology")
    two = WORDCOUNT + WORDCOUNT.replace("class WordCount", "class Another")
    assert f"{path}: holds several topologies (Another, WordCount)" in _mistake(root, two)


def test_a_mistake_in_a_component_names_its_file(root: Path) -> None:
    _write(root, {"src/bolts/count.py": "\n\nimport nothing_such\n"})
    told = _mistake(root, WORDCOUNT)
    assert told.startswith(f"{root}/src/bolts/count.py:3: ModuleNotFoundError")


def test_every_mistake_of_a_topology_keeps_its_words_and_gets_a_place(root: Path) -> None:
    text = WORDCOUNT.replace("inputs=[words]", "inputs=[words], par=0")
    told = _mistake(root, text, TopologyError)
    assert told.startswith(f"{root}/topologies/wordcount.py:")
    assert "par" in told
    text = (
        "from pykafka.storm.exceptions import TopologyTypeError\n"
        "def fail():\n    raise TopologyTypeError(['a is wrong', 'b is wrong'])\nfail()\n"
    )
    told = _mistake(root, text, TopologyTypeError)
    path = root / "topologies" / "wordcount.py"
    assert told == f"{path}:3: a is wrong\n{path}:3: b is wrong"


def test_requirements_are_the_command_lines_the_environments_or_the_topologys(root: Path) -> None:
    _write(root, {"needs.txt": "", "virtualenvs/other.txt": ""})

    def found(*more: Path, **values: Any) -> list[Path]:
        (root / "config.json").write_text(json.dumps({"envs": {"prod": values}}))
        project = Project(root)
        return project.requirements("wordcount", project.environment(), more)

    assert found() == [root / "virtualenvs" / "wordcount.txt"]
    assert found(virtualenv_name="other") == [root / "virtualenvs" / "other.txt"]
    assert found(virtualenv_name="none") == [root / "virtualenvs" / "wordcount.txt"]
    assert found(requirements="needs.txt") == [root / "needs.txt"]
    assert found(root / "needs.txt", requirements="none.txt") == [root / "needs.txt"]
    with pytest.raises(ProjectError, match=r"no such requirement file: .*none\.txt"):
        found(requirements=["needs.txt", "none.txt"])
    (root / "virtualenvs" / "wordcount.txt").unlink()
    assert found() == []


def test_folders_of_wheels_must_exist(root: Path) -> None:
    (root / "config.json").write_text(json.dumps({"envs": {"prod": {"wheels": ["src", "none"]}}}))
    project = Project(root)
    with pytest.raises(ProjectError, match=r"no such folder of wheels: .*none"):
        project.wheel_folders(project.environment())


HOOKS = """
import json
from pathlib import Path
def {name}(topology_name, env_name, env_config, options):
    with Path({log!r}).open("a") as log:
        log.write(json.dumps([{file!r}, topology_name, env_name, env_config, options]) + "\\n")
"""


def _hooks(root: Path, file: str, name: str) -> Path:
    log = root / "log"
    _write(root, {file: HOOKS.format(file=file, name=name, log=str(log))})
    return log


def test_hooks_of_both_files_are_called_with_what_they_know(root: Path) -> None:
    log = _hooks(root, "tasks.py", "pre_submit")
    _hooks(root, "fabfile.py", "pre_submit")
    hooks = Hooks(root)
    hooks.pre_submit("wordcount", "prod", {"user": "x"}, {"topology.workers": 2})
    hooks.post_submit("wordcount", "prod", {}, {})
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    rest = ["wordcount", "prod", {"user": "x"}, {"topology.workers": 2}]
    assert lines == [["tasks.py", *rest], ["fabfile.py", *rest]]


def test_hooks_as_streamparse_2_wrote_them_get_no_options(root: Path) -> None:
    _write(
        root,
        {
            "tasks.py": """
def pre_submit(topology_name, env_name, env_config):
    raise ValueError([topology_name, env_name, env_config])
"""
        },
    )
    with pytest.raises(ProjectError, match=r"raised ValueError: \['wordcount', 'prod', \{\}\]"):
        Hooks(root).pre_submit("wordcount", "prod", {}, {"topology.workers": 2})


def test_a_project_without_hooks_needs_none(root: Path) -> None:
    Hooks(root).pre_submit("wordcount", "prod", {}, {})
    _write(root, {"fabfile.py": "import fabric_of_old_times\n"})
    Hooks(root).post_submit("wordcount", "prod", {}, {})


def test_a_package_that_hooks_need_and_that_is_missing_is_named(root: Path) -> None:
    _write(root, {"fabfile.py": "\nimport fabric_of_old_times\ndef pre_submit(*args):\n    pass\n"})
    with pytest.raises(
        ProjectError, match=r"fabfile\.py holds hooks and needs fabric_of_old_times"
    ):
        Hooks(root)


def test_a_hook_that_raises_ends_the_submit_with_its_place(root: Path) -> None:
    _write(root, {"tasks.py": "def post_submit(*args):\n    raise ValueError('no')\n"})
    with pytest.raises(
        ProjectError, match=r"post_submit of .*tasks\.py raised ValueError: no"
    ) as e:
        Hooks(root).post_submit("wordcount", "prod", {}, {})
    assert f"({root}/tasks.py:2)" in str(e.value)
    _write(root, {"tasks.py": "def post_submit(:\n"})
    with pytest.raises(ProjectError, match=r"tasks\.py:1: SyntaxError"):
        Hooks(root)
