"""Check that the sdist holds the whole project and the wheel the package and nothing else."""

from __future__ import annotations

import os
import sys
import tarfile
import zipfile
from pathlib import Path

#: Files of which at least one must be in the sdist, relative to its root.
IN_SDIST = [
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks/",
    "demo/run.py",
    "native/scan.c",
    "docs/conf.py",
    "pykafka/py.typed",
    "tests/conftest.py",
    "tox.ini",
]
IN_WHEEL = ["pykafka/__init__.py", "pykafka/py.typed"]
#: Where the build was told to have it.
EXTENSION = "pykafka/_native."
VARIABLE = "PYKAFKA_EXTENSIONS"


def the_only(folder: Path, pattern: str) -> Path:
    """Return the one file in ``folder`` that matches ``pattern``."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"expected one {pattern} in {folder}, found {[path.name for path in found]}")
    return found[0]


def missing(wanted: list[str], names: list[str]) -> list[str]:
    """Return the wanted prefixes that no name starts with."""
    return [prefix for prefix in wanted if not any(name.startswith(prefix) for name in names)]


def main(folder: Path) -> None:
    """Exit with a message when something is missing or too much."""
    with tarfile.open(the_only(folder, "*.tar.gz")) as sdist:
        in_sdist = [name.partition("/")[2] for name in sdist.getnames()]
    with zipfile.ZipFile(the_only(folder, "*.whl")) as wheel:
        in_wheel = wheel.namelist()
    problems = [f"the sdist lacks {name}" for name in missing(IN_SDIST, in_sdist)]
    wanted = [*IN_WHEEL, EXTENSION] if os.environ.get(VARIABLE) == "require" else IN_WHEEL
    problems += [f"the wheel lacks {name}" for name in missing(wanted, in_wheel)]
    problems += [
        f"the wheel holds {name}, which is no part of the package"
        for name in in_wheel
        if not name.startswith("pykafka")
    ]
    if problems:
        sys.exit("\n".join(problems))
    sys.stdout.write(f"sdist: {len(in_sdist)} entries, wheel: {len(in_wheel)} entries\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
