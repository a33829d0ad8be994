"""How alike two texts are, whatever the order of their words: the token set ratio, as thefuzz computes it today.

An own implementation, because the reward is a rule and must not change with a library; the tests compare it with rapidfuzz, which thefuzz calls.
"""

from __future__ import annotations

import functools

__all__ = ["token_set_ratio"]

_REPLACED: dict[int, str | None] = {**dict.fromkeys(range(128, 256)), ord("\u0130"): "i", ord("\u03a3"): "\u03c3"}
"""Characters from 128 to 255 are dropped before texts are compared: of "café" remains "caf". Two capitals whose lower case is not one letter
of its own get it here."""
_MOST = 20_000
"""Longest text that is compared, in characters; of a longer one the beginning counts."""


@functools.lru_cache(maxsize=16_384)
def token_set_ratio(first: str, second: str) -> int:
    """How alike two texts are as sets of words, from 0 to 100.

    With the common words in front, once and sorted, the best of three ratios: common words against either text, and text against text.
    A ratio is `100 * (1 - d / (len(a) + len(b)))` with d the insertions and deletions that turn a into b; it is rounded to a whole number.

    >>> token_set_ratio("water resistant", "Resistant, water"), token_set_ratio("x-large", "large"), token_set_ratio("", "a")
    (100, 100, 0)
    """
    one, two = _words(first), _words(second)
    if not one or not two:
        return 0
    common = one & two
    left, right = " ".join(sorted(one - two)), " ".join(sorted(two - one))
    if common and not (left and right):
        return 100
    shared = len(" ".join(common))
    gap = bool(shared)
    long, other = shared + gap + len(left), shared + gap + len(right)
    ratios = [_ratio(len(left) + len(right) - 2 * _common_length(left, right), long + other)]
    if shared:
        ratios += [_ratio(gap + len(left), shared + long), _ratio(gap + len(right), shared + other)]
    return round(max(ratios))


def _words(text: str) -> set[str]:
    plain = text[:_MOST].translate(_REPLACED)
    return set("".join(char if char.isalnum() else " " for char in plain).lower().split())


def _ratio(distance: int, total: int) -> float:
    return 100.0 - 100.0 * distance / total


def _common_length(first: str, second: str) -> int:
    """Length of the longest common subsequence, a column at a time: bit i of `row` is 0 where the length grows at character i.

    Reference: Hyyro, "Bit-parallel LCS-length computation revisited" (2004).

    >>> _common_length("abcde", "xbxdx")
    2
    """
    places: dict[str, int] = {}
    for i, char in enumerate(first):
        places[char] = places.get(char, 0) | 1 << i
    full = (1 << len(first)) - 1
    row = full
    for char in second:
        matches = row & places.get(char, 0)
        row = (row + matches | row - matches) & full
    return len(first) - row.bit_count()
