"""What it is worth to conceal until step k and to show the type then, for each k, with bounds: does concealment pay in a game?

Attackers who show their type at step k make one control for all types before it and one for each type from it on. For k from 0 to K
(K: never) the saddle point of such controls and of the defenders' answers to them is sought by gradients, for all k and several
starts at once; then each side's best response to the other's controls bounds what attackers of this kind can get:

    upper[k]   what they pay with the controls that they have, whatever the defenders do
    lower[k]   what they pay against the answers that the defenders have, whatever they do of this kind

Where upper[k] is below lower[0] and lower[K], concealing until k pays more than showing the type at once and than never showing it. Best
responses are sought by gradients from several starts, so both hold as far as no better response exists than those that were
found: `Row.spread` says how far apart the starts end. They are exact for linear-quadratic games.

Axis letters: S revealing steps, R starts, I types, K steps, N players, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.envs.football.rules.linear_quadratic import Discretization
from agentarena.envs.football.rules.system import Motion, System
from agentarena.envs.football.state import ATTACK, DEFENCE

from .tree import Level, Tree

__all__ = ["Row", "Sweep", "SweepConfig", "reveal_sweep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepConfig:
    """How a sweep is made.

    Attributes:
        iterations: Steps of gradient descent and ascent.
        responses: Steps of gradients for each best response.
        rate: Rate of Adam in units of `scale`; it falls to 0 as a cosine does.
        scale: Size of controls that are worth telling apart; `None` for a tenth of the greatest bound, at most 1.
        starts: Starts of the saddle point; the one with the least gap counts.
        restarts: Starts of each best response: from the controls that there are, and from others.
        seed: Of all starts.
    """

    iterations: int = 400
    responses: int = 300
    rate: float = 0.2
    scale: float | None = None
    starts: int = 2
    restarts: int = 4
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """What attackers pay who show their type at a step.

    Attributes:
        step: The step whose control shows the type; the number of steps for never.
        value: The mean cost where the search for a saddle point ended.
        lower: What they pay at least against the defenders' answers.
        upper: What they pay at most with their own controls.
        spread: The greater of both responders' differences between their best and their worst start.
    """

    step: int
    value: float
    lower: float
    upper: float
    spread: float


@dataclass(frozen=True)
class Sweep:
    """Rows for k = 0 to K, and the controls behind them.

    Attributes:
        rows: One a step.
        controls: Of both sides, (S, I, K, 2, N, D).
    """

    rows: tuple[Row, ...]
    controls: np.ndarray

    @property
    def best(self) -> Row:
        """The row with the least upper bound."""
        return min(self.rows, key=lambda row: row.upper)

    def tree(self, system: System, prior: Any, discretization: Discretization = "split", row: Row | None = None) -> Tree:
        """The controls of a row, of the best by default, as a tree whose chances stay: all types alike, then each its own child."""
        import torch

        row = row or self.best
        controls, types, levels = self.controls[self.rows.index(row)], system.types, []
        for step in range(system.steps):
            revealed, parents = step >= row.step, 1 if step <= row.step else types
            nodes = types if revealed else 1
            parent = np.arange(nodes) if parents == types else np.zeros(nodes, np.int64)
            slot = np.zeros(nodes, np.int64) if step != row.step else np.arange(nodes)
            is_open = np.zeros((parents, types, types), bool)
            is_open[:, :, 0] = step != row.step
            is_open |= (step == row.step) & np.eye(types, dtype=bool)
            answers = nodes if discretization == "split" else parents
            own, answer = (_raw(controls[:count, step, side], system.bound[side]) for side, count in ((ATTACK, nodes), (DEFENCE, answers)))
            logits = torch.zeros((parents, types, types), dtype=torch.float64).requires_grad_()
            levels.append(Level(torch.as_tensor(parent), torch.as_tensor(slot), own, answer, logits, torch.as_tensor(is_open)))
        belief = np.asarray(prior, np.float64) / np.sum(prior)
        tree = Tree(system, belief, Motion(*system.start, np.ones(types)), discretization, levels)
        tree.value = float(tree.cost().detach())
        return tree

    @property
    def pays(self) -> float:
        """By how much concealing until the best step beats, by the bounds, showing the type at once and never; below 0: not shown to."""
        return min(self.rows[0].lower, self.rows[-1].lower) - self.best.upper


def reveal_sweep(
    system: System,
    prior: Any,
    *,
    discretization: Discretization = "split",
    steps: Sequence[int] | None = None,
    config: SweepConfig | None = None,
) -> Sweep:
    """Sweep over the step that shows the type.

    Args:
        system: The game.
        prior: Belief, (I,), of any positive sum.
        discretization: Who sees what within a step.
        steps: The revealing steps to try, ascending; all from 0 to K by default.
        config: How.
    """
    config = config or SweepConfig()
    plays = _Plays(system, prior, discretization, range(system.steps + 1) if steps is None else steps)
    scale = config.scale or min(1.0, float(system.bound.max()) / 10)
    raw = _saddle(plays, config, scale)
    values = plays.cost(*raw).detach().numpy()
    upper, lower = (_response(plays, raw, side, config, scale) for side in (DEFENCE, ATTACK))
    pick = (upper.max(-1) - lower.min(-1)).argmin(-1)
    rows, both = [], plays.both(*raw).detach().numpy()
    for s, step in enumerate(plays.reveals):
        up, low = upper[s, pick[s]], lower[s, pick[s]]
        spread = max(float(np.ptp(up)), float(np.ptp(low)))
        # each start's bounds hold, so the best of them do
        rows.append(Row(int(step), float(values[s, pick[s]]), float(lower[s].min(-1).max()), float(upper[s].max(-1).min()), spread))
    return Sweep(tuple(rows), both[np.arange(len(pick)), pick])


def _raw(controls: np.ndarray, bound: np.ndarray) -> Any:
    """The parameters of a tree that mean these controls."""
    import torch

    return torch.as_tensor(bound * np.arctanh(np.clip(controls / bound, -1 + 1e-12, 1 - 1e-12))).requires_grad_()


class _Plays:
    """Controls of both sides as free parameters (S, R, I, K, N, D), and what they cost."""

    def __init__(self, system: System, prior: Any, discretization: str, reveals: Sequence[int]) -> None:
        import torch

        self.system, self.reveals = system, np.asarray(list(reveals))
        self.prior = torch.as_tensor(np.asarray(prior, np.float64) / np.sum(prior))
        at = np.arange(system.steps)[None, :]
        revealed = {ATTACK: at >= self.reveals[:, None], DEFENCE: at >= self.reveals[:, None] + (discretization == "sim")}
        self._revealed = {side: torch.as_tensor(known[:, None, None, :, None, None]) for side, known in revealed.items()}
        self._bound = torch.as_tensor(system.bound)

    def controls(self, raw: Any, side: int) -> Any:
        """Within the bounds, and one for all types before the type is shown to the other side."""
        bound = self._bound[side]
        own = bound * (raw / bound).tanh()
        return own.where(self._revealed[side], own.mean(-4, keepdim=True))

    def both(self, attack: Any, defence: Any) -> Any:
        """Controls of both sides, (S, R, I, K, 2, N, D)."""
        import torch

        return torch.stack(torch.broadcast_tensors(self.controls(attack, ATTACK), self.controls(defence, DEFENCE)), -3)

    def cost(self, attack: Any, defence: Any) -> Any:
        """The mean cost, (S, R)."""
        import torch

        system, controls = self.system, self.both(attack, defence)
        lead = controls.shape[:3]
        position, velocity = (torch.as_tensor(np.array(part)).expand(*lead, *part.shape) for part in system.start)
        motion, total = Motion(position, velocity, torch.ones((*lead, system.types), dtype=torch.float64)), torch.zeros(lead)
        typed = torch.zeros((*lead, system.types), dtype=torch.float64)
        for step in range(system.steps):
            motion, cost, part = system.advance(motion, controls[:, :, :, step])
            total = total + cost
            typed = typed if part is None else typed + part
        own = (typed + system.terminal(motion)).diagonal(dim1=-2, dim2=-1)  # path i is that of type i
        return ((total + own) * self.prior).sum(-1)


def _saddle(plays: _Plays, config: SweepConfig, scale: float) -> tuple[Any, Any]:
    """Both sides' parameters after simultaneous descent and ascent, each (S, R, I, K, N, D)."""
    import torch

    system, generator = plays.system, torch.Generator().manual_seed(config.seed)
    shape = (len(plays.reveals), config.starts, system.types, system.steps, system.players, system.dims)
    raw = [(0.1 * scale * torch.randn(shape, generator=generator, dtype=torch.float64)).requires_grad_() for _ in range(2)]
    adams = [torch.optim.Adam([part], betas=(0.5, 0.99), maximize=side == DEFENCE) for side, part in enumerate(raw)]
    for i in range(config.iterations):
        cost = plays.cost(*raw).sum()
        for part, slope in zip(raw, torch.autograd.grad(cost, raw), strict=True):
            part.grad = slope
        for adam in adams:
            adam.param_groups[0]["lr"] = config.rate * scale * 0.5 * (1 + np.cos(np.pi * i / config.iterations))
            adam.step()
    return raw[0].detach(), raw[1].detach()


def _response(plays: _Plays, raw: tuple[Any, Any], side: int, config: SweepConfig, scale: float) -> np.ndarray:
    """What the mean cost is when one side answers the other's controls as well as it can, from several starts: (S, R, restarts)."""
    import torch

    generator = torch.Generator().manual_seed(config.seed + 1)
    own, other = raw[side], raw[1 - side]
    starts = [own + (0.0 if number == 0 else scale * number) * _noise(own, generator) for number in range(config.restarts)]
    flat = torch.cat(starts, 1).requires_grad_()
    rest = torch.cat([other] * config.restarts, 1)
    adam = torch.optim.Adam([flat], betas=(0.9, 0.99), maximize=side == DEFENCE)
    best = torch.full(flat.shape[:2], -np.inf if side == DEFENCE else np.inf, dtype=torch.float64)
    for i in range(config.responses + 1):
        cost = plays.cost(flat, rest) if side == ATTACK else plays.cost(rest, flat)
        best = torch.maximum(best, cost.detach()) if side == DEFENCE else torch.minimum(best, cost.detach())
        (flat.grad,) = torch.autograd.grad(cost.sum(), [flat])
        adam.param_groups[0]["lr"] = config.rate * scale * 0.5 * (1 + np.cos(np.pi * i / (config.responses + 1)))
        adam.step()
    return np.asarray(best.reshape(best.shape[0], config.restarts, -1).transpose(1, 2).numpy())


def _noise(like: Any, generator: Any) -> Any:
    import torch

    return torch.randn(like.shape, generator=generator, dtype=like.dtype)
