"""Code written for 2.8 finds every public name where it was, with the same parameters."""

from __future__ import annotations

import importlib.util

import pytest
from compat.deviations import DEVIATIONS, EXPECTED_MISSING
from compat.surface import Promise, difference, find, modules, promises

GEVENT = importlib.util.find_spec("gevent") is not None
ALL = [promise for module in modules() for promise in promises(module)]


def _covers(entry: str, name: str) -> bool:
    if entry.endswith(".*"):
        return f"{name}.".startswith(entry[:-1])
    return name == entry or (entry in EXPECTED_MISSING and name.startswith(f"{entry}."))


def _is_listed(promise: Promise) -> bool:
    if promise.name.startswith("pykafka.handlers.GEventHandler") and not GEVENT:
        return True
    return any(_covers(entry, promise.name) for entry in [*DEVIATIONS, *EXPECTED_MISSING])


@pytest.mark.parametrize("module", modules())
def test_public_names_and_signatures_of_2_8_are_kept(module: str) -> None:
    problems = [
        f"{promise.name} {problem}"
        for promise in promises(module)
        if not _is_listed(promise) and (problem := difference(promise))
    ]
    assert not problems, "\n".join(problems)


def _exists(name: str) -> bool:
    try:
        find(name)
    except LookupError:
        return False
    return True


def test_what_is_listed_as_missing_is_missing() -> None:
    there = [name for name in sorted(EXPECTED_MISSING) if _exists(name)]
    assert not there, f"written by now, so take them out of EXPECTED_MISSING: {there}"


def test_each_listed_deviation_is_one_and_has_a_reason() -> None:
    for entry, reason in DEVIATIONS.items():
        assert reason.strip(), entry
        covered = [promise for promise in ALL if _covers(entry, promise.name)]
        assert covered, f"2.8 has no public {entry}"
        assert any(difference(promise) for promise in covered), f"{entry} is as it was in 2.8"
