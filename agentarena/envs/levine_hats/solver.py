"""What two players of Levine's hats can reach: exact optima of low stacks, local search above, and block strategies.

A strategy of a player is a table: `strategy[seen]` is the position named when the partner wears the stack `seen`, a bit
set with bit i for a black hat at position i. Axis letters: H = 2**height stacks.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import numpy as np

__all__ = [
    "FIRST_ANSWERS",
    "MOST_BITS",
    "SECOND_ANSWERS",
    "best_pair",
    "best_reply",
    "block_answer",
    "block_value",
    "blocks",
    "first_black",
    "local_search",
    "searched",
    "team_reply",
    "team_search",
    "team_value",
    "value",
]

Strategy = tuple[int, ...]
Answers = Mapping[tuple[int, ...], int]

# (hat 1, hat 2, hat 3) of the partner's block, 1 = black -> position in the block, from 0
FIRST_ANSWERS: Answers = {(1, 0, 0): 0, (0, 1, 0): 1, (1, 1, 0): 0, (0, 0, 1): 2, (1, 0, 1): 2, (0, 1, 1): 1}
"""One optimal answer table of seat 0 for blocks of three hats that are not all alike."""
SECOND_ANSWERS: Answers = {(1, 0, 0): 0, (0, 1, 0): 1, (1, 1, 0): 1, (0, 0, 1): 2, (1, 0, 1): 0, (0, 1, 1): 2}
"""The matching table of seat 1."""


def value(first: Strategy, second: Strategy) -> Fraction:
    """Chance that two players win: both name a black hat of their own.

        V = sum over stacks a, b of [a has black at first[b]] [b has black at second[a]] / H**2

    Args:
        first: Strategy of the player who wears a and sees b, length H.
        second: Strategy of the player who wears b and sees a, length H.

    >>> value((0, 0), (0, 0))
    Fraction(1, 4)
    """
    stacks = range(len(first))
    wins = sum((a >> first[b] & 1) & (b >> second[a] & 1) for a in stacks for b in stacks)
    return Fraction(wins, len(first) ** 2)


def best_reply(partner: Strategy) -> Strategy:
    """The best strategy against a partner's, ties to the lowest position.

    Having seen a, the partner's win at each of its own stacks b is known, so each a is a choice by itself.
    """
    black = _black(len(partner))
    partner_wins = black[:, list(partner)]  # [a, b]: the partner, wearing a and seeing b, names a black hat
    return tuple((partner_wins.astype(np.int64) @ black.astype(np.int64)).argmax(axis=1).tolist())


def _black(size: int) -> np.ndarray:
    """Whether stack a has black at position i. Shape (H, height)."""
    height = size.bit_length() - 1
    return np.asarray((np.arange(size)[:, None] >> np.arange(height)) & 1, bool)


@cache
def best_pair(height: int) -> tuple[Fraction, Strategy, Strategy]:
    """The exact optimum of two players: its value and one pair of strategies that reaches it, for height 1 to 3.

    Tries every strategy of one player with the best reply to it; by symmetry nothing else needs trying.

    Raises:
        ValueError: Height above 3, where there are more than four thousand million strategies.

    >>> best_pair(2)[0]
    Fraction(5, 16)
    """
    if not 1 <= height <= 3:
        raise ValueError(f"the exact optimum is searched for heights 1 to 3, got {height}; use local_search")
    size = 1 << height
    black = _black(size)
    strategies = np.array(list(itertools.product(range(height), repeat=size)))
    # (strategies, a, b) -> for each position j of the partner: wins of seeing a and answering j
    wins = np.einsum("asb,bj->sabj", black[:, strategies].astype(np.int64), black.astype(np.int64), optimize=True).sum(axis=2)
    best = int(wins.max(axis=2).sum(axis=1).argmax())
    first: Strategy = tuple(strategies[best].tolist())
    second = best_reply(first)
    return value(first, second), first, second


def local_search(height: int, rng: np.random.Generator, restarts: int = 100) -> tuple[Fraction, Strategy, Strategy]:
    """A lower bound for any height: alternating best replies from random strategies, the best of `restarts`."""
    best: tuple[Fraction, Strategy, Strategy] = (Fraction(-1), (), ())
    for _ in range(restarts):
        first = tuple(rng.integers(0, height, 1 << height).tolist())
        current = Fraction(-1)
        while True:
            second = best_reply(first)
            first = best_reply(second)
            chance = value(first, second)
            if chance <= current:
                break
            current = chance
        best = max(best, (current, first, second), key=lambda entry: entry[0])
    return best


def first_black(height: int) -> Strategy:
    """Name the position of the partner's lowest black hat; the lowest position when there is none. Wins (1 - 4**-height) / 3."""
    return tuple((stack & -stack).bit_length() - 1 if stack else 0 for stack in range(1 << height))


def blocks(height: int, answers: Answers) -> Strategy:
    """Look at the partner's hats three by three; answer by table at the first block that is not all of one colour.

    Where every whole block is of one colour, the lowest position is named.
    """
    return tuple(block_answer([stack >> i & 1 for i in range(height)], answers) for stack in range(1 << height))


def block_answer(hats: list[int], answers: Answers) -> int:
    """The position that a block strategy names on seeing these hats (1 = black, lowest first)."""
    for start in range(0, len(hats) - 2, 3):
        block = tuple(hats[start : start + 3])
        if block in answers:
            return start + answers[block]
    return 0


def block_value(first: Answers, second: Answers) -> Fraction:
    """Chance that a pair of block strategies wins with infinite stacks, exactly.

    With p the chance sought, one block of each stack (64 equally likely pairs) decides:

        both answer here: won or lost;  neither does: p again;
        one answers here: it is right or not, and the other's guess in a later block is right half of the time

    >>> block_value(FIRST_ANSWERS, SECOND_ANSWERS)
    Fraction(7, 20)
    """
    patterns = list(itertools.product((0, 1), repeat=3))
    decided, again = Fraction(0), Fraction(0)
    for a, b in itertools.product(patterns, patterns):
        if b in first and a in second:
            decided += a[first[b]] * b[second[a]]
        elif b in first:
            decided += Fraction(a[first[b]], 2)
        elif a in second:
            decided += Fraction(b[second[a]], 2)
        else:
            again += 1
    return decided / (64 - again)


# --- any number of players ---------------------------------------------------------------------------------------------------

MOST_BITS = 15
"""Greatest number of players times height that is searched."""
Table = np.ndarray
"""A strategy of a player of n: the position named on seeing the others' stacks, the next seat's first. Shape (H,) * (n - 1)."""


def team_value(strategies: list[Table], height: int) -> Fraction:
    """Chance that a team wins: the share of all deals in which everybody names a black hat of their own.

    >>> team_value([np.zeros((2, 2), int)] * 3, height=1)
    Fraction(1, 8)
    """
    wins = np.logical_and.reduce([_right(strategies, seat, height) for seat in range(len(strategies))])
    return Fraction(int(wins.sum()), wins.size)


def team_reply(strategies: list[Table], seat: int, height: int) -> Table:
    """The best strategy of a seat against the rest's, ties to the lowest position; `strategies[seat]` is not looked at."""
    players = len(strategies)
    rest = np.logical_and.reduce([_right(strategies, other, height) for other in range(players) if other != seat])
    gains = np.moveaxis(rest, seat, -1).astype(np.int64) @ _black(1 << height).astype(np.int64)
    return gains.argmax(-1).transpose(_seen(seat, players))


def team_search(players: int, height: int, rng: np.random.Generator, restarts: int = 20) -> tuple[Fraction, list[Table]]:
    """A lower bound on what a team can reach: best replies in turn until nothing is gained, the best of `restarts`.

    Raises:
        ValueError: More than 15 hats in all.
    """
    if players * height > MOST_BITS:
        raise ValueError(f"team_search lists all deals of up to {MOST_BITS} hats in all, got {players * height}")
    best: tuple[Fraction, list[Table]] = (Fraction(-1), [])
    for _ in range(restarts):
        strategies: list[Table] = [rng.integers(0, height, (1 << height,) * (players - 1)) for _ in range(players)]
        current, reached = Fraction(-1), team_value(strategies, height)
        while reached > current:
            current = reached
            for seat in range(players):
                strategies[seat] = team_reply(strategies, seat, height)
            reached = team_value(strategies, height)
        best = max(best, (current, strategies), key=lambda entry: entry[0])
    return best


@cache
def searched(players: int, height: int, restarts: int) -> tuple[Fraction, list[Table]]:
    """`team_search` from one seed, the same for all who ask."""
    return team_search(players, height, np.random.default_rng(0), restarts)


def _seen(seat: int, players: int) -> tuple[int, ...]:
    """Where the stacks that a seat sees, the next seat's first, stand among the others in the order of seats."""
    others = [other for other in range(players) if other != seat]
    return tuple(others.index((seat + step) % players) for step in range(1, players))


def _right(strategies: list[Table], seat: int, height: int) -> np.ndarray:
    """Whether a seat names a black hat of its own, for every deal. Shape (H,) * n."""
    players = len(strategies)
    named = np.expand_dims(strategies[seat].transpose(np.argsort(_seen(seat, players))), seat)
    own = np.arange(1 << height).reshape([-1 if other == seat else 1 for other in range(players)])
    right: np.ndarray = (own >> named & 1).astype(bool)
    return right
