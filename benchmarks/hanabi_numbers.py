"""The numbers of Hanabi's card: random play, the bots, and what players who see everything could score.

    python benchmarks/hanabi_numbers.py random --matches 100000
    python benchmarks/hanabi_numbers.py bots --matches 1000
    python benchmarks/hanabi_numbers.py optimum
    python benchmarks/hanabi_numbers.py speed

Intervals are 95 %: mean +- 1.96 standard errors.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from agentarena.agents.specs import agent
from agentarena.core.agent import Agent, View
from agentarena.core.registry import game
from agentarena.core.rng import CHANCE, DECISION, stream
from agentarena.envs.hanabi import Hanabi, State
from agentarena.envs.hanabi.rules import orders
from agentarena.envs.hanabi.solver import best_score

IDS = ("MiniHanabi-v0", "SimpleHanabi-v0", "FullHanabi-v0")


def play(rules: Hanabi, choose: Callable[[State], int], rng: np.random.Generator) -> tuple[int, int]:
    """Score and number of moves of one match."""
    state = rules.start(rng)
    while state.seat >= 0:
        state = rules.step(state, {state.seat: choose(state)}, rng)
    return rules.score(state), len(state.moves)


def uniform(rng: np.random.Generator) -> Callable[[State], int]:
    """A uniformly random legal move."""
    return lambda state: state.legal[int(rng.random() * len(state.legal))]


def by_bot(rules: Hanabi, bot: Agent) -> Callable[[State], int]:
    """The bot's move, from what its seat sees."""
    return lambda state: bot.choose(View(rules, state, state.seat))


def summary(name: str, results: list[tuple[int, int]]) -> str:
    """One line: mean score with its interval, how often each score came, mean number of moves."""
    scores, moves = np.array(results, float).T
    error = 1.96 * scores.std() / np.sqrt(len(scores))
    zero, four = (scores == 0).mean(), (scores == 4).mean()
    return f"{name:34} {scores.mean():.4f} +- {error:.4f}   P(0) {zero:.4f}   P(4) {four:.4f}   {moves.mean():.3f} moves"


def random_play(matches: int) -> None:
    """Uniformly random legal moves."""
    for env_id in IDS:
        rules, rng = game(env_id), stream(0, DECISION)
        assert isinstance(rules, Hanabi)
        results = [play(rules, uniform(rng), stream(0, CHANCE, i)) for i in range(matches)]
        print(summary(env_id, results))


def bots(matches: int) -> None:
    """Each bot with copies of itself."""
    for env_id, preset in (*((env_id, None) for env_id in IDS), ("FullHanabi-v0", "standard"), ("FullHanabi-v0", "standard4")):
        rules = game(env_id, preset=preset)
        assert isinstance(rules, Hanabi)
        for spec in ("hanabi/cautious", "hanabi/bold"):
            bot = agent(spec)
            results = [play(rules, by_bot(rules, bot), stream(0, CHANCE, i)) for i in range(matches)]
            print(summary(f"{env_id} {preset or ''} {spec}", results))


def optimum() -> None:
    """The clairvoyant optimum: every order of the deck of the mini game, sampled ones of the simple game."""
    mini, simple = game("MiniHanabi-v0"), game("SimpleHanabi-v0")
    assert isinstance(mini, Hanabi)
    assert isinstance(simple, Hanabi)
    print("MiniHanabi-v0, all orders:", dict(Counter(best_score(mini, mini.deal(deck)) for deck in orders(mini.cards))))
    print("SimpleHanabi-v0, 2000 deals:", dict(Counter(best_score(simple, simple.start(stream(0, CHANCE, i))) for i in range(2000))))


def speed() -> None:
    """Random legal steps per CPU-second, best of five."""
    for env_id, preset in (*((env_id, None) for env_id in IDS), ("FullHanabi-v0", "standard")):
        rules, rng = game(env_id, preset=preset), stream(0, DECISION)
        assert isinstance(rules, Hanabi)
        rates = []
        for _ in range(5):
            begin = time.process_time()
            steps = sum(play(rules, uniform(rng), rng)[1] for _ in range(500))
            rates.append(steps / (time.process_time() - begin))
        print(f"{env_id} {preset or ''}: {max(rates):,.0f} steps per CPU-second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("random", "bots", "optimum", "speed"))
    parser.add_argument("--matches", type=int, default=1000)
    chosen = parser.parse_args()
    if chosen.what in ("random", "bots"):
        (random_play if chosen.what == "random" else bots)(chosen.matches)
    else:
        (optimum if chosen.what == "optimum" else speed)()


if __name__ == "__main__":
    main()
