"""A night with other hidden roles: choices nobody but their makers saw, drawn so that the night ends as it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from . import chronicle as c
from .moves import antidote, pass_, targets, tuple_of
from .night import asked_at_night, attacks, prey_of
from .roles import DOCTOR, GUARD, SEER, WITCH, WOLF
from .state import BREW, HUNT, NIGHT, TALK, Draft, Entry, pick, seats_in

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["Impossible", "Nights"]

_TRIES = 5000


class Impossible(Exception):  # control flow, not an error
    """What was seen cannot have come about this way."""


class Nights:
    """One night under given roles.

    Args:
        game: The rules.
        draft: The match at nightfall, with the roles to explain it by; brought to the end of the night but for deaths.
        seat: Who saw it.
        seen: What it saw of this night, in order, without nightfall and dawn.
        rng: Source of the hidden choices.

    Attributes:
        poisoned: Whom the witch poisoned; -1 for nobody.
    """

    def __init__(self, game: Werewolf, draft: Draft, seat: int, seen: list[Entry], rng: np.random.Generator) -> None:
        self.game, self.draft, self.seat, self.rng = game, draft, seat, rng
        self.seen = [entry for entry in seen if entry[0] != c.GUESS]
        self.raw = seen
        self.poisoned = -1
        self.asked_now = False
        self.out: list[Entry] = []
        self.wolves = seats_in(draft.alive & draft.pack)
        self.attack = attacks(game, draft.day)

    def past(self, deaths: set[int]) -> list[Entry]:
        """The entries of a night that ended in these deaths."""
        self._whispers(len(self.wolves) * self.game.wolf_talk if len(self.wolves) > 1 else 0)
        if self.attack:
            prey, shields, potion = self._plan(deaths)
            self._choices(prey, shields)
            self._brew(potion)
        else:
            if deaths:
                raise Impossible
            self._choices(-1, (-1, -1))
        return self._merged()

    def tonight(self, asked: bool) -> list[Entry]:
        """The entries of a night that is not over, and who is asked now in the draft."""
        self.asked_now = asked
        phase = self._phase(asked)
        draft, whispers = self.draft, len(self.wolves) * self.game.wolf_talk if len(self.wolves) > 1 else 0
        draft.phase = phase
        if phase == TALK:
            whispers = sum(entry[0] == c.WHISPER for entry in self.seen)
        self._whispers(whispers)
        draft.turn = whispers
        if phase == TALK:
            draft.asked = (self.wolves[whispers % len(self.wolves)],)
        elif phase == BREW:
            told = [entry[1] for entry in self.seen if entry[0] == c.PREY] or [entry[2] for entry in self.seen if entry[0] == c.VICTIM]
            prey = told[0] if told else self._any(self._preys())
            shields = (self._any(self._shields(DOCTOR, 0)), self._any(self._shields(GUARD, 1)))
            self._choices(prey, shields)
            draft.asked = (draft.roles.index(WITCH),)
        else:
            self._proposals(phase)
        if (self.seat in draft.asked) != asked:
            raise Impossible
        return self._merged()

    # --- where the night stands --------------------------------------------------------------------------------------------

    def _phase(self, asked: bool) -> int:
        """The phase of tonight: the earliest that fits what the seat did and is asked."""
        draft, game = self.draft, self.game
        role = draft.roles[self.seat]
        kinds = {entry[0] for entry in self.seen}
        if not self.attack:
            return NIGHT
        if role == WOLF:
            return self._phase_of_wolf(kinds)
        if kinds & {c.CHECK, c.SHIELD} or (asked and role == WITCH):
            if not (draft.potions and draft.alive >> draft.roles.index(WITCH) & 1):
                raise Impossible
            return BREW
        if asked:
            return NIGHT
        if game.wolf_talk and len(self.wolves) > 1:
            return TALK
        return HUNT if game.wolf_rule == "last" and len(self.wolves) > 1 else NIGHT

    def _phase_of_wolf(self, kinds: set[int]) -> int:
        game, many = self.game, len(self.wolves) > 1
        if c.PREY in kinds:
            draft = self.draft
            if not (draft.potions and draft.alive >> draft.roles.index(WITCH) & 1):
                raise Impossible
            return BREW
        if game.wolf_talk and many and sum(entry[0] == c.WHISPER for entry in self.seen) < len(self.wolves) * game.wolf_talk:
            return TALK
        proposals = sum(entry[0] == c.HUNTED for entry in self.seen)
        return HUNT if game.wolf_rule == "last" and proposals < len(self.wolves) - 1 else NIGHT

    def _proposals(self, phase: int) -> None:
        """Proposals made before the phase, and who is asked in it."""
        draft, game = self.draft, self.game
        made = [entry for entry in self.seen if entry[0] == c.HUNTED]
        if not self.attack:
            draft.asked = asked_at_night(game, draft, ())
            return
        if game.wolf_rule == "last":
            if len(self.wolves) > 1:
                draft.decider = self.wolves[-1]
            if phase == NIGHT and not made:
                made = [(c.HUNTED, wolf, self._any(self._legal(wolf))) for wolf in self.wolves[:-1]]
            self.out += made
            asked: tuple[int, ...] = (self.wolves[-1],) if phase == NIGHT else (self.wolves[len(made)],)
            draft.decider = self.wolves[-1]
        elif game.wolf_rule == "random":
            mine = draft.roles[self.seat] == WOLF
            others = tuple(wolf for wolf in self.wolves if wolf != self.seat)
            asked = (self.seat,) if mine and self.asked_now else (self._any(others if mine else self.wolves),)
            draft.decider = asked[0]
        else:
            asked = self.wolves
        draft.asked = asked_at_night(game, draft, asked) if phase == NIGHT else asked

    # --- choices -----------------------------------------------------------------------------------------------------------

    def _any(self, options: tuple[int, ...]) -> int:
        if not options:
            raise Impossible
        return options[pick(self.rng, len(options))]

    def _legal(self, seat: int) -> tuple[int, ...]:
        """Whom a wolf may attack."""
        bits = self.draft.alive & (~self.draft.pack if self.game.wolf_targets == "village" else ~(1 << seat))
        return tuple_of(bits)

    def _preys(self) -> tuple[int, ...]:
        """Whom the wolves may have attacked."""
        if self.game.wolf_targets == "village":
            return tuple_of(self.draft.alive & ~self.draft.pack)
        return tuple_of(self.draft.alive & ~(1 << self.wolves[0] if len(self.wolves) == 1 else 0))

    def _shields(self, role: int, which: int) -> tuple[int, ...]:
        """Whom the doctor (0) or guard (1) may have protected: what the seat knows of itself, or anybody allowed; -1 for nobody."""
        draft = self.draft
        if role not in draft.roles or not draft.alive >> draft.roles.index(role) & 1:
            return (-1,)
        holder = draft.roles.index(role)
        if holder == self.seat:
            own = tuple(entry[2] for entry in self.seen if entry[0] == c.SHIELD)
            return own or (-1,)
        return tuple_of(targets(self.game, draft, holder, role)) or (-1,)

    def _potions(self, prey: int) -> Iterator[int]:
        """What the witch may have done: her action, or -1 when she was not asked."""
        draft, game = self.draft, self.game
        if not draft.potions or not draft.alive >> draft.roles.index(WITCH) & 1:
            yield -1
            return
        witch = draft.roles.index(WITCH)
        if witch == self.seat:
            (own,) = (entry for entry in self.seen if entry[0] == c.POTION)
            yield {0: pass_(game.players), 1: antidote(game.players), 2: own[3]}[own[2]]
            return
        yield pass_(game.players)
        if draft.potions & 1 and (game.witch_self or prey != witch):
            yield antidote(game.players)
        if draft.potions & 2:
            yield from tuple_of(draft.alive & ~(1 << witch))

    def _plan(self, deaths: set[int]) -> tuple[int, tuple[int, int], int]:
        """The attack, the protections and the potion of a night with these deaths, uniform over all that fit."""
        told = [entry[1] for entry in self.seen if entry[0] == c.PREY] or [entry[2] for entry in self.seen if entry[0] == c.VICTIM]
        doctor, guard = self._shields(DOCTOR, 0), self._shields(GUARD, 1)
        plans = []
        for prey in told or self._preys():
            for potion in self._potions(prey):
                poisoned = potion if 0 <= potion < self.game.players else -1
                healed = potion == antidote(self.game.players)
                must = _must_die(prey, poisoned, deaths)
                if must is None or (must and healed):
                    continue
                free = prey == poisoned or healed
                pairs = [(first, second) for first in doctor for second in guard if free or (prey in (first, second)) != must]
                plans += [(prey, pair, potion) for pair in pairs]
        if not plans:
            raise Impossible
        return plans[pick(self.rng, len(plans))]

    # --- entries -----------------------------------------------------------------------------------------------------------

    def _whispers(self, count: int) -> None:
        if not self.attack:
            return
        known = [entry for entry in self.seen if entry[0] == c.WHISPER]
        if known or self.draft.roles[self.seat] == WOLF:
            self.out += known
            return
        for turn in range(count):
            wolf = self.wolves[turn % len(self.wolves)]
            self.draft.turn = turn
            action = self._any(tuple_of(self.game.speech_bits(WOLF, wolf, self.draft.alive)))
            self.out.append((c.WHISPER, wolf, *self.game.spoken(wolf, action, self.draft)))

    def _choices(self, prey: int, shields: tuple[int, int]) -> None:
        """The wolves' proposals that end in `prey`, the seer's test, the protections, what the witch is told."""
        draft, game = self.draft, self.game
        proposals = self._hunt(prey) if self.attack else {}
        early = self.wolves[:-1] if game.wolf_rule == "last" and self.attack else ()
        self.out += [(c.HUNTED, wolf, proposals[wolf]) for wolf in early]
        late = tuple(wolf for wolf in self.wolves if wolf in proposals and wolf not in early)
        for who in asked_at_night(game, draft, late):
            role = draft.roles[who]
            if role == WOLF:
                self.out.append((c.HUNTED, who, proposals[who]))
            elif role == SEER:
                self._test(who)
            else:
                self.out.append((c.SHIELD, who, shields[role == GUARD]))
        draft.shields, draft.prey = shields, prey
        if self.attack:
            self.out.append((c.PREY, prey))
            if draft.potions & 1 and draft.alive >> draft.roles.index(WITCH) & 1:
                self.out.append((c.VICTIM, draft.roles.index(WITCH), prey))

    def _test(self, seer: int) -> None:
        draft, game = self.draft, self.game
        if seer == self.seat:
            (entry,) = (entry for entry in self.seen if entry[0] == c.CHECK)
        else:
            target = self._any(tuple_of(targets(game, draft, seer, SEER)))
            entry = (c.CHECK, seer, target, draft.roles[target] if game.seer_sees == "role" else int(draft.roles[target] == WOLF))
        draft.seen |= 1 << entry[2]
        self.out.append(entry)

    def _hunt(self, prey: int) -> dict[int, int]:
        """Proposals by wolf."""
        game, draft, wolves = self.game, self.draft, self.wolves
        known = {entry[1]: entry[2] for entry in self.seen if entry[0] == c.HUNTED}
        if known:
            draft.decider = -1 if game.wolf_rule in ("vote", "first") else max(known) if game.wolf_rule == "last" else next(iter(known))
            return known
        if game.wolf_rule in ("last", "random"):
            able = tuple(wolf for wolf in wolves if prey != wolf)
            draft.decider = wolves[-1] if game.wolf_rule == "last" else self._any(able)
            if prey == draft.decider:
                raise Impossible
            others = wolves[:-1] if game.wolf_rule == "last" else ()
            return {**{wolf: self._any(self._legal(wolf)) for wolf in others}, draft.decider: prey}
        options = [self._legal(wolf) for wolf in wolves]
        for _ in range(_TRIES):
            made = [self._any(legal) for legal in options]
            if prey_of(game, made, self.rng) == prey:
                return dict(zip(wolves, made, strict=True))
        raise Impossible

    def _brew(self, potion: int) -> None:
        """The witch's choice."""
        if potion < 0:
            return
        draft, seats = self.draft, self.game.players
        healed, self.poisoned = potion == antidote(seats), potion if potion < seats else -1
        draft.potions &= ~1 if healed else ~2 if self.poisoned >= 0 else ~0
        what = 1 if healed else 2 if self.poisoned >= 0 else 0
        self.out.append((c.POTION, draft.roles.index(WITCH), what, draft.prey if healed else self.poisoned))

    def _merged(self) -> list[Entry]:
        """The entries with the seat's own remarks in their places.

        Raises:
            Impossible: The seat would have seen something else.
        """
        wolf = bool(self.draft.pack >> self.seat & 1)
        merged: list[Entry] = []
        at = 0
        for entry in self.out:
            mine = entry[0] in (c.WHISPER, c.HUNTED, c.PREY) if wolf else False
            if mine or (entry[0] in (c.CHECK, c.SHIELD, c.VICTIM, c.POTION) and entry[1] == self.seat):
                while at < len(self.raw) and self.raw[at][0] == c.GUESS:
                    merged.append(self.raw[at])
                    at += 1
                if at >= len(self.raw) or self.raw[at] != entry:
                    raise Impossible
                at += 1
            merged.append(entry)
        if any(entry[0] != c.GUESS for entry in self.raw[at:]):
            raise Impossible
        return merged + self.raw[at:]


def _must_die(prey: int, poisoned: int, deaths: set[int]) -> bool | None:
    """Whether the victim of the attack must have died of it or have been saved; `None` when the deaths do not fit at all."""
    rest = deaths - {poisoned}
    if (poisoned >= 0 and poisoned not in deaths) or not rest <= {prey}:
        return None
    return prey in rest
