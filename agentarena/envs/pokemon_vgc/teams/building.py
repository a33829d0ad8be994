"""Building a team: six sets of an offer, one after another, no species and no item twice.

A choice is legal only if the team can be completed after it. A team is a matching: each set joins a species with an item, and no
species and no item may be joined twice; so whether a team can be completed is whether the sets that are left have a large
enough matching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentarena.core.errors import BadOption, IllegalAction

from .showdown import to_id, unpack

__all__ = ["MEMBERS", "Offer", "can_complete", "finish", "legal", "offer_of"]

MEMBERS = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """A set that may be chosen.

    Attributes:
        packed: The set as a packed team of one.
        species: Number in the National Dex; formes share it.
        item: Id of its item; empty for none, and then it is in nobody's way.
    """

    packed: str
    species: int
    item: str


def offer_of(packed: str, species: int) -> Offer:
    """The offer for a packed set of one Pokémon with this number in the National Dex.

    Raises:
        BadTeam: It is not such a set.
    """
    return Offer(packed, species, to_id(unpack(packed)[0].item))


def legal(pool: Sequence[Offer], chosen: Sequence[int], members: int = MEMBERS) -> tuple[int, ...]:
    """Positions in the pool that may be chosen next, in order; none when the team is complete.

    Args:
        pool: The sets on offer.
        chosen: Positions chosen so far.
        members: Size of a team.
    """
    if len(chosen) >= members:
        return ()
    team = [pool[index] for index in chosen]
    return tuple(
        index
        for index, offer in enumerate(pool)
        if index not in chosen and _fits(offer, team) and can_complete(pool, [*team, offer], members)
    )


def finish(pool: Sequence[Offer], chosen: Sequence[int], members: int = MEMBERS) -> str:
    """The packed team of these positions, in the order they were chosen in.

    Raises:
        IllegalAction: It is not a whole team, or breaks a clause.
    """
    team: list[Offer] = []
    for index in chosen:
        if not 0 <= index < len(pool) or not _fits(pool[index], team):
            raise IllegalAction(f"set {index} repeats a species or an item of the team {list(chosen)}, or is not on offer; see legal()")
        team.append(pool[index])
    if len(team) != members:
        raise IllegalAction(f"a team of {len(team)} sets; expected {members}")
    return "]".join(offer.packed for offer in team)


def can_complete(pool: Sequence[Offer], team: Sequence[Offer], members: int = MEMBERS) -> bool:
    """Whether sets of the pool complete the team."""
    needed = members - len(team)
    if needed <= 0:
        return True
    items_of: dict[int, list[str]] = {}
    for position, offer in enumerate(pool):
        if _fits(offer, team):
            items_of.setdefault(offer.species, []).append(offer.item or f"none {position}")
    holder: dict[str, int] = {}
    matched = 0
    for species in items_of:
        matched += _assign(species, items_of, holder, set())
        if matched == needed:
            return True
    return False


def _assign(species: int, items_of: dict[int, list[str]], holder: dict[str, int], tried: set[str]) -> bool:
    """Give the species an item, moving others to other items of theirs where that makes room (an augmenting path)."""
    for item in items_of[species]:
        if item not in tried:
            tried.add(item)
            if item not in holder or _assign(holder[item], items_of, holder, tried):
                holder[item] = species
                return True
    return False


def _fits(offer: Offer, team: Sequence[Offer]) -> bool:
    return all(offer.species != member.species and (not offer.item or offer.item != member.item) for member in team)


def check_pool(pool: Sequence[Offer], members: int = MEMBERS) -> None:
    """Raise `BadOption` for a pool that no team can be built of."""
    if not can_complete(pool, (), members):
        raise BadOption(f"no team of {members} can be built of these {len(pool)} sets: too few species or items; offer more")
