"""A language model (or any agent) as tax planner of rational workers, beside the US schedule, Saez's formula and the best schedule.

    python examples/economist_llm_planner.py tiny --workers 100 --brackets us --draw stratified --matches 20
    python examples/economist_llm_planner.py "openai:gpt-4o-mini?temperature=0.7"
    python examples/economist_llm_planner.py "hf:Qwen/Qwen3-0.6B" --matches 3 --years 8
    python examples/economist_llm_planner.py economist/bandit           # no model needed

The planner is asked once a tax year. It reads the rules, last week's economy, its own past years with their welfare, the
best rates so far and a cue, and answers with the rates in words. A reply that cannot be read is asked for again twice
and then replaced by a random schedule, which is counted. Welfare is the default objective (see the card of Economist-v0).
Every planner meets the same economies, so differences are taken match by match. `tiny` was taught these brackets by the
grid planner on workers at the middles of the quantiles, with --workers 20 (three brackets) and 100 (us).
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.core.intervals import mean_interval
from agentarena.core.replay import states
from agentarena.envs.economist.solver import by_grid, rational_response, welfare_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("planner", help="Any agent: a spec such as openai:MODEL, hf:MODEL, tiny, human, economist/bandit.")
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--worker", default="economist/rational", help="Who the workers are.")
    parser.add_argument("--years", type=int, default=12)
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--brackets", default="three", choices=("flat", "three", "us"))
    parser.add_argument("--draw", default="quantiles", choices=("quantiles", "stratified", "random"), help="How skills are drawn.")
    parser.add_argument("--planner-moves", default="absolute", choices=("absolute", "delta"))
    parser.add_argument("--matches", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="Where to keep the records, for `agentarena report`.")
    a = parser.parse_args()
    options = {
        "population": a.workers,
        "years": a.years,
        "weeks": a.weeks,
        "brackets": a.brackets,
        "draw": a.draw,
        "planner": a.planner_moves,
    }
    game = aa.game("Economist-v0", **options)
    best = float(rational_response(game, by_grid(welfare_of(game), len(game.edges))).welfare)
    print(f"{a.workers} workers ({a.worker}, skills: {a.draw}), {a.matches} matches of {a.years} tax years of {a.weeks} weeks")
    print(
        "Mean welfare of a week (95 % interval over matches), of the best week, and as a share of the best schedule for the expected skills"
    )
    weekly = {}
    for planner in dict.fromkeys((a.planner, "economist/us", "economist/saez", "economist/saez?elasticity=0.4", "economist/grid")):
        players = [planner] + [a.worker] * a.workers
        policy = aa.OnUnreadable(retries=2, then="random")
        out = a.out if planner == a.planner else None
        runs = aa.play("Economist-v0", players, matches=a.matches, seed=a.seed, rotate=False, on_unreadable=policy, out=out, **options)
        weeks = np.array([[week.welfare for week in _last(record).past] for record in runs.records])
        weekly[planner] = weeks.mean(axis=1)
        unread = sum(fault["seat"] == 0 for record in runs.records for fault in record.faults)
        note = f", {unread} replies not readable" if unread else ""
        top = weeks.max(axis=1).mean()
        print(
            f"  {planner:24s} {_with_interval(weekly[planner])}, best week {top:10,.0f}, {weekly[planner].mean() / best:6.1%}{note}",
            flush=True,
        )
    for other in ("economist/us", "economist/saez", "economist/saez?elasticity=0.4"):
        if other != a.planner:
            print(f"{a.planner} minus {other}: {_with_interval(weekly[a.planner] - weekly[other])}")


def _last(record: Any) -> Any:
    """The state in which a match ended."""
    *_, last = states(record)
    return last


def _with_interval(values: np.ndarray) -> str:
    low, high = mean_interval(values.tolist())
    return f"{values.mean():10,.0f}" + (f" ({low:,.0f} to {high:,.0f})" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
