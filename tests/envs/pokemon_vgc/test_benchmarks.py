"""The benchmarks of Pokémon VGC at their smallest size."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pokemon_helpers import needs_simulator

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@needs_simulator
def test_the_soak_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks import pokemon_soak

    out = tmp_path / "soak.jsonl"
    arguments = ["--quick", "--out", str(out), "--part", "hard-closed", "--part", "champions"]
    pokemon_soak.main(arguments)
    first = out.read_text(encoding="utf-8")
    pokemon_soak.main(arguments)
    assert out.read_text(encoding="utf-8") == first
    counts = sum((Counter(line["counts"]) for line in map(json.loads, first.splitlines())), Counter())
    assert counts["ended"] == counts["battles"] == 6
    assert not counts["invalid"] + counts["failed"] + counts["unending"]
    assert "| all | 6 | 6 |" in capsys.readouterr().out


def test_the_soak_has_five_thousand_battles() -> None:
    from benchmarks import pokemon_soak

    blocks = list(pokemon_soak.missing([], 1.0, list(pokemon_soak.PARTS)))
    assert sum(size for _, _, size in blocks) == 5000
    played: list[dict[str, Any]] = [{"part": name, "block": number, "counts": {"battles": size}} for name, number, size in blocks[:7]]
    assert list(pokemon_soak.missing(played, 1.0, list(pokemon_soak.PARTS))) == blocks[7:]


@needs_simulator
def test_masks_are_compared() -> None:
    from benchmarks import pokemon_masks

    counts = pokemon_masks.compared(pokemon_masks.CUSTOM, 3)
    assert counts["requests"] == 3
    assert counts["wrong"] == 0


@needs_simulator
@pytest.mark.slow
def test_speeds_are_measured_and_set_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks import pokemon_speed

    pokemon_speed.main(["--quick"])
    output = capsys.readouterr().out
    assert "| parallel, one environment, patched |" in output
    assert "| vec, 16 at once / node, 16 at once | 0.9 |" in output


@needs_simulator
def test_what_must_be_the_same_is_counted(tmp_path: Path) -> None:
    from benchmarks import pokemon_same

    format = pokemon_same.CUSTOM
    with pokemon_same.Engine() as engine:
        counts = pokemon_same.copies(engine, format, 1)
        assert counts["copies"] >= 8
        assert not counts["copies that end differently"] + counts["copies that show something else"] + counts["later updates that differ"]
    counts = pokemon_same.leaks(format, 1)
    assert counts["positions with other hidden facts"] >= 3
    assert not counts["observations that differ"] + counts["words that differ"] + counts["masks that differ"]
