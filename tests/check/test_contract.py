"""Every registered game keeps the contract: the one suite, warnings as failures, cards and golden transcripts included."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentarena.check import check
from agentarena.check.golden import golden_path, transcript, write_golden
from agentarena.core.registry import ENVS

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.mark.parametrize("env_id", ENVS)
def test_contract(env_id: str) -> None:
    check(env_id, golden=GOLDEN).raise_for_failures()


def test_every_transcript_belongs_to_a_game() -> None:
    """Together with the golden check of every game: files and registry match one to one."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(ENVS)


def test_a_transcript_is_short_plain_and_complete(tmp_path: Path) -> None:
    path = write_golden("fixtures.games:Moles", tmp_path)
    assert path == golden_path("fixtures.games:Moles", tmp_path) == tmp_path / "fixtures.games.Moles.txt"
    text = path.read_text(encoding="ascii")
    assert text == transcript("fixtures.games:Moles")
    for line in ("seed: 0", "step 1", "step 2, the end", "and 1 more seats", "roles: ", "returns: ", "winner: "):
        assert line in text
    assert "event moles to seats" in text
    assert "event votes to all" in text


def test_long_plays_show_their_ends_only() -> None:
    text = transcript("fixtures.games:Market", seed=3)
    assert text.count("\n") < 400
    assert "and 296 more seats, actions digest" in text


def test_words_of_players_cannot_break_a_transcript() -> None:
    assert all(
        line.startswith(("    | ", "  ", "step", "rules", "game:", "options:", "seed:", "what seat", "returns:", "winner:")) or not line
        for line in transcript("fixtures.games:Parley").split("\n")
    )
