"""The networks of Deep CFR and how they are fitted; nothing here draws from torch's own generator."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork

from .reservoir import Reservoir

__all__ = ["advantages_of", "fit_advantages", "fit_average", "fresh", "unscaled"]


def fresh(spec: NetworkSpec, rng: np.random.Generator) -> PolicyNetwork:
    """A network with random weights whose last layer is zero: it begins with advantages of 0, or with uniform play."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        network = PolicyNetwork(spec)
    last = network.policy[-1]
    assert isinstance(last, torch.nn.Linear)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    return network


@torch.no_grad()
def unscaled(network: PolicyNetwork, scales: np.ndarray) -> PolicyNetwork:
    """The same function of observations that are not divided by `scales`. Shape of the scales (D,)."""
    twin = copy.deepcopy(network)
    first = twin.policy[0]
    assert isinstance(first, torch.nn.Linear)
    first.weight /= torch.from_numpy(scales)
    return twin


@torch.no_grad()
def advantages_of(network: PolicyNetwork, observations: np.ndarray) -> np.ndarray:
    """Outputs of the network. Shape (R, D) -> (R, A)."""
    out: np.ndarray = network(torch.from_numpy(observations)).numpy()
    return out


def fit_advantages(
    network: PolicyNetwork, memory: Reservoir, *, steps: int, batch_size: int, learning_rate: float, rng: np.random.Generator
) -> float:
    """Least squares on sampled advantages, rows of iteration t weighted by t: the network nears the linear average of regrets.

        loss = mean over rows of w_t * sum over legal a of (output[a] - advantage[a])^2,   w_t = t / mean of t

    Returns:
        Mean loss over the last tenth of the steps.
    """

    def loss(outputs: Tensor, targets: Tensor, masks: Tensor, weights: Tensor) -> Tensor:
        return (weights * ((outputs - targets).square() * masks).sum(1)).mean()

    return _fit(network, memory, loss, steps, batch_size, learning_rate, rng)


def fit_average(
    network: PolicyNetwork, memory: Reservoir, *, steps: int, batch_size: int, learning_rate: float, rng: np.random.Generator
) -> float:
    """Cross-entropy to the policies of all iterations, rows of iteration t weighted by t: the softmax nears their average.

        loss = - mean over rows of w_t * sum over legal a of policy[a] * log softmax(output)[a],   w_t = t / mean of t

    Returns:
        Mean loss over the last tenth of the steps, in nats.
    """

    def loss(outputs: Tensor, targets: Tensor, masks: Tensor, weights: Tensor) -> Tensor:
        logs = outputs.masked_fill(~masks, -1e9).log_softmax(1)
        return -(weights * (targets * logs).sum(1)).mean()

    return _fit(network, memory, loss, steps, batch_size, learning_rate, rng)


_Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""From outputs, targets, masks and weights of a batch."""


def _fit(
    network: PolicyNetwork, memory: Reservoir, loss_of: _Loss, steps: int, batch_size: int, rate: float, rng: np.random.Generator
) -> float:
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    losses = []
    for step, batch in enumerate(_batches(memory, steps, batch_size, rng)):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1.0 - step / steps)
        observations, targets, masks, weights = batch
        loss = loss_of(network(observations), targets, masks, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if step >= steps - max(1, steps // 10):
            losses.append(loss.item())
    return float(np.mean(losses))


def _batches(memory: Reservoir, steps: int, size: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Batches of (observations, targets, masks, weights), drawn with replacement."""
    columns = memory.arrays()
    mean = float(columns["iterations"].mean())
    for _ in range(steps):
        rows = rng.integers(len(memory), size=size)
        yield (
            torch.from_numpy(columns["observations"][rows]),
            torch.from_numpy(columns["targets"][rows]),
            torch.from_numpy(columns["masks"][rows]),
            torch.from_numpy(columns["iterations"][rows] / mean),
        )
