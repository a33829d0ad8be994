"""A commons and its institutions: harvest and consumption, talk, monitoring and punishment, social learning, norms by vote.

Three resources under one engine: a logistic stock harvested by effort (the norm-based society of arXiv 2510.14401), a pool of whole
units that doubles (GovSim, arXiv 2404.16698), and tokens in a group account (Ostrom, Walker and Gardner 1992). What happens when is in
`rules/phases.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Legal, Spoken
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, IllegalAction, NotSupported, UnknownName, UsageError
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo
from agentarena.core.speech import Heard, LatentMove, Remark, latent_text

from . import actions as moves
from .events import events, remarks
from .information import information, resample
from .observation import Layout, heard_signals
from .options import CommonsOptions
from .rules.harvest import return_bounds
from .rules.phases import PHASE_STEPS, first_state
from .state import TALK, Move, State
from .text import CommonsText

__all__ = ["Commons"]


@dataclass(frozen=True)
class Commons(CommonsOptions, Game[State]):
    """The rules. A return is what a seat gained: units harvested (or cents earned), less consumption and the costs of sanctions."""

    def __post_init__(self) -> None:
        Game.__post_init__(self)
        self.check_combination()

    @cached_property
    def info(self) -> GameInfo:
        low, high = return_bounds(self)
        monitoring = {"none": 0, "random": 2, "chosen": 1}[self.sanction]
        voting = {"none": 0, "median": 1, "plurality": 2}[self.voting]
        own_harvests = not self.public_harvests or (self.resource == "doubling" and self.allocation == "stochastic")
        return GameInfo(
            seats=self.players,
            low=low,
            high=high,
            unit="cent" if self.resource == "static" else "unit",
            sum="general",
            simultaneous=self.players > 1,
            hidden=self.players > 1 and (own_harvests or bool(self.newcomer and self.talk) or self.reflection),
            chance=self.resource == "doubling" or self.sanction == "random" or self.learning != "none",
            max_steps=self.rounds * (1 + monitoring + voting + self.talk + self.reflection),
        )

    @cached_property
    def text(self) -> CommonsText:
        return CommonsText(self)

    @cached_property
    def layout(self) -> Layout:
        """Names of the parts of an observation."""
        return Layout(self)

    @cached_property
    def _action_space(self) -> gymnasium.Space[Any]:
        return moves.space(self)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        """See `actions.py`: flat integers, a number in [0, 1], or parts."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `observation.Layout` names its parts."""
        return self.layout.space

    # --- play ------------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return first_state(self, rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.to_move

    def legal(self, state: State, seat: int) -> Legal:
        return moves.legal(self, state, seat)

    def check(self, state: State, actions: Mapping[int, Action]) -> None:
        super().check(state, actions)
        for seat, action in actions.items():
            if isinstance(action, Spoken) and not (isinstance(action.words, str) and len(action.words) <= self.words):
                raise IllegalAction(
                    f"{type(self).__name__}: seat {seat} spoke {shown(action.words)}; words are a string of at most {self.words} characters"
                )

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        plainly_legal = len(actions) == len(state.to_move) > 0 and all(
            seat in actions and moves.is_plainly_legal(actions[seat], moves.legal(self, state, seat)) for seat in state.to_move
        )
        if not plainly_legal:
            self.check(state, actions)
        by_seat = {seat: moves.move_of(self, state.phase, actions[seat]) for seat in state.to_move}
        return PHASE_STEPS[state.phase](self, state, by_seat, rng)

    def action(self, state: State, move: Move) -> Action:
        """The action that means a move at a state; see `actions.action_of`."""
        return moves.action_of(self, state.phase, move)

    def rewards(self, state: State) -> tuple[float, ...]:
        return state.rewards

    # --- speech, see `core.speech` ----------------------------------------------------------------------------------

    def speech_roles(self) -> tuple[str, ...]:
        return ("player",)

    def speech_role(self, state: State, seat: int) -> str | None:
        return "player" if state.phase == TALK and seat in state.to_move else None

    def speech_names(self, state: State) -> tuple[str, ...]:
        return self.names_in_news(())

    def names_in_news(self, news: Iterable[Event]) -> tuple[str, ...]:
        return tuple(f"player {seat}" for seat in self.all_seats)

    def remarks(self, news: Iterable[Event]) -> tuple[Remark, ...]:
        return remarks(self, news)

    def heard(self, state: State, seat: int) -> tuple[Heard, ...]:
        return heard_signals(self, state, seat)

    def with_latent(self, moves: Mapping[str, Sequence[LatentMove]]) -> Commons:
        """The same game in which the players have these moves.

        Raises:
            BadOption: A role other than "player" (or "*"), or moves are out of range or heard alike.
        """
        unknown = set(moves) - {"player", "*"}
        if unknown:
            raise BadOption(f"Commons: latent moves for {shown(sorted(unknown))}; the only role is 'player'")
        return replace(self, speech=latent_text(moves.get("player", moves.get("*", (LatentMove(0),)))))

    def speech_moves(self, role: str) -> tuple[LatentMove, ...]:
        self._check_latent(role)
        return self.latent

    def latent_move(self, role: str, action: Action) -> tuple[int, int]:
        self._check_latent(role)
        signal = moves.move_of(self, TALK, action).choice - 2 - self.players
        if not 0 <= signal < len(self.signals):
            raise UsageError(f"Commons: action {shown(action)} is no signal")
        return self.signals[signal]

    def latent_action(self, role: str, move: int, target: int = -1) -> Action:
        self._check_latent(role)
        if (move, target) not in self.signals:
            raise UsageError(f"Commons: no latent move {shown(move)} about seat {shown(target)}; the moves are {self.speech!r}")
        return moves.action_of(self, TALK, Move(0.0, 2 + self.players + self.signals.index((move, target))))

    def latent_observation(self, observation: np.ndarray, heard: Sequence[Heard], plain: Commons, seat: int) -> np.ndarray:
        return self.layout.translated(observation, heard, plain.layout, seat)

    def latent_mask(self, observation: np.ndarray, legal: Iterable[int], plain: Commons, seat: int) -> np.ndarray:
        """See `Speech`; only where actions are flat."""
        self.layout.check_alike(plain.layout)
        if not self.num_amounts:
            raise NotSupported("Commons: effort is a real number here, so actions have no mask; use levels, doubling or static resources")
        out = np.zeros(self.num_amounts + self.num_choices, bool)
        if plain.layout.read(observation).phase == TALK:
            seats = (action - self.num_amounts - 2 for action in legal)
            legal = (self.num_amounts + choice for choice in moves.signals(self, [other for other in seats if other >= 0], seat))
        out[list(legal)] = True
        return out

    def speech_seat(self, observation: np.ndarray, seat: int) -> tuple[str, bool]:
        return "player", self.layout.read(np.asarray(observation)).phase == TALK

    def speech_reply(self, words: str) -> str:
        return f"<say>{words.replace('<', ' ').replace('>', ' ')[: self.words].strip()}</say>"

    def _check_latent(self, role: str) -> None:
        if role != "player":
            raise UnknownName("role", role, ("player",))
        if not self.latent:
            raise NotSupported(f"Commons: players have no latent moves (speech={self.speech!r}); make a game with with_latent(moves)")

    # --- what a seat may know ----------------------------------------------------------------------------------------

    def news(self, state: State) -> tuple[Event, ...]:
        return events(self, state)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return self.layout.vector(state, seat)

    def information(self, state: State, seat: int) -> str:
        return information(self, state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return resample(self, state, seat, rng)
