"""The options of the commons, their ranges, what follows from them, and named configurations.

Presets: the norm-based societies of arXiv 2510.14401, GovSim's villages (arXiv 2404.16698), and the laboratory of Ostrom, Walker and Gardner (1992).
Options marked [PROP] are this project's own proposals: the first paper publishes neither code nor constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, cast

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import option
from agentarena.core.speech import LatentMove, is_latent, latent_moves

__all__ = ["GOVSIM", "LABORATORY", "ORDERS", "PROPOSED", "CommonsOptions", "Order"]

Order = Literal["simultaneous", "harvest_then_grow", "grow_then_harvest"]
ORDERS: tuple[Order, ...] = ("simultaneous", "harvest_then_grow", "grow_then_harvest")
"""What growth is computed from: the stock before the harvest, what the harvest left, or the stock before a harvest that comes after it."""

_FLAG = (False, True, 0, 1)
_MOST_HEARD = 500_000

# --- presets -----------------------------------------------------------------------------------------------------------

Preset = dict[str, Any]

# [PROP]: the 2 x 2 design is the paper's, every constant is ours
PROPOSED: dict[str, Preset] = {
    f"{name}_{disposition}": {"growth": growth, "disposition": disposition}
    for name, growth in (("rich", 0.5), ("scarce", 0.2))
    for disposition in ("altruistic", "selfish")
}
"""Resource-rich or scarce, altruistic or selfish beginnings; all four modules."""

_VILLAGE: Preset = {
    "players": 5, "rounds": 12, "resource": "doubling", "capacity": 100.0, "theta": 0.05, "consumption": 0.0, "harvests": "public",
    "sanction": "none", "learning": "none", "voting": "none", "talk": 10, "reflection": True, "explain": True,
}  # fmt: skip

GOVSIM: dict[str, Preset] = {
    **{f"govsim_{scenario}": {**_VILLAGE, "scenario": scenario} for scenario in ("fishery", "pasture", "pollution")},
    "govsim_universalization": {**_VILLAGE, "scenario": "fishery", "universalization": True},
    "govsim_silent": {**_VILLAGE, "scenario": "fishery", "talk": 0},
    "govsim_newcomer": {**_VILLAGE, "scenario": "fishery", "newcomer": 3, "rounds": 15},
}
"""Five villagers, 100 units that double each month, collapse below 5; ten utterances a month (Piatti et al., arXiv 2404.16698)."""

_LAB: Preset = {
    "players": 8, "rounds": 20, "resource": "static", "consumption": 0.0, "harvests": "private", "sanction": "none", "learning": "none",
    "voting": "none", "reflection": False, "scenario": "laboratory", "explain": True, "sanction_cost": 10.0, "fine": 40.0, "watch_cost": 0.0,
}  # fmt: skip

LABORATORY: dict[str, Preset] = {
    "owg10": {**_LAB, "tokens": 10},
    "owg25": {**_LAB, "tokens": 25},
    "owg_both": {**_LAB, "tokens": 25, "talk": 1, "floor": "together", "talk_when": "before", "sanction": "chosen", "harvests": "public"},
}
"""Eight investors with 10 or 25 tokens; the last with talk and with sanctions at a fee of 10 and a fine of 40 cents."""


# --- options -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommonsOptions:
    """The options. `Commons` inherits them; rules, observations and texts take them instead of the game."""

    players: int = option(8, "Number of seats N. [PROP]", low=1, high=1000)
    rounds: int = option(12, "Rounds T after which the match ends. [PROP]", low=1, high=10_000)
    resource: str = option(
        "logistic",
        "What is shared: a logistic stock harvested by effort, a pool of whole units that doubles, or tokens in a group account.",
        choices=("logistic", "doubling", "static"),
    )
    capacity: float = option(1000.0, "Carrying capacity K, in units. [PROP]", low=1, high=1e9)
    stock: float = option(0.0, "Stock at the start, in units; 0 for the capacity. [PROP]", low=0, high=1e9)
    alpha: float = option(
        0.05, "Catchability: harvest of a seat at effort 1 per unit of stock; alpha N is at most 1. [PROP]", low=0, high=1
    )
    growth: float = option(0.5, "Logistic growth rate r; 0.5 is rich and 0.2 scarce. [PROP]", low=0, high=3)
    order: str = option(
        "simultaneous",
        "What growth is worked out from: the stock before the harvest, after it, or before a harvest that follows. [PROP]",
        choices=ORDERS,
    )
    factor: int = option(2, "Growth factor g of a doubling pool, up to the capacity.", low=1, high=100)
    theta: float = option(0.01, "The resource has collapsed when it falls below this share of its capacity. [PROP]", low=0, high=1)
    allocation: str = option(
        "stochastic",
        "How a doubling pool is handed out when more is wanted than there is: unit by unit at random, or in proportion.",
        choices=("stochastic", "proportional"),
    )
    tokens: int = option(10, "Tokens a seat can invest each round (static).", low=1, high=1000)
    pool_a: float = option(23.0, "Group return a X - b X^2 in cents: a (static).", low=0, high=1e6)
    pool_b: float = option(0.25, "Group return a X - b X^2 in cents: b (static).", low=0, high=1e6)
    outside: float = option(5.0, "Cents a token earns outside the pool (static).", low=0, high=1e6)
    levels: int = option(0, "Levels of effort above 0 for a flat action space; 0 for real-valued effort (logistic).", low=0, high=1000)
    consumption: float = option(5.0, "What a seat uses up each round, c, in units. [PROP]", low=0, high=1e6)
    endowment: float = option(0.0, "What a seat has at the start, in units. [PROP]", low=0, high=1e9)
    starvation: bool = option(False, "Whether a seat whose wealth falls below 0 leaves the society. [PROP]", choices=_FLAG)
    harvests: str = option(
        "private", "Who sees a seat's harvest: those who watch or learn from it, or everybody.", choices=("private", "public")
    )
    sanction: str = option(
        "random",
        "Monitoring and punishment: none; watch one other drawn at random, then punish or not; or punish one seat of choice. "
        "The draw is the paper's.",
        choices=("none", "random", "chosen"),
    )
    watch_cost: float = option(1.0, "Cost of watching, k_m. [PROP]", low=0, high=1e6)
    sanction_cost: float = option(2.0, "Cost of punishing, beta. [PROP]", low=0, high=1e6)
    fine: float = option(10.0, "Cost of being punished once, gamma. [PROP]", low=0, high=1e6)
    graduation: float = option(
        0.0, "Graduated sanctions: each earlier punishment raises the fine by this share of it. [PROP]", low=0, high=100
    )
    learning: str = option(
        "fermi",
        "Social learning from one other drawn at random: none, with the Fermi probability of the difference in gain, or if it did better. [PROP]",
        choices=("none", "fermi", "better"),
    )
    intensity: float = option(1.0, "Strength s of selection in the Fermi rule, per unit of gain. [PROP]", low=0, high=1e3)
    voting: str = option(
        "plurality",
        "Collective choice: none, the lower median of all proposals, or proposals and a vote of which the most votes win. [PROP]",
        choices=("none", "median", "plurality"),
    )
    norm: float = option(-1.0, "Cap on a seat's harvest at the start, in units or tokens; -1 for none. [PROP]", low=-1, high=1e9)
    talk: int = option(0, "Utterances of a conversation each round; with floor `together`, of each seat.", low=0, high=1000)
    floor: str = option("turns", "Whether seats speak in turns or all at once.", choices=("turns", "together"))
    talk_when: str = option("after", "Whether one talks before or after the harvest of a round.", choices=("before", "after"))
    talk_rounds: int = option(0, "Only the first so many rounds have a conversation; 0 for all.", low=0, high=10_000)
    reflection: bool = option(
        True, "Whether seats note their strategy and beliefs for themselves, and for those who learn from them.", choices=_FLAG
    )
    words: int = option(400, "Longest speech or note, in characters.", low=1, high=10_000)
    universalization: bool = option(
        False, "Whether seats are told what happens if everybody takes more than an equal part (GovSim).", choices=_FLAG
    )
    newcomer: int = option(
        0, "Round in which the last seat joins, having heard nothing of what was said; 0 for the first.", low=0, high=10_000
    )
    disposition: str = option(
        "none", "What seats are told about themselves, and how imitators start.", choices=("none", "altruistic", "selfish")
    )
    scenario: str = option(
        "commons", "Words of the text face; the rules are the same.", choices=("commons", "fishery", "pasture", "pollution", "laboratory")
    )
    explain: bool = option(
        False, "Whether the rules in words give the formulas of growth and pay; if not, seats see consequences.", choices=_FLAG
    )
    speech: str = option(
        "acts",
        "What may be said by number in a conversation: `acts` (name a cap, agree, blame), or latent moves such as `latent:0.1@`.",
        late=True,
    )

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {**PROPOSED, **GOVSIM, **LABORATORY}

    def check_combination(self) -> None:
        """Raise `BadOption` where options, each within its range, do not go together."""
        where = f"{type(self).__name__}: option"
        if self.resource == "logistic" and self.alpha * self.players > 1 + 1e-12:
            raise BadOption(
                f"{where} 'alpha' is {self.alpha!r} for {self.players} players; alpha times players is at most 1, so lower alpha"
            )
        if self.resource == "doubling" and (self.capacity != int(self.capacity) or self.stock != int(self.stock) or self.capacity > 10_000):
            raise BadOption(
                f"{where} 'capacity' is {self.capacity!r}, 'stock' {self.stock!r}; a doubling pool holds whole units, at most 10000"
            )
        if self.stock > self.capacity:
            raise BadOption(f"{where} 'stock' is {self.stock!r}; allowed: at most the capacity, {self.capacity:g}")
        if self.levels and self.resource != "logistic":
            raise BadOption(
                f"{where} 'levels' is {self.levels}; only the logistic resource is harvested by effort, others are whole numbers anyway"
            )
        if self.starvation and self.harvests == "private":
            raise BadOption(f"{where} 'starvation' is on while harvests are private; deaths would give them away: set harvests='public'")
        if self.newcomer and self.players < 2:
            raise BadOption(f"{where} 'newcomer' is {self.newcomer}, but a lone seat cannot join later; raise players")

        self._check_speech(where)

    def _check_speech(self, where: str) -> None:
        if self.speech == "acts":
            return
        if not is_latent(self.speech):
            raise BadOption(f"{where} 'speech' is {shown(self.speech)}; allowed: acts, or latent moves such as latent:0.1@")
        try:
            kinds = latent_moves(self.speech)
        except BadOption as error:
            raise BadOption(f"{where} 'speech': {error}") from None
        if len(set(kinds)) < len(kinds):
            raise BadOption(f"{where} 'speech' is {shown(self.speech)}; two moves are heard alike and would be one: name each once")
        numbers = self.players * (self.talk * (self.symbols + self.players) + self.symbols * (self.players + 1))
        if numbers > _MOST_HEARD:
            raise BadOption(
                f"{where} 'speech' is latent with {self.players} players who talk {self.talk} times; what is heard would be {numbers:,} "
                f"numbers an observation, at most {_MOST_HEARD:,}: lower players or talk"
            )

    # --- what follows from the options -------------------------------------------------------------------------------

    @property
    def growth_order(self) -> Order:
        """`order`, as one of `ORDERS`."""
        return cast("Order", self.order)

    @cached_property
    def first_stock(self) -> float:
        """Stock of the first round; 0 where there is none."""
        return 0.0 if self.resource == "static" else float(self.stock or self.capacity)

    @cached_property
    def highest_cap(self) -> float:
        """The highest cap that can be named: all that one seat could harvest, in units or tokens."""
        if self.resource == "logistic":
            return self.alpha * self.capacity
        return float(self.tokens if self.resource == "static" else self.capacity)

    @cached_property
    def num_amounts(self) -> int:
        """Number of amounts of the flat encoding of actions; 0 where effort is real-valued."""
        if self.resource == "logistic":
            return self.levels + 1 if self.levels else 0
        return int(self.highest_cap) + 1

    @cached_property
    def latent(self) -> tuple[LatentMove, ...]:
        """The latent moves; empty where one speaks by acts."""
        return latent_moves(self.speech) if is_latent(self.speech) else ()

    @cached_property
    def symbols(self) -> int:
        """One more than the greatest symbol that can be heard; 0 where one speaks by acts."""
        return 1 + max((move.symbol for move in self.latent), default=-1)

    @cached_property
    def signals(self) -> tuple[tuple[int, int], ...]:
        """What can be said by latent moves: (move, seat named or -1), a move that names a seat once for each."""
        return tuple(
            (move, target) for move, kind in enumerate(self.latent) for target in (range(self.players) if kind.names_seat else (-1,))
        )

    @cached_property
    def num_choices(self) -> int:
        """Numbers of `Move.choice`: nothing, yes, the seats, then the signals."""
        return 2 + self.players + len(self.signals)

    def meaning(self, choice: int) -> tuple[int, int]:
        """The symbol of a choice that is a signal, and the seat named or -1."""
        move, target = self.signals[choice - 2 - self.players]
        return self.latent[move].symbol, target

    @cached_property
    def harvest_only(self) -> bool:
        """Whether a match is nothing but harvests."""
        return self.sanction == self.voting == "none" and not self.talk and not self.reflection

    @cached_property
    def public_harvests(self) -> bool:
        """Whether everybody sees every harvest; requests that are public and served in proportion reveal them too."""
        return self.harvests == "public" or self.public_requests

    @cached_property
    def public_requests(self) -> bool:
        """Whether everybody sees how many units each seat requested (doubling pools)."""
        return self.resource == "doubling" and self.allocation == "proportional"

    @cached_property
    def no_rewards(self) -> tuple[float, ...]:
        """A reward of 0 for every seat."""
        return (0.0,) * self.players

    @cached_property
    def all_seats(self) -> tuple[int, ...]:
        """0 to N - 1."""
        return tuple(range(self.players))

    def has_talk(self, number: int) -> bool:
        """Whether round `number` has a conversation."""
        return self.talk > 0 and (not self.talk_rounds or number <= self.talk_rounds)

    def has_joined(self, seat: int, number: int) -> bool:
        """Whether a seat has joined by round `number`."""
        return number >= self.newcomer or seat < self.players - 1

    def is_newcomer(self, seat: int) -> bool:
        """Whether a seat joins after the first round."""
        return bool(self.newcomer) and seat == self.players - 1

    def has_collapsed(self, left: float) -> bool:
        """Whether what is left of the resource is below the share `theta` of its capacity."""
        return self.resource != "static" and left < self.theta * self.capacity
