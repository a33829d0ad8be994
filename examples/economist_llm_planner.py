"""A language model (or any agent) as tax planner of rational workers, beside the US schedule, Saez's formula and the best schedule.

    python examples/economist_llm_planner.py "openai:gpt-4o-mini?temperature=0.7"
    python examples/economist_llm_planner.py "hf:Qwen/Qwen3-0.6B" --matches 3 --years 8
    python examples/economist_llm_planner.py economist/bandit           # no model needed

The planner is asked once a tax year. It reads the rules, last week's economy, its own past years with their welfare, the
best rates so far and a cue, and answers with the rates in words. A reply that cannot be read is asked for again twice
and then replaced by a random schedule, which is counted. Welfare is the default objective (see the card of Economist-v0).
"""

from __future__ import annotations

import argparse

import numpy as np

import agentarena as aa
from agentarena.core.episode import retrace
from agentarena.core.intervals import mean_interval
from agentarena.envs.economist.planners import by_grid, judge, welfare_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("planner", help="Any agent: a spec such as openai:MODEL, hf:MODEL, tiny, human, economist/bandit.")
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--worker", default="economist/rational", help="Who the workers are.")
    parser.add_argument("--years", type=int, default=12)
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--brackets", default="three", choices=("flat", "three", "us"))
    parser.add_argument("--planner-moves", default="absolute", choices=("absolute", "delta"))
    parser.add_argument("--matches", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="Where to keep the records, for `agentarena report`.")
    a = parser.parse_args()
    options = {"population": a.workers, "years": a.years, "weeks": a.weeks, "brackets": a.brackets, "planner": a.planner_moves}
    game = aa.game("Economist-v0", **options)
    best = float(judge(game, by_grid(welfare_of(game), len(game.edges))).welfare)
    print(f"{a.workers} workers ({a.worker}), {a.years} tax years of {a.weeks} weeks; mean welfare of a week, and of the best year")
    for planner in (a.planner, "economist/us", "economist/saez", "economist/flat?rate=50", "economist/grid"):
        players = [planner] + [a.worker] * a.workers
        policy = aa.play.OnUnreadable(retries=2, then="random")
        out = a.out if planner == a.planner else None
        runs = aa.play("Economist-v0", players, matches=a.matches, seed=a.seed, rotate=False, on_unreadable=policy, out=out, **options)
        means, tops, unread = [], [], 0
        for record in runs.records:
            *_, last = retrace(record.game(), record.seed, record.deal, record.actions)
            weekly = [week.welfare for week in last.past]
            means.append(float(np.mean(weekly)))
            tops.append(max(weekly))
            unread += sum(fault["seat"] == 0 for fault in record.faults)
        low, high = mean_interval(means)
        interval = f" ({low:,.0f} to {high:,.0f})" if a.matches > 1 else ""
        note = f", {unread} replies not readable" if unread else ""
        print(
            f"  {planner:32s} {np.mean(means):10,.0f}{interval}, best week {np.mean(tops):10,.0f}, {np.mean(tops) / best:6.1%} of the optimum{note}"
        )


if __name__ == "__main__":
    main()
