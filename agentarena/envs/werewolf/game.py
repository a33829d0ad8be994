"""Werewolf: a hidden pack kills by night, the village votes by day, and everybody talks.

Rules and options after the sources that specs of LSPO (arXiv 2502.04686), SLA (arXiv 2310.18940), Werewolf Arena
(arXiv 2407.13943), Kaggle's environment and the AIWolf contest describe; each is a preset. This module puts the parts together:
`options.py` and `state.py` say what there is, `actions.py` what is legal, `rules.py` what happens, `observation.py`,
`information.py`, `events.py` and `text/` what a seat knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Spoken
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, IllegalAction, NotSupported, UnknownName
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo
from agentarena.core.speech import Heard, LatentMove, Remark, latent_text

from . import rules
from .actions import Latent, SpeechSpace, legal_bits, space_of, speech, spoken_violation, tuple_of
from .events import event, names_in_news, remarks
from .information import information, resample
from .observation import Layout, heard
from .options import NAMES, PRESETS, ROLES, VILLAGER, WOLF, Options, side, verdict
from .state import OVER, SPEAK, TALK, Deal, Night, Outcome, Rng, State, dealt, labels, outcomes, pick, shuffled
from .text import WerewolfText, wording

if TYPE_CHECKING:
    from .batch import WerewolfBatch

__all__ = ["State", "Werewolf"]


@dataclass(frozen=True)
class Werewolf(Options, Game[State]):
    """The rules. A win is worth +1 to every member of the winning side, dead or alive, and -1 to every other seat."""

    presets = PRESETS

    def __post_init__(self) -> None:
        super().__post_init__()
        special = len(self.deck) - self.deck.count(VILLAGER)
        if special > self.players:
            raise BadOption(f"Werewolf: {self.players} players cannot hold the {special} roles asked for; raise players or leave roles out")
        if self.mason == 1:
            raise BadOption("Werewolf: option 'mason' is 1; a mason needs another: 0, or 2 and more")
        if verdict(self.wolves_win, self.wolves, self.players - self.wolves):
            raise BadOption(
                f"Werewolf: option 'wolves' is {self.wolves} of {self.players} players, and the wolves would have won before the first move "
                f"(wolves_win={self.wolves_win!r}); lower wolves"
            )
        _ = space_of(self, VILLAGER), wording.reader_named(self.reader)  # raise now if they cannot be had

    @classmethod
    def build(cls, preset: str | None = None, **options: Any) -> Werewolf:
        """The game with a preset's options; `start` is another name of `opening` here, since every game has a method `start`."""
        if "start" in options:
            if "opening" in options:
                raise BadOption("Werewolf: options 'start' and 'opening' are the same; give one of them")
            options["opening"] = options.pop("start")
        game = super().build(preset, **options)
        assert isinstance(game, Werewolf)
        return game

    @cached_property
    def info(self) -> GameInfo:
        low, high, unit = -1.0, 1.0, "win"
        if self.reward == "shaped":
            low, high, unit = -310.0 - 25.0 * self.last_day, 300.0 + 30.0 * self.last_day, "point"
        return GameInfo(
            seats=self.players,
            low=low,
            high=high,
            unit=unit,
            sum="general",
            simultaneous=True,
            hidden=True,
            chance=True,
            max_steps=self.max_steps,
        )

    @cached_property
    def text(self) -> WerewolfText:
        return WerewolfText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(speech(self.players) + max(space_of(self, role).size for role in range(len(ROLES))))

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Seats, pass, antidote, bids, then speech moves; see `actions.py`."""
        return self._action_space

    @cached_property
    def layout(self) -> Layout:
        """Where the parts of an observation are."""
        return Layout(self)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0.0, 1.0, (self.layout.size,), np.float32)

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector of numbers from 0 to 1; `observation.Layout` names its parts."""
        return self._observation_space

    def space_of(self, role: int) -> SpeechSpace:
        """The speech space of a role, 0 to 9."""
        return space_of(self, role)

    # --- speech, see `core.speech` -----------------------------------------------------------------------------------

    def speech_roles(self) -> tuple[str, ...]:
        return tuple(ROLES[role] for role in self.roles_in_play)

    def speech_role(self, state: State, seat: int) -> str | None:
        return self.role(state, seat) if seat in state.to_move and state.phase in (SPEAK, TALK) else None

    def speech_names(self, state: State) -> tuple[str, ...]:
        return labels(state.deal.names)

    def names_in_news(self, news: Iterable[Event]) -> tuple[str, ...]:
        return names_in_news(news)

    def remarks(self, news: Iterable[Event]) -> tuple[Remark, ...]:
        return remarks(self, news)

    def heard(self, state: State, seat: int) -> tuple[Heard, ...]:
        return heard(self, state)

    def with_latent(self, moves: Mapping[str, Sequence[LatentMove]]) -> Werewolf:
        """The same game in which the roles have these moves.

        Raises:
            BadOption: No such role, or moves or symbols are out of range.
        """
        spaces = {"*": (LatentMove(0),), **moves}
        return replace(self, speech=",".join(f"{role}={latent_text(kinds)}" for role, kinds in spaces.items()))

    def speech_moves(self, role: str) -> tuple[LatentMove, ...]:
        return self._latent(role).moves

    def latent_move(self, role: str, action: Action) -> tuple[int, int]:
        return self._latent(role).choice(int(action) - speech(self.players))

    def latent_action(self, role: str, move: int, target: int = -1) -> int:
        return speech(self.players) + self._latent(role).number(move, target)

    def latent_observation(self, observation: np.ndarray, heard: Sequence[Heard], plain: Werewolf, seat: int) -> np.ndarray:
        return self.layout.translated(observation, heard, plain.layout)

    def latent_mask(self, observation: np.ndarray, legal: Iterable[int], plain: Werewolf, seat: int) -> np.ndarray:
        return self.layout.mask(observation, legal, plain.layout)

    def speech_seat(self, observation: np.ndarray, seat: int) -> tuple[str, bool]:
        parts = self.layout.parts(np.asarray(observation))
        speaks = bool(parts["asked"][0]) and int(parts["phase"].argmax()) in (SPEAK, TALK)
        return ROLES[int(parts["role"].argmax())], speaks

    def speech_reply(self, words: str) -> str:
        return f"<say>{words.replace('<', ' ').replace('>', ' ')[: self.words].strip()}</say>"

    def _latent(self, role: str) -> Latent:
        """The latent speech space of a role."""
        if role not in ROLES:
            raise UnknownName("role", role, ROLES)
        space = space_of(self, ROLES.index(role))
        if not isinstance(space, Latent):
            raise NotSupported(f"Werewolf: {role} has no latent moves (speech={self.speech!r}); make a game with with_latent(moves)")
        return space

    # --- play --------------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return self._start(rng)

    def _start(self, rng: Rng) -> State:
        """Roles and names are drawn, then the first night or day begins."""
        roles = shuffled(rng, self.deck)
        names = draw_names(rng, self.players) if self.names == "drawn" else (-1,) * self.players
        deal = Deal(roles, names, wolves=sum(1 << seat for seat, role in enumerate(roles) if role == WOLF))
        state = State(
            deal=deal,
            alive=(1 << self.players) - 1,
            phase=OVER,
            day=0 if self.opening == "night" else 1,
            outcome=Outcome(self.no_rewards),
            log=dealt(self, deal),
            night=Night(potions=3 if self.witch else 0),
        )
        return rules.begin_night(self, state, rng) if self.opening == "night" else rules.begin_day(self, state, rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.to_move

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return tuple_of(legal_bits(self, state, seat)) if seat in state.to_move else ()

    def check(self, state: State, actions: Mapping[int, Action]) -> None:
        super().check(state, actions)
        for seat, action in actions.items():
            reason = spoken_violation(self, action) if isinstance(action, Spoken) else None
            if reason:
                raise IllegalAction(f"Werewolf: seat {seat} played {shown(action, 200)}: {reason}")

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        to_move = state.to_move
        if len(actions) != len(to_move) or not to_move:
            self.check(state, actions)
        for seat in to_move:  # plain legal ints, nearly always, need no further check
            action = actions.get(seat)
            if action.__class__ is not int or action < 0 or not legal_bits(self, state, seat) >> action & 1:
                self.check(state, actions)
                return rules.step(self, state, actions, rng, rules.stated_beliefs(state, actions))
        return rules.step(self, state, actions, rng)

    def rewards(self, state: State) -> tuple[float, ...]:
        return state.outcome.rewards

    def truncated(self, state: State) -> bool:
        return state.outcome.winner == "nobody"

    def winner(self, state: State, returns: tuple[float, ...]) -> str | None:
        return state.outcome.winner if state.outcome.winner in ("village", "wolves") else None

    def role(self, state: State, seat: int) -> str:
        return ROLES[state.deal.roles[seat]]

    def team(self, state: State, seat: int) -> str:
        return side(state.deal.roles[seat])

    def lockstep(self) -> WerewolfBatch:
        """Array rules, for games in which all roles speak by latent moves; see `batch`."""
        from .batch import WerewolfBatch

        return WerewolfBatch(self)

    # --- what a seat may know --------------------------------------------------------------------------------------------

    def news(self, state: State) -> tuple[Event, ...]:
        names = labels(state.deal.names)
        return tuple([event(self, state, entry, names) for entry in state.log[state.news_from :]])

    def observe(self, state: State, seat: int) -> np.ndarray:
        return self.layout.vector(state, seat)

    def information(self, state: State, seat: int) -> str:
        return information(self, state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return resample(self, state, seat, rng)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """See `Chance`; every draw of this game is a uniform choice, and all their combinations are tried.

        Raises:
            NotSupported: There are too many, as when names are drawn or seven players' roles and order of speech.
        """
        if state is None:
            return outcomes(self._start)
        self.check(state, actions or {})
        beliefs = rules.stated_beliefs(state, actions or {})
        return outcomes(lambda script: rules.step(self, state, actions or {}, script, beliefs))


def draw_names(rng: Rng, seats: int) -> tuple[int, ...]:
    """Distinct names, drawn without replacement."""
    pool = list(range(len(NAMES)))
    return tuple(pool.pop(pick(rng, len(pool))) for _ in range(seats))
