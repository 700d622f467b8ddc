"""Plain tables look as those of 2.x did, so that scripts that read them go on."""

from __future__ import annotations

from pykafka.cli.table import format_table


def test_numbers_are_centred_and_text_is_left() -> None:
    rows = [(0, 10, [0, 1]), (10, 1, [1])]
    assert format_table(rows, ["Partition", "Leader", "Replicas"]) == (
        " Partition    Leader   Replicas\n"
        "-----------  --------  ----------\n"
        "     0          10     [0, 1]\n"
        "    10          1      [1]"
    )


def test_a_cell_wider_than_its_head_widens_the_column() -> None:
    assert format_table([("a-long-name", 1)], ["Topic", "N"]) == (
        "Topic         N\n-----------  ---\na-long-name   1"
    )


def test_a_table_without_rows_is_its_head() -> None:
    assert format_table([], ["Topic", "N"]) == "Topic    N\n-------  ---"
