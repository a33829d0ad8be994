"""Linear-quadratic games solved from the outside in: Adam on the signals alone, all controls exact for the signals that there are.

Once it is fixed who signals what, both sides' best controls are known: aim at the mean target of the posterior. What they cost depends
on the beliefs alone, so that a tree of any number of players and dimensions becomes I x I matrices. With J the chances of a node and
each type, (I,), and what a side pays in step k for aiming at a mean target, d[k, a] (`linear_quadratic.shares`, differences),

    mean cost = base(prior) + sum over k, i of p_i A[k]_ii - sum over k and nodes of J' A[k] J / sum(J)
    A[k] = sum over a of d1[k, a] target1[a] target1[a]' - d2[k, a] target2[a] target2[a]'

at the nodes that the step leads to; with simultaneous steps the second part of A is at the nodes that it starts from. The gradient in the
signals is written out, so nothing but numpy is needed to find the value.

Source: the two levels are those of "Fast strategy solving for the informed player in two-player zero-sum linear-quadratic differential
games with one-sided information" (arXiv 2605.03112), known to us by its public code; the reduction of the inner level to beliefs is ours.

Axis letters: M nodes of a level, I types, N players, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.football.rules.linear_quadratic import Discretization, shares
from agentarena.envs.football.rules.quadratic import QuadraticSystem
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK, DEFENCE

__all__ = ["BilevelConfig", "Signals", "solve_bilevel"]

MOST_LEAVES = 100_000
_REVEALED = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class BilevelConfig:
    """How the signals are sought.

    Attributes:
        iterations: Steps of Adam.
        rate: Its rate, for the logits of the chances; it falls to 0 as a cosine does.
        noise: Standard deviation of the first logits; small, so that the step at which revealing pays most grows out of it first.
        settle_at: Chances below this become 0 at the end, where that costs nothing.
        starts: First logits that are tried; the best end counts. `None`: 1 with two types, and 4 with more, where one in five ends at a
            second best.
        seed: Of the first logits.
    """

    iterations: int = 300
    rate: float = 0.1
    noise: float = 0.01
    settle_at: float = 0.2
    starts: int | None = None
    seed: int = 0


@dataclass(eq=False)
class Signals:
    """A tree of signals, and what it is worth with the best controls.

    Attributes:
        system: The game.
        prior: Belief at the root, (I,).
        motion: At the root.
        steps: Levels of the tree; the steps that are left.
        discretization: Who sees what within a step.
        chances: Chance that type i gives signal j, for each level: (M, I, I), rows add up to 1.
        history: The mean cost at each iteration.
    """

    system: QuadraticSystem
    prior: np.ndarray
    motion: Motion
    steps: int
    discretization: Discretization
    chances: list[np.ndarray]
    history: list[float]

    @cached_property
    def value(self) -> float:
        """The mean cost."""
        program = _Program(self.system, self.prior, self.motion, self.steps, self.discretization)
        return program.base + program.hidden(self.chances)

    @property
    def beliefs(self) -> list[np.ndarray]:
        """Chances of each node and type, (M, I), the root's first."""
        return _joints(self.prior, self.chances)

    @property
    def reveal_step(self) -> int:
        """The first step whose posterior is on average sure of a type by 0.95; the number of steps when none is."""
        sure = [float(joint.max(1).sum()) for joint in self.beliefs[1:]]
        return next((k for k, share in enumerate(sure) if share >= _REVEALED), len(sure))

    def tree(self, merge_gap: float = 1e-3) -> Any:
        """The same strategy as a `tree.Tree` with controls, for bounds and for playing. Children whose posteriors are this like are merged."""
        import torch

        from .tree import Level, Tree

        levels, types, offset = [], self.system.types, self.system.steps - self.steps
        beliefs, motion = self.beliefs, Motion(*(part[None] for part in self.motion))
        for k, chance in enumerate(self.chances):
            parent, slot = np.divmod(np.arange(len(chance) * types), types)
            before, after = _posterior(beliefs[k]), _posterior(beliefs[k + 1])
            motion, step = Motion(*(part[parent] for part in motion)), np.full(len(parent), offset + k)
            control = self._aimed(after, ATTACK, motion, step)
            answer = self._aimed(after if self.discretization == "split" else before[parent], DEFENCE, motion, step)
            raw = answer if self.discretization == "split" else answer[::types]
            levels.append(
                Level(
                    torch.as_tensor(parent),
                    torch.as_tensor(slot),
                    self._raw(control, ATTACK),
                    self._raw(raw, DEFENCE),
                    torch.as_tensor(np.log(np.maximum(chance, 1e-300))).requires_grad_(),
                    torch.as_tensor(chance > 0),
                )
            )
            motion, _, _ = self.system.advance(motion, np.stack([control, answer], 1))
        tree = Tree(self.system, self.prior, self.motion, self.discretization, levels, history=self.history)
        tree.merge(merge_gap, 1e-6)
        tree.value = float(tree.cost().detach())
        return tree

    def _aimed(self, beliefs: np.ndarray, side: int, motion: Motion, step: np.ndarray) -> np.ndarray:
        """The best control (M, N, D) under each belief."""
        return np.asarray(self.system.aimed(np.einsum("mi,ind->mnd", beliefs, self.system.targets[:, side]), side, motion, step))

    def _raw(self, control: np.ndarray, side: int) -> Any:
        """The parameters of a tree that mean these controls."""
        import torch

        bound = self.system.bound[side]
        return torch.as_tensor(bound * np.arctanh(np.clip(control / bound, -1 + 1e-12, 1 - 1e-12))).requires_grad_()


class _Program:
    """What the controls that are best for given beliefs cost.

    Attributes:
        base: The value if the type were public.
        after, before: A of the nodes that a step leads to, and starts from, (steps, I, I).
        constant: The part of the cost that no signal changes, but for `base`.
    """

    def __init__(self, system: QuadraticSystem, prior: np.ndarray, motion: Motion, steps: int, discretization: Discretization) -> None:
        self.prior, left = prior, steps * system.dt
        table = system.scale * shares(system.weights, steps, left)
        targets = system.targets.reshape(system.types, 2, -1)
        price = np.diff(table, axis=0).reshape(steps, 2, -1)
        one, two = (np.einsum("ka,ia,ja->kij", price[:, side], targets[:, side], targets[:, side]) for side in (ATTACK, DEFENCE))
        split = discretization == "split"
        self.after, self.before = (one - two, 0 * two) if split else (one, -two)
        self.constant = float(np.einsum("i,kii->", prior, one - two))
        effortless = motion.position + left * motion.velocity
        paid = (table[0] * (effortless - system.targets) ** 2).sum((-2, -1))
        self.base = float(prior @ (paid[:, ATTACK] - paid[:, DEFENCE]))
        self._sim = not split

    def hidden(self, chances: list[np.ndarray]) -> float:
        """What these signals add to `base`."""
        return self._forward(_joints(self.prior, chances))

    def _forward(self, joints: list[np.ndarray]) -> float:
        total = self.constant
        for k in range(len(joints) - 1):
            total -= _quadratic(joints[k + 1], self.after[k])[0].sum()
            if self._sim:
                total -= _quadratic(joints[k], self.before[k])[0].sum()
        return float(total)

    def gradient(self, chances: list[np.ndarray]) -> tuple[float, list[np.ndarray]]:
        """`hidden`, and its gradient in the logits of the chances."""
        joints, types = _joints(self.prior, chances), len(self.prior)
        total, slopes = self.constant, [np.zeros(0)] * len(chances)
        down = np.zeros_like(joints[-1])
        for k in reversed(range(len(chances))):
            worth, slope = _quadratic(joints[k + 1], self.after[k])
            total -= worth.sum()
            step = (down - slope).reshape(-1, types, types).swapaxes(1, 2)  # (M, type, signal)
            pull = chances[k] * step * joints[k][:, :, None]
            slopes[k] = pull - chances[k] * pull.sum(-1, keepdims=True)
            down = (step * chances[k]).sum(-1)
            if self._sim:
                worth, slope = _quadratic(joints[k], self.before[k])
                total -= worth.sum()
                down -= slope
        return float(total), slopes


def _quadratic(joint: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """J' A J / sum(J) at each node, (M,), and its gradient in J, (M, I)."""
    total = np.maximum(joint.sum(1), 1e-300)
    mean = joint / total[:, None]
    turned = mean @ matrix
    square = (turned * mean).sum(1)
    return total * square, 2 * turned - square[:, None]


def _joints(prior: np.ndarray, chances: list[np.ndarray]) -> list[np.ndarray]:
    """Chances of each node and type at each level, the root's first."""
    joints = [prior[None]]
    for chance in chances:
        joints.append((joints[-1][:, :, None] * chance).swapaxes(1, 2).reshape(-1, len(prior)))
    return joints


def solve_bilevel(
    system: QuadraticSystem,
    prior: Any,
    *,
    motion: Motion | None = None,
    steps: int | None = None,
    discretization: Discretization = "split",
    config: BilevelConfig | None = None,
) -> Signals:
    """The informed side's signals and their value, for a linear-quadratic game whose bounds do not cut the controls.

    Args:
        system: The game.
        prior: Belief, (I,), of any positive sum.
        motion: Where everybody is; the start of the system by default.
        steps: Steps left; all of the system's by default.
        discretization: Who sees what within a step. The tree is made for "split"; with "sim" some games have a second best at which
            gradients often end (Hexner's with four steps does): `belief.BeliefProgram` is exact there.
        config: How.

    Raises:
        BadOption: The system is no `QuadraticSystem`, or the tree would have too many leaves.
    """
    config = config or BilevelConfig()
    if not isinstance(system, QuadraticSystem):
        raise BadOption(f"system is {shown(system)}; allowed: a QuadraticSystem (Hexner's games). For any system use tree.solve")
    steps = steps or system.steps
    if system.types**steps > MOST_LEAVES:
        raise BadOption(
            f"{system.types} types and {steps} steps make {system.types**steps:,} leaves; allowed: at most {MOST_LEAVES:,}. "
            "Use fewer steps, or belief.BeliefProgram"
        )
    belief = np.asarray(prior, np.float64) / np.sum(prior)
    if motion is None:
        motion = Motion(*system.start, np.ones(system.types))
    program = _Program(system, belief, motion, steps, discretization)
    best: tuple[float, list[np.ndarray], list[float]] | None = None
    for start in range(config.starts or (1 if system.types == 2 else 4)):
        chances, history = _search(program, steps, config, np.random.default_rng([config.seed, start]))
        chances = _settled(program, chances, config.settle_at)
        cost = program.hidden(chances)
        if best is None or cost < best[0]:
            best = cost, chances, history
    assert best is not None
    return Signals(system, belief, motion, steps, discretization, best[1], best[2])


def _search(program: _Program, steps: int, config: BilevelConfig, rng: np.random.Generator) -> tuple[list[np.ndarray], list[float]]:
    """Chances after Adam, and the mean cost at each iteration."""
    types = len(program.prior)
    shapes = [(types**k, types, types) for k in range(steps)]
    edges = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    logits = rng.normal(0.0, config.noise, edges[-1])
    mean, square, history = np.zeros_like(logits), np.zeros_like(logits), []

    def rows(flat: np.ndarray) -> list[np.ndarray]:
        return [flat[a:b].reshape(shape) for a, b, shape in zip(edges, edges[1:], shapes, strict=False)]

    slow, fast = 0.9, 0.99
    for i in range(config.iterations):
        cost, slopes = program.gradient(rows(_softmax(logits.reshape(-1, types))))
        history.append(program.base + cost)
        slope = np.concatenate([part.ravel() for part in slopes])
        mean += (1 - slow) * (slope - mean)
        square += (1 - fast) * (slope**2 - square)
        rate = config.rate * 0.5 * (1 + np.cos(np.pi * i / config.iterations))
        logits -= rate * (mean / (1 - slow ** (i + 1))) / (np.sqrt(square / (1 - fast ** (i + 1))) + 1e-12)
    return rows(_softmax(logits.reshape(-1, types))), history


def _posterior(joint: np.ndarray) -> np.ndarray:
    """Beliefs at nodes; even ones where a node is never reached."""
    total = joint.sum(1, keepdims=True)
    return np.where(total > 1e-200, joint / np.maximum(total, 1e-200), 1 / joint.shape[1])


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of logits as chances, flat."""
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray((raised / raised.sum(-1, keepdims=True)).ravel())


def _settled(program: _Program, chances: list[np.ndarray], gap: float) -> list[np.ndarray]:
    """The chances with small ones cut, where the mean cost is no greater for it."""
    cut = []
    for chance in chances:
        sharp = np.where((chance >= gap) | (chance == chance.max(-1, keepdims=True)), chance, 0.0)
        cut.append(sharp / sharp.sum(-1, keepdims=True))
    return cut if program.hidden(cut) <= program.hidden(chances) + 1e-12 else chances
