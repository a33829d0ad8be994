"""Search by forking: better than chance, fair, and nothing it copied stays open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pokemon_helpers import needs_simulator

import agentarena as aa
from agentarena.core.agent import View
from agentarena.core.errors import BadOption
from agentarena.envs.pokemon_vgc import PokemonVGC, State
from agentarena.envs.pokemon_vgc.bots.search import Search


@pytest.mark.parametrize("arguments", [{"candidates": 0}, {"samples": 65}, {"prior": -1}, {"temperature": 0}, {"determinize": 1}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match="pokemonvgc/search"):
        Search(**arguments)


def test_a_search_of_the_true_battle_is_named_so() -> None:
    assert (Search().version, Search(determinize=False).version) == ("1", "1-privileged")


def first_turn(game: PokemonVGC, seed: int = 0) -> State:
    rng = np.random.default_rng(seed)
    state = game.start(rng)
    for _ in range(2):
        state = game.step(state, {seat: game.legal(state, seat).sample(rng) for seat in game.to_move(state)}, rng)  # type: ignore[union-attr]
    return state


@needs_simulator
@pytest.mark.parametrize("arguments", [{}, {"playouts": 2}, {"determinize": False}])
def test_the_choice_is_legal_repeats_and_releases_what_it_copied(arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    game, opened = PokemonVGC(), 0
    state = first_turn(game)
    engine = state.run.engine
    fork_many, drop = engine.fork_many, engine.drop

    def forked(items: Any) -> Any:
        nonlocal opened
        opened += len(items)
        return fork_many(items)

    def dropped(*battles: Any) -> None:
        nonlocal opened
        opened -= len(battles)
        drop(*battles)

    monkeypatch.setattr(engine, "fork_many", forked)
    monkeypatch.setattr(engine, "drop", dropped)
    chosen = [Search(candidates=4, **arguments).choose(View(game, state, 0, seed=5)) for _ in range(2)]
    assert chosen[0] == chosen[1]
    assert game.legal(state, 0).contains(chosen[0])  # type: ignore[union-attr]
    assert opened == 0, "each battle that was copied, the imagined ones included, is dropped"
    game.release(state)


@needs_simulator
def test_it_beats_random_play() -> None:
    results = aa.play("PokemonVGC-v0", ["pokemonvgc/search?candidates=3&samples=1", "random"], matches=4, seed=1)
    wins = {row["agent"]: row["wins"] for row in results.table()}
    assert wins["pokemonvgc/search?candidates=3&samples=1"] >= 3
