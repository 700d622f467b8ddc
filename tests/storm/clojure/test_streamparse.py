"""The topology that streamparse 2.1.4 starts a project with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamparse_releases import NotFetchedError, unpack

from pykafka.storm.clojure import load_clj
from pykafka.storm.topology import GlobalStreamId, Grouping, ShellComponentSpec, Stream

pytestmark = pytest.mark.slow


def test_the_quickstart_of_streamparse_2(tmp_path: Path, missing: Callable[[str], None]) -> None:
    try:
        source = unpack(tmp_path)
    except NotFetchedError as error:
        missing(f"streamparse 2.1.4: {error}")
        raise
    project = source / "streamparse" / "bootstrap" / "project"
    topology = load_clj(project / "topologies" / "wordcount.clj")
    assert topology.__name__ == "wordcount"
    spout, bolt = topology.specs
    assert isinstance(spout, ShellComponentSpec)
    assert isinstance(bolt, ShellComponentSpec)
    assert (spout.name, spout.class_path, spout.par) == ("word-spout", "spouts.words.WordSpout", 1)
    assert spout.outputs == [Stream(["word"])]
    assert (bolt.name, bolt.class_path) == ("count-bolt", "bolts.wordcount.WordCounter")
    assert bolt.inputs == {GlobalStreamId("word-spout"): Grouping.SHUFFLE}
    assert (bolt.outputs, bolt.par) == ([Stream(["word", "count"])], 2)
    for spec in (spout, bolt):
        module = project / "src" / Path(*spec.class_path.split(".")[:-1]).with_suffix(".py")
        assert module.is_file()
