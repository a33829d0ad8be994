"""What a seat may know, as one vector of float32 numbers from 0 to 1.

Seats are absolute, as actions are; who one is is a one-hot part. Roles are dealt anew each match, so no seat has a
lasting meaning. Everything comes from the log, filtered by `state.visible`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import NotSupported, UsageError
from agentarena.core.speech import Heard

from .actions import Latent, space_of, speech, tuple_of
from .options import HUNTER, MASON, ROLES, WITCH, WOLF, Options
from .state import OPEN_PHASES, PHASES, SPEAK, TALK, Entry, State, seats_in, visible, visible_phase

__all__ = ["RECENT", "Layout", "heard"]

RECENT = 3
"""Days of votes that are kept in the observation."""
_COUNTED = ("accuse", "defend", "agree", "question")
_SPOKEN = frozenset(("claims", "wolves", "cleans", *_COUNTED, "signals", "before"))
"""Parts that tell what was said."""
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

    Games in which a role speaks by latent moves have two parts more, for K symbols (0 to the greatest of any role) and T = N where a
    move can name a seat, else 0:

    signals (N, U, K + T): what the speaker said in each round of today (U rounds; speeches under bidding): its symbol, whom it named.
    before (N, K, T + 1): how often the speaker said a symbol of a seat on earlier days; the last column names nobody.
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
        spaces = [space for role in options.roles_in_play if isinstance(space := space_of(options, role), Latent)]
        self.latent = bool(spaces)
        self.symbols = max((space.symbols for space in spaces), default=0)
        if self.latent:
            named = n if any(move.names_seat for space in spaces for move in space.moves) else 0
            shapes |= {"signals": (n, max(1, options.speech_rounds), self.symbols + named), "before": (n, self.symbols, named + 1)}
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
        for name in (*_COUNTED, "before") if self.latent else _COUNTED:
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
        if self.latent:
            self._sunset(parts)
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
        elif kind == "talk" and value >= 0:
            self._signal(parts, entry.seat, value, target)

    def _signal(self, parts: Parts, speaker: int, symbol: int, target: int) -> None:
        """Enter a symbol that was heard today in the speaker's first free round, or in the day's under bidding."""
        signals = parts["signals"]
        spoken = np.any(signals, axis=2)
        where = int(spoken.sum() if self.options.discussion == "bidding" else spoken[speaker].sum())
        if where >= len(signals[speaker]):
            raise UsageError(f"Werewolf: more than {len(signals[speaker])} speeches of seat {speaker} on one day; the rules have no more")
        signals[speaker, where, symbol] = 1
        if target >= 0:
            signals[speaker, where, self.symbols + target] = 1

    def _sunset(self, parts: Parts) -> None:
        """Today's symbols become counts."""
        signals, before = parts["signals"], parts["before"]
        for speaker, place in zip(*np.nonzero(signals.any(axis=2)), strict=True):
            row = signals[speaker, place]
            named = int(row[self.symbols :].argmax()) if row[self.symbols :].any() else -1
            before[speaker, int(row[: self.symbols].argmax()), named] += 1 / _MOST
        signals[:] = 0

    # --- the same seat's sight, from a game in which one speaks otherwise ----------------------------------------------

    def translated(self, observation: np.ndarray, heard: Sequence[Heard], plain: Layout) -> np.ndarray:
        """What a seat sees here that sees `observation` in a game of the layout `plain` and heard these symbols. Shape (size,).

        Raises:
            UsageError: The two games differ in more than speech, or a symbol, seat or number of speeches is out of range.
        """
        _check_alike(self, plain)
        out = np.zeros(self.size, np.float32)
        parts = self.parts(out)
        for name, part in plain.parts(observation).items():
            if name not in _SPOKEN:
                parts[name][:] = part
        today = self.day_in(observation)
        day = 0
        for signal in sorted(heard):
            self._check_heard(signal)
            if signal.day != day:
                self._sunset(parts)
                day = signal.day
            self._signal(parts, signal.speaker, signal.symbol, signal.target)
        if day != today:
            self._sunset(parts)
        np.minimum(parts["before"], 1.0, out=parts["before"])
        return out

    def mask(self, observation: np.ndarray, legal: Iterable[int], plain: Layout) -> np.ndarray:
        """Legal actions here of a seat that sees `observation` in a game of the layout `plain` and may do `legal` there. Shape (A,)."""
        _check_alike(self, plain)
        options, parts = self.options, plain.parts(observation)
        spaces = [space_of(options, role) for role in range(len(ROLES))]
        out = np.zeros(speech(options.players) + max(space.size for space in spaces), bool)
        if parts["asked"][0] and int(parts["phase"].argmax()) in (SPEAK, TALK):
            alive = sum(1 << int(seat) for seat in np.flatnonzero(parts["alive"]))
            bits = spaces[int(parts["role"].argmax())].legal(int(parts["self"].argmax()), alive)
            legal = tuple_of(bits << speech(options.players))
        out[list(legal)] = True
        return out

    def day_in(self, observation: np.ndarray) -> int:
        """Number of the day of an observation."""
        return round(float(observation[self.slices["day"]][0]) * self.options.last_day)

    def _check_heard(self, speech: Heard) -> None:
        named = self.shapes["before"][2] - 1
        seats = self.options.players
        if not (0 <= speech.speaker < seats and 0 <= speech.symbol < self.symbols and -1 <= speech.target < named):
            raise UsageError(
                f"Werewolf: {shown(speech)} was not heard in this game; speakers are 0 to {seats - 1}, symbols 0 to {self.symbols - 1}, "
                f"targets -1 to {named - 1}"
            )

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


def heard(options: Options, state: State) -> tuple[Heard, ...]:
    """All public speeches that were heard as symbols."""
    day, order, symbols = 0 if options.opening == "night" else 1, 0, []
    for entry in state.log:
        if entry.kind == "night":
            day, order = entry.day, 0
        elif entry.speech is not None and entry.kind == "speech":
            act = entry.speech.act
            if act.kind == "talk" and act.value >= 0:
                symbols.append(Heard(day, order, entry.seat, act.value, act.target))
            order += 1
    return tuple(symbols)


def _check_alike(latent: Layout, plain: Layout) -> None:
    """Raise unless one layout can be translated into the other."""
    if not latent.latent:
        raise NotSupported("Werewolf: this game has no latent speech; make one with with_latent(moves)")
    differ = [name for name, shape in latent.shapes.items() if name not in _SPOKEN and plain.shapes[name] != shape]
    if differ or latent.options.last_day != plain.options.last_day or latent.options.speech_rounds != plain.options.speech_rounds:
        raise UsageError("Werewolf: the two games may differ in speech alone; build the latent one from the other by with_latent(moves)")


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
