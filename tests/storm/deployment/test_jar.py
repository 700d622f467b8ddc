"""The jar: what is in it, and that the same content makes the same bytes."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from pykafka.storm.deployment.jar import Duplicate, build_jar
from pykafka.storm.exceptions import DeploymentError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    for name, text in {
        "bolts/__init__.py": "",
        "bolts/count.py": "class Count: pass\n",
        "words.txt": "dog\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _java(path: Path, content: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def _content(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names if not name.endswith("/")}


def test_the_source_becomes_resources_beside_what_is_added(tmp_path: Path, source: Path) -> None:
    extra = tmp_path / "extra.whl"
    extra.write_bytes(b"wheel")
    jar = tmp_path / "topology.jar"
    assert build_jar(jar, source, resources={"a.json": b"{}", "wheels/x.whl": extra}) == []
    content = _content(jar)
    assert content.pop("META-INF/MANIFEST.MF").startswith(b"Manifest-Version: 1.0\r\n")
    assert content == {
        "resources/a.json": b"{}",
        "resources/bolts/__init__.py": b"",
        "resources/bolts/count.py": b"class Count: pass\n",
        "resources/wheels/x.whl": b"wheel",
        "resources/words.txt": b"dog\n",
    }
    # Java reads the manifest only if it comes first; Storm's local mode looks for the folder.
    with zipfile.ZipFile(jar) as archive:
        assert archive.namelist()[:2] == ["META-INF/MANIFEST.MF", "resources/"]


def test_the_same_content_makes_the_same_bytes(tmp_path: Path, source: Path) -> None:
    first, second = tmp_path / "1.jar", tmp_path / "2.jar"
    build_jar(first, source, resources={"b": b"b", "a": b"a"})
    for path in source.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    build_jar(second, source, resources={"a": b"a", "b": b"b"})
    assert first.read_bytes() == second.read_bytes()
    (source / "words.txt").write_text("cat\n")
    build_jar(second, source, resources={"a": b"a", "b": b"b"})
    assert first.read_bytes() != second.read_bytes()


def test_compiled_code_and_folders_of_tools_stay_behind(tmp_path: Path, source: Path) -> None:
    before = tmp_path / "before.jar"
    build_jar(before, source)
    for name in ("__pycache__/a.pyc", ".git/config", "bolts/.svn/x", "bolts/x.pyc", ".DS_Store"):
        path = source / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    after = tmp_path / "after.jar"
    build_jar(after, source)
    assert after.read_bytes() == before.read_bytes()


def test_links_are_followed_but_not_round_and_round(tmp_path: Path, source: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "common.py").write_text("COMMON = 1\n")
    (source / "shared").symlink_to(shared)
    (source / "words2.txt").symlink_to("words.txt")
    jar = tmp_path / "topology.jar"
    build_jar(jar, source)
    assert _content(jar)["resources/shared/common.py"] == b"COMMON = 1\n"
    assert _content(jar)["resources/words2.txt"] == b"dog\n"
    (shared / "back").symlink_to(source)
    with pytest.raises(DeploymentError, match="links to a folder that it is in"):
        build_jar(jar, source)


def test_a_link_to_nothing_is_named(tmp_path: Path, source: Path) -> None:
    (source / "gone").symlink_to("nowhere")
    with pytest.raises(DeploymentError, match=r"gone: links to nowhere, which does not exist"):
        build_jar(tmp_path / "topology.jar", source)
    assert not list(tmp_path.glob("*.jar*"))


def test_scripts_stay_executable(tmp_path: Path, source: Path) -> None:
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    jar = tmp_path / "topology.jar"
    build_jar(jar, source)
    with zipfile.ZipFile(jar) as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    assert modes["resources/run.sh"] == 0o755
    assert modes["resources/words.txt"] == 0o644


def test_java_jars_become_part_of_it_without_their_signatures(tmp_path: Path, source: Path) -> None:
    one = _java(
        tmp_path / "one.jar",
        {
            "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nMain-Class: x\r\n",
            "META-INF/ONE.SF": "signed",
            "META-INF/one.rsa": "signed",
            "META-INF/services/java.sql.Driver": "one.Driver\n",
            "META-INF/LICENSE": "one",
            "org/one/One.class": "1",
            "org/both/Same.class": "same",
            "org/both/Other.class": "from one",
        },
    )
    two = _java(
        tmp_path / "two.jar",
        {
            "META-INF/services/java.sql.Driver": "two.Driver",
            "META-INF/LICENSE": "two",
            "org/two/Two.class": "2",
            "org/both/Same.class": "same",
            "org/both/Other.class": "from two",
            "resources/words.txt": "from two",
        },
    )
    jar = tmp_path / "topology.jar"
    found = build_jar(jar, source, jars=[one, two])
    content = _content(jar)
    assert not any("ONE.SF" in name or "rsa" in name for name in content)
    assert b"Main-Class" not in content["META-INF/MANIFEST.MF"]
    assert content["META-INF/services/java.sql.Driver"] == b"one.Driver\ntwo.Driver\n"
    assert content["org/one/One.class"] + content["org/two/Two.class"] == b"12"
    assert content["org/both/Other.class"] == b"from one"
    assert content["resources/words.txt"] == b"dog\n"
    assert found == [
        Duplicate("org/both/Other.class", str(one), str(two)),
        Duplicate("resources/words.txt", str(source / "words.txt"), str(two)),
    ]
    assert str(found[0]) == f"org/both/Other.class: taken from {one}, not from {two}"


def test_what_cannot_be_read_is_named(tmp_path: Path, source: Path) -> None:
    jar = tmp_path / "topology.jar"
    bad = tmp_path / "bad.jar"
    bad.write_text("no zip")
    with pytest.raises(DeploymentError, match=r"bad\.jar: cannot be read as a jar"):
        build_jar(jar, source, jars=[bad])
    with pytest.raises(DeploymentError, match=r"none\.jar: cannot be read as a jar"):
        build_jar(jar, source, jars=[tmp_path / "none.jar"])
    with pytest.raises(DeploymentError, match="no-src: No such file"):
        build_jar(jar, tmp_path / "no-src")
    with pytest.raises(DeploymentError, match=r"missing\.whl: No such file"):
        build_jar(jar, source, resources={"x": tmp_path / "missing.whl"})
    with pytest.raises(DeploymentError, match=r"nowhere/topology\.jar"):
        build_jar(tmp_path / "nowhere" / "topology.jar", source)


def test_a_file_of_the_project_may_not_have_a_name_of_ours(tmp_path: Path, source: Path) -> None:
    with pytest.raises(DeploymentError, match=r"words\.txt is a name that pykafka needs"):
        build_jar(tmp_path / "topology.jar", source, resources={"words.txt": b""})


def test_a_project_without_source_has_a_jar_too(tmp_path: Path) -> None:
    jar = tmp_path / "topology.jar"
    build_jar(jar, None, resources={"a": b"a"})
    assert set(_content(jar)) == {"META-INF/MANIFEST.MF", "resources/a"}
