"""Behaviour cloning: a `PairNetwork` learns the pairs that were played by cross-entropy under the mask of legal pairs.

        loss = - mean over decisions r of log p(pair_r | observation_r),   p = softmax over the legal pairs of r

Axis letters: R decisions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from agentarena.core.errors import UsageError
from agentarena.core.rng import stream

from .decisions import Decisions
from .network import PairNetwork, PairSpec

__all__ = ["CloningSettings", "Epoch", "clone"]

_SPLIT, _ORDER, _WEIGHTS = 30, 31, 32
"""First steps of the paths of the streams that hold decisions out, order them, and draw the first weights."""


@dataclass(frozen=True, slots=True)
class CloningSettings:
    """How a network is cloned.

    Attributes:
        spec: Sizes of the network.
        learning_rate: Of Adam.
        batch_size: Decisions of an optimizer step.
        epochs: Most passes.
        patience: Passes without a lower held-out loss before it ends.
        held_out: Share of the matches that are held out.
        seed: Of the split, the order and the first weights.
    """

    spec: PairSpec = field(default_factory=PairSpec)
    learning_rate: float = 1e-3
    batch_size: int = 256
    epochs: int = 30
    patience: int = 4
    held_out: float = 0.1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """Figures of a pass: mean losses in nats a decision, and the share of held-out decisions whose pair is the likeliest one."""

    number: int
    loss: float
    held_out_loss: float
    agreement: float


def clone(
    data: Decisions, settings: CloningSettings | None = None, *, report: Callable[[Epoch], None] | None = None
) -> tuple[PairNetwork, Epoch]:
    """The network with the lowest held-out loss, and the figures of its pass.

    Raises:
        UsageError: There are fewer than two matches to learn from.
    """
    settings = settings or CloningSettings()
    learned, held_out = _split(data, settings)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(int(stream(settings.seed, _WEIGHTS).integers(2**63)))
        network = PairNetwork(settings.spec)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    best, weights = Epoch(0, np.inf, np.inf, 0.0), copy.deepcopy(network.state_dict())
    for number in range(1, settings.epochs + 1):
        order = stream(settings.seed, _ORDER, number).permutation(learned)
        loss = _pass(network, data, order, settings.batch_size, optimizer)[0]
        with torch.no_grad():
            epoch = Epoch(number, loss, *_pass(network, data, held_out, settings.batch_size))
        if report is not None:
            report(epoch)
        if epoch.held_out_loss < best.held_out_loss:
            best, weights = epoch, copy.deepcopy(network.state_dict())
        if number - best.number >= settings.patience:
            break
    network.load_state_dict(weights)
    return network.eval(), best


def _split(data: Decisions, settings: CloningSettings) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are learned and rows that are held out; decisions of one match stay together."""
    matches = np.array(data.matches)
    numbers = np.unique(matches)
    if len(numbers) < 2:
        raise UsageError(f"cloning needs decisions of at least two matches, got {len(data)} of {len(numbers)}")
    count = min(max(round(settings.held_out * len(numbers)), 1), len(numbers) - 1)
    out = np.isin(matches, stream(settings.seed, _SPLIT).permutation(numbers)[:count])
    return np.flatnonzero(~out), np.flatnonzero(out)


def _pass(
    network: PairNetwork, data: Decisions, rows: np.ndarray, size: int, optimizer: torch.optim.Optimizer | None = None
) -> tuple[float, float]:
    """One pass over decisions: the mean loss, and the share whose pair is the likeliest; weights move where there is an optimizer."""
    loss_sum = agreed = 0.0
    for begin in range(0, len(rows), size):
        observations, masks, actions = (torch.as_tensor(part) for part in data.rows(rows[begin : begin + size]))
        logits = network(observations)[0].masked_fill(~masks, -torch.inf)
        losses = torch.nn.functional.cross_entropy(logits, actions, reduction="none")
        if optimizer is not None:
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
        loss_sum += float(losses.detach().sum())
        agreed += float((logits.detach().argmax(-1) == actions).sum())
    return loss_sum / len(rows), agreed / len(rows)
