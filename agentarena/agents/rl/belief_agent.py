"""The scheme `belief-rl:`: policies on time, motion and public belief as players of the games with one-sided information."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.game import Game
from agentarena.envs.football import FieldGame
from agentarena.envs.football.observation import Sight
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK, DEFENCE

from .module_agent import need_torch

__all__ = ["BeliefAgent"]


class BeliefAgent(Agent):
    """Plays policies that `agentarena train belief-rl` wrote: `belief-rl:runs/hexner/policies.safetensors`. It plays their means.

    Where the belief is posted, attackers state their strategy and defenders read the belief. Where it is hidden, both keep the belief
    that the file's own attackers' strategy leads to: defenders take what the attackers did for the nearest of its prototypes.

    Args:
        path: The file.

    Attributes:
        file: What the file says (`BeliefFile`).
        version: The first 16 digits of the digest of its weights.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        need_torch()
        from .belief_file import load_beliefs

        self.file = load_beliefs(path)
        self.name = self.name or f"belief-rl:{path}"
        self.version = self.file.digest[:16]

    def cannot_play(self, game: Game[Any]) -> str | None:
        if not isinstance(game, FieldGame):
            return f"its policies were trained on {self.file.env}"
        refusal = self.file.refusal(game)
        if refusal is None and game.layout.states_strategy and not self.file.policies.shapes.public:
            return "its policies were trained without a public belief, and attackers must state a strategy here"
        return refusal

    def choose(self, view: View) -> np.ndarray:
        game: Any = view.game
        sight = game.observation.read(view.observation)
        step = round(float(sight.time) * game.steps)
        if not self.file.policies.shapes.public:
            belief = sight.type if game.layout.side(view.seat) == ATTACK else sight.belief
            return self._control(game, game.layout.side(view.seat), sight, step, belief)
        belief = np.asarray(sight.belief) if game.layout.states_strategy else self._tracked(game, view, sight, step)
        if game.layout.side(view.seat) == DEFENCE:
            return self._control(game, DEFENCE, sight, step, belief)
        prototypes, chances = self._strategy(game, sight, step, belief)
        if game.layout.states_strategy:
            return np.concatenate([prototypes.ravel(), chances.ravel()])
        picked = int(view.rng.choice(len(chances), p=chances[int(np.argmax(sight.type))]))
        return np.asarray(prototypes[picked].ravel())

    # --- networks, one row at a time ------------------------------------------------------------------------------------

    def _raw(self, game: Any, side: int, sight: Sight, step: int, belief: np.ndarray) -> Any:
        import torch

        from .belief_network import features

        parts = (sight.position, sight.velocity, sight.alive)
        motion = Motion(*(torch.tensor(np.asarray(part, np.float64))[None] for part in parts))
        with torch.no_grad():
            return self.file.policies.head(side)(features(game.system, step, motion, torch.tensor(np.asarray(belief, np.float64))[None]))

    def _control(self, game: Any, side: int, sight: Sight, step: int, belief: np.ndarray) -> np.ndarray:
        """The control of a side, within the bounds, flat."""
        control = self.file.policies.controls(side, self._raw(game, side, sight, step, belief))[0].numpy()
        return np.asarray(np.clip(control, -game.system.bound[side], game.system.bound[side]).ravel())

    def _strategy(self, game: Any, sight: Sight, step: int, belief: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Prototypes (I, N, D) within the bounds, and chances (I, I)."""
        prototypes, chances = (part[0].numpy() for part in self.file.policies.strategy(self._raw(game, ATTACK, sight, step, belief)))
        bound = game.system.bound[ATTACK]
        return np.clip(prototypes, -bound, bound), chances / chances.sum(-1, keepdims=True)

    # --- the belief where none is posted --------------------------------------------------------------------------------

    def _tracked(self, game: Any, view: View, sight: Sight, step: int) -> np.ndarray:
        """The belief that the file's strategy and the attackers' controls so far lead to."""
        memory = view.memory.setdefault("belief", {"step": step, "answered": -1, "belief": np.asarray(sight.belief), "planned": None})
        if memory["planned"] is not None and memory["step"] < step:  # the control of the last step is known by now
            self._update(memory, sight)
        if memory["planned"] is None and memory["answered"] != step:
            memory.update(step=step, planned=self._strategy(game, sight, step, memory["belief"]))
        if sight.announced and memory["planned"] is not None:
            self._update(memory, sight)
            memory["answered"] = step
        return np.asarray(memory["belief"])

    def _update(self, memory: dict[str, Any], sight: Sight) -> None:
        """Take what the attackers did last into the belief."""
        prototypes, chances = memory["planned"]
        memory.update(belief=_seen(memory["belief"], prototypes, chances, sight.control[ATTACK]), planned=None)


def _seen(belief: np.ndarray, prototypes: np.ndarray, chances: np.ndarray, control: np.ndarray) -> np.ndarray:
    """The posterior after a control: that of the nearest prototype, or of those equally near."""
    apart = ((prototypes - control) ** 2).sum((-2, -1))
    near = apart <= apart.min() + 1e-12
    joint = np.clip(belief * chances[:, near].sum(-1), 1e-8, None)
    return np.asarray(joint / joint.sum())
