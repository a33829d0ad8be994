"""What tests of Pokémon VGC share: the worker without Node, the simulator where it is installed, random play."""

import sys
from pathlib import Path

import numpy as np
import pytest

from agentarena.envs.pokemon_vgc.engine import Battle, Engine, Setup, Side, Update, seed_words
from agentarena.envs.pokemon_vgc.engine.errors import EngineMissing
from agentarena.envs.pokemon_vgc.engine.install import worker_command
from agentarena.envs.pokemon_vgc.teams import default_pools

FAKE = [sys.executable, str(Path(__file__).parent / "fake_worker.py")]
CHAMPIONS, REG_I = "gen9championsvgc2026regmb", "gen9vgc2025regi"


def missing() -> str:
    """What keeps the simulator from running; empty where it runs."""
    try:
        worker_command()
    except EngineMissing as error:
        return str(error)
    return ""


needs_simulator = pytest.mark.skipif(bool(missing()), reason=missing() or "the simulator runs")


def setups(format: str, count: int) -> list[Setup]:
    """Battles between the first training teams of a format."""
    teams = default_pools(format).train_teams(2 * count)
    return [Setup(format, seed=seed_words(7 + i), teams=(teams[2 * i], teams[2 * i + 1])) for i in range(count)]


def choice(side: Side, rng: np.random.Generator) -> tuple[int, ...] | None:
    """A random legal choice of one side; `None` where it waits."""
    if side.kind in ("wait", "over"):
        return None
    if side.kind == "preview":
        return tuple(int(i) for i in rng.permutation(6)[: side.pick] + 1)
    while True:
        left, right = (int(rng.choice(slot)) if slot else 0 for slot in side.slots)
        same_switch = left == right and 1 <= left <= 6
        two_gimmicks = left >= 23 and right >= 23
        passes = side.passes is None or (left, right).count(0) == side.passes
        if not same_switch and not two_gimmicks and passes:
            return (left, right)


def play(
    engine: Engine, battles: list[tuple[Battle, Update]], seed: int = 0, rounds: int = 200, between=lambda round: None
) -> list[Update]:
    """Play battles with random choices, to the end or for some rounds; `between` is called before each round."""
    rngs = [np.random.default_rng([seed, i]) for i in range(len(battles))]
    updates = [update for _, update in battles]
    for round in range(rounds):
        between(round)
        running = [i for i, update in enumerate(updates) if not update.over]
        if not running:
            break
        items = [(battles[i][0], tuple(choice(side, rngs[i]) for side in updates[i].sides)) for i in running]
        for i, result in zip(running, engine.choose(items), strict=True):
            assert isinstance(result, Update), result
            updates[i] = result
    return updates
