"""A GovSim village of any agents: language models, scripted players, or both, beside the published table.

    python examples/commons_village.py commons/sustainable --matches 10
    python examples/commons_village.py tiny --matches 1 --preset govsim_universalization
    python examples/commons_village.py "openai:my-model?base_url=http://localhost:8000/v1" --report village.html

One agent is named, or five; a single one takes all five seats.
"""

from __future__ import annotations

import argparse

import agentarena as aa
from agentarena.envs.commons.analysis.metrics import measure_records, summarise
from agentarena.envs.commons.analysis.published import GOVSIM

SHOWN = {"survived": 100, "survival_time": 1, "gain": 1, "efficiency": 100, "equality": 100, "over_usage": 100}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("agents", nargs="+", help="one spec string, or one for each of the five seats")
    parser.add_argument("--preset", default="govsim_fishery")
    parser.add_argument("--matches", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", help="write a report with figures to this file")
    args = parser.parse_args()
    members = args.agents * 5 if len(args.agents) == 1 else args.agents
    results = aa.play("Commons-v0", members, matches=args.matches, seed=args.seed, preset=args.preset)
    summary = summarise(measure_records(results.records))
    print(f"{'':<52}{'survival %':>12}{'months':>9}{'gain':>8}{'efficiency %':>14}{'equality %':>12}{'over-usage %':>14}")
    row = [scale * summary[name].mean for name, scale in SHOWN.items()]
    print(f"{', '.join(args.agents)[:50]:<52}{row[0]:>12.1f}{row[1]:>9.1f}{row[2]:>8.1f}{row[3]:>14.1f}{row[4]:>12.1f}{row[5]:>14.1f}")
    for other in GOVSIM:
        print(f"{other.name:<52}{other[1]:>12.1f}{other[2]:>9.1f}{other[3]:>8.1f}{other[4]:>14.1f}{other[5]:>12.1f}{other[6]:>14.1f}")
    if args.report:
        from agentarena.leaderboard import report

        print(report.write(results, args.report))


if __name__ == "__main__":
    main()
