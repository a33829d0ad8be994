"""What a rule-based player reads out of an observation. Axis letters: A = 55 choices of a slot."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from agentarena.envs.pokemon_vgc.actions import FIRST_MOVE, GIMMICK, MEGA_Y, OPTIONS, SIZE
from agentarena.envs.pokemon_vgc.observation import STATUS, member_slice, option_column, slices, split

from .chart import EFFECTIVENESS, TYPES

__all__ = ["Situation"]

_OWN, _FOE = range(6), range(6, 12)
_ROWS = np.where(np.arange(SIZE) >= FIRST_MOVE, (np.arange(SIZE) - FIRST_MOVE) % OPTIONS, 0)


class Situation:
    """One decision's observation, by names.

    Args:
        observation: What the seat sees. Shape (n,).
        mask: Which pairs are legal. Shape (A, A).
    """

    def __init__(self, observation: np.ndarray, mask: np.ndarray) -> None:
        parts = split(observation[: slices()["status"].stop])
        self.features, self.options, self.status = parts["features"], parts["options"], parts["status"]
        self.mask = np.asarray(mask, bool)

    def decides(self, kind: str) -> bool:
        """Whether this is a decision of this kind: "build", "preview", "move", "switch"."""
        return bool(self.status[STATUS.index(f"kind_{kind}")])

    def value(self, index: int, name: str) -> float:
        """A number of one of the twelve, e.g. its "hp"."""
        return float(self.features[member_slice(index, name)])

    def per_choice(self, slot: int, name: str) -> np.ndarray:
        """A number of the options, for each choice of a slot; 0 of passes and switches. Shape (A,)."""
        values: np.ndarray = self.options[slot, _ROWS, option_column(name)].astype(np.float64)
        values[:FIRST_MOVE] = 0.0
        return values

    def damage(self, slot: int) -> np.ndarray:
        """Expected damage of each choice as a share of full hit points: to the left foe, the right foe and the ally. Shape (A, 3)."""
        plain, other, ally = (self.per_choice(slot, name) for name in ("damage", "damage_other", "damage_ally"))
        with_gimmick = self.per_choice(slot, "damage_gimmick")
        main = np.where(np.arange(SIZE) >= GIMMICK, with_gimmick, plain)
        main[MEGA_Y:] = np.maximum(main[MEGA_Y:], plain[MEGA_Y:])
        target = (np.arange(SIZE) - FIRST_MOVE) % 4
        left_stands = self.active(1, 0) is not None
        left = np.where((target == 1) | ((target == 0) & left_stands), main, np.where(target == 2, other, 0.0))
        right = np.where((target == 2) | ((target == 0) & (not left_stands)), main, np.where((target <= 1) & left_stands, other, 0.0))
        aims_ally = self.per_choice(slot, "target_ally") > 0
        out = np.stack(
            [np.where(aims_ally, 0.0, left), np.where(aims_ally, 0.0, right), np.maximum(ally, np.where(aims_ally, main, 0.0))], 1
        )
        out[:FIRST_MOVE] = 0.0
        return out

    def active(self, side: int, slot: int) -> int | None:
        """Which of the twelve is in a place: side 0 own, 1 the other; `None` where nobody stands."""
        name = ("slot_a", "slot_b")[slot]
        for index in _FOE if side else _OWN:
            if self.value(index, name) and not self.value(index, "fainted"):
                return index
        return None

    def hit_points(self) -> np.ndarray:
        """What is left of the left foe, the right foe, as shares; 0 where nobody stands. Shape (2,)."""
        actives = [self.active(1, slot) for slot in (0, 1)]
        return np.array([0.0 if index is None else self.value(index, "hp") for index in actives])

    @cached_property
    def _types(self) -> np.ndarray:
        """The types of the twelve. Shape (12, 18)."""
        return np.array([[self.value(index, f"type_{name}") for name in TYPES] for index in range(12)])

    @cached_property
    def matchups(self) -> np.ndarray:
        """How well each of the own six stands against each of the other six, by types and speed. Shape (6, 6)."""
        types = self._types
        against = np.array([[_strength(types[own], types[foe]) - _strength(types[foe], types[own]) for foe in _FOE] for own in _OWN])
        speed = np.array([self.value(index, "stat_spe") for index in range(12)])
        faster = np.where(speed[:6, None] > speed[None, 6:], 0.2, -0.2)
        known = types[6:].any(1)
        return (against + faster) * known

    def standing(self, own: int) -> float:
        """How well one of the own six stands against those in battle, or against all where none is."""
        facing = [index - 6 for index in (self.active(1, 0), self.active(1, 1)) if index is not None] or list(range(6))
        return float(self.matchups[own, facing].mean())


def _strength(attacker: np.ndarray, defender: np.ndarray) -> float:
    """The best factor of the attacker's own types against the defender. Shapes (18,), (18,)."""
    rows = EFFECTIVENESS[attacker > 0]
    if not len(rows) or not (defender > 0).any():
        return 1.0
    return float(rows[:, defender > 0].prod(1).max())
