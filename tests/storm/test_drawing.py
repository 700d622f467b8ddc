"""The picture of a topology."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from topology_parts import CountBolt, EverythingTopology, PrintBolt, WordCount, WordSpout

from pykafka.exceptions import MissingRequirementError
from pykafka.storm import drawing
from pykafka.storm.drawing import dot_text, draw
from pykafka.storm.exceptions import StormError
from pykafka.storm.topology import Grouping, Topology

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphviz' program is not installed."""
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def package(no_program: None) -> None:
    pytest.importorskip("pygraphviz", reason="pygraphviz has no wheel for this platform")


def test_components_are_nodes_and_inputs_are_edges() -> None:
    assert dot_text(WordCount) == (
        'digraph "WordCount" {\n'
        "  rankdir=LR;\n"
        '  node [fontname="Helvetica", style=filled, fillcolor="#e8f0fe"];\n'
        '  edge [fontname="Helvetica", fontsize=10];\n'
        '  "word_spout" [label="word_spout\\nWordSpout\\npar 1", shape=box, fillcolor="#e6f4ea"];\n'
        '  "count_bolt" [label="count_bolt\\nCountBolt\\npar 2", shape=ellipse];\n'
        '  "word_spout" -> "count_bolt" [label="fields word"];\n'
        "}\n"
    )
    assert draw(WordCount, "dot") == dot_text(WordCount).encode()


def test_each_grouping_and_kind_of_component_has_its_words() -> None:
    text = dot_text(EverythingTopology)
    for words in (
        'label="errors\\nglobal"',
        'label="chosen\\ndirect"',
        'label="local or shuffle"',
        'label="fields word, length"',
        'label="Choice"',
        'label="custom serialized"',
        'label="shell\\nruby count.rb\\npar 4"',
        'label="java_words\\nWords\\npar 1"',
        'label="frozen_words\\na Java object\\npar 1"',
    ):
        assert words in text


def test_par_by_environments_is_shown() -> None:
    class Sized(Topology):
        words = WordSpout.spec(par={"prod": 4, "beta": 1})

    assert "par prod: 4, beta: 1" in dot_text(Sized)


class Odd(Topology):
    """Names that need quotes."""

    words = WordSpout.spec(name='say "w\\ords"\n<&> \u4e2d')
    printer = PrintBolt.spec(inputs={words: Grouping.ALL})
    again = CountBolt.spec(inputs={words: Grouping.ALL})


def _titles(svg: bytes) -> list[str | None]:
    return [title.text for title in ElementTree.fromstring(svg).iter(f"{SVG}title")]


@pytest.mark.usefixtures("package")
def test_without_graphvizs_program_its_package_draws() -> None:
    titles = _titles(draw(WordCount, "svg"))
    assert titles == ["WordCount", "word_spout", "count_bolt", "word_spout->count_bolt"]
    assert draw(WordCount, "png").startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.usefixtures("package")
def test_odd_names_are_drawn() -> None:
    labels = ElementTree.fromstring(draw(Odd)).iter(f"{SVG}text")
    text = "".join(label.text or "" for label in labels)
    assert "<&> \u4e2d" in text
    assert 'say "w\\ords"' in text


@pytest.mark.usefixtures("no_program")
@pytest.mark.parametrize("format", ["svg", "png"])
def test_without_graphviz_it_is_said_what_to_install(
    format: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(MissingRequirementError, match=r"apt install graphviz.*pykafka\[storm\]"):
        draw(WordCount, format)


def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "dot"
    program.write_text(f"#!{sys.executable}\nimport sys, time\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_graphvizs_program_draws_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path, monkeypatch, "print(sys.argv[1:], len(sys.stdin.read()))")
    assert draw(WordCount, "png") == f"['-Tpng'] {len(dot_text(WordCount))}\n".encode()


def test_a_program_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, monkeypatch, "sys.exit('no fonts')")
    with pytest.raises(StormError, match="does not draw the topology: no fonts"):
        draw(WordCount)


def test_a_program_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(drawing, "_TIMEOUT", 0.5)
    with pytest.raises(StormError, match=r"timed out after 0\.5 seconds"):
        draw(WordCount)


def test_other_formats_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot draw as 'bmp'; formats: dot, png, svg"):
        draw(WordCount, "bmp")  # type: ignore[arg-type]


def test_graphviz_itself_takes_the_text(tmp_path: Path) -> None:
    """With whatever is installed, as a person would."""
    import shutil

    if (program := shutil.which("dot")) is None:
        pytest.skip("Graphviz' program dot is not installed")
    done = subprocess.run(
        [program, "-Tsvg"], input=draw(Odd, "dot"), capture_output=True, timeout=60, check=True
    )
    assert len(_titles(done.stdout)) == 6
