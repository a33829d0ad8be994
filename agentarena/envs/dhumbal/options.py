"""The options of Dhumbal: what a table may agree on before the first deal, and the tables of the literature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.errors import BadOption
from agentarena.core.game import option

__all__ = ["HAND", "OFFERED", "DhumbalOptions"]

HAND = 5
"""Cards dealt to each seat; no hand grows beyond."""

OFFERED = {"previous": 1, "ends": 2, "any": HAND, "own_top": 1, "stock": 0}
"""The pick-up rules, and the most cards that each offers."""


@dataclass(frozen=True)
class DhumbalOptions:
    """One configuration; the defaults are the preset `standard`."""

    players: int = option(4, "Number of seats.", low=2, high=7)
    threshold: int = option(10, "Greatest hand value with which a seat may call.", low=1, high=64)
    court: str = option("rank", "Value of J, Q, K: their ranks 11, 12, 13, or ten each.", choices=("rank", "ten"))
    jokers: int = option(0, "Jokers in the deck: worth 0, wild in runs only.", choices=(0, 2))
    pickup: str = option(
        "previous",
        "What may be taken instead of the stock: the top card, the first or last, or any card of the previous discard; "
        "the top card of one's own discard; nothing.",
        choices=tuple(OFFERED),
    )
    pickup_after: int = option(
        1, "Cards a seat must have dropped at once, in this round, before it may take from the pile.", choices=(1, 2)
    )
    empty: str = option(
        "ends", "A hand emptied by a discard ends the round with that seat as caller, or takes a card.", choices=("ends", "takes")
    )
    ties: str = option(
        "turn", "Who wins among equals that did not call: the first in turn order, or the lowest seat.", choices=("turn", "seat")
    )
    forced: str = option("caller", "Who counts as caller when nobody called: the lowest hand, or nobody.", choices=("caller", "nobody"))
    starter: str = option(
        "rotate", "Who starts a round: each in turn from a random seat, seat 0, or the last winner.", choices=("rotate", "fixed", "winner")
    )
    turn_cap: int = option(100, "Turns of a round after which it ends by a showdown.", low=1, high=1000)
    reshuffle: bool = option(True, "Whether an empty stock is refilled from the pile; else the round ends.", choices=(True, False))
    rounds: int = option(1, "Rounds of a match; coins or points carry over.", low=1, high=100_000)
    scoring: str = option("coins", "Coins paid between the seats, or points collected by each.", choices=("coins", "points"))
    coins: int = option(10_000, "Coins of each seat at the start.", low=1, high=1_000_000_000)
    broke: str = option("out", "A seat without coins is out, or plays on while two seats have coins.", choices=("out", "plays"))
    penalty: int = option(30, "Points on top of the hand for a failed call.", low=0, high=1000)
    limit: int = option(0, "Points with which a seat is out; 0 for no limit.", low=0, high=100_000)
    exact: str = option(
        "out", "Landing exactly on the limit: out, the score is halved, or lowered by 50.", choices=("out", "half", "minus50")
    )

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "standard": {},
        "paper": {"pickup": "own_top", "ties": "seat", "starter": "fixed", "broke": "plays"},
        "nepal": {"threshold": 5, "rounds": 100, "scoring": "points", "penalty": 25, "limit": 100},
        "yaniv": {
            "threshold": 7,
            "court": "ten",
            "jokers": 2,
            "pickup": "ends",
            "starter": "winner",
            "rounds": 100,
            "scoring": "points",
            "penalty": 30,
            "limit": 200,
            "exact": "minus50",
        },
    }

    def check_combination(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            BadOption: Two options cannot go together.
        """
        conflicts = (
            (self.scoring == "coins" and self.limit > 0, "limit needs scoring='points'; with coins a seat is out when it is broke"),
            (self.exact != "out" and self.limit == 0, f"exact={self.exact!r} needs a limit above 0"),
            (self.exact == "minus50" and 0 < self.limit < 50, f"exact='minus50' needs a limit of at least 50, got {self.limit}"),
            (self.pickup == "stock" and self.pickup_after != 1, "pickup_after has no meaning with pickup='stock'; leave it at 1"),
            (self.scoring == "points" and self.broke != "out", "broke='plays' needs scoring='coins'"),
        )
        for conflict, reason in conflicts:
            if conflict:
                raise BadOption(f"Dhumbal: {reason}")
