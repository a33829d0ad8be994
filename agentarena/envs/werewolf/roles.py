"""Who there is in the village: roles, sides, and the names players go by."""

from __future__ import annotations

__all__ = [
    "DOCTOR",
    "GUARD",
    "HUNTER",
    "MASON",
    "MEDIUM",
    "NAMES",
    "POSSESSED",
    "ROLES",
    "SEER",
    "VILLAGER",
    "WITCH",
    "WOLF",
    "side",
]

VILLAGER, WOLF, SEER, DOCTOR, HUNTER, WITCH, GUARD, MASON, MEDIUM, POSSESSED = range(10)

ROLES = ("villager", "werewolf", "seer", "doctor", "hunter", "witch", "guard", "mason", "medium", "possessed")
"""Role number -> name."""

NAMES = [
    "Ada",
    "Ben",
    "Carl",
    "Dan",
    "Eve",
    "Finn",
    "Gina",
    "Hugo",
    "Iris",
    "Jack",
    "Kate",
    "Leo",
    "Mona",
    "Nils",
    "Olga",
    "Paul",
    "Quin",
    "Rosa",
    "Sam",
    "Tess",
    "Uma",
    "Vera",
    "Walt",
    "Xena",
    "Yann",
    "Zoe",
    "Amir",
    "Bela",
    "Cora",
    "Dora",
    "Emil",
    "Faye",
    "Gus",
    "Hana",
    "Ivan",
    "Jude",
    "Kira",
    "Lars",
    "Mina",
    "Noor",
    "Otto",
    "Pia",
    "Ravi",
    "Sven",
    "Tara",
    "Udo",
    "Vito",
    "Wanda",
    "Yuki",
    "Zeno",
]
"""Names are drawn from these, anew for each match; no name is part of another or of a role's name."""


def side(role: int) -> str:
    """The side a role wins with: the possessed is human, but wins with the wolves.

    >>> side(WOLF), side(POSSESSED), side(SEER)
    ('wolves', 'wolves', 'village')
    """
    return "wolves" if role in (WOLF, POSSESSED) else "village"
