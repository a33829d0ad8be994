"""What a run costs beside the rules and the agents: decisions per CPU-second of `agentarena.play` in one process.

    python benchmarks/play_speed.py

"first" plays the first legal moves and costs nothing to speak of, so its row is the runner's own cost; the difference to
"random" is the price of a stream of randomness for each decision.
"""

from __future__ import annotations

import time

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, View
from agentarena.core.registry import game
from agentarena.matches.api import play


class First(Agent):
    """Plays the first legal move."""

    def choose(self, view: View) -> Action:
        legal = view.legal
        assert isinstance(legal, tuple)
        return legal[0]


def rate(env: str, agents: list[str | Agent], matches: int) -> float:
    """Best of five: decisions per CPU-second."""
    rules = game(env)
    play(rules, agents, matches=matches, seed=1)
    best = 0.0
    for _ in range(5):
        start = time.process_time()
        results = play(rules, agents, matches=matches, seed=1)
        best = max(best, sum(record.turns for record in results.records) / (time.process_time() - start))
    return best


if __name__ == "__main__":
    for env in ("TicTacToe-v0", "ConnectFour-v0", "LeducPoker-v0"):
        for name, agents in (("random", ["random", "random"]), ("first", [First(), First()])):
            print(f"{env:16s} {name:8s} {rate(env, list(agents), 1000):10,.0f} decisions per CPU-second")
