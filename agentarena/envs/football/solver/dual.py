"""The defenders' side of any system: a strategy that needs no model of the attackers, and what it is worth whatever they do.

A strategy that only says what the defenders do at each node of the attackers' tree is worth little: attackers who leave the tree are not
seen to do so. This one looks at the attackers. In step k it takes what is seen (both sides' motion; with split steps also the
attackers' control of this step) as a vector z, and plays

    w = projection on the simplex of (A[k] z + B[k] ph + b[k])     the belief over types that it acts on, (I,)
    v = sum over i of w_i C[k, i] + F[k] z                         cut at the bounds, (N, D)

with the dual vector ph: for each type, what it has paid so far. In linear-quadratic games the equilibrium of the dual game is of this
form (`Equilibrium.guard`); elsewhere it is a family to search. One control a node is enough: the split of the dual vector into up
to I + 1 atoms that theory allows is not needed where the dual value is convex, and none is made here.

The parameters A, B, b, C, F climb the mean over types of what the type's best response pays, with a population of responses of each type
that descend at the same time; `lower_bound_of` then seeks every type's best response anew, from more starts. What type i then pays at
least is m_i, and p . m is a lower bound on the value at every prior p: a supporting plane, the dual vector's meaning.

Axis letters: I types, R responses, K steps, N players, D dimensions, Z numbers that are seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.envs.football.rules.linear_quadratic import Discretization
from agentarena.envs.football.rules.system import Motion, System
from agentarena.envs.football.state import ATTACK, DEFENCE

from .sweep import Sweep, reveal_sweep

__all__ = ["DualBound", "DualConfig", "DualStrategy", "lower_bound_of", "solve_dual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DualConfig:
    """How a strategy is sought and bounded.

    Attributes:
        iterations: Steps of the strategy's ascent and the responses' descent.
        descents: Steps of the responses for each of the strategy's.
        rate: Rate of Adam for controls, in units of `scale`.
        scale: Size of controls that are worth telling apart; `None` for a tenth of the greatest bound, at most 1.
        soft: Differences of cost that responses are weighted by, at first and at last.
        noisy: Responses besides those of the sweep that start from them with noise.
        renew_every: Iterations after which the noisy responses start anew; the best response of each type stays.
        responses: Steps of each best response for the bound.
        seed: Of the noise.
    """

    iterations: int = 600
    descents: int = 2
    rate: float = 0.1
    scale: float | None = None
    soft: tuple[float, float] = (0.1, 0.01)
    noisy: int = 24
    renew_every: int = 40
    responses: int = 400
    seed: int = 0


@dataclass
class DualStrategy:
    """The defenders' strategy.

    Attributes:
        system: The game.
        discretization: Who sees what within a step.
        features: A, (K, I, Z).
        paid: B, (K, I, I).
        plain: b, (K, I).
        control: C, (K, I, N, D).
        follow: F, (K, N D, Z).
        middle: What is subtracted from the numbers that are seen, (K, Z).
    """

    system: System
    discretization: Discretization
    features: Any
    paid: Any
    plain: Any
    control: Any
    follow: Any
    middle: Any

    @property
    def parameters(self) -> list[Any]:
        """What is sought."""
        return [self.features, self.paid, self.plain, self.control, self.follow]

    def weights(self, sight: Any, dual: Any, step: int) -> Any:
        """The belief that it acts on, (..., I)."""
        sight = sight - self.middle[step]
        return _simplex(sight @ self.features[step].T + dual @ self.paid[step].T + self.plain[step])

    def act(self, motion: Motion, announced: Any, dual: Any, step: int) -> Any:
        """The defenders' controls (..., N, D); `announced` is the attackers' control of this step, seen with split steps alone."""
        sight = self.look(motion, announced)
        weights = self.weights(sight, dual, step)
        mean = (weights[..., None, None] * self.control[step]).sum(-3)
        moved = ((sight - self.middle[step]) @ self.follow[step].T).reshape(mean.shape)
        bound = sight.new_tensor(self.system.bound[DEFENCE])
        return (mean + moved).clamp(-bound, bound)

    def look(self, motion: Motion, announced: Any) -> Any:
        """What is seen, (..., Z)."""
        import torch

        parts = [motion.position.flatten(-3), motion.velocity.flatten(-3)]
        if self.discretization == "split":
            parts.append(announced.flatten(-2))
        return torch.cat(parts, -1)

    def costs(self, controls: Any) -> Any:
        """What each type pays for attackers' controls (..., K, N, D) against this strategy, (..., I)."""
        import torch

        lead = controls.shape[:-3]
        position, velocity = (torch.as_tensor(np.array(part)).expand(*lead, *part.shape) for part in self.system.start)
        motion, total = Motion(position, velocity, torch.ones((*lead, self.system.types), dtype=torch.float64)), 0.0
        for step in range(self.system.steps):
            own, dual = controls[..., step, :, :], total * torch.ones_like(motion.alive)
            answer = self.act(motion, own, dual, step)
            motion, cost, typed = self.system.advance(motion, torch.stack([own, answer], -3))
            total = total + (cost[..., None] if typed is None else cost[..., None] + typed)
        return total + self.system.terminal(motion)


@dataclass(frozen=True)
class DualBound:
    """What a strategy is worth.

    Attributes:
        value: The lower bound at the prior.
        dual: What each type pays at least, m, (I,); p . m bounds the value at any prior p.
        spread: The differences of the types' best and worst start, (I,): large where responses end apart.
    """

    value: float
    dual: np.ndarray
    spread: np.ndarray


def solve_dual(
    system: System,
    prior: Any,
    *,
    discretization: Discretization = "split",
    sweep: Sweep | None = None,
    config: DualConfig | None = None,
) -> DualStrategy:
    """Seek the defenders' strategy that does best against every type's best response.

    Args:
        system: The game.
        prior: Belief, (I,), of any positive sum.
        discretization: Who sees what within a step.
        sweep: A sweep of the same game with all steps, whose attackers the responses start from; else one is made.
        config: How.
    """
    import torch

    config = config or DualConfig()
    sweep = sweep or reveal_sweep(system, prior, discretization=discretization)
    strategy = _first(system, discretization, sweep)
    scale, belief = config.scale or min(1.0, float(system.bound.max()) / 10), torch.as_tensor(np.asarray(prior, np.float64) / np.sum(prior))
    raw = _responses(system, sweep, config.noisy, scale, config.seed)
    own = torch.optim.Adam(_groups(strategy, config.rate * scale), betas=(0.8, 0.99), maximize=True)
    other = torch.optim.Adam([{"params": [raw], "first": config.rate * scale}], betas=(0.5, 0.99))
    for i in range(config.iterations):
        rate = 0.5 * (1 + np.cos(np.pi * i / config.iterations))
        if config.noisy and i and i % config.renew_every == 0:
            _renew(strategy, raw, _responses(system, sweep, config.noisy, scale, config.seed + i), config.noisy)
        for adam in (own, other):
            for group in adam.param_groups:
                group["lr"] = group["first"] * (rate if adam is own else max(rate, 0.1))
        soft = config.soft[0] * (config.soft[1] / config.soft[0]) ** (i / config.iterations)
        for descent in range(config.descents):
            paid = _own(strategy.costs(_controls(system, raw)))
            last = descent == config.descents - 1
            slopes = torch.autograd.grad(paid.sum(), [raw], retain_graph=last)
            (raw.grad,) = slopes
            other.step()
        worth = (belief[:, None] * (-paid.detach() / soft).softmax(-1) * paid).sum()
        for part, slope in zip(strategy.parameters, torch.autograd.grad(worth, strategy.parameters), strict=True):
            part.grad = slope
        own.step()
    for part in strategy.parameters:
        part.requires_grad_(False)
    return strategy


def lower_bound_of(strategy: DualStrategy, prior: Any, *, sweep: Sweep, config: DualConfig | None = None) -> DualBound:
    """Every type's best response against a strategy, sought anew from the sweep's attackers and, with noise, from around them.

    The bound holds as far as no type has a better response than those that were found; `DualBound.spread` hints at how many ends there are.
    """
    import torch

    config = config or DualConfig()
    system = strategy.system
    scale = config.scale or min(1.0, float(system.bound.max()) / 10)
    raw = _responses(system, sweep, 2 * config.noisy, scale, config.seed + 1)
    adam = torch.optim.Adam([raw], betas=(0.9, 0.99))
    best = torch.full(raw.shape[:2], np.inf, dtype=torch.float64)
    for i in range(config.responses):
        paid = _own(strategy.costs(_controls(system, raw)))
        best = torch.minimum(best, paid.detach())
        (raw.grad,) = torch.autograd.grad(paid.sum(), [raw])
        adam.param_groups[0]["lr"] = config.rate * scale * 0.5 * (1 + np.cos(np.pi * i / config.responses))
        adam.step()
    least = best.min(-1).values.numpy()
    belief = np.asarray(prior, np.float64) / np.sum(prior)
    return DualBound(float(belief @ least), least, np.ptp(best.numpy(), axis=-1))


def _first(system: System, discretization: Discretization, sweep: Sweep) -> DualStrategy:
    """A strategy that answers as if the types were known, each weighted by how far what is seen lies towards it."""
    import torch

    revealed = sweep.controls[0]  # (I, K, 2, N, D)
    position, velocity = (np.repeat(part[None], system.types, 0) for part in system.start)
    motion = Motion(position, velocity, np.ones((system.types, system.types)))
    rows = []
    for step in range(system.steps):
        parts = [motion.position.reshape(system.types, -1), motion.velocity.reshape(system.types, -1)]
        if discretization == "split":
            parts.append(revealed[:, step, ATTACK].reshape(system.types, -1))
        rows.append(np.concatenate(parts, -1))
        motion, _, _ = system.advance(motion, revealed[:, step])
    sights = np.stack(rows)  # (K, I, Z)
    middle = sights.mean(1)
    towards = np.stack([np.linalg.pinv((row - row.mean(0)).T, rcond=1e-6) for row in sights])
    width, size = sights.shape[-1], system.players * system.dims
    values = {
        "features": towards * _attack_only(system, width),
        "paid": np.zeros((system.steps, system.types, system.types)),
        "plain": np.full((system.steps, system.types), 1 / system.types),
        "control": revealed[:, :, DEFENCE].swapaxes(0, 1).copy(),
        "follow": np.zeros((system.steps, size, width)),
    }
    tensors = {name: torch.as_tensor(value).requires_grad_() for name, value in values.items()}
    return DualStrategy(system, discretization, **tensors, middle=torch.as_tensor(middle))


def _attack_only(system: System, width: int) -> np.ndarray:
    """1 where a number that is seen is of the attackers, (Z,)."""
    size = system.players * system.dims
    own = np.concatenate([np.ones(size), np.zeros(size)])
    return np.resize(np.concatenate([own, own, np.ones(size)]), width)


def _groups(strategy: DualStrategy, rate: float) -> list[dict[str, Any]]:
    """Parameters with their first rates: controls move by `rate`, the others by what moves controls about as much."""
    return [
        {"params": [strategy.control], "first": rate},
        {"params": [strategy.features, strategy.follow], "first": 0.3 * rate},
        {"params": [strategy.paid, strategy.plain], "first": 0.3 * rate},
    ]


def _responses(system: System, sweep: Sweep, noisy: int, scale: float, seed: int) -> Any:
    """Attackers' parameters to start from, (I, R, K, N, D): those of the sweep, and some of them with noise."""
    import torch

    rng = np.random.default_rng(seed)
    rows = sweep.controls[..., ATTACK, :, :].swapaxes(0, 1)  # (I, S, K, N, D)
    picked = rows[:, rng.integers(rows.shape[1], size=noisy)]
    rows = np.concatenate([rows, picked + 2 * scale * rng.normal(size=picked.shape)], 1)
    bound = system.bound[ATTACK]
    return torch.as_tensor(bound * np.arctanh(np.clip(rows / bound, -0.999, 0.999))).requires_grad_()


def _renew(strategy: DualStrategy, raw: Any, fresh: Any, noisy: int) -> None:
    """Start the noisy responses anew; each type's best response moves to the first place of all."""
    import torch

    with torch.no_grad():
        best = _own(strategy.costs(_controls(strategy.system, raw))).argmin(-1)
        fresh[:, -noisy] = raw[torch.arange(len(best)), best]
        raw[:, -noisy:] = fresh[:, -noisy:]


def _controls(system: System, raw: Any) -> Any:
    bound = raw.new_tensor(system.bound[ATTACK])
    return bound * (raw / bound).tanh()


def _own(costs: Any) -> Any:
    """What the type that a response is for pays: (I, R, I) -> (I, R)."""
    return costs.diagonal(dim1=0, dim2=2).T


def _simplex(points: Any) -> Any:
    """The nearest points (..., I) whose numbers are not negative and add up to 1 (Euclidean projection)."""
    ordered = points.sort(-1, descending=True).values
    over = ordered.cumsum(-1) - 1
    number = points.new_tensor(np.arange(1, points.shape[-1] + 1))
    count = (ordered * number > over).sum(-1, keepdim=True)
    return (points - over.gather(-1, count - 1) / count).clamp_min(0)
