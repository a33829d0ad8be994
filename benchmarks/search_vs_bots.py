"""Searchers against given opponents: share of matches won in each seat, with Wilson intervals, and milliseconds a decision.

    python benchmarks/search_vs_bots.py Dhumbal-v0 --preset paper --agent "ismcts?simulations=100" \\
        --opponents dhumbal/aggressive dhumbal/balanced dhumbal/conservative --matches 20

The searcher takes every seat in turn, on the same deals; the opponents fill the other seats in the order given, starting
behind it. A decision's time is processor time. Decisions with one legal action are not counted.
"""

from __future__ import annotations

import argparse
import ast
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from agentarena.agents.specs import agent
from agentarena.core.agent import Agent, View
from agentarena.core.episode import Episode
from agentarena.core.game import Game
from agentarena.core.registry import game
from agentarena.core.rng import CHANCE, stream


def wilson(wins: int, matches: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share of wins.

    >>> [round(bound, 6) for bound in wilson(7, 10)]
    [0.396778, 0.892209]
    """
    z, p = float(norm.ppf(0.5 + level / 2)), wins / matches
    centre, spread = p + z * z / (2 * matches), z * (p * (1 - p) / matches + z * z / (4 * matches**2)) ** 0.5
    return (centre - spread) / (1 + z * z / matches), (centre + spread) / (1 + z * z / matches)


def play(rules: Game[Any], players: Sequence[Agent], watched: int, seed: int, match: int) -> tuple[bool, float, list[float]]:
    """One match: whether the seat `watched` won, its return, and the processor seconds of each of its decisions."""
    episode = Episode(rules, stream(seed, CHANCE, match))
    memory: list[dict[str, Any]] = [{} for _ in players]
    turns, times = [0] * len(players), []
    while not episode.over:
        actions = {}
        for seat in episode.to_move:
            view = View(
                rules, episode.state, seat, news=episode.unread(seat), seed=seed, match=match, turn=turns[seat], memory=memory[seat]
            )
            began = time.process_time()
            actions[seat] = players[seat].choose(view)
            if seat == watched and len(view.legal) > 1:
                times.append(time.process_time() - began)
            episode.mark_read(seat)
            turns[seat] += 1
        episode.step(actions)
    return rules.winner(episode.state, tuple(episode.returns)) == watched, episode.returns[watched], times


def rows(rules: Game[Any], spec: str, opponents: Sequence[str], matches: int, seed: int) -> list[str]:
    """One line a seat and one for all seats together."""
    out, wins, returns, times = [], [], [], []
    others = [agent(name) for name in opponents]
    for seat in range(rules.info.seats):
        players = [others[(index - seat - 1) % rules.info.seats] if index != seat else agent(spec) for index in range(rules.info.seats)]
        results = [play(rules, players, seat, seed, match) for match in range(matches)]
        out.append(_row(spec, str(seat), [r[0] for r in results], [r[1] for r in results], [t for r in results for t in r[2]]))
        wins += [r[0] for r in results]
        returns += [r[1] for r in results]
        times += [t for r in results for t in r[2]]
    return [*out, _row(spec, "all", wins, returns, times)]


def _row(spec: str, seat: str, wins: list[bool], returns: list[float], times: list[float]) -> str:
    low, high = wilson(sum(wins), len(wins))
    error = np.std(returns, ddof=1) / len(returns) ** 0.5
    return (
        f"| {spec} | {seat} | {len(wins)} | {100 * np.mean(wins):.1f} [{100 * low:.1f}, {100 * high:.1f}] | "
        f"{np.mean(returns):+.1f} ± {error:.1f} | {1000 * np.mean(times):.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env")
    parser.add_argument("--preset")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--agent", action="append", required=True, metavar="SPEC")
    parser.add_argument("--opponents", nargs="+", required=True, metavar="SPEC")
    parser.add_argument("--matches", type=int, default=20, help="matches a seat")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    options = {name: _value(value) for name, _, value in (item.partition("=") for item in given.option)}
    rules = game(given.env, preset=given.preset, **options)
    if len(given.opponents) != rules.info.seats - 1:
        parser.error(f"{given.env} needs {rules.info.seats - 1} opponents, got {len(given.opponents)}")
    print(f"Against {', '.join(given.opponents)}:\n")
    print(f"| agent | seat | matches | won % [95 %] | {rules.info.unit}s a match ± s.e. | ms a decision |\n|---|---|---|---|---|---|")
    for spec in given.agent:
        for line in rows(rules, spec, given.opponents, given.matches, given.seed):
            print(line, flush=True)


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


if __name__ == "__main__":
    main()
