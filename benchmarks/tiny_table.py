"""The small model in the box: how often its replies are legal, and how it fares beside a random player in its place.

    python benchmarks/tiny_table.py                                   # all environments that it was taught
    python benchmarks/tiny_table.py KuhnPoker-v0 --matches 2000
    python benchmarks/tiny_table.py --model runs/mine                 # another model, e.g. one of your own making

Replies are not constrained and are never asked again: one that names no legal move is counted and replaced by a random
one. `tiny` holds one seat in turn, random players the others; "random" is the same table, same deals, with a random player
in its seat. "wins" (draws shared) and "mean return" have intervals of 95 %, "–" where there is nothing to win. In games of one's own team (Hanabi, the hats, Werewolf) the
rest of the team is random too, which leaves little to win.
"""

from __future__ import annotations

import argparse
import math
from typing import Any

import agentarena as aa
from agentarena.core.intervals import wilson
from agentarena.models.corpus import LESSONS

MATCHES = {"Dhumbal-v0": 400, "ConnectFour-v0": 400, "Werewolf-v0": 200, "FullHanabi-v0": 200, "SimpleHanabi-v0": 200, "MiniHanabi-v0": 200}


def row(env: str, spec: str, matches: int, seed: int) -> dict[str, Any]:
    """Legality and results of one environment."""
    others = ["random"] * (aa.game(env).info.seats - 1)
    lenient = aa.OnUnreadable(retries=0, then="random")
    runs = aa.play(env, [spec, *others], matches=matches, seed=seed, on_unreadable=lenient, concurrency=64)
    base = aa.play(env, ["random", *others], matches=matches, seed=seed)
    mine = next(one for one in runs.table() if one["agent"] == runs.agents[0])
    before = next(one for one in base.table() if one["agent"] == base.agents[0])
    decisions = runs.ledger[runs.agents[0]].decisions
    faults = sum(record.seats[fault["seat"]].index == 0 for record in runs.records for fault in record.faults)
    legal = wilson(decisions - faults, decisions)
    return {
        "env": env,
        "matches": matches,
        "decisions": decisions,
        "legal": (1 - faults / decisions, legal),
        "tiny": mine,
        "random": before,
    }


def line(row: dict[str, Any]) -> str:
    """A row of a Markdown table."""
    share, (low, high) = row["legal"]

    def both(one: dict[str, Any]) -> str:
        wins, returns = one["win_interval"], one["return_interval"]
        share = "–" if math.isnan(one["win_share"]) else f"{one['win_share']:.1%} ({wins[0]:.1%} to {wins[1]:.1%})"
        return f"{share} | {one['mean_return']:.3g} ({returns[0]:.3g} to {returns[1]:.3g})"

    return f"| {row['env']} | {row['decisions']} | {share:.2%} ({low:.2%} to {high:.2%}) | {both(row['tiny'])} | {both(row['random'])} |"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    known = list(dict.fromkeys(lesson.env for lesson in LESSONS if lesson.seats is None))
    parser.add_argument("envs", nargs="*", default=known, metavar="ENV")
    parser.add_argument("--model", help="folder of another model; by default the one in the box")
    parser.add_argument("--parameters", default="", help="of the agent, such as temperature=0.7")
    parser.add_argument("--matches", type=int, help="by default 1000, fewer of long games")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    spec = f"hf:{arguments.model}?memory=state&max_tokens=64" if arguments.model else "tiny"
    if arguments.parameters:
        spec += ("&" if "?" in spec else "?") + arguments.parameters
    print(
        "| environment | decisions | legal | wins | mean return | wins, random | mean return, random |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for env in arguments.envs:
        print(line(row(env, spec, arguments.matches or MATCHES.get(env, 1000), arguments.seed)), flush=True)


if __name__ == "__main__":
    main()
