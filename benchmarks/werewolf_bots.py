"""Werewolf's reference players against each other: one plays all wolves, another everybody else.

    python benchmarks/werewolf_bots.py [matches] [preset]

Prints the village's share of wins with its 95 % Wilson interval (200 matches and `lspo7` by default), and for the scripted player
against itself the metrics of the matches.
"""

from __future__ import annotations

import sys

import agentarena as aa
from agentarena.core.agent import View
from agentarena.core.episode import Episode
from agentarena.core.intervals import wilson
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.analysis import measure, summarize

WOLVES = ("random", "werewolf/naive", "werewolf/pack", "werewolf/scripted")
VILLAGE = ("random", "werewolf/truthful", "werewolf/bayes", "werewolf/scripted")


def play(game: Werewolf, wolves: aa.Agent, village: aa.Agent, seed: int) -> Episode:
    """One match."""
    episode, turns = Episode(game, stream(seed, CHANCE, 0)), [0] * game.players
    while episode.to_move:
        moves = {}
        for seat in episode.to_move:
            agent = wolves if game.role(episode.state, seat) == "werewolf" else village
            moves[seat] = agent.choose(View(game, episode.state, seat, seed=seed, turn=turns[seat]))
            turns[seat] += 1
        episode.step(moves)
    return episode


def main() -> None:
    """Print the table and the metrics."""
    matches = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    game = Werewolf.build(sys.argv[2] if len(sys.argv) > 2 else "lspo7")
    print(f"{'wolves':20} {'village':20} village wins of {matches}")
    for wolves in WOLVES:
        for village in VILLAGE:
            episodes = [play(game, aa.agent(wolves), aa.agent(village), seed) for seed in range(matches)]
            won = sum(episode.state.winner == "village" for episode in episodes)
            low, high = wilson(won, matches)
            print(f"{wolves:20} {village:20} {won / matches:.3f} [{low:.3f}, {high:.3f}]")
    total = summarize([measure(episode.log) for episode in episodes])
    for name in ("days", "vote_accuracy", "vote_skill", "survival", "reveal", "believed", "backfired", "deception", "brier", "first_prey"):
        print(f"{name}: {getattr(total, name)}")


if __name__ == "__main__":
    main()
