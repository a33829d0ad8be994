"""Pokémon VGC: random battles of several configurations, what goes wrong in them, how long views are; and players against each other.

python benchmarks/pokemon_numbers.py                     # 100 battles a configuration, 20 of them in words, 200 matches a pair
python benchmarks/pokemon_numbers.py --battles 1250      # 5,000 battles
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.agents.arrays import PolicyTable, RandomPolicy
from agentarena.core.batch_match import BatchMatch
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.pokemon_vgc import PokemonVGC

CONFIGURATIONS: tuple[dict[str, Any], ...] = (
    {"teams": "64"},
    {"format": "reg-i", "sheets": "closed", "teams": "64"},
    {"format": "random-doubles"},
    {"sheets": "closed", "prune": False},
)
PAIRS = (
    ("pokemonvgc/max_damage", "random"),
    ("pokemonvgc/heuristic", "random"),
    ("pokemonvgc/heuristic", "pokemonvgc/max_damage"),
)
TOGETHER = 32


class Blind(RandomPolicy):
    """Random play that looks at nothing."""

    needs_observations = False


def battles(options: dict[str, Any], count: int) -> dict[str, float]:
    """Random battles by array rules: choices refused, forfeits, numbers outside their declared ranges, choices that revealed something."""
    game = PokemonVGC(processes=2, patch=True, **options)
    rng, space = np.random.default_rng(1), game.observation_space(0)
    match = BatchMatch(game, game.batch(), TOGETHER)
    match.begin(np.ones(TOGETHER, bool), rng)
    table, holder = PolicyTable(match, [Blind()], [rng]), np.zeros((TOGETHER, 2), int)
    tally = {"battles": 0, "decisions": 0, "forfeits": 0, "outside": 0, "reveals": 0, "longest": 0}
    while tally["battles"] < count:
        tally["decisions"] += int(match.to_move.sum())
        match.step(table.choose(holder), ~match.ended, rng)
        seen = match.state.observations
        tally["outside"] += int(((seen < space.low) | (seen > space.high)).sum())
        if match.ended.any():
            ended = match.state.states[match.ended]
            tally["battles"] += len(ended)
            tally["forfeits"] += int(match.forfeits[match.ended].sum())
            tally["reveals"] += sum(sum(state.reveals) for state in ended)
            tally["longest"] = max(tally["longest"], *(state.update.turn for state in ended))
            match.begin(match.ended, rng)
    return tally


def view_lengths(options: dict[str, Any], count: int) -> list[int]:
    """Characters of every view of random battles."""
    game, lengths = PokemonVGC(patch=True, **options), []
    for number in range(count):
        rng = stream(number, CHANCE)
        with Episode(game, rng) as episode:
            while episode.to_move:
                for seat in episode.to_move:
                    view = game.text.view(episode.state, seat, episode.events(*episode.mark_read(seat), seat))
                    lengths += [len(view)]
                episode.step({seat: game.legal(episode.state, seat).sample(rng) for seat in episode.to_move})  # type: ignore[union-attr]
    return lengths


def main() -> None:
    parser = argparse.ArgumentParser(description="Pokémon VGC: random battles, views, players.")
    parser.add_argument("--battles", type=int, default=100, help="of each configuration")
    parser.add_argument("--matches", type=int, default=200, help="of each pair of players, mirror matches")
    arguments = parser.parse_args()
    for options in CONFIGURATIONS:
        print(options, battles(options, arguments.battles), flush=True)
        lengths = view_lengths(options, max(1, arguments.battles // 5))
        print(f"  views: {len(lengths)}, median {np.median(lengths):.0f}, longest {max(lengths)} characters", flush=True)
    for pair in PAIRS:
        rows = aa.play("PokemonVGC-v0", list(pair), matches=arguments.matches, seed=7, mirror=True, processes=2, patch=True).table()
        row = next(row for row in rows if row["agent"] == pair[0])
        low, high = row["win_interval"]
        print(f"{pair[0]} against {pair[1]}: {row['win_share']:.3f} [{low:.3f}, {high:.3f}] of {row['matches']}", flush=True)


if __name__ == "__main__":
    main()
