"""Repeated matrix games: all seats choose at once, a table says what each gets, and that `rounds` times."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, Sum, option

from .options import NAMED, frozen, symmetric, table_of
from .text import MatrixText

__all__ = [
    "BattleOfTheSexes",
    "BiasedRockPaperScissors",
    "MatrixGame",
    "PrisonersDilemma",
    "RockPaperScissors",
    "RockPaperScissorsSpockLizard",
    "StagHunt",
    "State",
]

_PAYOFFS = "Table of payoffs: payoffs[a0][a1]... lists one payoff for each seat."
_ACTIONS = "Names of the actions; a seat with fewer actions uses the first ones. Empty: A, B, C, ..."


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        history: What all seats played in each round so far, oldest first.
        rewards: What the last round paid.
    """

    history: tuple[tuple[int, ...], ...]
    rewards: tuple[float, ...]


@dataclass(frozen=True)
class MatrixGame(Game[State]):
    """The rules. A return is the sum of the payoffs of all rounds; as many seats as the table has dimensions."""

    payoffs: tuple[Any, ...] = option(NAMED["matching_pennies"], _PAYOFFS)
    actions: tuple[str, ...] = option((), _ACTIONS)
    rounds: int = option(10, "How often the game is played.", low=1, high=1000)
    memory: int = option(0, "Rounds an observation shows, latest first; 0 shows all of them.", low=0, high=1000)

    presets = {name: {"payoffs": payoffs} for name, payoffs in NAMED.items()}

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "payoffs", frozen(self.payoffs))
        object.__setattr__(self, "actions", frozen(self.actions))
        where, shape = f"{type(self).__name__}: option", table_of(self.payoffs, type(self).__name__).shape
        if not isinstance(self.actions, tuple) or not all(isinstance(name, str) for name in self.actions):
            raise BadOption(f"{where} 'actions' is {shown(self.actions)}; expected a list of names")
        folded = {" ".join(name.lower().split()) for name in self.actions}
        if self.actions and (len(self.actions) != max(shape[:-1]) or len(folded) != len(self.actions) or not all(map(_plain, folded))):
            raise BadOption(
                f"{where} 'actions' is {shown(self.actions)}; expected {max(shape[:-1])} different names of letters, digits and spaces"
            )

    @cached_property
    def table(self) -> np.ndarray:
        """Payoffs of one round, shape (S_0, ..., S_{K-1}, K)."""
        table = table_of(self.payoffs, type(self).__name__)
        table.flags.writeable = False
        return table

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the actions."""
        most = max(self.table.shape[:-1])
        return self.actions or tuple(chr(65 + index) if most <= 26 else f"A{index}" for index in range(most))

    @cached_property
    def info(self) -> GameInfo:
        table = self.table
        sums = table.sum(axis=-1)
        total = float(sums.flat[0])
        kind: Sum = "general"
        if table.shape[-1] > 1 and (table == table[..., :1]).all():
            kind = "common"
        elif table.shape[-1] > 1 and np.abs(sums - total).max() < 1e-9:
            kind = "zero" if abs(total) < 1e-9 else "constant"
        return GameInfo(
            seats=table.shape[-1],
            low=float(table.min()) * self.rounds,
            high=float(table.max()) * self.rounds,
            unit="point",
            sum=kind,
            total=total * self.rounds if kind == "constant" else 0.0,
            simultaneous=table.shape[-1] > 1,
            lockstep=True,
            max_steps=self.rounds,
        )

    @cached_property
    def text(self) -> MatrixText:
        return MatrixText(self)

    @cached_property
    def _action_spaces(self) -> tuple[gymnasium.spaces.Discrete, ...]:
        return tuple(gymnasium.spaces.Discrete(count) for count in self.table.shape[:-1])

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        seats, width = self.table.shape[-1], max(self.table.shape[:-1])
        high = np.ones(seats + 1 + self.window * seats * width, np.int16)
        high[seats] = self.rounds
        return gymnasium.spaces.Box(np.zeros_like(high), high, dtype=np.int16)

    @cached_property
    def _legal(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(range(count)) for count in self.table.shape[:-1])

    @cached_property
    def _outcomes(self) -> dict[tuple[int, ...], tuple[float, ...]]:
        return {profile: tuple(map(float, self.table[profile])) for profile in itertools.product(*self._legal)}

    @cached_property
    def _seats(self) -> tuple[int, ...]:
        return tuple(range(self.table.shape[-1]))

    @property
    def window(self) -> int:
        """Rounds that an observation shows."""
        return min(self.memory, self.rounds) or self.rounds

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """The seat's actions, by their place in the table."""
        return self._action_spaces[seat]

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int16 vector for K seats of at most A actions: the seat, one-hot (K); rounds left (1); then for each of the last
        rounds, latest first, what each seat played, the own first and then clockwise, one-hot (K * A), zero before the match."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State((), (0.0,) * len(self._seats))

    def to_move(self, state: State) -> tuple[int, ...]:
        return self._seats if len(state.history) < self.rounds else ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return self._legal[seat]

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        history, seats = state.history, self._seats
        profile: tuple[Any, ...] = tuple([actions.get(seat) for seat in seats])
        # `check` is for what is not plainly in order: one true int a seat, within the table, with rounds left
        if len(actions) != len(seats) or len(history) >= self.rounds or {*map(type, profile)} != {int} or profile not in self._outcomes:
            self.check(state, actions)
            profile = tuple([int(actions[seat]) for seat in seats])
        return State((*history, profile), self._outcomes[profile])

    def rewards(self, state: State) -> tuple[float, ...]:
        return state.rewards

    def observe(self, state: State, seat: int) -> np.ndarray:
        seats, width = len(self._seats), max(self.table.shape[:-1])
        out = np.zeros(self._observation_space.shape, np.int16)
        out[seat], out[seats] = 1, self.rounds - len(state.history)
        recent = np.array(state.history[: -self.window - 1 : -1], np.int64).reshape(-1, seats)  # latest first
        if len(recent):
            past = out[seats + 1 :].reshape(-1, seats, width)
            np.put_along_axis(past[: len(recent)], np.roll(recent, -seat, axis=1)[:, :, None], 1, axis=2)
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.history:
            return ()
        return (Event("round", {"number": len(state.history), "actions": list(state.history[-1]), "payoffs": list(state.rewards)}),)

    def information(self, state: State, seat: int) -> str:
        return f"{seat}:" + ";".join(",".join(map(str, profile)) for profile in state.history)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Nothing is random: one outcome."""
        rng = np.random.default_rng(0)
        return ((1.0, self.start(rng) if state is None or actions is None else self.step(state, actions, rng)),)


def _plain(name: str) -> bool:
    return name.isascii() and all(char.isalnum() or char in " -_" for char in name) and bool(name.strip()) and len(name) <= 40


@dataclass(frozen=True)
class RockPaperScissors(MatrixGame):
    """A win is worth +1 and -1, the same throw 0."""

    payoffs: tuple[Any, ...] = option(NAMED["rock_paper_scissors"], _PAYOFFS)
    actions: tuple[str, ...] = option(("rock", "paper", "scissors"), _ACTIONS)
    presets = {}


@dataclass(frozen=True)
class BiasedRockPaperScissors(MatrixGame):
    """Paper beats rock for 25, rock beats scissors for 50, scissors beat paper for 5; equilibrium 1/16, 10/16, 5/16."""

    payoffs: tuple[Any, ...] = option(NAMED["biased_rock_paper_scissors"], _PAYOFFS)
    actions: tuple[str, ...] = option(("rock", "paper", "scissors"), _ACTIONS)
    presets = {"fiftieth": {"payoffs": frozen((np.array(NAMED["biased_rock_paper_scissors"]) / 50).tolist())}}


@dataclass(frozen=True)
class RockPaperScissorsSpockLizard(MatrixGame):
    """Five throws, each of which beats two others and loses to two."""

    payoffs: tuple[Any, ...] = option(NAMED["spock_lizard"], _PAYOFFS)
    actions: tuple[str, ...] = option(("rock", "paper", "scissors", "spock", "lizard"), _ACTIONS)
    presets = {}


@dataclass(frozen=True)
class PrisonersDilemma(MatrixGame):
    """Both cooperate 5, both defect 1, the lone defector 10 and the lone cooperator 0."""

    payoffs: tuple[Any, ...] = option(NAMED["prisoners_dilemma"], _PAYOFFS)
    actions: tuple[str, ...] = option(("cooperate", "defect"), _ACTIONS)
    presets = {"axelrod": {"payoffs": symmetric(((3, 0), (5, 1)))}}


@dataclass(frozen=True)
class StagHunt(MatrixGame):
    """Both hunt the stag 2, a hare is worth 1 whatever the other does, a lone stag hunter gets 0."""

    payoffs: tuple[Any, ...] = option(NAMED["stag_hunt"], _PAYOFFS)
    actions: tuple[str, ...] = option(("stag", "hare"), _ACTIONS)
    presets = {}


@dataclass(frozen=True)
class BattleOfTheSexes(MatrixGame):
    """Both want to meet; seat 0 likes the ballet (3 and 2), seat 1 the football (2 and 3); apart 0."""

    payoffs: tuple[Any, ...] = option(NAMED["battle_of_the_sexes"], _PAYOFFS)
    actions: tuple[str, ...] = option(("ballet", "football"), _ACTIONS)
    presets = {}
