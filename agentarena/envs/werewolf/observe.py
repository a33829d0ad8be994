"""What a seat may know, as one vector of float32 numbers from 0 to 1.

Seats are absolute, as actions are; who one is is a one-hot part. Roles are dealt anew each match, so no seat has a
lasting meaning. Everything comes from the log, filtered by `chronicle.visible`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import chronicle as c
from .roles import HUNTER, MASON, ROLES, WOLF
from .state import PHASES, State, seats_in

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["RECENT", "Layout"]

RECENT = 3
"""Days of votes that are kept in the observation."""
_COUNTED = ("accuse", "defend", "agree", "question")
_MOST = 4.0
"""Counts are given in quarters and stay at 1 from 4 on."""


class Layout:
    """Where each part of the vector lies. N players, R = 10 roles, P = 10 phases; parts in this order:

    self (N): who one is.                       role (R): one's own role.
    phase (P): what is going on.                asked (1): whether one is to move.
    day (1): number of the day over the last.   turn (1): speeches so far over those of a day.
    alive (N).                                  standing (N): who may be voted for.
    known (N, R): role known for certain.       wolf (N): known to be a werewolf.
    clean (N): known to be none.                tested (N): whom one has tested.
    died (N, 3): at night, exiled, shot.        when (N): day of death over the last day.
    order (N): place in today's order of speech, first 1; 0 without one.
    claims (N, R): speaker has claimed role.    wolves (N, N), cleans (N, N): speaker reported target as wolf, as clean.
    accuse, defend, agree, question (N, N each): how often the speaker said it of the target.
    votes (3, N, N + 1): voter's last vote of today, yesterday, the day before; the last column abstains.
    straw (N + 1): one's own last straw vote.   bids (N): one's own last bid over 4, at one's own place.
    prey (N): tonight's victim, to wolves and the witch.  proposals (N, N): tonight's, to wolves.
    shield (N): whom one protects or last protected.      potions (2): what the witch has left.
    """

    def __init__(self, game: Werewolf) -> None:
        self.game = game
        n, roles = game.players, len(ROLES)
        shapes: dict[str, tuple[int, ...]] = {
            "self": (n,), "role": (roles,), "phase": (len(PHASES),), "asked": (1,), "day": (1,), "turn": (1,),
            "alive": (n,), "standing": (n,), "known": (n, roles), "wolf": (n,), "clean": (n,), "tested": (n,),
            "died": (n, 3), "when": (n,), "order": (n,), "claims": (n, roles), "wolves": (n, n), "cleans": (n, n),
            **dict.fromkeys(_COUNTED, (n, n)),
            "votes": (RECENT, n, n + 1), "straw": (n + 1,), "bids": (n,), "prey": (n,), "proposals": (n, n), "shield": (n,), "potions": (2,),
        }  # fmt: skip
        self.shapes = shapes
        self.slices: dict[str, slice] = {}
        at = 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            self.slices[name] = slice(at, at + size)
            at += size
        self.size = at

    def parts(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """The parts of an observation by name, as views of it in their shapes."""
        return {name: vector[self.slices[name]].reshape(shape) for name, shape in self.shapes.items()}

    def vector(self, state: State, seat: int) -> np.ndarray:
        """The observation of `seat`. Shape (size,), float32."""
        out = np.zeros(self.size, np.float32)
        parts = self.parts(out)
        self._situation(parts, state, seat)
        for entry in state.log:
            handler = _HANDLERS.get(entry[0])
            if handler is not None and c.visible(self.game, state, entry, seat):
                handler(self, parts, state, seat, *entry[1:])
        for name in _COUNTED:
            np.minimum(parts[name], 1.0, out=parts[name])
        parts["wolf"][:] = np.maximum(parts["wolf"], parts["known"][:, WOLF])
        parts["clean"][:] = np.maximum(parts["clean"], parts["known"].sum(axis=1) - parts["known"][:, WOLF])
        return out

    def _situation(self, parts: dict[str, np.ndarray], state: State, seat: int) -> None:
        parts["self"][seat] = 1
        parts["role"][state.roles[seat]] = 1
        parts["known"][seat, state.roles[seat]] = 1
        parts["phase"][c.phase_shown(state, seat)] = 1
        parts["asked"][0] = seat in state.asked
        parts["day"][0] = min(1.0, state.day / self.game.last_day)
        for other in seats_in(state.alive):
            parts["alive"][other] = 1
        if state.phase in c.OPEN:
            for other in seats_in(state.standing):
                parts["standing"][other] = 1
            parts["turn"][0] = min(1.0, state.turn / max(1, self._speeches))
            for place, other in enumerate(state.order):
                parts["order"][other] = 1 - place / self.game.players

    @cached_property
    def _speeches(self) -> int:
        each = self.game.discussion in ("round_robin", "random")
        return self.game.talks * (self.game.players if each else 1)

    # --- one method for each kind of entry that leaves a trace ---------------------------------------------------------

    def _pack(self, parts: dict[str, np.ndarray], state: State, me: int, seats: tuple[int, ...]) -> None:
        parts["known"][list(seats), WOLF] = 1
        others = [other for other in range(self.game.players) if other not in seats]
        parts["clean"][others] = 1

    def _lodge(self, parts: dict[str, np.ndarray], state: State, me: int, seats: tuple[int, ...]) -> None:
        parts["known"][list(seats), MASON] = 1

    def _nightfall(self, parts: dict[str, np.ndarray], state: State, me: int, day: int) -> None:
        votes = parts["votes"]
        votes[1:] = votes[:-1].copy()
        votes[0] = 0
        parts["prey"][:] = 0
        parts["proposals"][:] = 0

    def _hunted(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int) -> None:
        parts["proposals"][seat, target] = 1

    def _prey(self, parts: dict[str, np.ndarray], state: State, me: int, target: int) -> None:
        parts["prey"][target] = 1

    def _check(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int, result: int) -> None:
        parts["tested"][target] = 1
        if self.game.seer_sees == "role":
            parts["known"][target, result] = 1
        else:
            parts["wolf" if result else "clean"][target] = 1

    def _shield(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int) -> None:
        parts["shield"][:] = 0
        parts["shield"][target] = 1

    def _victim(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int) -> None:
        parts["prey"][target] = 1

    def _potion(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, what: int, target: int) -> None:
        if what:
            parts["potions"][what - 1] = 0

    def _dealt(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, role: int) -> None:
        if ROLES[role] == "witch":
            parts["potions"][:] = 1

    def _dawn(self, parts: dict[str, np.ndarray], state: State, me: int, day: int, deaths: tuple[tuple[int, int], ...]) -> None:
        for seat, code in deaths:
            self._death(parts, seat, code, 0, day)

    def _exile(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, code: int, day: int) -> None:
        if seat >= 0:
            self._death(parts, seat, code, 1, day)

    def _shot(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int, code: int, day: int) -> None:
        parts["known"][seat, HUNTER] = 1
        self._death(parts, target, code, 2, day)

    def _death(self, parts: dict[str, np.ndarray], seat: int, code: int, how: int, day: int) -> None:
        parts["died"][seat, how] = 1
        parts["when"][seat] = min(1.0, day / self.game.last_day)
        if 0 <= code < len(ROLES):
            parts["known"][seat, code] = 1
        elif code == len(ROLES):
            parts["clean"][seat] = 1
        elif code > len(ROLES) and not self.game.possessed:
            parts["wolf"][seat] = 1

    def _said(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, act: tuple[str, int, int], *rest: object) -> None:
        kind, target, value = act
        if kind == "claim":
            parts["claims"][seat, value] = 1
        elif kind == "result":
            parts["wolves" if value else "cleans"][seat, target] = 1
        elif kind in _COUNTED:
            parts[kind][seat, target] += 1 / _MOST

    def _voted(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int) -> None:
        parts["votes"][0, seat] = 0
        parts["votes"][0, seat, target] = 1

    def _straw(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int) -> None:
        parts["straw"][:] = 0
        parts["straw"][target] = 1

    def _bidden(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, amount: int) -> None:
        parts["bids"][seat] = amount / 4

    def _sensed(self, parts: dict[str, np.ndarray], state: State, me: int, seat: int, target: int, wolf: int) -> None:
        parts["wolf" if wolf else "clean"][target] = 1

    def _end(self, parts: dict[str, np.ndarray], state: State, me: int, winner: str, roles: tuple[int, ...]) -> None:
        parts["known"][range(len(roles)), list(roles)] = 1


_HANDLERS: dict[int, Any] = {
    c.DEALT: Layout._dealt,
    c.PACK: Layout._pack,
    c.MASONS: Layout._lodge,
    c.NIGHTFALL: Layout._nightfall,
    c.HUNTED: Layout._hunted,
    c.PREY: Layout._prey,
    c.CHECK: Layout._check,
    c.SHIELD: Layout._shield,
    c.VICTIM: Layout._victim,
    c.POTION: Layout._potion,
    c.DAWN: Layout._dawn,
    c.SAID: Layout._said,
    c.STRAWVOTE: Layout._straw,
    c.BIDDEN: Layout._bidden,
    c.VOTED: Layout._voted,
    c.EXILE: Layout._exile,
    c.SENSED: Layout._sensed,
    c.SHOTFIRED: Layout._shot,
    c.END: Layout._end,
}
