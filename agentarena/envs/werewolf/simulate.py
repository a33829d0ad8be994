"""Random play of many matches at once, every single choice and vote drawn: the solver's independent twin.

Nothing here is shared with the rules or the solver but the names of options and roles. Axis letters: B matches, N seats.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .game import Werewolf
from .roles import DOCTOR, GUARD, HUNTER, ROLES, WITCH, WOLF

__all__ = ["Tally", "simulate"]

Bools = np.ndarray
Ints = np.ndarray


@dataclass
class Tally:
    """Counts over simulated matches.

    Attributes:
        matches: How many were played.
        outcomes: (winner, votes held) -> matches; the winner of a cut-short match is "nobody".
        dealt: Role name -> players who had it.
        alive: Role name -> players who had it and were alive at the end.
        cast: First-ballot votes of non-wolves that named somebody.
        hits: Those that named a werewolf.
    """

    matches: int = 0
    outcomes: Counter[tuple[str, int]] = field(default_factory=Counter)
    dealt: Counter[str] = field(default_factory=Counter)
    alive: Counter[str] = field(default_factory=Counter)
    cast: int = 0
    hits: int = 0

    def share(self, winner: str) -> float:
        """Share of matches with this winner: "village", "wolves" or "nobody"."""
        return sum(count for (who, _), count in self.outcomes.items() if who == winner) / self.matches

    @property
    def votes(self) -> float:
        """Mean number of votes held."""
        return sum(votes * count for (_, votes), count in self.outcomes.items()) / self.matches

    def add(self, other: Tally) -> None:
        """Count the matches of another tally too."""
        self.matches += other.matches
        self.cast += other.cast
        self.hits += other.hits
        for mine, theirs in ((self.outcomes, other.outcomes), (self.dealt, other.dealt), (self.alive, other.alive)):
            mine.update(theirs)  # type: ignore[arg-type]  # counters of the same keys


def simulate(game: Werewolf, matches: int, rng: np.random.Generator, block: int = 20_000) -> Tally:
    """Play `matches` matches of uniformly random choices.

    Args:
        game: The rules.
        matches: How many.
        rng: Source of all choices.
        block: How many at once; memory grows with block * players**2.
    """
    total = Tally()
    while total.matches < matches:
        total.add(_Block(game, min(block, matches - total.matches), rng).play())
    return total


def choose(allowed: Bools, rng: np.random.Generator) -> Ints:
    """One allowed index on the last axis, uniformly; -1 where none is allowed."""
    draws = rng.random(allowed.shape, dtype=np.float32)
    draws[~allowed] = -1.0
    best = draws.argmax(axis=-1)
    return np.where(allowed.any(axis=-1), best, -1)


class _Block:
    """Matches still going, as arrays that shrink as matches end.

    roles, alive: (B, N); last: (B, 2) whom doctor and guard protected last night; potions: (B, 2) antidote and poison.
    """

    def __init__(self, game: Werewolf, size: int, rng: np.random.Generator) -> None:
        self.game, self.rng = game, rng
        n = game.players
        self.roles = rng.permuted(np.tile(np.array(game.deck, np.int8), (size, 1)), axis=1)
        self.alive = np.ones((size, n), bool)
        self.last = np.full((size, 2), -1)
        self.potions = np.full((size, 2), bool(game.witch))
        self.tally = Tally(matches=size, dealt=Counter({ROLES[r]: size * game.deck.count(r) for r in sorted(set(game.deck))}))

    def play(self) -> Tally:
        game = self.game
        for day in range(1, game.last_day + 1):
            quiet = day == game.first_night and not game.first_attack
            if day >= game.first_night and not quiet:
                self.night()
                self.close(votes=day - 1)
            if not len(self.alive):
                break
            self.vote()
            self.close(votes=day)
        self.end(np.ones(len(self.alive), bool), "nobody", game.last_day)
        return self.tally

    # --- the night ---------------------------------------------------------------------------------------------------

    def night(self) -> None:
        """Attack, protection, potions, deaths, the hunter's shot."""
        game, roles, alive = self.game, self.roles, self.alive
        rows = np.arange(len(alive))
        prey = self.attack()
        self.protect(0, DOCTOR, bool(game.self_save), bool(game.repeat_save))
        self.protect(1, GUARD, bool(game.guard_self), bool(game.guard_repeat))
        healed, poisoned = self.brew(prey)
        dies = ~healed & (prey != self.last[:, 0]) & (prey != self.last[:, 1])
        hunted = dies & (roles[rows, prey] == HUNTER) & (poisoned != prey)
        alive[rows[dies], prey[dies]] = False
        got = poisoned >= 0
        alive[rows[got], poisoned[got]] = False
        self.shoot(hunted)

    def attack(self) -> Ints:
        """The wolves' victim in each match. Shape (B,)."""
        game, rng = self.game, self.rng
        wolf = (self.roles == WOLF) & self.alive
        size, n = wolf.shape
        if game.wolf_targets == "village":
            allowed = np.broadcast_to((self.alive & ~wolf)[:, None, :], (size, n, n))
        else:
            allowed = self.alive[:, None, :] & ~np.eye(n, dtype=bool)
        if game.wolf_rule == "random":
            decider = choose(wolf, rng)
        else:
            decider = n - 1 - wolf[:, ::-1].argmax(axis=1)
        if game.wolf_rule in ("last", "random"):
            return choose(allowed[np.arange(size), decider], rng)
        named = np.where(wolf, choose(allowed, rng), -1)
        counts = (named[:, :, None] == np.arange(n)).sum(axis=1)
        top = counts == counts.max(axis=1, keepdims=True)
        if game.wolf_rule == "vote":
            return choose(top, rng)
        for_top = wolf & np.take_along_axis(top, np.maximum(named, 0), axis=1)  # a wolf whose proposal is among the leaders
        return np.take_along_axis(named, for_top.argmax(axis=1)[:, None], axis=1)[:, 0]

    def protect(self, which: int, role: int, own: bool, repeat: bool) -> None:
        """Doctor (0) or guard (1) chooses; -1 where there is none alive or nobody to choose."""
        holder = (self.roles == role) & self.alive
        allowed = self.alive & holder.any(axis=1)[:, None]
        if not own:
            allowed &= ~holder
        if not repeat:
            allowed &= self.last[:, which][:, None] != np.arange(allowed.shape[1])
        self.last[:, which] = choose(allowed, self.rng)

    def brew(self, prey: Ints) -> tuple[Bools, Ints]:
        """Whom the witch heals (whether the victim) and poisons (-1 for nobody)."""
        size, n = self.alive.shape
        witch = (self.roles == WITCH) & self.alive
        may_heal = self.potions[:, 0] & (True if self.game.witch_self else ~witch[np.arange(size), prey])
        options = np.zeros((size, n + 2), bool)
        options[:, :n] = self.alive & ~witch & self.potions[:, 1][:, None]
        options[:, n] = True
        options[:, n + 1] = may_heal
        options &= witch.any(axis=1)[:, None]
        done = choose(options, self.rng)
        healed, poisoned = done == n + 1, np.where(done < n, done, -1)
        self.potions[:, 0] &= ~healed
        self.potions[:, 1] &= poisoned < 0
        return healed, poisoned

    def shoot(self, hunted: Bools) -> None:
        """The hunters who died shoot."""
        target = choose(self.alive & hunted[:, None], self.rng)
        rows = np.flatnonzero(target >= 0)
        self.alive[rows, target[rows]] = False

    # --- the day -------------------------------------------------------------------------------------------------------

    def vote(self) -> None:
        """Ballots until somebody or nobody is exiled."""
        game = self.game
        size = len(self.alive)
        exiled, standing = np.full(size, -1), self.alive.copy()
        open_ = np.arange(size)
        for ballot in range(1 + (game.revotes if game.tie == "revote" else 0)):
            counts = self.count(open_, standing, first=ballot == 0)
            most = counts.max(axis=1)
            top = (counts == most[:, None]) & (most > 0)[:, None]
            tied = top.sum(axis=1)
            if game.majority:
                won = 2 * most > self.alive[open_].sum(axis=1)
                exiled[open_[won]] = top[won].argmax(axis=1)
                break
            won = tied == 1
            exiled[open_[won]] = top[won].argmax(axis=1)
            again = tied > 1
            open_, standing = open_[again], standing.copy()
            standing[open_] = top[again]
            rest = top[again]
        else:
            tie = game.revote_tie if game.tie == "revote" else game.tie
            if tie == "random" and len(open_):
                exiled[open_] = choose(rest, self.rng)
        rows = np.flatnonzero(exiled >= 0)
        self.alive[rows, exiled[rows]] = False
        hunted = np.zeros(size, bool)
        hunted[rows] = self.roles[rows, exiled[rows]] == HUNTER
        self.shoot(hunted)

    def count(self, open_: Ints, standing: Bools, *, first: bool) -> Ints:
        """Every living player of the open matches votes; votes by seat. Shape (len(open_), N)."""
        game = self.game
        alive, n = self.alive[open_], self.alive.shape[1]
        allowed = np.zeros((len(open_), n, n + 1), bool)
        allowed[:, :, :n] = standing[open_][:, None, :]
        if not game.self_vote:
            allowed[:, :, :n] &= ~np.eye(n, dtype=bool)
        allowed[:, :, n] = bool(game.abstain)
        allowed &= alive[:, :, None]
        named = choose(allowed, self.rng)
        flat = named + np.arange(len(open_))[:, None] * (n + 1)
        counts = np.bincount(flat[alive], minlength=len(open_) * (n + 1)).reshape(len(open_), n + 1)[:, :n]
        if first:
            wolf = self.roles[open_] == WOLF
            voting = alive & ~wolf & (named < n)
            self.tally.cast += int(voting.sum())
            self.tally.hits += int((voting & np.take_along_axis(wolf, np.clip(named, 0, n - 1), axis=1)).sum())
        return counts

    # --- the end -------------------------------------------------------------------------------------------------------

    def close(self, votes: int) -> None:
        """Matches that are decided leave."""
        wolves = ((self.roles == WOLF) & self.alive).sum(axis=1)
        others = self.alive.sum(axis=1) - wolves
        village = wolves == 0
        rule = self.game.wolves_win
        wolfish = ~village & (wolves >= others if rule == "parity" else wolves > others if rule == "more" else others == 0)
        self.end(village, "village", votes)
        self.end(wolfish, "wolves", votes)
        going = ~(village | wolfish)
        for name in ("roles", "alive", "last", "potions"):
            setattr(self, name, getattr(self, name)[going])

    def end(self, which: Bools, winner: str, votes: int) -> None:
        """Count finished matches."""
        number = int(which.sum())
        if number:
            self.tally.outcomes[winner, votes] += number
            living: Any = self.roles[which][self.alive[which]]
            for role, count in enumerate(np.bincount(living, minlength=len(ROLES)).tolist()):
                if count:
                    self.tally.alive[ROLES[role]] += count
