"""Behaviour cloning of policies on vectors: a network learns, from match records, the actions that agents played.

Records are played again; each decision of the seats that count becomes an observation, a mask and an action. The network learns by
cross-entropy under the mask. Part of the matches is held out: training ends when their loss has not fallen for some epochs, and the
weights of the best epoch stand.

Axis letters: R decisions, D numbers of a flat observation, A actions.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork, flatten
from agentarena.agents.rl.policy_file import observation_layout, save_policy
from agentarena.core.agent import View
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported, UsageError
from agentarena.core.game import Game
from agentarena.core.record import Record
from agentarena.core.replay import steps
from agentarena.core.rng import stream

from .settings import check_fields, setting

__all__ = ["ClonedPolicy", "CloningConfig", "Decisions", "clone_policy", "decisions"]

_SPLIT, _ORDER, _WEIGHTS = 20, 21, 22
"""First steps of the paths of the streams that hold matches out, order decisions, and draw the first weights."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions of one game, as arrays.

    Attributes:
        game: The rules of the first match; later ones may have other options, as long as observations look alike.
        seats: Seats that decided, in order.
        observations: Flat. Shape (R, D), float32.
        masks: Legal actions. Shape (R, A), bool.
        actions: What was played. Shape (R,), int64.
        matches: Number of the match among those that were read, from 0. Shape (R,), int64.
    """

    game: Game[Any]
    seats: tuple[int, ...]
    observations: np.ndarray
    masks: np.ndarray
    actions: np.ndarray
    matches: np.ndarray

    def __len__(self) -> int:
        return len(self.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloningConfig:
    """How a policy is cloned.

    Attributes:
        hidden: Units of each hidden layer.
        activation: "relu" or "tanh".
        learning_rate: Of Adam.
        batch_size: Decisions of an optimizer step.
        epochs: Most passes over the decisions.
        patience: Epochs without a lower held-out loss before training ends.
        held_out: Share of the matches that are not learned, in [0, 0.9]; with 0 all epochs are run, and the last weights stand.
        seed: Of the split, the order and the first weights.
    """

    hidden: tuple[int, ...] = (128, 128)
    activation: Literal["relu", "tanh"] = "relu"
    learning_rate: float = setting(1e-3, low=1e-12, high=10.0)
    batch_size: int = setting(256, low=1, high=10**7)
    epochs: int = setting(100, low=1, high=10**6)
    patience: int = setting(5, low=1, high=10**6)
    held_out: float = setting(0.1, low=0.0, high=0.9)
    seed: int = setting(0, low=0, high=2**63)

    def __post_init__(self) -> None:
        check_fields(self, "cloning")


@dataclass(frozen=True, slots=True)
class ClonedPolicy:
    """A cloned policy.

    Attributes:
        network: With the weights of the best epoch, in evaluation mode.
        decisions: What it learned from, held-out ones included.
        config: How.
        history: Figures of each epoch: "epoch", "loss" (mean over the epoch), "held_out_loss" (nats a decision) and "agreement" (share
            of held-out decisions whose action is the network's likeliest legal one); the last two only where matches are held out.
        best: The figures of the epoch whose weights stand.
    """

    network: PolicyNetwork
    decisions: Decisions
    config: CloningConfig
    history: tuple[dict[str, float], ...]
    best: dict[str, float]

    def save(self, path: str | os.PathLike[str], *, greedy: bool = False) -> str:
        """Write it as a policy file, to be played as "rl:<path>"; returns the digest of the weights.

        Args:
            path: The file, "....safetensors".
            greedy: Whether the file's policy plays its likeliest action by default, and does not draw.
        """
        about = {"cloning": json.loads(json.dumps(dataclasses.asdict(self.config))), "best": self.best}
        seen = self.decisions
        return save_policy(
            path, self.network, seen.game, seats=seen.seats, algorithm="cloning", steps=len(seen), greedy=greedy, about=about
        )


# --- decisions of records -----------------------------------------------------------------------------------------------------


def decisions(
    records: Iterable[Record],
    *,
    agents: Collection[str] = (),
    seats: Collection[int] = (),
    won: bool = False,
    above: float | None = None,
) -> Decisions:
    """The decisions of records, as arrays. Random openings and moves that were made in a seat's place are left out.

    Args:
        records: Matches of one game.
        agents: Names of the agents whose decisions are taken; of all by default.
        seats: Seats whose decisions are taken; all by default. They must see observations of one layout.
        won: Whether only those of winning seats and sides are taken.
        above: Least return of the seat.

    Raises:
        UsageError: The records are of several games or layouts, or nothing is left of them.
        NotSupported: The game's actions are not `Discrete`, or its observations have no flat form.
    """
    collector: _Collector | None = None
    for number, record in enumerate(records):
        learned = {seat for seat in range(len(record.seats)) if (not seats or seat in seats) and _counts(record, seat, agents, won, above)}
        if not learned:
            continue
        collector = _Collector(record.game()) if collector is None else collector
        collector.add(record, learned, number)
    if collector is None or not collector.actions:
        chosen = f" with agents={shown(sorted(agents))}, seats={shown(sorted(seats))}, won={won}, above={above}"
        raise UsageError(f"the records hold no decision to learn from{chosen}; the names of agents are those that records show")
    return collector.result()


def _counts(record: Record, seat: int, agents: Collection[str], won: bool, above: float | None) -> bool:
    one = record.seats[seat]
    if agents and one.agent not in agents:
        return False
    if won and (record.winner is None or record.winner not in (seat, one.team)):
        return False
    return above is None or one.return_ >= above


class _Collector:
    """Decisions of one game, as they come."""

    def __init__(self, game: Game[Any]) -> None:
        self.game = game
        self.seats: set[int] = set()
        self.layout: dict[str, Any] | None = None
        self.size = 0
        self.observations: list[np.ndarray] = []
        self.masks: list[np.ndarray] = []
        self.actions: list[int] = []
        self.matches: list[int] = []

    def add(self, record: Record, seats: Collection[int], number: int) -> None:
        game = record.game()
        if type(game) is not type(self.game):
            raise UsageError(f"the records are of several games, {type(self.game).__name__} and {type(game).__name__}; clone one at a time")
        for seat in seats:
            self._check(game, seat)
        forced = {(fault["step"], fault["seat"]) for fault in record.faults}
        for match, played in steps(record):
            at = match.episode.steps
            for seat, action in played.items():
                if seat in seats and at >= record.openings and (at, seat) not in forced:
                    self._decision(match.view(seat), int(action), number)

    def _check(self, game: Game[Any], seat: int) -> None:
        """Raise unless a seat sees and does what the others do."""
        space = game.action_space(seat)
        if not isinstance(space, spaces.Discrete):
            raise NotSupported(f"only Discrete actions are cloned; those of {type(game).__name__} are of a {type(space).__name__} space")
        layout = {**observation_layout(game, seat), "actions": int(space.n)}
        if self.layout is None:
            self.layout, self.size = layout, int(space.n)
        if layout != self.layout:
            raise UsageError(
                f"seat {seat} of {type(game).__name__} has {layout['size']} numbers and {layout['actions']} actions, others have "
                f"{self.layout['size']} and {self.layout['actions']}; clone matches of one layout, and seats that share it (seats=...)"
            )
        self.seats.add(seat)

    def _decision(self, view: View, action: int, number: int) -> None:
        self.observations.append(flatten(view.game.observation_space(view.seat), _single(view.observation), np)[0])
        self.masks.append(view.mask.astype(bool))
        self.actions.append(action)
        self.matches.append(number)

    def result(self) -> Decisions:
        return Decisions(
            self.game,
            tuple(sorted(self.seats)),
            np.stack(self.observations),
            np.stack(self.masks),
            np.array(self.actions, np.int64),
            np.array(self.matches, np.int64),
        )


def _single(observation: Any) -> Any:
    """An observation with the axis of decisions."""
    if isinstance(observation, dict):
        return {name: _single(part) for name, part in observation.items()}
    return np.asarray(observation)[None]


# --- learning -----------------------------------------------------------------------------------------------------------------


def clone_policy(
    data: Decisions, config: CloningConfig | None = None, *, report: Callable[[dict[str, float]], None] | None = None
) -> ClonedPolicy:
    """Learn the decisions.

        loss = - mean over decisions r of log p(action_r | observation_r),   p = softmax over the legal actions of r

    The same data and configuration give the same weights on one machine.

    Args:
        data: The decisions.
        config: How they are learned.
        report: Called after every epoch with its figures.
    """
    config = config or CloningConfig()
    learned, held_out = (_tensors(data, rows) for rows in _split(data.matches, config.held_out, config.seed))
    network = _fresh(data, config)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    history: list[dict[str, float]] = []
    best, weights = 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, config.epochs + 1):
        figures = {"epoch": float(epoch), "loss": _epoch(network, optimizer, learned, config, epoch)}
        if len(held_out[2]):
            figures |= _judged(network, held_out)
        history.append(figures)
        if report is not None:
            report(dict(figures))
        if not len(held_out[2]) or figures["held_out_loss"] < history[best]["held_out_loss"] or epoch == 1:
            best, weights = epoch - 1, copy.deepcopy(network.state_dict())
        if epoch - 1 - best >= config.patience:
            break
    network.load_state_dict(weights)
    return ClonedPolicy(network.eval(), data, config, tuple(history), history[best])


Rows = tuple[Tensor, Tensor, Tensor]
"""Observations (R, D), masks (R, A) and actions (R,)."""


def _split(matches: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are learned and rows that are held out; decisions of one match stay together."""
    numbers = np.unique(matches)
    count = min(max(round(share * len(numbers)), 1), len(numbers) - 1) if share else 0
    chosen = stream(seed, _SPLIT).permutation(numbers)[:count]
    out = np.isin(matches, chosen)
    return np.flatnonzero(~out), np.flatnonzero(out)


def _tensors(data: Decisions, rows: np.ndarray) -> Rows:
    arrays = (data.observations, data.masks, data.actions)
    observations, masks, actions = (torch.as_tensor(array[rows]) for array in arrays)
    return observations, masks, actions


def _fresh(data: Decisions, config: CloningConfig) -> PolicyNetwork:
    inputs, actions = data.observations.shape[1], data.masks.shape[1]
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(int(stream(config.seed, _WEIGHTS).integers(2**63)))
        return PolicyNetwork(NetworkSpec(inputs, actions, tuple(config.hidden), config.activation))


def _epoch(network: PolicyNetwork, optimizer: torch.optim.Optimizer, rows: Rows, config: CloningConfig, epoch: int) -> float:
    """One pass over the decisions; the mean loss."""
    count = len(rows[2])
    order = torch.as_tensor(stream(config.seed, _ORDER, epoch).permutation(count))
    total = 0.0
    for start in range(0, count, config.batch_size):
        batch = order[start : start + config.batch_size]
        losses = _losses(network, *(part[batch] for part in rows))
        optimizer.zero_grad()
        losses.mean().backward()
        optimizer.step()
        total += float(losses.detach().sum())
    return total / count


def _losses(network: PolicyNetwork, observations: Tensor, masks: Tensor, actions: Tensor) -> Tensor:
    """Negative log-probability of each action, in nats. Shape (R,)."""
    logits = network(observations).masked_fill(~masks, -torch.inf)
    return torch.nn.functional.cross_entropy(logits, actions, reduction="none")


@torch.no_grad()
def _judged(network: PolicyNetwork, rows: Rows) -> dict[str, float]:
    observations, masks, actions = rows
    logits = network(observations).masked_fill(~masks, -torch.inf)
    agreed = (logits.argmax(-1) == actions).double().mean()
    return {"held_out_loss": float(_losses(network, *rows).mean()), "agreement": float(agreed)}
