"""How much of the roles can be told from what is said: a listener's posterior over deals, before each first ballot of a day.

The listener knows how this table speaks on average: how often a role says something, and about whom, counted in other matches of the
same table. It takes what a seat knows for certain, weighs every deal that this allows by what was said and how earlier ballots went,
and guesses the likeliest role of each living other player. The measure is about the table, not about the players' own beliefs, so
it is the same for bots, language models and policies of a learned speech space; the same guess without the words stands beside it.

    P(deal | seat's knowledge)  ~  product over utterances u of others    p(what u says, target's role | speaker's role) / m
                                   m the living others whose role is the target's: whom of them it named is left to chance
    accuracy                    =  share of living others whose likeliest role is the true one; k equally likely roles count 1/k

Axis letters: H deals, N seats, R roles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.intervals import Interval, mean_interval
from agentarena.core.record import Record
from agentarena.core.replay import states
from agentarena.envs.werewolf.game import Werewolf
from agentarena.envs.werewolf.options import ROLES, WOLF, side, verdict
from agentarena.envs.werewolf.state import VOTE, Entry, State, seats_in

__all__ = ["Habits", "Reading", "Utterance", "all_deals", "ballots", "read_roles", "utterances"]

_MOST_DEALS = 20_000
_NOBODY = -1
_TINY = 1e-12


class Utterance(NamedTuple):
    """Something that was said, or a public vote of an earlier day.

    Attributes:
        speaker: Who.
        token: What, without its target, e.g. ("claim", 2) or ("vote", -1).
        target: The seat it is about; -1 for nobody.
        alive: Who lived, as a bit set.
    """

    speaker: int
    token: tuple[str, int]
    target: int
    alive: int


def utterances(log: Sequence[Entry], seats: int) -> Iterator[Utterance]:
    """All public speech and public votes of a log, in order. Latent speech ("talk") has its symbol as the second part of the token."""
    alive = (1 << seats) - 1
    for entry in log:
        if entry.kind == "speech" and entry.speech is not None:
            act = entry.speech.act
            yield Utterance(entry.seat, (act.kind, act.value), act.target, alive)
        elif entry.kind == "vote" and 0 <= entry.target < seats:
            yield Utterance(entry.seat, ("vote", -1), entry.target, alive)
        elif entry.kind == "dawn":
            alive &= ~sum(1 << seat for seat, _ in entry.items)
        elif entry.kind == "exile" and entry.seat >= 0:
            alive &= ~(1 << entry.seat)
        elif entry.kind == "shot":
            alive &= ~(1 << entry.target)


@lru_cache(maxsize=16)
def all_deals(deck: tuple[int, ...]) -> np.ndarray:
    """Every deal of a deck: the role of each seat. Shape (H, N), int8; read only.

    Raises:
        NotSupported: There are more than 20,000.

    >>> all_deals((0, 0, 1)).tolist()
    [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    """
    rows: list[tuple[int, ...]] = []

    def extend(row: tuple[int, ...], left: Counter[int]) -> None:
        if len(row) == len(deck):
            rows.append(row)
            if len(rows) > _MOST_DEALS:
                raise NotSupported(f"Werewolf: more than {_MOST_DEALS} deals of {len(deck)} players; role reading is for smaller games")
            return
        for role in sorted(left):
            if left[role]:
                left[role] -= 1
                extend((*row, role), left)
                left[role] += 1

    extend((), Counter(deck))
    table = np.array(rows, np.int8)
    table.setflags(write=False)
    return table


@dataclass
class Habits:
    """How often each role says what, about a player of which role.

    Attributes:
        counts: (speaker's role, token) -> times by the target's role; -1 for nobody.
        totals: Speaker's role -> utterances.
        tokens: Every (token, target's role) that occurs.
        prior: What is added to each count.
    """

    counts: dict[tuple[int, tuple[str, int]], Counter[int]] = field(default_factory=dict)
    totals: Counter[int] = field(default_factory=Counter)
    tokens: set[tuple[tuple[str, int], int]] = field(default_factory=set)
    prior: float = 0.5
    _tables: dict[tuple[str, int], np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, ends: Iterable[State], prior: float = 0.5) -> Habits:
        """Counted in finished matches, each by its last state."""
        habits = cls(prior=prior)
        for state in ends:
            roles = state.deal.roles
            for utterance in utterances(state.log, len(roles)):
                role, about = roles[utterance.speaker], roles[utterance.target] if utterance.target >= 0 else _NOBODY
                habits.counts.setdefault((role, utterance.token), Counter())[about] += 1
                habits.totals[role] += 1
                habits.tokens.add((utterance.token, about))
        return habits

    def log_chance(self, role: int, token: tuple[str, int], about: int) -> float:
        """Log of the smoothed probability that a player of this role says this about a player of that role."""
        count = self.counts.get((role, token), Counter())[about]
        total = self.totals[role] + self.prior * max(1, len(self.tokens))
        return math.log(max(count + self.prior, _TINY) / max(total, _TINY))

    def _table(self, token: tuple[str, int]) -> np.ndarray:
        """`log_chance` by the speaker's role and the target's, the last column for nobody. Shape (R, R + 1)."""
        if token not in self._tables:
            roles = range(len(ROLES))
            self._tables[token] = np.array([[self.log_chance(role, token, about) for about in (*roles, _NOBODY)] for role in roles])
        return self._tables[token]

    def log_likelihood(self, utterance: Utterance, table: np.ndarray) -> np.ndarray:
        """Log-likelihood of an utterance under each deal. Shape (H,)."""
        chances, speakers = self._table(utterance.token), table[:, utterance.speaker]
        if utterance.target < 0:
            return np.asarray(chances[speakers, _NOBODY])
        abouts = table[:, utterance.target]
        others = [seat for seat in seats_in(utterance.alive | 1 << utterance.target) if seat != utterance.speaker]
        alike = (table[:, others] == abouts[:, None]).sum(axis=1)
        return np.asarray(chances[speakers, abouts] - np.log(np.maximum(alike, 1)))


@dataclass(frozen=True)
class Reading:
    """How well roles are told by the seats of one side.

    Attributes:
        side: "village" or "wolves": the listener's.
        guesses: Roles guessed.
        accuracy: Mean over matches of the share guessed right, with the words.
        interval: Of `accuracy`, Student's over matches.
        silent: The same without the words: from what the seat knows for certain.
        truth: Mean probability given to the true role.
    """

    side: str
    guesses: int
    accuracy: float
    interval: Interval
    silent: float
    truth: float


def read_roles(records: Sequence[Record], habits: Habits | None = None) -> tuple[Reading, ...]:
    """Role-reading accuracy of both sides.

    Args:
        records: Finished matches of one Werewolf game.
        habits: Counted in other matches; without them the even matches are read by the habits of the odd ones and the other
            way round.
    """
    ends = [(record, _last(record)) for record in records]
    halves = [Habits.of(state for place, (_, state) in enumerate(ends) if place % 2 != half) for half in (0, 1)] if habits is None else []
    shares: dict[str, list[tuple[float, float, float, int]]] = {"village": [], "wolves": []}
    for place, record in enumerate(records):
        known = habits or halves[place % 2]
        for name, guesses in _guesses(record, known).items():
            if guesses:
                mean = np.mean(np.array(guesses), axis=0)
                shares[name].append((*mean.tolist(), len(guesses)))
    out = []
    for name, rows in shares.items():
        table = np.array(rows, np.float64).reshape(-1, 4)
        if len(table):
            right, silent, truth = (float(column.mean()) for column in table.T[:3])
            out.append(Reading(name, int(table[:, 3].sum()), right, mean_interval(table[:, 0].tolist()), silent, truth))
    return tuple(out)


def ballots(record: Record) -> Iterator[State]:
    """The states at the first ballot of each day."""
    last = 0
    for state in states(record):
        if state.phase == VOTE and state.day > last:
            last = state.day
            yield state


def _last(record: Record) -> State:
    last: State | None = None
    for state in states(record):
        last = state
    assert last is not None
    return last


def _guesses(record: Record, habits: Habits) -> dict[str, list[tuple[float, float, float]]]:
    """(right, right without words, probability of the truth) of every guess, by the listener's side."""
    game: Any = record.game()
    out: dict[str, list[tuple[float, float, float]]] = {"village": [], "wolves": []}
    for state in ballots(record):
        table = all_deals(game.deck)
        heard = list(utterances(state.log, game.players))
        by_utterance = [habits.log_likelihood(one, table) for one in heard]
        for seat in seats_in(state.alive):
            fits = consistent(game, state, seat, table)
            logs = sum(
                (one[fits] for one, what in zip(by_utterance, heard, strict=True) if what.speaker != seat), np.zeros(int(fits.sum()))
            )
            weights = np.exp(logs - logs.max())
            with_words = marginals(table[fits], weights / weights.sum())
            without = marginals(table[fits], np.full(len(logs), 1 / len(logs)))
            for other in seats_in(state.alive & ~(1 << seat)):
                true = state.deal.roles[other]
                right, silent = _right(with_words[other], true), _right(without[other], true)
                out[side(state.deal.roles[seat])].append((right, silent, float(with_words[other, true])))
    return out


def consistent(game: Werewolf, state: State, seat: int, table: np.ndarray) -> np.ndarray:
    """The deals that what a seat knows for certain allows. Shape (H,), bool."""
    parts = game.layout.parts(game.observe(state, seat))
    wolves = table == WOLF
    known = parts["known"] > 0
    fits = np.ones(len(table), bool)
    for other in range(game.players):
        if known[other].any():
            fits &= table[:, other] == int(known[other].argmax())
        if parts["wolf"][other]:
            fits &= wolves[:, other]
        if parts["clean"][other] or (parts["died"][other, 0] and game.wolf_targets == "village" and not game.witch):
            fits &= ~wolves[:, other]
    alive = list(seats_in(state.alive))
    left = wolves[:, alive].sum(axis=1)
    goes_on = np.array([not verdict(game.wolves_win, count, len(alive) - count) for count in range(len(alive) + 1)])
    return np.asarray(fits & goes_on[left])


def marginals(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Probability of each role for each seat. Shape (N, R); rows add up to 1."""
    return np.stack([np.bincount(table[:, seat], weights, len(ROLES)) for seat in range(table.shape[1])])


def _right(chances: np.ndarray, true: int) -> float:
    """1 over the number of likeliest roles, if the true one is among them."""
    best = chances >= chances.max() - 1e-9
    return float(best[true] / best.sum())
