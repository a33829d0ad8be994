"""Skill games: 10,000 sampled games solved by their plans, none by doing nothing; returns of the players; commands per CPU-second.

python benchmarks/skillgame_numbers.py              # 2,000 games of each world
python benchmarks/skillgame_numbers.py --games 200
"""

from __future__ import annotations

import argparse
import random
import time
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.envs.skillgame.engine.loading import WORLDS, load_spec
from agentarena.envs.skillgame.engine.planner import plan
from agentarena.envs.skillgame.engine.scene import act, first_scene, won
from agentarena.envs.skillgame.engine.world import Key
from agentarena.envs.skillgame.engine.worlds_of import world_of

LONGEST = 100


def sampled(name: str, games: int) -> tuple[int, int, list[int]]:
    """Games that the plan does within the stated length, games done at the start, and the lengths of the plans."""
    solved, idle, lengths = 0, 0, []
    load_spec(name)
    for number in range(games):
        world = world_of(name, Key("train", number, longest=LONGEST))
        scene = first_scene(world)
        idle += won(world, scene)
        commands = plan(world) or []
        for command in commands:
            result = act(world, scene, command)
            assert result is not None
            scene = result[0]
        solved += won(world, scene) and len(commands) <= LONGEST
        lengths.append(len(commands))
    return solved, idle, lengths


def steps_per_second(name: str, games: int) -> float:
    """`SkillGame` as every adapter drives it, many games at once, in one process: legal, step, to_move, rewards; random commands."""
    game: Any = aa.game("SkillGame-v0", options={"world": name})
    chance, rng, commands = np.random.default_rng(0), random.Random(0), 0
    states = [game.start(chance) for _ in range(games)]
    begun = time.process_time()
    while states:
        after = []
        for state in states:
            options = game.legal(state, 0).suggestions
            state = game.step(state, {0: options[int(rng.random() * len(options))]}, chance)
            game.rewards(state)
            commands += 1
            if game.to_move(state):
                after.append(state)
        states = after
    return commands / (time.process_time() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=2000, help="Sampled games of each world.")
    parser.add_argument("--matches", type=int, default=200, help="Matches of each player and world.")
    arguments = parser.parse_args()
    print("| world | games | solved | by doing nothing | plan, mean and most | random | explorer | solver | steps per CPU-second |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in WORLDS:
        solved, idle, lengths = sampled(name, arguments.games)
        returns = []
        for agent, options in (("random", {}), ("skillgame/explorer", {}), ("skillgame/solver", {"hints": True})):
            run = aa.play("SkillGame-v0", [agent], matches=arguments.matches, seed=0, options={"world": name, "split": "test", **options})
            returns.append(float(np.mean([row[0] for row in run.returns])))
        speed = steps_per_second(name, 200)
        plans = f"{np.mean(lengths):.1f}, {max(lengths)}"
        print(
            f"| {name} | {len(lengths)} | {solved} | {idle} | {plans} | {' | '.join(f'{r:.3f}' for r in returns)} | {speed:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
