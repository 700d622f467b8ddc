"""What is made of a project for a submit."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pykafka.storm.building import Wish, build, configuration, load_checked
from pykafka.storm.exceptions import TopologyError
from pykafka.storm.project import Project
from pykafka.storm.project.loading import module_name
from pykafka.storm.project.template import make_project


def test_the_topologys_own_file_goes_along_for_components_in_it(tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_project(root)
    environment = {"deployment": "existing", "interpreter": sys.executable}
    (root / "config.json").write_text(json.dumps({"envs": {"prod": environment}}))
    project = Project(root)
    folder = tmp_path / "work"
    folder.mkdir()
    built = build(project, project.environment(), Wish(), folder)
    topology = root / "topologies" / "wordcount.py"
    with zipfile.ZipFile(built.jar) as jar:
        content = jar.read(f"resources/{module_name(topology)}.py")
    assert content == topology.read_bytes()


_READING = """
from pykafka.storm import KafkaSpout, Topology

class Lines(KafkaSpout):
    topics = "lines"
    group = "words"

class Reading(Topology):
    lines = Lines.spec(**{options!r})
"""


@pytest.mark.parametrize("options", [{}, {"guarantee": "at_least_once"}])
def test_a_guarantee_without_the_ackers_that_it_needs_is_refused_before_it_is_submitted(
    tmp_path: Path, options: dict[str, str]
) -> None:
    with pytest.raises(TopologyError, match=r"^lines: guarantee='at_least_once' needs ackers"):
        _configured(tmp_path, options, ackers=0)


def test_a_guarantee_that_needs_no_ackers_is_not_refused(tmp_path: Path) -> None:
    assert _configured(tmp_path, {"guarantee": "none"}, ackers=0)
    assert _configured(tmp_path, {}, ackers=1)


def _configured(folder: Path, options: dict[str, str], ackers: int) -> dict[str, Any]:
    root = folder / f"project{ackers}"
    make_project(root)
    (root / "topologies" / "reading.py").write_text(_READING.format(options=options))
    project = Project(root)
    wish = Wish(topology="reading", options={"topology.acker.executors": ackers})
    environment = project.environment()
    topology = load_checked(project, environment, wish)
    return configuration(environment, topology, wish, {})
