"""Who is on the field: roles with their greatest speed and acceleration, and where they stand at the snap.

The informed side attacks towards greater x; the ball is at x = 0 (in the `paper` formation at x = -1). A unit is about ten yards.
Speeds and accelerations are those of the authors' public code; the formation `standard` is ours, `paper` is theirs, with its
linebackers in front of their line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["ROSTERS", "Role", "Roster"]


@dataclass(frozen=True, slots=True)
class Role:
    """A player.

    Attributes:
        name: Abbreviation, as in the sport.
        speed: Greatest speed, units per time.
        push: Greatest acceleration in each direction.
        at: Where the player stands at the snap.
        group: "line", "outside" or "": who meets whom how hard.
    """

    name: str
    speed: float
    push: float
    at: tuple[float, float]
    group: str = ""


@dataclass(frozen=True)
class Roster:
    """Two sides of N players.

    Attributes:
        attack: The informed side. One of them is the QB, one the RB.
        defence: The other.
        line: How strongly two players of the lines hold each other.
        outside: How strongly a receiver and a cornerback do; any others 1.
    """

    attack: tuple[Role, ...]
    defence: tuple[Role, ...]
    line: float = 1.0
    outside: float = 0.5

    @property
    def players(self) -> int:
        return len(self.attack)

    def number(self, name: str) -> int:
        """Number of a role within its side."""
        return next(i for side in (self.attack, self.defence) for i, role in enumerate(side) if role.name == name)

    def numbers(self, side: int, *names: str) -> tuple[int, ...]:
        """Numbers of those of these roles that a side has."""
        return tuple(i for i, role in enumerate((self.attack, self.defence)[side]) if role.name in names)

    @cached_property
    def positions(self) -> np.ndarray:
        """At the snap, (2, N, 2)."""
        return np.array([[role.at for role in side] for side in (self.attack, self.defence)])

    @cached_property
    def speeds(self) -> np.ndarray:
        """Greatest speeds, (2, N)."""
        return np.array([[role.speed for role in side] for side in (self.attack, self.defence)])

    @cached_property
    def pushes(self) -> np.ndarray:
        """Greatest accelerations, (2, N)."""
        return np.array([[role.push for role in side] for side in (self.attack, self.defence)])

    @cached_property
    def blocks(self) -> np.ndarray:
        """How strongly attacker i and defender j hold each other, (N, N)."""
        meeting = {("line", "line"): self.line, ("outside", "outside"): self.outside}
        return np.array([[meeting.get((a.group, d.group), 1.0) for d in self.defence] for a in self.attack])


_SPEEDS = {
    "LT": (3.0, 2.0), "LG": (3.0, 2.0), "C": (2.8, 1.8), "RG": (3.0, 2.0), "RT": (3.0, 2.0), "TE": (3.2, 2.2), "WRL": (4.5, 2.8),
    "WRR": (4.5, 2.8), "QB": (2.8, 2.2), "FB": (3.2, 2.4), "RB": (4.2, 2.8), "LDE": (3.5, 2.2), "LDT": (3.2, 2.0), "RDT": (3.2, 2.0),
    "RDE": (3.5, 2.2), "SLB": (3.8, 2.6), "MLB": (3.6, 2.4), "WLB": (3.8, 2.6), "CBL": (4.6, 3.0), "CBR": (4.6, 3.0), "FS": (4.8, 3.0),
    "SS": (4.6, 3.0),
}  # fmt: skip
_LINES = {"LT", "LG", "C", "RG", "RT", "TE", "LDE", "LDT", "RDT", "RDE", "SLB", "MLB", "WLB"}
_OUTSIDE = {"WRL", "WRR", "CBL", "CBR"}


def _roles(at: dict[str, tuple[float, float]]) -> tuple[Role, ...]:
    groups = {**dict.fromkeys(_LINES, "line"), **dict.fromkeys(_OUTSIDE, "outside")}
    return tuple(Role(name, *_SPEEDS[name], where, groups.get(name, "")) for name, where in at.items())


_STANDARD_ATTACK = {
    "LT": (-0.15, 0.6), "LG": (-0.1, 0.3), "C": (-0.05, 0.0), "RG": (-0.1, -0.3), "RT": (-0.15, -0.6), "TE": (-0.15, -0.9),
    "WRL": (-0.1, 1.4), "WRR": (-0.1, -1.4), "QB": (-0.3, 0.0), "FB": (-0.5, 0.0), "RB": (-0.7, 0.0),
}  # fmt: skip
_STANDARD_DEFENCE = {
    "LDE": (0.1, -0.7), "LDT": (0.1, -0.2), "RDT": (0.1, 0.2), "RDE": (0.1, 0.7), "SLB": (0.5, -0.8), "MLB": (0.5, 0.0),
    "WLB": (0.5, 0.8), "CBL": (0.5, 1.4), "CBR": (0.5, -1.4), "FS": (1.2, 0.5), "SS": (1.2, -0.5),
}  # fmt: skip
_PAPER_ATTACK = {
    "LT": (-1.2, -0.6), "LG": (-1.2, -0.3), "C": (-1.2, 0.0), "RG": (-1.2, 0.3), "RT": (-1.2, 0.6), "TE": (-1.2, 1.1),
    "WRL": (-1.2, -1.3), "WRR": (-1.2, 1.3), "QB": (-1.4, 0.0), "FB": (-1.5, 0.2), "RB": (-1.6, 0.0),
}  # fmt: skip
_PAPER_DEFENCE = {
    "LDE": (-0.8, -0.6), "LDT": (-0.8, -0.2), "RDT": (-0.8, 0.2), "RDE": (-0.8, 0.6), "SLB": (-1.0, -0.8), "MLB": (-1.0, 0.0),
    "WLB": (-1.0, 0.8), "CBL": (-0.7, -1.5), "CBR": (-0.7, 1.5), "FS": (-0.35, -0.9), "SS": (-0.35, 0.9),
}  # fmt: skip
_FIVE = ({"LG", "C", "RG", "QB", "RB"}, {"LDT", "RDT", "SLB", "MLB", "WLB"})

ROSTERS: dict[str, Roster] = {
    "standard": Roster(_roles(_STANDARD_ATTACK), _roles(_STANDARD_DEFENCE)),
    "paper": Roster(_roles(_PAPER_ATTACK), _roles(_PAPER_DEFENCE), line=1.5),
    "five": Roster(
        _roles({name: at for name, at in _STANDARD_ATTACK.items() if name in _FIVE[0]}),
        _roles({name: at for name, at in _STANDARD_DEFENCE.items() if name in _FIVE[1]}),
    ),
}
"""Name -> both sides."""
