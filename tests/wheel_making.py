"""Wheels and source archives that tests make for themselves."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def make_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, str | bytes] | None = None,
    requires: Sequence[str] = (),
) -> Path:
    """A wheel; without ``files`` it holds one module that knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    content = dict(files or {f"{name}.py": f"VERSION = {version!r}\n"})
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    content[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"
    )
    pure = str(tag.endswith("-any")).lower()
    content[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    )
    content[f"{info}/RECORD"] = (
        "".join(f"{member},,\n" for member in content) + f"{info}/RECORD,,\n"
    )
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in content.items():
            archive.writestr(member, data)
    return path


#: A build backend that needs nothing but what is in the archive.
_BACKEND = """
import zipfile

FILES = {{
    "{name}.py": "BUILT = True\\n",
    "{name}-{version}.dist-info/METADATA": "Name: {name}\\nVersion: {version}\\n",
    "{name}-{version}.dist-info/WHEEL": "Root-Is-Purelib: true\\nTag: py3-none-any\\n",
    "{name}-{version}.dist-info/RECORD": "",
}}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    path = "{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, HEADERS.get(name.rpartition("/")[2], "") + text)
    return path


HEADERS = {{"METADATA": "Metadata-Version: 2.1\\n", "WHEEL": "Wheel-Version: 1.0\\n"}}
"""


def make_sdist(folder: Path, name: str, version: str = "1.0") -> Path:
    """A source archive that is built without anything from elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{version}"
    content = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "backend.py": _BACKEND.format(name=name, version=version),
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n',
    }
    path = folder / f"{stem}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in content.items():
            info = tarfile.TarInfo(f"{stem}/{member}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path
