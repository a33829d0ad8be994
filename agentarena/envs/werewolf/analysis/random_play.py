"""Uniformly random play, two ways that share nothing: exact chances of ballots (for the solver), and matches simulated as arrays.

The simulator draws every single choice and vote; it has nothing in common with the rules or the solver but the names of options and
roles. Axis letters: B matches, N seats.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial
from typing import Any

import numpy as np

from agentarena.envs.werewolf.options import DOCTOR, GUARD, HUNTER, ROLES, WITCH, WOLF, Options

__all__ = ["Tally", "exile_chance", "majority_chance", "simulate", "tie_sizes"]

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


def simulate(game: Options, matches: int, rng: np.random.Generator, block: int = 20_000) -> Tally:
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

    def __init__(self, game: Options, size: int, rng: np.random.Generator) -> None:
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
            no_attack = day == game.first_night and not game.first_attack
            if day >= game.first_night and not no_attack:
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


# --- exact distributions of votes cast uniformly at random, by counting ballots --------------------------------------------------
#
# In a ballot each of n voters names one of k candidates, who vote too, or abstains where that is allowed. The ways to hand t votes to
# one candidate have the exponential generating function u^t / t!. That nobody votes for himself is inclusion and exclusion over the
# set of candidates who do: such a candidate's own vote is set aside, which leaves u^(t-1) / (t-1)! and one free voter less.

Counts = list[int]
"""Number of ways to hand out 0, 1, ..., n votes of labelled voters."""


def majority_chance(n: int, abstain: bool, self_vote: bool) -> Fraction:
    """Probability that somebody gets more than half of n votes.

        n * sum_{a > n/2} C(v, a) p^a (1 - p)^(v - a),   v = n - 1 voters (n with self-votes), p = 1 / options

    >>> majority_chance(4, False, False), majority_chance(8, False, False)
    (Fraction(4, 27), Fraction(6392, 823543))
    """
    voters = n if self_vote else n - 1
    p = Fraction(1, n - 1 + abstain + self_vote)
    return n * sum((comb(voters, a) * p**a * (1 - p) ** (voters - a) for a in range(n // 2 + 1, voters + 1)), Fraction(0))


@lru_cache(maxsize=4096)
def tie_sizes(n: int, k: int, abstain: bool, self_vote: bool) -> dict[int, Fraction]:
    """Probability of each number of candidates who share the most votes; 0 when nobody gets any.

    Args:
        n: Voters.
        k: Candidates, all of them voters, at least 2.
        abstain: Whether a voter may name nobody.
        self_vote: Whether a candidate may vote for itself.

    >>> tie_sizes(4, 4, False, False)[1], tie_sizes(8, 8, False, False)[1]
    (Fraction(20, 27), Fraction(431104, 823543))
    """
    ballots = (k + abstain) ** (n - k) * (k - 1 + self_vote + abstain) ** k
    sizes = {0: Fraction(1, ballots)} if abstain else {}
    for most in range(1, n + 1):
        for size in range(1, min(k, n // most) + 1):
            ways = comb(k, size) * _ways(n, k, most, size, abstain, self_vote)
            if ways:
                sizes[size] = sizes.get(size, Fraction(0)) + Fraction(ways, ballots)
    return sizes


def _ways(n: int, k: int, most: int, size: int, abstain: bool, self_vote: bool) -> int:
    """Ballots in which `size` given candidates of k get `most` votes and all others fewer."""
    rest, total = k - size, 0
    for leading in range(0 if self_vote else size, -1, -1):  # leaders whose own vote is set aside
        leaders = most * size - leading
        arranged = factorial(leaders) // (factorial(most) ** (size - leading) * factorial(most - 1) ** leading)
        for trailing in range(1 if self_vote else rest + 1):  # others whose own vote is set aside
            free = n - leading - trailing
            below = _fewer(most, n, rest - trailing, trailing)
            used = range(leaders, free + 1) if abstain else range(free, free + 1)
            ways = sum(comb(free, votes) * comb(votes, leaders) * below[votes - leaders] for votes in used if votes >= leaders)
            total += (-1) ** (leading + trailing) * comb(size, leading) * comb(rest, trailing) * arranged * ways
    return total


@lru_cache(maxsize=1 << 15)
def _fewer(most: int, n: int, whole: int, reduced: int) -> Counts:
    """Ways to hand votes to `whole` candidates who get fewer than `most`, and `reduced` who get fewer than `most` - 1."""
    if whole == 0 and reduced == 0:
        return [1] + [0] * n
    if whole:
        return _join([int(votes < most) for votes in range(n + 1)], _fewer(most, n, whole - 1, reduced))
    return _join([int(votes < most - 1) for votes in range(n + 1)], _fewer(most, n, 0, reduced - 1))


def _join(first: Counts, second: Counts) -> Counts:
    """Product of exponential generating functions: sum_i C(m, i) first[i] second[m - i]."""
    return [sum(comb(m, i) * first[i] * second[m - i] for i in range(m + 1) if first[i]) for m in range(len(first))]


@lru_cache(maxsize=4096)
def exile_chance(n: int, tie: str, majority: bool, abstain: bool, self_vote: bool, revotes: int, revote_tie: str) -> Fraction:
    """Probability that n voters who vote at random exile somebody. By symmetry it is then a uniform one of them.

    >>> exile_chance(7, "nobody", False, False, False, 1, "random")
    Fraction(25067, 46656)
    """
    if majority:
        return majority_chance(n, abstain, self_vote)
    if tie == "random":
        return 1 - (Fraction(1, (n + self_vote) ** n) if abstain else Fraction(0))
    settled = Fraction(0)
    candidates = {n: Fraction(1)}  # of the coming ballot, with probability
    for _ in range(1 + (revotes if tie == "revote" else 0)):
        tied: defaultdict[int, Fraction] = defaultdict(Fraction)
        for k, weight in candidates.items():
            for size, chance in tie_sizes(n, k, abstain, self_vote).items():
                if size == 1:
                    settled += weight * chance
                elif size > 1:
                    tied[size] += weight * chance
        candidates = tied
    drawn = tie == "revote" and revote_tie == "random"
    return settled + (sum(candidates.values(), Fraction(0)) if drawn else Fraction(0))
