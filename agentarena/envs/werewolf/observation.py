"""What a seat may know, as one vector of float32 numbers from 0 to 1.

Seats are absolute, as actions are; who one is is a one-hot part. Roles are dealt anew each match, so no seat has a
lasting meaning. Everything comes from the log, filtered by `state.visible`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from .options import HUNTER, MASON, ROLES, WITCH, WOLF, Options
from .state import OPEN_PHASES, PHASES, Entry, State, seats_in, visible, visible_phase

__all__ = ["RECENT", "Layout"]

RECENT = 3
"""Days of votes that are kept in the observation."""
_COUNTED = ("accuse", "defend", "agree", "question")
_MOST = 4.0
"""Counts are given in quarters and stay at 1 from 4 on."""

Parts = dict[str, np.ndarray]


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

    def __init__(self, options: Options) -> None:
        self.options = options
        n, roles = options.players, len(ROLES)
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

    def parts(self, vector: np.ndarray) -> Parts:
        """The parts of an observation by name, as views of it in their shapes."""
        return {name: vector[self.slices[name]].reshape(shape) for name, shape in self.shapes.items()}

    def vector(self, state: State, seat: int) -> np.ndarray:
        """The observation of `seat`. Shape (size,), float32."""
        out = np.zeros(self.size, np.float32)
        parts = self.parts(out)
        self._situation(parts, state, seat)
        for entry in state.log:
            handler = _HANDLERS.get(entry.kind)
            if handler is not None and visible(self.options, state, entry, seat):
                handler(self, parts, entry)
        for name in _COUNTED:
            np.minimum(parts[name], 1.0, out=parts[name])
        parts["wolf"][:] = np.maximum(parts["wolf"], parts["known"][:, WOLF])
        parts["clean"][:] = np.maximum(parts["clean"], parts["known"].sum(axis=1) - parts["known"][:, WOLF])
        return out

    def _situation(self, parts: Parts, state: State, seat: int) -> None:
        role = state.deal.roles[seat]
        parts["self"][seat] = 1
        parts["role"][role] = 1
        parts["known"][seat, role] = 1
        parts["phase"][visible_phase(state, seat)] = 1
        parts["asked"][0] = seat in state.to_move
        parts["day"][0] = min(1.0, state.day / self.options.last_day)
        for other in seats_in(state.alive):
            parts["alive"][other] = 1
        if state.phase in OPEN_PHASES:
            for other in seats_in(state.ballot.candidates):
                parts["standing"][other] = 1
            parts["turn"][0] = min(1.0, state.turn / max(1, self._speeches_a_day))
            for place, other in enumerate(state.discussion.order):
                parts["order"][other] = 1 - place / self.options.players

    @cached_property
    def _speeches_a_day(self) -> int:
        each = self.options.discussion in ("round_robin", "random")
        return self.options.speech_rounds * (self.options.players if each else 1)

    # --- one method for each kind of entry that leaves a trace ---------------------------------------------------------

    def _dealt(self, parts: Parts, entry: Entry) -> None:
        if entry.value == WITCH:
            parts["potions"][:] = 1

    def _pack(self, parts: Parts, entry: Entry) -> None:
        parts["known"][list(entry.items), WOLF] = 1
        others = [other for other in range(self.options.players) if other not in entry.items]
        parts["clean"][others] = 1

    def _masons(self, parts: Parts, entry: Entry) -> None:
        parts["known"][list(entry.items), MASON] = 1

    def _nightfall(self, parts: Parts, entry: Entry) -> None:
        votes = parts["votes"]
        votes[1:] = votes[:-1].copy()
        votes[0] = 0
        parts["prey"][:] = 0
        parts["proposals"][:] = 0

    def _hunt(self, parts: Parts, entry: Entry) -> None:
        parts["proposals"][entry.seat, entry.target] = 1

    def _prey(self, parts: Parts, entry: Entry) -> None:
        parts["prey"][entry.target] = 1

    def _check(self, parts: Parts, entry: Entry) -> None:
        parts["tested"][entry.target] = 1
        if self.options.seer_sees == "role":
            parts["known"][entry.target, entry.value] = 1
        else:
            parts["wolf" if entry.value else "clean"][entry.target] = 1

    def _protect(self, parts: Parts, entry: Entry) -> None:
        parts["shield"][:] = 0
        parts["shield"][entry.target] = 1

    def _potion(self, parts: Parts, entry: Entry) -> None:
        if entry.value:
            parts["potions"][entry.value - 1] = 0

    def _dawn(self, parts: Parts, entry: Entry) -> None:
        for seat, code in entry.items:
            self._death(parts, seat, code, 0, entry.day)

    def _exile(self, parts: Parts, entry: Entry) -> None:
        if entry.seat >= 0:
            self._death(parts, entry.seat, entry.value, 1, entry.day)

    def _shot(self, parts: Parts, entry: Entry) -> None:
        parts["known"][entry.seat, HUNTER] = 1
        self._death(parts, entry.target, entry.value, 2, entry.day)

    def _death(self, parts: Parts, seat: int, reveal: int, how: int, day: int) -> None:
        parts["died"][seat, how] = 1
        parts["when"][seat] = min(1.0, day / self.options.last_day)
        if 0 <= reveal < len(ROLES):
            parts["known"][seat, reveal] = 1
        elif reveal == len(ROLES):
            parts["clean"][seat] = 1
        elif reveal > len(ROLES) and not self.options.possessed:
            parts["wolf"][seat] = 1

    def _speech(self, parts: Parts, entry: Entry) -> None:
        assert entry.speech is not None
        kind, target, value = entry.speech.act
        if kind == "claim":
            parts["claims"][entry.seat, value] = 1
        elif kind == "result":
            parts["wolves" if value else "cleans"][entry.seat, target] = 1
        elif kind in _COUNTED:
            parts[kind][entry.seat, target] += 1 / _MOST

    def _vote(self, parts: Parts, entry: Entry) -> None:
        parts["votes"][0, entry.seat] = 0
        parts["votes"][0, entry.seat, entry.target] = 1

    def _straw(self, parts: Parts, entry: Entry) -> None:
        parts["straw"][:] = 0
        parts["straw"][entry.target] = 1

    def _bid(self, parts: Parts, entry: Entry) -> None:
        parts["bids"][entry.seat] = entry.value / 4

    def _sense(self, parts: Parts, entry: Entry) -> None:
        parts["wolf" if entry.value else "clean"][entry.target] = 1

    def _end(self, parts: Parts, entry: Entry) -> None:
        parts["known"][range(len(entry.items)), list(entry.items)] = 1


_HANDLERS: dict[str, Callable[[Layout, Parts, Entry], None]] = {
    "role": Layout._dealt,
    "pack": Layout._pack,
    "masons": Layout._masons,
    "night": Layout._nightfall,
    "hunt": Layout._hunt,
    "prey": Layout._prey,
    "check": Layout._check,
    "protect": Layout._protect,
    "victim": Layout._prey,
    "potion": Layout._potion,
    "dawn": Layout._dawn,
    "speech": Layout._speech,
    "straw": Layout._straw,
    "bid": Layout._bid,
    "vote": Layout._vote,
    "exile": Layout._exile,
    "sense": Layout._sense,
    "shot": Layout._shot,
    "end": Layout._end,
}
