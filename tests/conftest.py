"""What every test has: the services plugin, hypothesis profiles, and one printed seed."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

import hypothesis
import pytest

# The marker of what only some releases have; fixtures of real brokers, and --require; those of
# real Storm and of real sshd; what may run side by side; and what the matrix in the documentation
# is made of.
pytest_plugins = [
    "applicability",
    "services",
    "storm_services",
    "ssh_servers",
    "spreading",
    "matrix",
]

# A shell that starts something in the background has it ignore Ctrl-C, and nohup the end of the
# terminal; that is handed down to every program that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

#: Change it to draw other random data: PYKAFKA_TEST_SEED=7 make test.
SEED = int(os.environ.get("PYKAFKA_TEST_SEED", "20150212"))

# In CI the same examples are drawn each time, so that a failure belongs to the change that shows
# it. At a desk they differ from run to run, and a failing one is printed as a decorator to paste.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("desk", deadline=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_report_header() -> str:
    profile = hypothesis.settings.get_current_profile_name()
    return f"seed: {SEED} (PYKAFKA_TEST_SEED), hypothesis profile: {profile}"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that are the same for a test whatever ran before it."""
    return random.Random(f"{SEED}:{request.node.nodeid}")


@pytest.fixture(scope="session")
def missing(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Ends the test because of something that the machine lacks: skips, or fails with --require."""
    required = bool(request.config.getoption("--require", default=None))
    return pytest.fail if required else pytest.skip
