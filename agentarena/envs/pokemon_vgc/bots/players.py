"""Rule-based players. They act on the numbers of their observation, never on prose, and draw nothing.

`pokemonvgc/max_damage` takes the pair of moves of greatest expected damage and never switches of its own accord. `pokemonvgc/heuristic`
weighs knock-outs, focus, protection, set-up, matchups and switches, in the spirit of poke-env's simple heuristics, by rules of our own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, Decision, View
from agentarena.envs.pokemon_vgc.actions import FIRST_MOVE, GIMMICK, MEGA_Y, SIZE
from agentarena.envs.pokemon_vgc.observation import field_column

from .situation import Situation

__all__ = ["Heuristic", "MaxDamage"]

_NEVER = -1e9
_SWITCHES = slice(1, FIRST_MOVE)


class _Player(Agent, ABC):
    """A player that values every pair of choices and takes the best legal one."""

    def choose(self, view: View) -> Decision:
        return self.pair(view.observation, view.mask)

    def pair(self, observation: np.ndarray, mask: np.ndarray) -> tuple[int, int]:
        """The best legal pair; among equals the first. Shape of the mask: (A, A)."""
        first, second = divmod(int(self.values(Situation(observation, mask)).argmax()), SIZE)
        return first, second

    never = _NEVER
    """Value of what is not legal."""

    def values(self, situation: Situation) -> np.ndarray:
        """The value of each pair, `never` of what is not legal. Shape (A, A)."""
        values: np.ndarray = np.where(situation.mask, self._values(situation), self.never)
        return values

    def batch_policy(self, game: Any) -> _OnArrays:
        """The same player on arrays."""
        return _OnArrays(self)

    def _values(self, situation: Situation) -> np.ndarray:
        """The value of each pair. Shape (A, A)."""
        if situation.decides("move"):
            return self._moves(situation)
        if situation.decides("switch") or situation.decides("preview"):
            worth = _member_values(situation)
            return worth[:, None] + worth[None, :]
        return np.zeros((SIZE, SIZE))

    @abstractmethod
    def _moves(self, situation: Situation) -> np.ndarray:
        """The value of each pair where moves are chosen. Shape (A, A)."""


class _OnArrays:
    """A player as a `BatchPolicy`: decision by decision."""

    def __init__(self, player: _Player) -> None:
        self.player = player

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
        """One pair for each decision, as 55 times the left choice plus the right one. Shape (R,)."""
        out = np.empty(len(masks), np.int64)
        for row, mask in enumerate(np.asarray(masks).reshape(-1, SIZE, SIZE)):
            first, second = self.player.pair(np.asarray(observations[row]), mask)
            out[row] = first * SIZE + second
        return out


def _member_values(situation: Situation) -> np.ndarray:
    """How good it is to send each team member in. Shape (A,); 0 for what is no switch."""
    values = np.zeros(SIZE)
    values[_SWITCHES] = [situation.standing(own) + 0.5 * situation.value(own, "hp") for own in range(6)]
    return values


class MaxDamage(_Player):
    """The pair of greatest expected damage, with the ally's damage against it; gimmicks where they add to it."""

    def _moves(self, situation: Situation) -> np.ndarray:
        sums = []
        for slot in (0, 1):
            damage = situation.damage(slot)
            value = damage[:, 0] + damage[:, 1] - damage[:, 2]
            value[_SWITCHES] = -0.01  # a move that does nothing is better than leaving
            sums.append(value)
        return sums[0][:, None] + sums[1][None, :]


class Heuristic(_Player):
    """Knock-outs first, both slots on one target only as far as it takes, then protection, set-up, status and switches by matchup."""

    knock_out = 0.6
    """Worth of a knock-out beside the damage."""
    margin = 0.35
    """How much better a matchup must be for a switch of its own accord."""

    def _moves(self, situation: Situation) -> np.ndarray:
        left, right = situation.damage(0), situation.damage(1)
        hit_points = situation.hit_points()
        together = left[:, None, :2] + right[None, :, :2]  # (A, A, 2)
        dealt = np.minimum(together, hit_points).sum(-1)
        knocked = ((together >= hit_points) & (hit_points > 0)).sum(-1)
        ally = 1.1 * (left[:, None, 2] + right[None, :, 2])
        values: np.ndarray = dealt + self.knock_out * knocked - ally
        return values + self._worth(situation, 0)[:, None] + self._worth(situation, 1)[None, :]

    def _worth(self, situation: Situation, slot: int) -> np.ndarray:
        """What each choice of a slot is worth beside its damage. Shape (A,)."""
        worth = np.zeros(SIZE)
        user = situation.active(0, slot)
        if user is None:
            return worth
        hp = situation.value(user, "hp")
        part = {name: situation.per_choice(slot, name) for name in _PARTS}
        worth += (
            0.4 * part["first"] * (part["knock_out"] >= 1.0)
            + 0.35 * (part["priority"] >= _FLINCHES) * (part["damage"] > 0.0) * part["works"]
        )
        worth += part["status"] * (0.5 * part["boosts"] * (hp > 0.6) + 0.25 * part["inflicts"] * (1.0 - part["target_ally"]))
        worth += 0.3 * part["field"] * (situation.features[0] < 0.1) + 0.5 * part["heals"] * (1.0 - hp)
        worth += 0.5 * part["protects"] * (0.15 * (hp < 0.5) - 0.5 * (situation.value(user, "protects") > 0))
        worth += 0.1 * part["pivot"] - 0.05 * (1.0 - part["accuracy"])
        worth[FIRST_MOVE:] -= 0.8 * (part["works"] == 0.0)[FIRST_MOVE:]
        worth[GIMMICK:MEGA_Y] += (
            0.1 if situation.value(user, "terastallized") == 0 and situation.features[field_column("champions")] else -0.12
        )
        worth[MEGA_Y:] += 0.1
        worth[_SWITCHES] = self._switches(situation, user)
        return worth

    def _switches(self, situation: Situation, user: int) -> np.ndarray:
        """The worth of a switch of its own accord: a better matchup, or bad stat changes left behind. Shape (6,)."""
        spoilt = min(situation.value(user, f"boost_{stat}") for stat in ("atk", "def", "spa", "spd", "spe")) <= -0.5
        here = situation.standing(user)
        better = np.array([situation.standing(own) - here for own in range(6)])
        return 0.1 * (better - self.margin) + (0.15 if spoilt else 0.0) - 0.1


_FLINCHES = 0.6
"""Priority (of 5) of damaging moves that make the target flinch, in the turn after coming in."""
_PARTS = (
    "first",
    "knock_out",
    "status",
    "boosts",
    "inflicts",
    "target_ally",
    "field",
    "heals",
    "protects",
    "pivot",
    "accuracy",
    "works",
    "priority",
    "damage",
)
"""The numbers of an option that count."""
