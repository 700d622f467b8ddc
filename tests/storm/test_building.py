"""What is made of a project for a submit."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

from pykafka.storm.building import Wish, build
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
