"""The paper's learned players: what its networks see, how they choose, what they are rewarded for; and a trained one as an agent.

A network maps 117 numbers to 128 outputs, the k-th of which stands for the k-th legal action in increasing order. Differences to
the paper: its decision whether to call and its discard are one decision here, with the call as the last choice; the card on top of
the pile is unknown, all zeros, after a player has taken it back; coins are counted in stakes.

Axis letters: R decisions, N numbers of an observation, A actions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import MissingExtra, UsageError
from agentarena.core.game import Game
from agentarena.envs.dhumbal.actions import CALL, STOCK
from agentarena.envs.dhumbal.game import Dhumbal
from agentarena.envs.dhumbal.observation import PURSE, SIZE, TURN, VALUE

__all__ = [
    "HIDDEN",
    "OUTPUTS",
    "STATE",
    "PaperLearner",
    "PaperPolicy",
    "load_layers",
    "paper_state",
    "ranked_action",
    "save_layers",
    "shaped",
]

STATE, OUTPUTS = 117, 128
"""Numbers that a network sees, and its outputs."""
HIDDEN = (128, 64)
"""Units of its hidden layers."""
_MOST_PLAYERS = 5
_MOST_BYTES = 1_000_000
_SHAPES = {
    f"{number}.{kind}": (rows, columns) if kind == "weight" else (rows,)
    for number, (columns, rows) in enumerate(zip((STATE, *HIDDEN), (*HIDDEN, OUTPUTS), strict=True))
    for kind in ("weight", "bias")
}
"""Names and shapes of the arrays of a network's file; `y = weight @ x + bias`, with a rectifier between two layers."""


def paper_state(game: Dhumbal, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """What the paper's networks see. Shape (R, 117), float32.

    52 entries for the own hand, 52 for the card on top of the pile, 5 for the seat (counted from who started the round: seat 0
    under the paper's rules), hand value / 65, turn / 50, mean size of the other hands / 5, own coins, mean coins of the others,
    and 3 for the phase: may call, must discard, takes a card.

    Args:
        game: The configuration, with at most 5 players and no jokers.
        observations: Shape (R, N).
        masks: Legal actions. Shape (R, A).
    """
    parts, n, rows = game.layout, game.players, np.arange(len(observations))
    out = np.zeros((len(observations), STATE), np.float32)
    out[:, :52] = observations[:, parts["hand"]]
    laid = observations[:, parts["laid"]]
    top = 51 - laid[:, ::-1].argmax(axis=1)  # of a discard, the greatest card lies on top
    out[rows, 52 + top] = laid.any(axis=1)
    out[rows, 104 + (n - observations[:, parts["first"]].argmax(axis=1)) % n] = 1
    out[:, 109] = observations[:, parts["value"].start] * (VALUE / 65)
    out[:, 110] = observations[:, parts["turn"].start] * (TURN / 50)
    out[:, 111] = observations[:, parts["sizes"]][:, 1:].mean(axis=1) * (SIZE / 5)
    coins = 1 + observations[:, parts["purses"]] * (PURSE / game.coins)
    out[:, 112], out[:, 113] = coins[:, 0], coins[:, 1:].mean(axis=1)
    takes, may_call = masks[:, STOCK] != 0, masks[:, CALL] != 0
    out[rows, 114 + np.where(takes, 2, np.where(may_call, 0, 1))] = 1
    return out


def ranked_action(masks: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """The legal actions with these numbers among the legal ones. Shapes (R, A), (R,) -> (R,).

    >>> ranked_action(np.array([[0, 1, 0, 1], [1, 1, 1, 0]]), np.array([1, 2])).tolist()
    [3, 2]
    """
    return np.asarray((np.cumsum(masks != 0, axis=1) > ranks[:, None]).argmax(axis=1))


def shaped(before: np.ndarray, after: np.ndarray, took: np.ndarray) -> np.ndarray:
    """The paper's reward of a step that does not end the round. Shapes (R,).

    A discard brings the points thrown / 13. Taking a card brings the same where it lowers the hand, which it cannot do without
    jokers, else -0.1. The end of a round brings its coins: the hands of the others, or minus all hands for a failed call.

    Args:
        before: Value of the hand before the step.
        after: And after it.
        took: Whether the step took a card.

    >>> shaped(np.array([30, 17]), np.array([17, 20]), np.array([False, True])).tolist()
    [1.0, -0.1]
    """
    return np.where(took & (after >= before), -0.1, (before - after) / 13)


# --- a trained network at the table ---------------------------------------------------------------------------------------


def save_layers(path: str | os.PathLike[str], layers: dict[str, np.ndarray]) -> None:
    """Write a network's file: "0.weight", "0.bias", "1.weight" ... as in `load_layers`."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _safetensors().save_file({name: np.ascontiguousarray(layers[name], np.float32) for name in _SHAPES}, target)


def load_layers(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The arrays of a network's file by name.

    Raises:
        UsageError: There is no such file, or it is not one of the paper's networks.
        MissingExtra: safetensors is not installed.
    """
    source = Path(path)
    if not source.is_file():
        raise UsageError(f"no file {shown(str(path), 300)}; train one with examples/dhumbal_paper_rl.py")
    reader, size = _safetensors(), source.stat().st_size
    if size > _MOST_BYTES:
        raise UsageError(f"{shown(str(path), 300)} has {size:,} bytes; a network of the paper has fewer than {_MOST_BYTES:,}")
    try:
        layers: dict[str, np.ndarray] = reader.load_file(source)
    except Exception as error:  # safetensors raises an error type of its own, and others
        raise UsageError(f"{shown(str(path), 300)} cannot be read as safetensors: {shown(str(error), 200)}") from error
    shapes = {name: array.shape for name, array in layers.items()}
    if shapes != _SHAPES or not all(np.isfinite(array).all() for array in layers.values()):
        raise UsageError(f"{shown(str(path), 300)} holds {shown(shapes, 300)}; expected finite arrays {_SHAPES}")
    return layers


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise MissingExtra("safetensors", "rl") from error
    return safetensors.numpy


class PaperPolicy:
    """A network of the paper as a `BatchPolicy`.

    Args:
        game: The configuration.
        layers: As in `load_layers`.
        greedy: Whether it plays the legal action with the greatest output; else it draws from their softmax.
    """

    def __init__(self, game: Dhumbal, layers: dict[str, np.ndarray], greedy: bool) -> None:
        self.game, self.layers, self.greedy = game, layers, greedy

    def act(self, observations: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One action for each decision; see `BatchPolicy.act`."""
        outputs = paper_state(self.game, observations, masks)
        for number in range(len(HIDDEN) + 1):
            outputs = outputs @ self.layers[f"{number}.weight"].T + self.layers[f"{number}.bias"]
            outputs = np.maximum(outputs, 0) if number < len(HIDDEN) else outputs
        legal = np.arange(OUTPUTS) < (masks != 0).sum(axis=1)[:, None]
        outputs = np.where(legal, outputs.astype(np.float64), -np.inf)
        if self.greedy:
            return ranked_action(masks, outputs.argmax(axis=1))
        totals = np.exp(outputs - outputs.max(axis=1, keepdims=True)).cumsum(axis=1)
        draws = rng.random(len(totals)) * totals[:, -1]
        return ranked_action(masks, (totals <= draws[:, None]).sum(axis=1))


class PaperLearner(Agent):
    """A trained network of the paper, e.g. "agentarena.envs.dhumbal.analysis.learners:PaperLearner?path=dqn.safetensors&greedy=true".

    Args:
        path: Its file, as `examples/dhumbal_paper_rl.py` writes it.
        greedy: Whether it plays the action with the greatest output, as DQN does; else it draws, as PPO does.
    """

    def __init__(self, path: str, greedy: bool = False) -> None:
        self.layers, self.greedy = load_layers(path), greedy

    def cannot_play(self, game: Game[Any]) -> str | None:
        """It plays Dhumbal with at most 5 players and without jokers."""
        if not isinstance(game, Dhumbal):
            return "it is made for Dhumbal-v0"
        if game.players > _MOST_PLAYERS or game.jokers or game.scoring != "coins":
            return f"it is made for at most {_MOST_PLAYERS} players, coins and no jokers"
        return None

    def batch_policy(self, game: Dhumbal) -> PaperPolicy:
        """The player on arrays."""
        return PaperPolicy(game, self.layers, self.greedy)

    def choose(self, view: View) -> int:
        assert isinstance(view.game, Dhumbal)
        policy = PaperPolicy(view.game, self.layers, self.greedy)
        return int(policy.act(view.observation[None], view.mask[None], view.rng)[0])
