"""Projects that tests submit to a real cluster, and what their components write down there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pykafka.embedded import EmbeddedStorm
from pykafka.embedded.guard import members
from pykafka.embedded.waiting import wait_until
from pykafka.storm.nimbus.client import Nimbus
from pykafka.storm.nimbus.submission import await_gone, kill
from pykafka.storm.project.template import make_project

#: Configuration: the folder where components write down what they find.
FOLDER = "test.folder"
#: Seconds for something to happen on the cluster.
WITHIN = 120.0
#: Seconds for a command to end.
COMMAND_WITHIN = 180.0
#: Whoever would ask an index asks a port on which nothing listens.
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
}

_NOTING = """
import json
import os
from pathlib import Path

import pykafka
from pykafka.storm import Bolt


class NotingBolt(Bolt):
    def initialize(self, conf, context):
        # Not above: who submits it does not have it either.
        global tinything
        import tinything
        folder, name = Path(conf["test.folder"]), conf["topology.name"]
        self.note = folder / f"{name}.{context['taskid']}.json"

    def process(self, tup):
        if not self.note.exists():
            found = {"pid": os.getpid(), "word": tup.values.word, "version": tinything.VERSION,
                     "tinything": tinything.__file__, "pykafka": pykafka.__file__}
            self.note.with_suffix(".part").write_text(json.dumps(found))
            self.note.with_suffix(".part").rename(self.note)
"""
_TOPOLOGY = """
from bolts.noting import NotingBolt
from spouts.words import WordSpout

from pykafka.storm import Topology


class WordCount(Topology):
    config = {"topology.max.spout.pending": 10}

    word_spout = WordSpout.spec()
    noting_bolt = NotingBolt.spec(inputs=[word_spout], par=2)
"""
_HOOKS = """
import json
import subprocess
from pathlib import Path

NOTES = Path(__file__).parent / "hooks.txt"


def _note(*values):
    with NOTES.open("a") as file:
        file.write(json.dumps(values) + "\\n")


def pre_submit(topology_name, env_name, env_config, options):
    _note("pre_submit", topology_name, env_name, options["topology.workers"])


def post_submit(topology_name, env_name, env_config, options):
    _note("post_submit", topology_name, env_name, options["topology.workers"])
"""


def make_noting_project(root: Path) -> Path:
    """A project whose bolt, in two tasks, needs the wheel ``tinything`` and notes where it found
    it; with hooks that note their calls."""
    make_project(root)
    (root / "src" / "bolts" / "noting.py").write_text(_NOTING)
    (root / "topologies" / "wordcount.py").write_text(_TOPOLOGY)
    (root / "virtualenvs" / "wordcount.txt").write_text("tinything\n")
    (root / "tasks.py").write_text(_HOOKS)
    return root


def make_bare_python(folder: Path) -> Path:
    """An interpreter that has nothing but the standard library, not even pip."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    program = (
        "from importlib.util import find_spec\n"
        "assert not any(map(find_spec, ('pip', 'pykafka', 'tinything')))\n"
    )
    subprocess.run([str(python), "-c", program], env={}, cwd=folder, check=True)
    return python


def configure(root: Path, nimbus: str, notes: Path, **environment: Any) -> None:
    """Write the ``config.json`` of a project with one environment.

    Workers inherit the variables of this process: of what these tests run by, the workers' Python
    is to see nothing.
    """
    options = {
        FOLDER: str(notes),
        "topology.workers": 1,
        "topology.environment": {"PYTHONPATH": "", **NO_NETWORK},
        **environment.pop("options", {}),
    }
    values = {"nimbus": nimbus, "options": options, **environment}
    (root / "config.json").write_text(json.dumps({"envs": {"prod": values}}))


def hook_calls(root: Path) -> list[Any]:
    """What the hooks have noted."""
    path = root / "hooks.txt"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def await_notes(notes: Path, topology: str, count: int = 2) -> list[dict[str, Any]]:
    """What the tasks of a topology's noting bolt found, once so many have."""
    wait_until(
        lambda: len(list(notes.glob(f"{topology}.*.json"))) >= count,
        WITHIN,
        f"{count} tasks of {topology}",
    )
    return [json.loads(path.read_text()) for path in sorted(notes.glob(f"{topology}.*.json"))]


def pykafka_storm(
    root: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``pykafka storm`` in a project's folder to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pykafka", "storm", *arguments],
        cwd=root,
        env={**os.environ, **NO_NETWORK, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_WITHIN,
        check=False,
    )


def end_all(storm: EmbeddedStorm) -> None:
    """Kill all topologies; fails unless every worker and component is gone then."""
    with Nimbus(storm.nimbus_addresses) as nimbus:
        names = [topology.name for topology in nimbus.cluster().topologies]
        for name in names:
            kill(nimbus, name, wait=0)
        for name in names:
            await_gone(nimbus, name, WITHIN)
    wait_until(lambda: not storm.workers(), WITHIN, "end of all workers")
    wait_until(lambda: not components(storm), WITHIN, "end of all components")


def components(storm: EmbeddedStorm) -> list[int]:
    """The process ids of the components that run in Python."""
    found = []
    for pid in members(str(storm.data_dir)):
        try:
            command = Path("/proc", str(pid), "cmdline").read_bytes()
        except OSError:
            continue
        if b"-cimport " in command or b"-cfrom pykafka" in command:
            found.append(pid)
    return found
