"""What the demonstration keeps from its first start."""

from datetime import date

import time_machine

from dean06.demo.seed.extras import finished_walks, note_finished
from dean06.demo.seed.world import seeded_on


def test_who_plays_a_part_is_decided_on_the_first_day(tmp_path):
    with time_machine.travel("2026-11-23T05:00:00Z"):
        first = seeded_on(tmp_path)
    with time_machine.travel("2028-02-01T05:00:00Z"):
        assert seeded_on(tmp_path) == first == date(2026, 11, 23)


def test_finished_walks_are_counted_from_none(tmp_path):
    assert finished_walks(tmp_path) == 0

    note_finished(tmp_path, 2)

    assert finished_walks(tmp_path) == 2
