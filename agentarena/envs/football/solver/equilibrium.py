"""The equilibrium of linear-quadratic games, as strategies: what each side does at any step, motion and public belief.

The informed side splits the belief (it conceals, or reveals, or in between) and aims at the mean target of the posterior; the other
side aims at the mean target of the belief that it holds when it acts. With two types the split is known in closed form: reveal
everything at one step. With more it comes from the program over beliefs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.envs.football.rules.linear_quadratic import Discretization, shares, zero_effort
from agentarena.envs.football.rules.quadratic import QuadraticSystem
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK, DEFENCE

from .belief import BeliefProgram, Split, spread

__all__ = ["Equilibrium"]

_FINENESS = {3: 60, 4: 24, 5: 14, 6: 10, 7: 8, 8: 6}
"""How fine beliefs are for each number of types."""


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Both sides' strategies, and the value. Exact while the bounds of the system do not cut the controls.

    Args:
        system: The game.
        discretization: Who sees what within a step.

    Raises:
        BadOption: There are more types than a program over beliefs is made for.
    """

    system: QuadraticSystem
    discretization: Discretization = "split"

    def __post_init__(self) -> None:
        if self.system.types != 2 and self.system.types not in _FINENESS:
            raise BadOption(f"the game has {self.system.types} types; allowed: 2 to {max(_FINENESS)}")

    # --- the value ----------------------------------------------------------------------------------------------

    def value(self, belief: np.ndarray) -> float:
        """What the informed side pays on average, from the start of the system."""
        return self.base(belief) + self.hidden(belief)

    def base(self, belief: np.ndarray) -> float:
        """The value if the type were public."""
        system = self.system
        share = system.scale * shares(system.weights, system.steps, system.horizon)[0]
        effortless = zero_effort(np.concatenate([system.position, system.velocity], -1), system.horizon)
        paid = (share * (effortless - system.targets) ** 2).sum((-2, -1))
        return float(belief @ (paid[:, ATTACK] - paid[:, DEFENCE]))

    def hidden(self, belief: np.ndarray) -> float:
        """What hiding the type is worth."""
        if self.system.types == 2:
            return float(self.prices(belief)[self.reveal_step])
        return self.program.value(tuple(belief))

    def prices(self, belief: np.ndarray) -> np.ndarray:
        """What the informed side pays more than `base` when it reveals the type at each step, or never (last). Shape (K + 1,)."""
        system = self.system
        share = system.scale * shares(system.weights, system.steps, system.horizon).reshape(system.steps + 1, 2, -1)
        paid = [(share[:, side] - share[0, side]) @ spread(system, belief[None], side)[0] for side in (ATTACK, DEFENCE)]
        answered = paid[DEFENCE] if self.discretization == "split" else np.append(paid[DEFENCE][1:], paid[DEFENCE][-1])
        return paid[ATTACK] - answered

    @cached_property
    def reveal_step(self) -> int:
        """The step that reveals the type; K when none does. For two types."""
        return int(np.argmin(np.round(self.prices(np.full(2, 0.5)), 15)))

    @cached_property
    def _splits(self) -> dict[tuple[int, tuple[float, ...]], Split]:
        return {}

    @cached_property
    def program(self) -> BeliefProgram:
        """The program over beliefs, for more than two types."""
        return BeliefProgram(self.system, self.discretization, _FINENESS[self.system.types])

    # --- the strategies -----------------------------------------------------------------------------------------

    def split(self, belief: np.ndarray, step: int) -> Split:
        """How the informed side moves the public belief at a step."""
        if self.system.types > 2:
            key = (step, tuple(belief))
            if key not in self._splits:  # beliefs recur from match to match, and each takes a linear program
                self._splits[key] = self.program.split(key[1], step)
            return self._splits[key]
        if step < self.reveal_step:
            return Split(np.ones(1), belief[None])
        types = np.flatnonzero(belief > 0)
        return Split(belief[types], np.eye(2)[types])

    def prototypes(self, motion: Motion, split: Split, step: int) -> np.ndarray:
        """The informed side's control for each posterior of a split, (J, N, D)."""
        at = np.asarray(step)
        return np.stack([self.system.aimed(self._mean(posterior, ATTACK), ATTACK, motion, at) for posterior in split.posteriors])

    def answer(self, motion: Motion, belief: np.ndarray, step: int) -> np.ndarray:
        """The other side's control under the belief that it holds, (N, D)."""
        return np.asarray(self.system.aimed(self._mean(belief, DEFENCE), DEFENCE, motion, np.asarray(step)))

    # --- what the other side can rely on, whatever the informed side does ---------------------------------------------

    @cached_property
    def _halves(self) -> tuple[np.ndarray, np.ndarray]:
        """The middle of both targets, and from there to the first, each (2, N, D). For two types."""
        first, second = self.system.targets
        return (first + second) / 2, (first - second) / 2

    @cached_property
    def _worth(self) -> np.ndarray:
        """-g at each step: V(q) = base(q) + g (1 - q^2), q = p[0] - p[1]. Shape (K + 1,)."""
        system = self.system
        half = self._halves[1]
        share = system.scale * shares(system.weights, system.steps, system.horizon)
        price = (share * half**2).sum((-2, -1)) @ np.array([1.0, -1.0])
        return price - np.minimum.accumulate(price[::-1])[::-1]

    def tilt(self, belief: np.ndarray) -> float:
        """Half the difference of the dual numbers at the start, where the dual game has this belief: what `guard` starts from."""
        system = self.system
        middle, half = self._halves
        share = system.scale * shares(system.weights, system.steps, system.horizon)[0]
        effortless = zero_effort(np.concatenate([system.position, system.velocity], -1), system.horizon)
        slope = -2 * (share * half * (effortless - middle)).sum((-2, -1)) @ np.array([1.0, -1.0])
        return float(slope + 2 * self._worth[0] * (belief[0] - belief[1]))

    def guard(self, motion: Motion, announced: np.ndarray, tilt: float, step: int) -> np.ndarray:
        """The other side's control (N, D) in the equilibrium of the dual game, after the informed side's control of a split step.

        It asks for no belief: it looks at where the informed side can still get to, so that nothing the informed side does costs it
        more than the value. It aims at the mean target of the q at which min over controls, max over q of the dual value is attained.
        """
        system = self.system
        (middle1, middle2), (half1, half2) = self._halves
        dt, left = system.dt, system.horizon - step * system.dt
        lever = left - dt / 2
        share1, share2 = system.scale * shares(system.weights, system.steps, system.horizon)[step + 1]
        effortless = motion.position + left * motion.velocity
        after = effortless[ATTACK] + lever * dt * announced
        moved = lever * dt * system.gains[step, DEFENCE]
        pull = (
            tilt
            + 2 * (share1 * half1 * (after - middle1)).sum()
            - 2 * (share2 * half2 * (effortless[DEFENCE] - middle2) * (1 - moved)).sum()
        )
        stiff = 2 * self._worth[step + 1] + 2 * (share2 * half2**2 * moved).sum()
        q = float(np.clip(pull / stiff, -1.0, 1.0)) if stiff > 0 else float(np.sign(pull))
        return np.asarray(system.aimed(middle2 + q * half2, DEFENCE, motion, np.asarray(step)))

    @staticmethod
    def chances(split: Split, belief: np.ndarray) -> np.ndarray:
        """Chance that type i acts for posterior j, (I, J), for types that have a chance."""
        joint = split.weights * split.posteriors.T
        return np.divide(joint, belief[:, None], out=np.full_like(joint, 1 / len(split.weights)), where=belief[:, None] > 0)

    def _mean(self, belief: np.ndarray, side: int) -> np.ndarray:
        return np.einsum("i,ind->nd", belief, self.system.targets[:, side])
