"""Which sequences of tokens go through a model together: those that begin alike, in parts of like lengths."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["groups", "pass_cost"]

_TOKENS_AT_ONCE = 32_768
"""Tokens of one forward pass, padding included."""
_PASS_COST = {"cpu": 512}
_PASS_COST_ELSEWHERE = 16_384


def pass_cost(device: str) -> int:
    """What a forward pass costs beside its tokens, in tokens, on a kind of device: roughly, for models of a million parameters."""
    return _PASS_COST.get(device, _PASS_COST_ELSEWHERE)


def groups(sequences: Sequence[Sequence[int]], first_places: Sequence[int], pass_cost: int) -> list[tuple[list[int], int]]:
    """Which sequences go through the model together, and how many tokens at their beginnings are computed once for all.

    Args:
        sequences: Token ids.
        first_places: For each, the first token whose logits are wanted; it is never part of that beginning.
        pass_cost: What another pass costs beside its tokens, in tokens.

    Returns:
        For each pass, which sequences it takes, by index, and how many tokens they have in common.
    """
    order = sorted(range(len(sequences)), key=lambda i: tuple(sequences[i]))
    out: list[tuple[list[int], int]] = []
    begun = 0
    while begun < len(order):
        first = order[begun]
        end, shared, width = begun + 1, first_places[first], len(sequences[first])
        while end < len(order):
            other = order[end]
            common = _common(sequences[first], sequences[other], min(shared, first_places[other]))
            longest = max(width, len(sequences[other]))
            if (2 * common < shared and end > begun + 1) or (longest - common) * (end + 1 - begun) > _TOKENS_AT_ONCE:
                break
            end, shared, width = end + 1, common, longest
        out += [(part, shared if len(part) > 1 else 0) for part in _by_length(order[begun:end], sequences, shared + pass_cost)]
        begun = end
    return out


def _by_length(group: Sequence[int], sequences: Sequence[Sequence[int]], cost: int) -> list[list[int]]:
    """A group in parts of like lengths: it is cut where the padding that this saves is more than another pass costs, in tokens."""
    parts: list[list[int]] = [[]]
    total = 0
    for i in sorted(group, key=lambda i: len(sequences[i])):
        length = len(sequences[i])
        if length * len(parts[-1]) - total > cost:
            parts.append([])
            total = 0
        parts[-1].append(i)
        total += length
    return parts


def _common(one: Sequence[int], other: Sequence[int], most: int) -> int:
    """How many tokens at the beginnings of two sequences are alike, `most` at most."""
    return next((t for t in range(most) if one[t] != other[t]), most)
