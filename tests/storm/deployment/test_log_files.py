"""Which files are a topology's logs."""

from __future__ import annotations

import pytest

from pykafka.storm.deployment.log_files import belongs_to
from pykafka.storm.deployment.shell import Shell

RUN = "/logs/workers-artifacts/count-12-1700000000/6700"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"{RUN}/worker.log", ("worker", 1700000000)),
        (f"{RUN}/worker.log.3.gz", ("worker", 1700000000)),
        (f"{RUN}/worker.yaml", ("artifact", 1700000000)),
        (f"{RUN}/pystorm_count.log", ("artifact", 1700000000)),
        ("/logs/a-count-1-1700000000/6700/worker.log", None),
        ("/logs/pystorm_count_bolt_3_77.log", ("component", 0)),
        ("/logs/pystorm_count_bolt_3_77.log.2", ("component", 0)),
        ("/logs/pystorm_accounts_bolt_3_77.log", None),
        ("/logs/pystorm_count-all_bolt_3_77.log", None),
        ("/logs/count.txt", None),
    ],
)
def test_a_file_belongs_to_whose_name_it_has(path: str, found: object) -> None:
    assert belongs_to(path, "count", ["count-all", "a-count"]) == found


def test_a_shell_answers_one_thing_after_the_other() -> None:
    with Shell(None) as shell:
        assert shell.run('printf %s "$2"; exit 3', ["a", "it's ü\n"]) == (3, "it's ü\n".encode())
        assert shell.run("cat").output == b""
        assert len(shell.run("dd if=/dev/zero bs=65536 count=40 2>/dev/null").output) == 40 << 16
        for number in range(50):
            assert shell.run(f"echo {number}").output == b"%d\n" % number
