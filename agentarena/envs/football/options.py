"""The options of the games."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import option

__all__ = ["FieldOptions", "FootballOptions", "Hexner22Options", "HexnerOptions"]


@dataclass(frozen=True)
class FieldOptions:
    """What all games on the field have in common."""

    prior: tuple[float, ...] = option((0.5, 0.5), "Chance of each type; they are made to add up to 1.")
    steps: int = option(10, "Steps to the horizon.", low=1, high=10_000)
    discretization: str = option(
        "sim", "sim: both sides act at once. split: the informed side acts first and is seen.", choices=("sim", "split")
    )
    mode: str = option("team", "Who is a seat: a whole side, or every player.", choices=("team", "player"))
    belief: str = option(
        "hidden", "public: the informed side states its strategy for all types, and the posterior is posted.", choices=("hidden", "public")
    )
    report: bool = option(False, "Whether the defenders report their belief at each step; it is scored, not paid.", choices=(True, False))
    reward: str = option("dense", "dense: what does not depend on the type is paid step by step.", choices=("dense", "terminal"))

    @cached_property
    def chances(self) -> np.ndarray:
        """The prior, (I,), adding up to 1."""
        prior = np.asarray(self.prior, np.float64)
        return prior / prior.sum()

    def check_combination(self, types: int) -> None:
        """Refuse options that contradict each other in a game of this many types.

        Raises:
            BadOption: The prior does not fit the types, or two options cannot go together.
        """
        name = type(self).__name__
        prior = self.prior
        numbers = isinstance(prior, tuple) and all(
            isinstance(x, int | float) and not isinstance(x, bool) and 0 <= x < math.inf for x in prior
        )
        if not numbers or not 0 < sum(prior) < math.inf or len(prior) != types:
            raise BadOption(f"{name}: prior is {shown(prior)}; allowed: {types} numbers from 0, not all 0, one for each type")
        if self.mode == "player" and self.belief == "public":
            raise BadOption(f"{name}: a public belief is for mode='team': a side states one strategy; players choose alone")


@dataclass(frozen=True)
class HexnerOptions(FieldOptions):
    """Hexner's game: one player a side; both want to be near the target of the type, and keep the other away from being nearer."""

    targets: tuple[tuple[float, ...], ...] = option(
        ((0.0, 1.0), (0.0, -1.0)), "The target of each type: 2 to 8 points of 1 to 3 dimensions."
    )
    r1: tuple[float, ...] = option((0.05, 0.025), "The informed side's weight of control in each dimension.")
    r2: tuple[float, ...] = option((0.05, 0.1), "The other side's.")
    start_at: tuple[float, ...] = option(
        (-0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0), "Position and velocity of the informed player, then of the other."
    )
    horizon: float = option(1.0, "Time to the horizon.", low=1e-3, high=1e3)
    bound: float = option(12.0, "Greatest absolute control in each dimension.", low=1e-3, high=1e6)
    box: float = option(0.0, "Greatest absolute position, beyond which it is clipped; 0 for none.", low=0.0, high=1e6)
    scale: float = option(1.0, "What all costs are multiplied by; some papers halve them.", low=1e-6, high=1e6)

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {"box": 1.0, "steps": 4},
        "split": {"discretization": "split"},
        "public": {"belief": "public", "discretization": "split"},
        "halved": {"scale": 0.5, "bound": 8.0},
        "three_types": {
            "targets": ((1.0, 0.0), (-0.5, math.sqrt(0.75)), (-0.5, -math.sqrt(0.75))),
            "prior": (1.0, 1.0, 1.0),
            "r1": (0.025, 0.025),
            "r2": (0.1, 0.1),
        },
    }


@dataclass(frozen=True)
class Hexner22Options(FieldOptions):
    """Hexner's game of two teams of eleven who do not touch: as hard to search as football, and its value is known exactly."""

    draw: int = option(0, "Which formation, targets and weights: a seed.", low=0, high=2**31 - 1)
    slow: int = option(4, "Attackers whose controls cost eight times as much.", low=0, high=11)
    bound: float = option(12.0, "Greatest absolute control in each dimension.", low=1e-3, high=1e6)

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "split": {"discretization": "split"},
        "players": {"mode": "player"},
        "public": {"belief": "public", "discretization": "split"},
    }


@dataclass(frozen=True)
class FootballOptions(FieldOptions):
    """Football: two or more private plays, twenty-two players who touch."""

    plays: tuple[str, ...] = option(("run", "pass"), "The private plays, 2 to 4 different ones of run, pass, sweep_left, sweep_right.")
    roster: str = option("standard", "Who plays and where they stand.", choices=("standard", "paper", "five"))
    contact: str = option("fixed", "How players hold each other; none for not at all.", choices=("fixed", "sharp", "none"))
    grip: float = option(1.0, "What all strengths of contact are multiplied by.", low=0.0, high=10.0, late=True)
    tackle: str = option(
        "hazard",
        "hazard: a tackle ends the play. saturating: the rule of the authors' code, which it is hardly ever clear of.",
        choices=("hazard", "saturating"),
    )
    rate: float = option(2.0, "Tackles per time by one defender who fully holds the carrier.", low=0.0, high=1000.0)
    effort_attack: float = option(0.05, "What the attackers' controls cost.", low=0.0, high=1e3)
    effort_defence: float = option(0.05, "What the defenders' controls cost.", low=0.0, high=1e3)
    lane: float = option(1.0, "What leaving the lane of a sweep costs, per squared unit.", low=0.0, high=1e3)
    cover: float = option(
        0.0, "What a linebacker away from a sweep's lane at the end costs the defenders, per squared unit.", low=0.0, high=1e3, late=True
    )
    completion: float = option(
        2.0, "Length over which the chance of catching a throw falls by 1/e; 0 for throws that never fail.", low=0.0, high=1e3
    )
    horizon: float = option(2.5, "Time from the snap to the end of the play.", low=0.1, high=20.0)
    substeps: int = option(4, "Parts of a step in which contact is worked out anew.", low=1, high=100)
    box: float = option(0.0, "Greatest absolute position, beyond which it is clipped; 0 for none.", low=0.0, high=1e3)

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {"roster": "paper", "contact": "sharp", "tackle": "saturating", "completion": 0.0, "box": 1.6},
        "players": {"mode": "player"},
        "public": {"belief": "public", "discretization": "split"},
        "sweeps": {"plays": ("sweep_left", "sweep_right"), "effort_attack": 0.01, "effort_defence": 0.1},
        "conceal": {
            "roster": "five",
            "plays": ("sweep_left", "sweep_right"),
            "steps": 5,
            "substeps": 2,
            "discretization": "split",
            "effort_attack": 0.6,
            "effort_defence": 2.0,
            "lane": 3.0,
            "cover": 1.0,
            "grip": 0.05,
            "rate": 0.5,
        },
        "five": {"roster": "five", "plays": ("sweep_left", "sweep_right"), "steps": 5},
    }
