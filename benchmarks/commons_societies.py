"""Institutions and survival: the directional findings about people, with societies of scripted players by the rules.

    python benchmarks/commons_societies.py --matches 100 --seed 0

Laboratory: net yield, in percent of the greatest rent, with talk, sanctions, both and neither. Norms: survival time of scarce societies of
selfish imitators with and without collective choice. 95 % intervals (Student's t over matches). What the players are assumed to do is printed first.
"""

from __future__ import annotations

import argparse
import textwrap

from agentarena.envs.commons.analysis.metrics import Summary, summarise
from agentarena.envs.commons.analysis.societies import LABORATORY, learning_only, outcomes, with_collective_choice
from agentarena.envs.commons.bots import Imitator

PUBLISHED = {"neither": "21", "talk": "73", "sanctions": "37 gross, 9 net", "talk and sanctions": "93 gross, 90 net"}


def percent(summary: Summary) -> str:
    return f"{100 * summary.mean:6.1f} ({100 * summary.low:.1f} to {100 * summary.high:.1f})"


def plain(summary: Summary) -> str:
    return f"{summary.mean:6.2f} ({summary.low:.2f} to {summary.high:.2f})"


def laboratory(matches: int, seed: int) -> None:
    print("Laboratory, 25 tokens, 20 rounds:", textwrap.fill(next(iter(LABORATORY.values()))().assumes, 150), sep="\n")
    print(f"{'treatment':<20} {'gross % of rent':<26} {'net % of rent':<26} {'fines a seat and round':<26} published, with people")
    for name, make in LABORATORY.items():
        treatment = make()
        summary = summarise(outcomes(treatment.game, treatment.members, matches, seed))
        row = (percent(summary["efficiency"]), percent(summary["net_efficiency"]), plain(summary["punish_rate"]))
        print(f"{name:<20} {row[0]:<26} {row[1]:<26} {row[2]:<26} {PUBLISHED[name]}")


def norms(matches: int, seed: int) -> None:
    print(
        "\nScarce resource, eight selfish imitators, at most 100 rounds:",
        textwrap.fill(" ".join((Imitator.__doc__ or "").partition("Args")[0].split()), 150),
        sep="\n",
    )
    print(f"{'institutions':<34} {'survival time':<26} {'survived %':<26} {'efficiency %':<26} compliance %")
    cases = {
        "social learning only": learning_only(),
        "and the median of proposals": with_collective_choice("median"),
        "and a vote on proposals": with_collective_choice("plurality"),
    }
    for name, treatment in cases.items():
        summary = summarise(outcomes(treatment.game, treatment.members, matches, seed))
        row = (plain(summary["survival_time"]), percent(summary["survived"]), percent(summary["efficiency"]))
        compliance = percent(summary["compliance"]) if summary["compliance"].count else "     -"
        print(f"{name:<34} {row[0]:<26} {row[1]:<26} {row[2]:<26} {compliance}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--matches", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    laboratory(args.matches, args.seed)
    norms(args.matches, args.seed)
