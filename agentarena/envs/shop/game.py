"""A shop on the web: read an instruction, search, look at products, choose options, buy. WebShop's pages, commands and reward.

Source: Yao et al., "WebShop: Towards Scalable Real-World Web Interaction with Grounded Language Agents" (arXiv 2207.01206), its formulas
and pages; the catalogue is our own. `card.md` says what differs from the original and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Text
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo

from . import information, observation
from .actions import MAX_CHARS
from .events import news
from .rules.clicks import Commands
from .rules.session import after, is_over
from .rules.store import Store
from .state import DONE, Place, State
from .text import ShopText

__all__ = ["Shop"]


@dataclass(frozen=True)
class Shop(Store, Game[State]):
    """The rules. The return is the reward of the purchase, from 0 to 1."""

    @cached_property
    def info(self) -> GameInfo:
        most = float(self.max_steps) if self.buy_again else 1.0
        return GameInfo(seats=1, low=0.0, high=most, unit="score", sum="general", chance=True, max_steps=self.max_steps)

    @cached_property
    def text(self) -> ShopText:
        return ShopText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Space[Any]:
        return Text(MAX_CHARS).space()

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Dict:
        return observation.space()

    def action_space(self, seat: int) -> gymnasium.spaces.Space[Any]:
        """Text: `search[words]` or `click[label]`."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Dict:
        """The page in words and numbers; see `observation.observe`."""
        return self._observation_space

    # --- play -----------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        numbers = self.numbers
        drawn = self.goal if self.goal >= 0 else int(np.searchsorted(self.cumulative, rng.random(), "right"))
        return State(int(numbers[min(drawn, len(numbers) - 1)]), Place())

    def to_move(self, state: State) -> tuple[int, ...]:
        return () if is_over(self, state) else (0,)

    def legal(self, state: State, seat: int) -> Text:
        """Any words; those that are no command of the page leave it as it is. The admissible commands are the suggestions."""
        return Commands(self, state)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        command = actions.get(0)
        if type(command) is not str or len(command) > MAX_CHARS or len(actions) != 1 or is_over(self, state):
            self.check(state, actions)
        return after(self, state, str(actions[0]), rng)

    def rewards(self, state: State) -> tuple[float]:
        return (state.earned,)

    def truncated(self, state: State) -> bool:
        """Whether the commands were used up without a purchase."""
        return state.turn >= self.max_steps and state.place.page != DONE

    # --- what the customer sees, and what trainers may know -----------------------------------------------------------

    def observe(self, state: State, seat: int) -> dict[str, Any]:
        return observation.observe(self, state)

    def news(self, state: State) -> tuple[Event, ...]:
        return news(self, state)

    def anchor(self, state: State, seat: int) -> str:
        """A key of what is on the screen, whatever led there."""
        return information.anchor(state)

    def diagnostics(self, state: State, seat: int) -> dict[str, Any]:
        return information.diagnostics(self, state)

    def pack(self, state: State) -> bytes:
        return information.pack(state)

    def unpack(self, data: bytes) -> State:
        return information.unpack(self, data)
