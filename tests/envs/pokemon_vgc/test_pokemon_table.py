"""The benchmark's table: who meets whom, in which order, and what is shown of what was not played."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import pokemon_table as table


def test_all_pairs_meet_on_known_and_on_held_out_teams() -> None:
    plan = table.Plan()
    pairs = list(table.pairings(plan))
    assert len(pairs) == len(set(pairs)) == 2 * 15 + 2 * 3 + 2 * 4
    assert {pair.teams for pair in pairs} == {"1", "4", "16", "heldout"}


def test_search_gets_every_third_place() -> None:
    order = table.order(table.Plan())
    first = next(place for place, (part, _) in enumerate(order) if part == 1)
    before = [pairing for _, pairing in order[:first]]
    assert len(before) == len(set(before)), "no pair has a second part before all but search's have their first"
    assert len(order) == len(set(order)) == table.Plan().parts * 44


def test_a_table_of_nothing_has_empty_cells(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    text = table.report(tmp_path, table.Plan())
    assert text.startswith("0 matches")
    assert "0.740" in text or "0.74" in text
