"""Household: what the two experts, the plain rule and random play do, per split and task type, and how long tasks are.

python benchmarks/household_numbers.py [matches of each player in each split, 400] [games solved by the expert, 6000]
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

import numpy as np

import agentarena as aa
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.household import solver
from agentarena.envs.household.engine.generator import SPLITS, split_size
from agentarena.envs.household.engine.goal import KINDS
from agentarena.envs.household.engine.houses import Key, house_of
from agentarena.envs.household.engine.scene import act, admissible, start, won
from agentarena.evaluate.stats import wilson

PLAYERS = ("random", "household/rule", "household/searcher")


def solve(games: int) -> None:
    """The expert that sees everything, on the first games of `train` and all games of the validation splits."""
    lengths: dict[str, list[int]] = defaultdict(list)
    tried = failed = commands = listed = 0
    for split in SPLITS:
        for number in range(min(split_size(split), games - 274 if split == "train" else games)):
            house = house_of(Key("", number, split))
            scene, plan = start(house), solver.plan(house, start(house))
            tried += 1
            for command in plan or ():
                listed += len(admissible(house, scene))
                commands += 1
                done = act(house, scene, command)
                scene = done[0] if done else scene
            failed += not won(house, scene)
            lengths[house.goal.kind].append(len(plan or ()))
    print(f"full-knowledge expert: {tried - failed}/{tried} games; {listed / commands:.1f} admissible commands on its way")
    for kind in KINDS:
        one = np.array(lengths[kind])
        print(f"  {kind}: {len(one)} games, optimal length {one.mean():.2f} (least {one.min()}, most {one.max()})")


def play(matches: int) -> None:
    """The players, on the games that a run's deals draw."""
    for split in SPLITS:
        game = aa.game("Household-v0", split=split)
        for name in PLAYERS:
            done, tried, steps = Counter[str](), Counter[str](), Counter[str]()
            for record in aa.play(game, [name], matches=matches, seed=1).records:
                kind = game.start(stream(1, CHANCE, record.deal)).house.goal.kind  # type: ignore[attr-defined]  # it is a Household
                tried[kind] += 1
                done[kind] += record.returns[0] == 1
                steps[kind] += len(record.actions)
            total, all_tried = sum(done.values()), sum(tried.values())
            low, high = wilson(total, all_tried)
            print(f"{split} {name}: {total}/{all_tried} = {total / all_tried:.3f} [{low:.3f}, {high:.3f}]", end="; ")
            print(", ".join(f"{kind} {done[kind]}/{tried[kind]} in {steps[kind] / tried[kind]:.1f}" for kind in KINDS if tried[kind]))


def main() -> None:
    matches = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    games = int(sys.argv[2]) if len(sys.argv) > 2 else 6000
    solve(games)
    play(matches)


if __name__ == "__main__":
    main()
