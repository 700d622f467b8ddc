"""The word counts that streamparse 5.0.1 and 2.1.4 start projects with, with only imports changed:
in process, and on a cluster."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from storm_projects import WITHIN, configure, pykafka_storm
from streamparse_releases import NotFetchedError, install, unpack

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

_IN_PROCESS = """
import json
from pykafka.storm.in_process import run_in_process
from pykafka.storm.project import Project
topology = Project(".").load_topology()
engine = run_in_process(topology, max_steps=2000)
bolt = topology.specs[1].name
print(json.dumps(engine.emitted(bolt)))
"""
#: What the bolt of each release logs, and how it counts the word "dog".
_LOGGED = {"5.0.1": r"counted \[\d+,000\] words", "2.1.4": r"dog: 20\b"}
_DOG = {"5.0.1": 10, "2.1.4": 1}


def _fetched(release: str, folder: Path) -> Path:
    """The project that a release makes.

    :raises NotFetchedError: pip cannot get it.
    """
    if release == "5.0.1":
        install(folder)
        return folder / "streamparse" / "bootstrap" / "project"
    return unpack(folder) / "streamparse" / "bootstrap" / "project"


def _render(template: Path, root: Path) -> None:
    """Make the project; of its Python, import lines name this package."""
    for path in template.rglob("*"):
        name = path.relative_to(template).as_posix().replace(".jinja2", "")
        if path.is_dir() or "__pycache__" in path.parts or path.suffix == ".pyc":
            continue
        text = path.read_text()
        if path.suffix == ".py":
            text = re.sub(r"(?m)^from streamparse\b", "from pykafka.storm", text)
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.mark.parametrize("streamparse", ["5.0.1", "2.1.4"])
def test_its_word_count_runs_in_process_and_on_a_cluster(
    streamparse: str,
    storm: EmbeddedStorm,
    topology_name: str,
    tmp_path: Path,
    notes: Path,
    bare_python: Path,
    missing: Callable[[str], None],
) -> None:
    try:
        template = _fetched(streamparse, tmp_path / "fetched")
    except NotFetchedError as error:
        missing(f"streamparse {streamparse}: {error}")
        raise
    root = tmp_path / "project"
    _render(template, root)
    configure(
        root,
        storm.nimbus_addresses[0],
        notes,
        deployment="existing",
        interpreter=str(bare_python),
    )

    done = subprocess.run(
        [sys.executable, "-c", _IN_PROCESS],
        cwd=root,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    # Its tasks count for themselves: of version 2, each gets any word.
    emitted = json.loads(done.stdout.splitlines()[-1])
    for word in ("dog", "cat", "zebra", "elephant"):
        counts = [count for found, count in emitted if found == word]
        step = _DOG[streamparse] if word == "dog" else 1
        assert counts[0] == step
        assert set(counts) == set(range(step, max(counts) + 1, step))
        assert len(counts) > 20

    done = pykafka_storm(root, "submit", "-N", topology_name, "--json")
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)

    def logged() -> bool:
        text = "".join(
            storm.worker_log(state["id"], worker.port).read_text(errors="replace")
            for worker in storm.workers(state["id"])
        )
        return re.search(_LOGGED[streamparse], text) is not None

    wait_until(logged, WITHIN, "counts in the workers' log")
