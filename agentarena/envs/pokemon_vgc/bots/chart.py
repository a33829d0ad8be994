"""Which types are strong against which: attacking type -> (twice as strong against, half as strong against, without effect on)."""

from __future__ import annotations

import numpy as np

__all__ = ["EFFECTIVENESS", "TYPES"]

_TABLE: dict[str, tuple[str, str, str]] = {
    "Normal": ("", "Rock Steel", "Ghost"),
    "Fire": ("Grass Ice Bug Steel", "Fire Water Rock Dragon", ""),
    "Water": ("Fire Ground Rock", "Water Grass Dragon", ""),
    "Electric": ("Water Flying", "Electric Grass Dragon", "Ground"),
    "Grass": ("Water Ground Rock", "Fire Grass Poison Flying Bug Dragon Steel", ""),
    "Ice": ("Grass Ground Flying Dragon", "Fire Water Ice Steel", ""),
    "Fighting": ("Normal Ice Rock Dark Steel", "Poison Flying Psychic Bug Fairy", "Ghost"),
    "Poison": ("Grass Fairy", "Poison Ground Rock Ghost", "Steel"),
    "Ground": ("Fire Electric Poison Rock Steel", "Grass Bug", "Flying"),
    "Flying": ("Grass Fighting Bug", "Electric Rock Steel", ""),
    "Psychic": ("Fighting Poison", "Psychic Steel", "Dark"),
    "Bug": ("Grass Psychic Dark", "Fire Fighting Poison Flying Ghost Steel Fairy", ""),
    "Rock": ("Fire Ice Flying Bug", "Fighting Ground Steel", ""),
    "Ghost": ("Psychic Ghost", "Dark", "Normal"),
    "Dragon": ("Dragon", "Steel", "Fairy"),
    "Dark": ("Psychic Ghost", "Fighting Dark Fairy", ""),
    "Steel": ("Ice Rock Fairy", "Fire Water Electric Steel", ""),
    "Fairy": ("Fighting Dragon Dark", "Fire Poison Steel", ""),
}
TYPES = tuple(_TABLE)
"""The 18 types, in the order of the engine's numbers."""


def _matrix() -> np.ndarray:
    table = np.ones((len(TYPES), len(TYPES)))
    for row, attack in enumerate(TYPES):
        for names, factor in zip(_TABLE[attack], (2.0, 0.5, 0.0), strict=True):
            for name in names.split():
                table[row, TYPES.index(name)] = factor
    return table


EFFECTIVENESS = _matrix()
"""Factor of an attacking type (row) against a defending one (column). Shape (18, 18)."""
EFFECTIVENESS.setflags(write=False)
