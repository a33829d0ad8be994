"""Tabular solvers on small games: NashConv by iteration, values, and processor seconds, beside OpenSpiel's numbers.

    python benchmarks/search_solvers.py

OpenSpiel's NashConv: Kuhn CFR .916667 .137398 .016452 .001875, CFR+ .0653742 .0023888 .00017473 (after 10, 100, 1000);
Leduc uniform 4.747222; values -1/18 and -0.0856064241 by linear programming.
"""

from __future__ import annotations

import time

from agentarena.agents.search.cfr import solve
from agentarena.agents.search.lp import solve_lp
from agentarena.agents.search.tree import tree_of
from agentarena.core.registry import game

CHECKPOINTS = (1, 10, 100, 1000)


def main() -> None:
    print(f"| game | solver | {' | '.join(f'NashConv after {t}' for t in CHECKPOINTS)} | value of seat 0 | CPU s |")
    print(f"|---|---|{'---|' * len(CHECKPOINTS)}---|---|")
    for env_id in ("KuhnPoker-v0", "LeducPoker-v0"):
        rules = game(env_id)
        tree_of(rules)  # kept, so that only solving is timed
        for name, variant in (("CFR", "cfr"), ("CFR+", "plus")):
            began = time.process_time()
            solution = solve(rules, CHECKPOINTS[-1], variant=variant, checkpoints=CHECKPOINTS)
            spent = time.process_time() - began
            cells = " | ".join(f"{solution.nash_conv[t]:.6g}" for t in CHECKPOINTS)
            print(f"| {env_id} | {name} | {cells} | {solution.values[0]:.10f} | {spent:.2f} |")
        began = time.process_time()
        solution = solve_lp(rules)
        print(f"| {env_id} | linear program |{' |' * len(CHECKPOINTS)} {solution.values[0]:.10f} | {time.process_time() - began:.2f} |")


if __name__ == "__main__":
    main()
