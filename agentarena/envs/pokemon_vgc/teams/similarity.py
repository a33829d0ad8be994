"""How alike two teams are, from 0 to 1: species that both have, compared field by field."""

from __future__ import annotations

from collections.abc import Sequence

from .showdown import PokemonSet, to_id

__all__ = ["set_similarity", "similarity"]

_MEMBERS = 6
_MOVES = 4
_POINTS = 6 + _MOVES
"""Item, ability, Tera type, effort values, nature, individual values, and four moves: a point each."""


def similarity(one: Sequence[PokemonSet], other: Sequence[PokemonSet]) -> float:
    """Share of two teams that is the same, in [0, 1]; symmetric, 1 for a team of six and itself.

        sum over species of both teams of set_similarity / 6

    A species that only one team has counts 0, so teams without a common species have similarity 0.

    Reference: the team similarity of VGC-Bench (arXiv 2506.10326), which adds the same ten points for each species of both teams.
    Here the distance of effort values is relative to the two spreads, so it also fits the stat points of Champions.
    """
    others: dict[str, PokemonSet] = {}
    for member in other:
        others.setdefault(to_id(member.species), member)
    mine: dict[str, PokemonSet] = {}
    for member in one:
        mine.setdefault(to_id(member.species), member)
    return sum(set_similarity(member, others[species]) for species, member in mine.items() if species in others) / _MEMBERS


def set_similarity(one: PokemonSet, other: PokemonSet) -> float:
    """Share of two sets of one species that is the same, in [0, 1].

    One point each for an equal item, ability, Tera type and nature, one for each common move, and for effort values and individual values

        1 - sum |a - b| / sum (a + b)        and        1 - sum |a - b| / (6 * 31)

    >>> incineroar = PokemonSet("Incineroar", moves=("Fake Out", "Parting Shot", "Knock Off", "Flare Blitz"))
    >>> set_similarity(incineroar, incineroar)
    1.0
    """
    same = [
        to_id(a) == to_id(b)
        for a, b in ((one.item, other.item), (one.ability, other.ability), (one.tera_type, other.tera_type), (one.nature, other.nature))
    ]
    moves = len(set(map(to_id, one.moves)) & set(map(to_id, other.moves)))
    apart = sum(abs(a - b) for a, b in zip(one.evs, other.evs, strict=True)) / max(1, sum(one.evs) + sum(other.evs))
    ivs = sum(abs(a - b) for a, b in zip(one.ivs, other.ivs, strict=True)) / (6 * 31)
    return (sum(same) + min(moves, _MOVES) + (1 - apart) + (1 - ivs)) / _POINTS
