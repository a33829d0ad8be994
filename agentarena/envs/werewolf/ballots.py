"""Exact distributions of votes cast uniformly at random: by counting ballots, not by trying them.

In a ballot each of n voters names one of k candidates, who vote too, or abstains where that is allowed. The ways to hand t votes
to one candidate have the exponential generating function u^t / t!. That nobody votes for himself is inclusion and exclusion over
the set of candidates who do: such a candidate's own vote is set aside, which leaves u^(t-1) / (t-1)! and one free voter less.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial

__all__ = ["exile_chance", "majority_chance", "tie_sizes"]

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
    found = {0: Fraction(1, ballots)} if abstain else {}
    for most in range(1, n + 1):
        for size in range(1, min(k, n // most) + 1):
            ways = comb(k, size) * _ways(n, k, most, size, abstain, self_vote)
            if ways:
                found[size] = found.get(size, Fraction(0)) + Fraction(ways, ballots)
    return found


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
