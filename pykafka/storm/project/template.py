"""The project that ``pykafka storm quickstart`` makes: counting words."""

from __future__ import annotations

from pathlib import Path

from ..exceptions import ProjectError

__all__ = ["make_project"]

_CONFIG = """\
{
    "serializer": "json",
    "topology_specs": "topologies/",
    "virtualenv_specs": "virtualenvs/",
    "envs": {
        "prod": {
            "nimbus": "",
            "workers": [],
            "options": {}
        }
    }
}
"""

_README = """\
# {name}

A topology for Apache Storm, in Python.

| where | what |
| --- | --- |
| `src/` | spouts and bolts: what runs on the workers |
| `topologies/` | which of them there are, and what flows from one to the other |
| `virtualenvs/` | what they need to be installed, a requirements file for each topology |
| `config.json` | clusters to submit to |
| `tests/` | tests, which need no Storm (`pip install pytest`) |

    pykafka storm run -t 60                 # on a real Storm that is started on this machine
    pykafka storm run -t 10 --in-process    # without Storm and Java
    python -m pytest
    pykafka storm visualize                 # a picture of the topology
    pykafka storm submit                    # once "nimbus" in config.json says where it is
"""

_WORDS = """\
import itertools

from pykafka.storm import Spout


class WordSpout(Spout):
    outputs = ["word"]

    def initialize(self, storm_conf, context):
        self.words = itertools.cycle(["dog", "cat", "zebra", "elephant"])
        self.numbers = itertools.count()

    def next_tuple(self):
        # With an id Storm tells when the tuple is done (ack) or not (fail), and
        # topology.max.spout.pending limits how many are under way.
        self.emit([next(self.words)], tup_id=next(self.numbers))
"""

_WORD_COUNT = """\
from collections import Counter

from pykafka.storm import Bolt


class WordCountBolt(Bolt):
    outputs = ["word", "count"]

    def initialize(self, storm_conf, context):
        self.counts = Counter()

    def process(self, tup):
        word = tup.values.word
        self.counts[word] += 1
        count = self.counts[word]
        self.emit([word, count])
        if count % 1000 == 0:
            self.log(f"{word}: {count}")
"""

_TOPOLOGY = """\
from bolts.wordcount import WordCountBolt
from spouts.words import WordSpout

from pykafka.storm import Grouping, Topology


class WordCount(Topology):
    config = {"topology.max.spout.pending": 1000}

    word_spout = WordSpout.spec()
    # The same word always goes to the same of the two tasks: each counts its words.
    count_bolt = WordCountBolt.spec(inputs={word_spout: Grouping.fields("word")}, par=2)
"""

_TEST = """\
from bolts.wordcount import WordCountBolt

from pykafka.storm.testing import ComponentHarness, run_in_process
from topologies.wordcount import WordCount


def test_words_are_counted():
    bolt = ComponentHarness(WordCountBolt, fields={"words": {"default": ["word"]}})
    assert bolt.process("dog").emitted[0].values == ["dog", 1]
    assert bolt.process("dog").emitted[0].values == ["dog", 2]


def test_the_topology():
    engine = run_in_process(WordCount, max_steps=1000)
    assert ["zebra", 10] in engine.emitted("count_bolt")
"""

_CONFTEST = """\
import sys
from pathlib import Path

# As on a worker, where src/ is the folder that components are imported from.
ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
"""

_TASKS = '''"""Called by "pykafka storm submit"."""


def pre_submit(topology_name, env_name, env_config, options):
    """Before anything is done; raise to prevent the submit."""


def post_submit(topology_name, env_name, env_config, options):
    """After the topology was submitted."""
'''

_REQUIREMENTS = "# What src/ imports beside pykafka, which goes along by itself.\n"

_FILES = {
    ".gitignore": "_build/\n__pycache__/\n*.pyc\n.pytest_cache/\n",
    "README.md": _README,
    "config.json": _CONFIG,
    "src/bolts/__init__.py": "",
    "src/bolts/wordcount.py": _WORD_COUNT,
    "src/spouts/__init__.py": "",
    "src/spouts/words.py": _WORDS,
    "tasks.py": _TASKS,
    "tests/conftest.py": _CONFTEST,
    "tests/test_wordcount.py": _TEST,
    "topologies/wordcount.py": _TOPOLOGY,
    "virtualenvs/wordcount.txt": _REQUIREMENTS,
}


def make_project(folder: Path) -> list[Path]:
    """Make a project.

    :param folder: where; its last part is the project's name.
    :returns: the files, relative to it.
    :raises ProjectError: there is something of that name already.
    """
    if folder.exists():
        raise ProjectError(f"{folder} exists already: choose another name, or remove it")
    for name, content in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("{name}", folder.name), encoding="utf-8")
    return [Path(name) for name in _FILES]
