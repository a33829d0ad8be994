"""Whether targets are chosen by their place in the list: chi-square of first-night attacks and first votes against uniform.

Seats are dealt anew in each match, so whom one attacks or votes for has no reason to depend on where the name stands among those that
may be chosen; language models do so all the same (spec of SLA, arXiv 2310.18940). Each match gives one attack, the one that counts
in the first night, and one first vote, of a voter that changes with the deal's number, so that the choices counted are independent.

    chi2 = sum over list lengths m and places i < m of (O_mi - O_m / m)^2 / (O_m / m),      sum of (m - 1) degrees of freedom
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from agentarena.core.record import Record
from agentarena.core.replay import states
from agentarena.envs.werewolf.actions import legal_bits, tuple_of
from agentarena.envs.werewolf.options import WOLF
from agentarena.envs.werewolf.state import HUNT, NIGHT, VOTE, State, seats_in

__all__ = ["PlaceTest", "first_attacks", "first_votes", "place_test"]


class Choice(NamedTuple):
    """A choice from a list.

    Attributes:
        place: Place of what was chosen, from 0.
        size: Length of the list.
    """

    place: int
    size: int


class PlaceTest(NamedTuple):
    """Chi-square against uniform places.

    Attributes:
        choices: How many choices were counted.
        statistic: Chi-square; 0 without choices.
        freedom: Degrees of freedom.
        p: Probability of a statistic as great under uniform choice; 1 without choices.
        first: Share of choices that named the first of the list, over what uniform choice gives: 1 is none too many.
    """

    choices: int
    statistic: float
    freedom: int
    p: float
    first: float


def first_attacks(records: Iterable[Record], agent: int | None = None) -> list[Choice]:
    """The first night's attack of each match, by its place among those who could be attacked.

    Args:
        records: Finished matches.
        agent: Only attacks by the agent of this index in its run. Matches of one deal are independent only so.
    """
    return [choice for record in records if (choice := _attack(record, agent)) is not None]


def first_votes(records: Iterable[Record], agent: int | None = None) -> list[Choice]:
    """One vote of the first ballot of each match, by its place among those who could be voted for; arguments as above."""
    return [choice for record in records if (choice := _vote(record, agent)) is not None]


def place_test(choices: Sequence[Choice]) -> PlaceTest:
    """The test of some choices.

    >>> place_test([Choice(0, 2)] * 30 + [Choice(1, 2)] * 10)[:3]
    (40, 10.0, 1)
    """
    from scipy.stats import chi2

    statistic, freedom = 0.0, 0
    for size in sorted({choice.size for choice in choices if choice.size > 1}):
        counts = np.bincount([choice.place for choice in choices if choice.size == size], minlength=size)
        expected = counts.sum() / size
        statistic += float(((counts - expected) ** 2).sum() / expected)
        freedom += size - 1
    if not freedom:
        return PlaceTest(0, 0.0, 0, 1.0, 1.0)
    free = [choice for choice in choices if choice.size > 1]
    first = sum(choice.place == 0 for choice in free) / sum(1 / choice.size for choice in free)
    return PlaceTest(len(free), statistic, freedom, float(chi2.sf(statistic, freedom)), float(first))


def _held(record: Record, seat: int, agent: int | None) -> bool:
    return agent is None or record.seats[seat].index == agent


def _attack(record: Record, agent: int | None) -> Choice | None:
    game, before = record.game(), None
    for state in states(record):
        prey = [entry for entry in state.log if entry.kind == "prey"]
        if prey and before is not None:
            wolf = next(seat for seat in seats_in(state.deal.wolves) if seat in before.to_move)
            if not _held(record, wolf, agent):
                return None
            return _choice(tuple_of(legal_bits(game, before, wolf)), prey[0].target, game.info.seats)  # type: ignore[arg-type]
        if state.phase in (HUNT, NIGHT) and any(state.deal.roles[seat] == WOLF for seat in state.to_move):
            before = state
        elif state.phase == VOTE:
            return None
    return None


def _vote(record: Record, agent: int | None) -> Choice | None:
    ballot = None
    for state in states(record):
        if ballot is not None:
            return _voted(record, ballot, state, [seat for seat in ballot.to_move if _held(record, seat, agent)])
        if state.phase == VOTE:
            ballot = state
    return None


def _voted(record: Record, ballot: State, after: State, voters: Sequence[int]) -> Choice | None:
    """The vote of one of the voters."""
    if not voters:
        return None
    voter, game = voters[record.deal % len(voters)], record.game()
    cast = next((entry.target for entry in after.log[len(ballot.log) :] if entry.kind == "vote" and entry.seat == voter), -1)
    return _choice(tuple_of(legal_bits(game, ballot, voter)), cast, game.info.seats)  # type: ignore[arg-type]


def _choice(legal: Sequence[int], target: int, seats: int) -> Choice | None:
    named = [seat for seat in legal if seat < seats]
    return Choice(named.index(target), len(named)) if target in named else None
