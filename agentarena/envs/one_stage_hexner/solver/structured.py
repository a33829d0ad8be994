"""The one-stage game without grids: at most as many controls as types, sought by gradients, or known in closed form.

Theory says that the informed side needs no more prototypes of a control than there are types, however many actions it has. A solver
that knows this searches for these prototypes and the chances of playing them: its cost does not depend on any grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.solver.tree import TreeConfig, solve
from agentarena.envs.one_stage_hexner.rules import Stage
from agentarena.envs.one_stage_hexner.state import ATTACK, DEFENCE

__all__ = ["Atoms", "equilibrium", "solve_structured"]


@dataclass(frozen=True, eq=False)
class Atoms:
    """Strategies in continuous controls.

    Attributes:
        prototypes: The attacker's controls, (J, D), J at most the number of types.
        chances: Chance that each type plays each of them, (I, J).
        defence: The defender's control, (D,).
    """

    prototypes: np.ndarray
    chances: np.ndarray
    defence: np.ndarray


def equilibrium(stage: Stage) -> Atoms:
    """The equilibrium in closed form: each type goes for its own target, the defender for the mean target. Both act at once, so there is
    nothing to gain from hiding.

    >>> from agentarena.envs.one_stage_hexner import OneStageHexner
    >>> atoms = equilibrium(OneStageHexner().stage)
    >>> atoms.prototypes.round(6).tolist(), atoms.defence.round(6).tolist()
    ([[0.833333, 1.818182], [0.833333, -1.818182]], [-0.833333, 0.0])
    """
    system, types = stage.system, stage.system.types
    motion, now = Motion(*system.start, np.ones(types)), np.asarray(0)
    prototypes = np.stack([system.aimed(target, ATTACK, motion, now)[0] for target in system.targets[:, ATTACK]])
    middle = np.tensordot(stage.prior, system.targets[:, DEFENCE], 1)
    return Atoms(prototypes, np.eye(types), np.asarray(system.aimed(middle, DEFENCE, motion, now)[0]) + 0.0)


def solve_structured(stage: Stage, config: TreeConfig | None = None, *, starts: int = 1) -> Atoms:
    """Prototypes, chances and the defender's control by simultaneous gradients: the tree of beliefs with one step (needs torch).

    Args:
        stage: The game.
        config: How; seeds count from its own.
        starts: How many seeds are tried; the one at which the attacker pays least is taken. With two types one is enough; with more, two
            types may settle on one control, from which gradients do not part them.

    Raises:
        BadOption: `starts` is not a whole number from 1.
    """
    if isinstance(starts, bool) or not isinstance(starts, int) or starts < 1:
        raise BadOption(f"starts is {shown(starts)}; allowed: a whole number from 1")
    config = config or TreeConfig()
    trees = (
        solve(stage.system, stage.prior, steps=1, discretization="sim", config=replace(config, seed=config.seed + number))
        for number in range(starts)
    )
    tree = min(trees, key=lambda one: one.value)
    (level,) = tree.levels
    chances = tree.chances(level).detach().numpy()[0][:, level.slot.numpy()]
    prototypes, defence = (
        tree.controls(raw, side).detach().numpy()[:, 0] for raw, side in ((level.control, ATTACK), (level.answer, DEFENCE))
    )
    return Atoms(prototypes, chances / chances.sum(1, keepdims=True), defence[0])
