"""A commons and its institutions: harvest and consumption, talk, monitoring and punishment, social learning, norms by vote.

Three resources under one engine: a logistic stock harvested by effort (the norm-based society of arXiv 2510.14401), a pool of whole
units that doubles (GovSim, arXiv 2404.16698), and tokens in a group account (Ostrom, Walker and Gardner 1992). The first paper publishes
neither code nor constants: options marked [PROP] are this project's own proposals. `phases.py` holds what happens when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Legal, Spoken
from agentarena.core.errors import BadOption, IllegalAction
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from . import dynamics, hidden, moves, phases
from .news import events
from .observe import Layout
from .options import GOVSIM, LABORATORY, PROPOSED
from .state import HARVEST, OVER, PROPOSE, TALK, Move, State, blank
from .text import CommonsText

__all__ = ["Commons"]

_FLAG = (False, True, 0, 1)


@dataclass(frozen=True)
class Commons(Game[State]):
    """The rules. A return is what a seat gained: units harvested (or cents earned), less consumption and the costs of sanctions."""

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
        choices=dynamics.ORDERS,
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

    presets = {
        **PROPOSED,
        **GOVSIM,
        **LABORATORY,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
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

    # --- what the options amount to ---------------------------------------------------------------------------------

    @property
    def growth_order(self) -> dynamics.Order:
        """`order`, as one of the three."""
        return self.order  # type: ignore[return-value]  # checked to be one of its choices

    @cached_property
    def first_stock(self) -> float:
        """Stock of the first round; 0 where there is none."""
        return 0.0 if self.resource == "static" else float(self.stock or self.capacity)

    @cached_property
    def top(self) -> float:
        """The highest cap that can be named: all that one seat could harvest, in units or tokens."""
        if self.resource == "logistic":
            return self.alpha * self.capacity
        return float(self.tokens if self.resource == "static" else self.capacity)

    @cached_property
    def amounts(self) -> int:
        """Number of amounts of the flat encoding; 0 where effort is real-valued."""
        if self.resource == "logistic":
            return self.levels + 1 if self.levels else 0
        return int(self.top) + 1

    @cached_property
    def bare(self) -> bool:
        """Whether a match is nothing but harvests."""
        return self.sanction == self.voting == "none" and not self.talk and not self.reflection

    def amount(self, phase: int, index: int) -> float:
        """The amount that a flat action names in a phase."""
        if self.resource != "logistic":
            return float(index)
        return index / self.levels if phase == HARVEST else index / self.levels * self.top

    @cached_property
    def nothing(self) -> tuple[float, ...]:
        """No reward for anybody."""
        return (0.0,) * self.players

    @cached_property
    def open(self) -> bool:
        """Whether everybody sees every harvest; where requests are public and shared in proportion, they tell anyway."""
        return self.harvests == "public" or (self.resource == "doubling" and self.allocation == "proportional")

    def talks(self, number: int) -> bool:
        """Whether a round has a conversation."""
        return self.talk > 0 and (not self.talk_rounds or number <= self.talk_rounds)

    def collapsed(self, left: float) -> bool:
        """Whether what is left of the resource has fallen below the share `theta` of its capacity."""
        return self.resource != "static" and left < self.theta * self.capacity

    def present(self, seat: int, number: int) -> bool:
        """Whether a seat has joined by a round."""
        return number >= self.newcomer or seat < self.players - 1

    @cached_property
    def _everyone(self) -> tuple[int, ...]:
        return tuple(range(self.players))

    def active(self, state: State) -> tuple[int, ...]:
        """The seats that take part now."""
        if not self.newcomer and not self.starvation:
            return self._everyone
        return tuple(seat for seat in self._everyone if state.alive[seat] and self.present(seat, state.now.number))

    def speakers(self, active: tuple[int, ...], number: int, turn: int) -> tuple[int, ...]:
        """Who speaks: everybody, or in turns beginning one seat later every round."""
        return active if self.floor == "together" else (active[(number - 1 + turn) % len(active)],)

    def offences(self, state: State) -> list[int]:
        """How often each seat was punished in earlier rounds."""
        counts = [0] * self.players
        if self.graduation:
            for done in state.past:
                for target in done.fined:
                    if target >= 0:
                        counts[target] += 1
        return counts

    def note(self, state: State, seat: int) -> str:
        """What a seat noted last; "" if nothing."""
        return next((done.notes[seat] for done in reversed(state.past) if done.notes[seat]), "")

    @cached_property
    def info(self) -> GameInfo:
        low, high = self._bounds
        return GameInfo(
            seats=self.players,
            low=low,
            high=high,
            unit="cent" if self.resource == "static" else "unit",
            sum="general",
            simultaneous=self.players > 1,
            hidden=self._hidden,
            chance=self.resource == "doubling" or self.sanction == "random" or self.learning != "none",
            max_steps=self.rounds * (1 + 2 * (self.sanction == "random") + (self.sanction == "chosen") + self.talk + self.reflection
                                     + {"none": 0, "median": 1, "plurality": 2}[self.voting]),
        )  # fmt: skip

    @property
    def _hidden(self) -> bool:
        secret = not self.open or (self.resource == "doubling" and self.allocation == "stochastic")
        return self.players > 1 and (secret or bool(self.newcomer and self.talk) or self.reflection)

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        """Least and greatest return: a round's least and greatest pay, every time."""
        others = self.players - 1
        if self.resource == "static":
            x, rest = np.arange(self.tokens + 1)[:, None], np.arange(others * self.tokens + 1)
            pay = self.outside * (self.tokens - x) + x * (self.pool_a - self.pool_b * (x + rest))
            least, most = float(pay.min()) * self.rounds, float(pay.max()) * self.rounds
        elif self.resource == "doubling":
            least, most = 0.0, self.capacity + (self.rounds - 1) * float(dynamics.threshold(int(self.capacity), self.factor))
        else:
            least, most = 0.0, self.rounds * self.alpha * dynamics.highest_stock(self.growth, self.capacity)
        spent = self.consumption
        if self.sanction != "none" and others:
            worst = 1.0 + self.graduation * others * (self.rounds - 1)
            spent += self.sanction_cost + others * self.fine * worst + (self.watch_cost if self.sanction == "random" else 0.0)
        return least - spent * self.rounds, most - self.consumption * (self.rounds if not self.newcomer and not self.starvation else 0)

    @cached_property
    def text(self) -> CommonsText:
        return CommonsText(self)

    @cached_property
    def _action_space(self) -> gymnasium.Space[Any]:
        return moves.space(self)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        """See `moves.py`: flat integers, a number in [0, 1], or parts."""
        return self._action_space

    @cached_property
    def layout(self) -> Layout:
        """Names of the parts of an observation."""
        return Layout(self)

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `observe.Layout` names its parts."""
        return self.layout.space

    # --- play ------------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        seats, norm = self.players, float(self.norm)
        now = blank(1, self.first_stock, norm, seats)
        wealth = (float(self.endowment),) * seats
        state = State(HARVEST, (), now.stock, norm, wealth, (True,) * seats, (), now, (), 0, self.nothing, (("round", 1),), "")
        return phases.enter(self, state, TALK, rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: State, seat: int) -> Legal:
        return moves.legal(self, state, seat)

    def check(self, state: State, actions: Mapping[int, Action]) -> None:
        super().check(state, actions)
        for seat, action in actions.items():
            if isinstance(action, Spoken) and not (isinstance(action.words, str) and len(action.words) <= self.words):
                raise IllegalAction(
                    f"{type(self).__name__}: seat {seat} spoke {action.words!r:.100}; words are a string of at most {self.words} characters"
                )

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        if len(actions) != len(state.asked) or not state.asked:
            self.check(state, actions)
        for seat in state.asked:
            if seat not in actions or not moves.quick(self, state, actions[seat], moves.legal(self, state, seat)):
                self.check(state, actions)
                break
        chosen = {seat: moves.move_of(self, state.phase, actions[seat]) for seat in state.asked}
        return phases.STEPS[state.phase](self, state, chosen, rng)

    def action(self, state: State, move: Move) -> Action:
        """The action that means a move at a state; see `moves.action_of`."""
        return moves.action_of(self, state.phase, move)

    def rewards(self, state: State) -> tuple[float, ...]:
        return state.paid

    # --- what a seat may know ----------------------------------------------------------------------------------------

    def news(self, state: State) -> tuple[Event, ...]:
        return events(self, state)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return self.layout.vector(state, seat)

    def information(self, state: State, seat: int) -> str:
        return hidden.information(self, state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return hidden.resample(self, state, seat, rng)


assert (TALK, PROPOSE, OVER) == (0, 5, 7)
