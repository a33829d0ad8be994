"""The informed side's game as a tree of beliefs: I children a node, I^K leaves, whatever the size of the players' controls.

At every node the informed side has I prototypes of a control and, for each type, the chances of playing each of them; the other side
answers each child (split) or the node (sim). The saddle point of the mean cost is sought by simultaneous gradient descent and ascent,
with Adam, slower in the chances than in the controls: as fast, they settle one step early or late. Source: Ghimire et al., arXiv
2502.00560, for the tree; two rates and the merging of alike children are ours.

    tree = solve(Hexner(discretization="split").system, prior)
    tree.value, tree.reveal_step

Axis letters: M nodes of a level, I types, N players, D dimensions.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.envs.football.rules.linear_quadratic import Discretization
from agentarena.envs.football.rules.system import Motion, System
from agentarena.envs.football.state import ATTACK, DEFENCE

__all__ = ["Level", "Tree", "TreeConfig", "solve"]

_REVEALED = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeConfig:
    """How a tree is solved.

    Attributes:
        iterations: Steps of gradient descent and ascent.
        rate: Rate of Adam for controls, in units of `scale`.
        signal_rate: Rate of Adam for the chances' logits.
        scale: Size of controls that are worth telling apart; `None` for a tenth of the greatest bound, at most 1.
        merge_at: Share of the iterations after which children with like posteriors are merged and unlikely ones cut.
        merge_gap: Posteriors closer than this are alike, and chances below it are none.
        ascents: Steps of the other side for each of the informed side's.
        seconds: Wall time after which iterations stop; 0 for no limit. What is found then depends on the machine.
        seed: Of the first controls and chances.
    """

    iterations: int = 400
    rate: float = 0.2
    signal_rate: float = 0.05
    scale: float | None = None
    merge_at: tuple[float, ...] = (0.5, 0.7)
    merge_gap: float = 0.04
    ascents: int = 1
    seconds: float = 0.0
    seed: int = 0


@dataclass
class Level:
    """The nodes one step on from those of the level before.

    Attributes:
        parent: Node of the level before. Shape (M,).
        slot: Which of its parent's prototypes leads here. Shape (M,).
        control: The informed side's prototypes, raw. Shape (M, N, D).
        answer: The other side's controls, raw: of each node (split), or of each parent (sim).
        logits: Of the chances, (parents, I, I).
        open: Which prototypes each type may play at each parent, (parents, I, I).
    """

    parent: Any
    slot: Any
    control: Any
    answer: Any
    logits: Any
    open: Any


@dataclass
class Tree:
    """A solved tree.

    Attributes:
        system: The game.
        prior: Belief at the root, (I,).
        motion: At the root, without leading axes, on the host.
        discretization: Who sees what within a step.
        levels: One a step.
        value: The mean cost when the iterations ended.
        history: The mean cost at each iteration.
    """

    system: System
    prior: np.ndarray
    motion: Motion
    discretization: Discretization
    levels: list[Level]
    value: float = float("nan")
    history: list[float] = field(default_factory=list)

    def controls(self, raw: Any, side: int) -> Any:
        """Controls within the bounds: `bound * tanh(raw / bound)`."""
        import torch

        bound = torch.as_tensor(self.system.bound[side], dtype=raw.dtype)
        return bound * torch.tanh(raw / bound)

    def chances(self, level: Level) -> Any:
        """Chance that type i plays prototype j at each node of the level before, (parents, I, I)."""
        return level.logits.masked_fill(~level.open, -1e9).softmax(-1)

    def cost(self) -> Any:
        """The mean cost, differentiable in all parameters."""
        return self._walk()[0]

    def beliefs(self) -> list[np.ndarray]:
        """Chance of each type and node at each level: joint, (M, I). The root's is the prior."""
        import torch

        with torch.no_grad():
            return [joint.numpy() for joint in self._walk()[1]]

    def motions(self) -> list[Motion]:
        """The motion at the nodes of every level, the root's first, on the host."""
        import torch

        with torch.no_grad():
            return [Motion(*(part.numpy() for part in motion)) for motion in self._walk()[2]]

    def _walk(self) -> tuple[Any, list[Any], list[Motion]]:
        """The mean cost, and the joint chances and motions of every level."""
        import torch

        motion = Motion(*(torch.as_tensor(np.asarray(part), dtype=torch.float64)[None] for part in self.motion))
        joint = torch.as_tensor(self.prior, dtype=torch.float64)[None]
        total, joints, motions = torch.zeros((), dtype=torch.float64), [joint], [motion]
        for level in self.levels:
            joint = joint[level.parent] * self.chances(level)[level.parent, :, level.slot]
            answer = self.controls(level.answer, DEFENCE)
            both = torch.stack(
                [self.controls(level.control, ATTACK), answer if self.discretization == "split" else answer[level.parent]], 1
            )
            motion, cost, typed = self.system.advance(Motion(*(part[level.parent] for part in motion)), both)
            total = total + (joint.sum(1) * cost).sum()
            if typed is not None:
                total = total + (joint * typed).sum()
            joints.append(joint)
            motions.append(motion)
        return total + (joint * self.system.terminal(motion)).sum(), joints, motions

    @property
    def reveal_step(self) -> int:
        """The step by which the type is known: the first whose posterior is on average sure of a type by 0.95; K when none is."""
        sure = [float(joint.max(1).sum()) for joint in self.beliefs()[1:]]
        return next((k for k, share in enumerate(sure) if share >= _REVEALED), len(sure))

    # --- smaller trees ------------------------------------------------------------------------------------------

    def merge(self, gap: float, least: float) -> None:
        """Cut what is settled: chances below `gap` become 0, and children go that are hardly reached or like a likelier sibling."""
        for level in self.levels:
            chances = self.chances(level).detach()
            level.open &= (chances >= gap) | (chances == chances.max(-1, keepdim=True).values)
        joints = self.beliefs()
        left = np.arange(1)  # nodes of the level before that stay, by their old number
        for number, level in enumerate(self.levels):
            joint, parent = joints[number + 1], level.parent.numpy()
            keep = np.zeros(len(parent), bool)
            for node in left:
                children = np.flatnonzero(parent == node)
                keep[_distinct(joint, children[np.argsort(-joint[children].sum(1), kind="stable")], gap, least)] = True
            self.levels[number] = _cut(level, left, keep, self.discretization)
            left = np.flatnonzero(keep)

    def copy(self) -> Tree:
        """A tree of the same parameters, detached from the gradients of this one."""
        stay, levels = np.arange(1), []
        for level in self.levels:
            levels.append(_cut(level, stay, np.ones(len(level.parent), bool), self.discretization))
            stay = np.arange(len(level.parent))
        return Tree(self.system, self.prior, self.motion, self.discretization, levels, self.value, list(self.history))

    def below(self, slot: int) -> Tree:
        """The tree that is left after the first step has been played with a prototype of the root.

        Raises:
            BadOption: The root has no such prototype, or its children are the last.
        """
        nodes = np.flatnonzero(self.levels[0].slot.numpy() == slot)
        if not len(nodes) or len(self.levels) < 2:
            raise BadOption(
                f"prototype {slot} leads nowhere; the root has {sorted(self.levels[0].slot.tolist())}, {len(self.levels)} steps are left"
            )
        left, levels = nodes, []
        for level in self.levels[1:]:
            keep = np.isin(level.parent.numpy(), left)
            levels.append(_cut(level, left, keep, self.discretization))
            left = np.flatnonzero(keep)
        joint = self.beliefs()[1][nodes[0]]
        motion = Motion(*(part[nodes[0]] for part in self.motions()[1]))
        return Tree(self.system, joint / joint.sum(), motion, self.discretization, levels)

    @property
    def nodes(self) -> int:
        """How many nodes there are, but for the root."""
        return sum(len(level.parent) for level in self.levels)


def _distinct(joint: np.ndarray, children: np.ndarray, gap: float, least: float) -> list[int]:
    """The children, likeliest first, that are reached and unlike those before."""
    chosen: list[int] = []
    for child in children.tolist():
        weight = joint[child].sum()
        if chosen and (weight < least or any(np.abs(joint[child] / weight - joint[c] / joint[c].sum()).max() < gap for c in chosen)):
            continue
        chosen.append(child)
    return chosen


def _cut(level: Level, parents: np.ndarray, keep: np.ndarray, discretization: Discretization) -> Level:
    """A level whose parents and nodes are only those named."""
    import torch

    new_number = np.full(int(level.logits.shape[0]), -1)
    new_number[parents] = np.arange(len(parents))
    parent, slot = level.parent.numpy()[keep], level.slot.numpy()[keep]
    there = torch.zeros((len(parents), level.open.shape[1]), dtype=torch.bool)
    there[new_number[parent], slot] = True
    is_open = level.open[torch.as_tensor(parents)] & there[:, None, :]
    is_open |= ~is_open.any(-1, keepdim=True) & there[:, None, :]  # a type whose prototypes are all gone plays those that are left
    rows = torch.as_tensor(np.flatnonzero(keep))
    parent_rows = torch.as_tensor(parents)

    def part(tensor: Any, index: Any) -> Any:
        return tensor.detach()[index].clone().requires_grad_()

    return Level(
        torch.as_tensor(new_number[parent]),
        torch.as_tensor(slot),
        part(level.control, rows),
        part(level.answer, rows if discretization == "split" else parent_rows),
        part(level.logits, parent_rows),
        is_open,
    )


def grow(system: System, prior: np.ndarray, motion: Motion, steps: int, discretization: Discretization, scale: float, seed: int) -> Tree:
    """A full tree with small random controls and nearly even chances."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    types, shape = system.types, (system.players, system.dims)

    def noise(size: float, *of: int) -> Any:
        return (size * torch.randn(of, generator=generator, dtype=torch.float64)).requires_grad_()

    levels = []
    for k in range(steps):
        parents = types**k
        numbers = torch.arange(parents * types)
        level = Level(
            numbers // types,
            numbers % types,
            noise(scale, parents * types, *shape),
            noise(scale, parents * types if discretization == "split" else parents, *shape),
            noise(0.1, parents, types, types),
            torch.ones((parents, types, types), dtype=torch.bool),
        )
        levels.append(level)
    return Tree(system, prior, motion, discretization, levels)


def solve(
    system: System,
    prior: Any,
    *,
    motion: Motion | None = None,
    steps: int | None = None,
    discretization: Discretization = "split",
    config: TreeConfig | None = None,
    warm: Tree | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Tree:
    """Solve the informed side's game from a motion on.

    Args:
        system: The game.
        prior: Belief, (I,).
        motion: Where everybody is; the start of the system by default.
        steps: Steps left; all of the system's by default.
        discretization: Who sees what within a step.
        config: How.
        warm: A tree of the same depth to start from; it is changed.
        progress: Called with the iteration and the mean cost.
    """
    config = config or TreeConfig()
    if motion is None:
        motion = Motion(*system.start, np.ones(system.types))
    belief = np.asarray(prior, np.float64) / np.sum(prior)
    scale = config.scale or min(1.0, float(system.bound.max()) / 10)
    tree = warm or grow(system, belief, motion, steps or system.steps, discretization, 0.1 * scale, config.seed)
    tree.prior, tree.motion = belief, motion
    merges = {round(share * config.iterations) for share in config.merge_at}
    optimizers, begin = _optimizers(tree, config, scale), time.perf_counter()
    for i in range(config.iterations):
        if config.seconds and time.perf_counter() - begin > config.seconds:
            break
        if i in merges:
            tree.merge(config.merge_gap, 1e-4)
            optimizers = _optimizers(tree, config, scale)
        rate = 0.5 * (1 + np.cos(np.pi * i / config.iterations))
        tree.history.append(_update(tree, optimizers, rate, config.ascents))
        if progress is not None:
            progress(i, tree.history[-1])
    tree.value = float(tree.cost().detach())
    return tree


def _optimizers(tree: Tree, config: TreeConfig, scale: float) -> tuple[Any, Any]:
    """Adam of the informed side, and of the other."""
    import torch

    own = [
        {"params": [level.control for level in tree.levels], "lr": config.rate * scale},
        {"params": [level.logits for level in tree.levels], "lr": config.signal_rate},
    ]
    other = [{"params": [level.answer for level in tree.levels], "lr": config.rate * scale}]
    optimizers = (
        torch.optim.Adam(own, foreach=True, betas=(0.5, 0.99)),
        torch.optim.Adam(other, foreach=True, maximize=True, betas=(0.5, 0.99)),
    )
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["first_rate"] = group["lr"]
    return optimizers


def _update(tree: Tree, optimizers: tuple[Any, Any], rate: float, ascents: int) -> float:
    """One step of both sides at once, after further ones of the other side alone. The mean cost before the last."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["first_rate"] * rate
    for number in range(ascents):
        for optimizer in optimizers:
            optimizer.zero_grad()
        cost = tree.cost()
        cost.backward()
        optimizers[1].step()
        if number == ascents - 1:
            optimizers[0].step()
    return float(cost.detach())
