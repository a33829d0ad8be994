"""Household: commands per CPU-second with sorted admissible lists, and ALFWorld's own engine in the same run where it is installed.

python benchmarks/household_speed.py            # with ALFWorld: .venv-alfworld/bin/python benchmarks/household_speed.py
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.envs.household.engine.generator import generate
from agentarena.envs.household.engine.houses import Key, house_of
from agentarena.envs.household.engine.problem import write
from agentarena.envs.household.engine.scene import act, admissible, start

STEPS = 50


def engine(games: int) -> float:
    """The engine alone: one game after the other, each command drawn from the list."""
    houses = [house_of(Key("", number, "train")) for number in range(games)]
    rng, commands = random.Random(0), 0
    begun = time.process_time()
    for house in houses:
        scene = start(house)
        for _ in range(STEPS):
            options = admissible(house, scene)
            done = act(house, scene, options[int(rng.random() * len(options))])
            assert done is not None
            scene = done[0]
            commands += 1
        admissible(house, scene)
    return commands / (time.process_time() - begun)


def rules(games: int) -> float:
    """`Household` as every adapter drives it, all games at once, in one process: legal, step, to_move, rewards."""
    game: Any = aa.game("Household-v0")
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


def environment(steps: int) -> float:
    """`gymnasium.make`, with observation and everything in `info`."""
    env, rng = aa.make_solo("Household-v0"), random.Random(0)
    _, info = env.reset(seed=0)
    begun = time.process_time()
    for _ in range(steps):
        _, _, terminated, _, info = env.step(rng.choice(info["admissible_commands"]))
        if terminated:
            _, info = env.reset()
    return steps / (time.process_time() - begun)


def making(games: int) -> tuple[float, float]:
    """Milliseconds and kilobytes that a generated game takes before its first command."""
    begun = time.process_time()
    for number in range(5000, 5000 + games):
        house_of(Key("", number, "train"))
    took = 1000 * (time.process_time() - begun) / games
    tracemalloc.start()
    kept = [house_of(Key("", number, "train")) for number in range(9000, 9000 + 50)]
    size = tracemalloc.get_traced_memory()[0] / len(kept) / 1000
    tracemalloc.stop()
    return took, size


def stock(games: int, steps: int) -> tuple[float, float]:
    """ALFWorld's engine on the same games: commands per second, and seconds to load and reset one."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "with_alfworld"))
    from stock import Stock, game_data

    stepping = making_time = 0.0
    for number in range(games):
        problem, task = generate("train", number)
        rng, begun = random.Random(number), time.process_time()
        real = Stock(game_data(write(problem), "0.4", task))
        real.reset()
        made = time.process_time()
        for _ in range(steps):
            real.step(rng.choice(real.admissible))
        stepping += time.process_time() - made
        making_time += made - begun
    return games * steps / stepping, making_time / games


def main() -> None:
    took, size = making(200)
    print(f"a generated game: {took:.2f} ms, {size:.0f} kB")
    ours = engine(256)
    print(f"engine: {ours:,.0f} commands/s")
    print(f"rules, 256 games in one process: {rules(256):,.0f} commands/s in total")
    print(f"Gymnasium, with all of info: {environment(2000):,.0f} commands/s")
    try:
        speed, made = stock(3, 30)
    except ImportError as error:
        print(f"ALFWorld's own engine: not installed ({error})")
        return
    print(
        f"ALFWorld's own engine: {speed:.1f} commands/s, {made:.2f} s to load and reset a game; ours is {ours / speed:,.0f} times as fast"
    )


if __name__ == "__main__":
    main()
