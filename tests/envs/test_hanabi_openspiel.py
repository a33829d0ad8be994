"""Hanabi against OpenSpiel, position by position: seats, legal moves, pay and every bit of every observation.

The matches were recorded by `benchmarks/hanabi_openspiel.py` with OpenSpiel 2.0.2.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agentarena.envs.hanabi import Hanabi

RECORDED = json.loads((Path(__file__).parent / "hanabi_openspiel.json").read_text())


@pytest.mark.parametrize("name", RECORDED)
def test_spaces_have_the_sizes_of_openspiel(name: str) -> None:
    game = Hanabi(**RECORDED[name]["options"])
    assert game.action_space(0).n == RECORDED[name]["actions"]
    assert game.observation_space(0).shape == (RECORDED[name]["size"],)


@pytest.mark.parametrize("name", RECORDED)
def test_matches_go_as_in_openspiel(name: str) -> None:
    game = Hanabi(**RECORDED[name]["options"])
    for match in RECORDED[name]["matches"]:
        replay(game, match)


def replay(game: Hanabi, match: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    state = game.deal(full_deck(game, match["deals"]))
    paid = 0.0
    for i, (mover, legal, returns, digests) in enumerate(match["positions"]):
        paid += game.rewards(state)[0]
        assert game.to_move(state) == (() if mover < 0 else (mover,))
        assert paid == returns
        if mover < 0:
            break
        assert game.legal(state, mover) == tuple(legal)
        observed = [hashlib.sha256(game.observe(state, seat).tobytes()).hexdigest()[:10] for seat in range(game.players)]
        assert observed == digests, f"position {i}"
        state = game.step(state, {mover: match["moves"][i]}, rng)
    assert match["returns"] == [float(game.score(state))] * game.players


def full_deck(game: Hanabi, dealt: list[int]) -> bytes:
    """The cards that were dealt, then those that were left."""
    rest = list(game.cards)
    for kind in dealt:
        rest.remove(kind)
    return bytes(dealt + rest)
