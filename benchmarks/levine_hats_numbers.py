"""Levine's hats: exact optima for low stacks, lower bounds by local search, block strategies.

python benchmarks/levine_hats_numbers.py
"""

from __future__ import annotations

import numpy as np

from agentarena.envs.levine_hats.solver import (
    FIRST_ANSWERS,
    SECOND_ANSWERS,
    best_pair,
    block_value,
    blocks,
    first_black,
    local_search,
    team_search,
    value,
)

RESTARTS = {4: 300, 5: 300, 6: 2000}
TEAMS = {(3, 1): 5, (3, 2): 300, (3, 3): 100, (3, 4): 20, (4, 1): 5, (4, 2): 100, (4, 3): 10, (5, 1): 2, (5, 2): 30, (5, 3): 3}
"""Players and height -> restarts."""


def main() -> None:
    for height in (1, 2, 3):
        print(f"height {height}: exact optimum {best_pair(height)[0]}, first black {value(first_black(height), first_black(height))}")
    for height, restarts in RESTARTS.items():
        bound = local_search(height, np.random.default_rng(0), restarts)[0]
        print(f"height {height}: local search {bound} = {float(bound):.6f} ({restarts} restarts, seed 0)")
    for height in (3, 6):
        chance = value(blocks(height, FIRST_ANSWERS), blocks(height, SECOND_ANSWERS))
        print(f"height {height}: blocks {chance} = {float(chance):.6f}")
    for (players, height), restarts in TEAMS.items():
        bound = team_search(players, height, np.random.default_rng(0), restarts)[0]
        print(f"{players} players, height {height}: local search {bound} = {float(bound):.6f} ({restarts} restarts, seed 0)")
    print(f"infinite stacks: blocks {block_value(FIRST_ANSWERS, SECOND_ANSWERS)}")


if __name__ == "__main__":
    main()
