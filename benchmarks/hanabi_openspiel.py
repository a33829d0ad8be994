"""Random Hanabi matches as OpenSpiel plays them, for `tests/envs/test_hanabi_openspiel.py` to compare with ours.

    python benchmarks/hanabi_openspiel.py > tests/envs/hanabi_openspiel.json        # needs open_spiel, and nothing of ours

Of every position it keeps who moves, what is legal, what was paid, and a digest of what each seat observes.
"""

from __future__ import annotations

import hashlib
import json
import random

import numpy as np
import pyspiel

CONFIGURATIONS = {
    "mini": {"players": 2, "colors": 2, "ranks": 2, "hand": 3, "tokens": 3, "lives": 3},
    "simple": {"players": 2, "colors": 3, "ranks": 2, "hand": 5, "tokens": 8, "lives": 3},
    "full": {"players": 2, "colors": 3, "ranks": 3, "hand": 5, "tokens": 8, "lives": 3},
    "standard": {"players": 2, "colors": 5, "ranks": 5, "hand": 5, "tokens": 8, "lives": 3},
    "three": {"players": 3, "colors": 4, "ranks": 4, "hand": 4, "tokens": 5, "lives": 2},
    "five": {"players": 5, "colors": 5, "ranks": 5, "hand": 4, "tokens": 8, "lives": 10},
}
MATCHES = 12


def load(options: dict[str, int]) -> pyspiel.Game:
    """The game under OpenSpiel's names of the options."""
    names = {"hand": "hand_size", "tokens": "max_information_tokens", "lives": "max_life_tokens"}
    return pyspiel.load_game("hanabi", {names.get(name, name): value for name, value in options.items()})


def digest(tensor: list[float]) -> str:
    """Ten hex digits of an observation as bytes of 0 and 1."""
    return hashlib.sha256(np.array(tensor, np.int8).tobytes()).hexdigest()[:10]


def play(game: pyspiel.Game, rng: random.Random) -> dict[str, object]:
    """One random match; in some of them cards that fit are played more often than at random, so that piles grow."""
    skill = rng.choice((0.1, 0.5, 0.95))
    state = game.new_initial_state()
    deals, moves, positions = [], [], []
    while not state.is_terminal():
        if state.is_chance_node():
            outcomes, weights = zip(*state.chance_outcomes(), strict=True)
            deals.append(rng.choices(outcomes, weights)[0])
            state.apply_action(deals[-1])
            continue
        positions.append(look(game, state))
        moves.append(choose(state, skill, rng))
        state.apply_action(moves[-1])
    positions.append(look(game, state))
    return {"deals": deals, "moves": moves, "positions": positions, "returns": state.returns()}


def choose(state: pyspiel.State, skill: float, rng: random.Random) -> int:
    """A random action; with probability `skill` one of those that score at once, if there are any."""
    legal = state.legal_actions()
    if rng.random() < skill:
        scoring = [action for action in legal if sum(state.child(action).returns()) > sum(state.returns())]
        if scoring:
            return rng.choice(scoring)
    return rng.choice(legal)


def look(game: pyspiel.Game, state: pyspiel.State) -> list[object]:
    """Who moves, what is legal, what was paid to seat 0, and what everyone sees."""
    mover = state.current_player() if not state.is_terminal() else -1
    tensors = [] if mover < 0 else [digest(state.observation_tensor(seat)) for seat in range(game.num_players())]
    return [mover, state.legal_actions() if mover >= 0 else [], state.returns()[0], tensors]


def main() -> None:
    rng = random.Random(2026)
    out = {}
    for name, options in CONFIGURATIONS.items():
        game = load(options)
        matches = [play(game, rng) for _ in range(MATCHES)]
        shape = game.observation_tensor_shape()
        out[name] = {"options": options, "actions": game.num_distinct_actions(), "size": shape[0], "matches": matches}
    print(json.dumps(out, separators=(",", ":")))


if __name__ == "__main__":
    main()
