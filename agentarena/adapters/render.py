"""What both PettingZoo forms show of a match: the rules and the table in words."""

from __future__ import annotations

import sys
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.episode import Episode
from agentarena.core.errors import UnknownName, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match

from .layout import Layout, picture

__all__ = ["RenderMixin"]


class RenderMixin:
    """Names, rules, rendering and closing of an environment with a match under way."""

    game: Game[Any]
    match: Match | None
    render_mode: str | None
    possible_agents: list[str]
    _layout: Layout
    _seat_of: dict[str, int]

    @property
    def episode(self) -> Episode | None:
        """State, log and returns of the match under way; `None` before the first reset."""
        return None if self.match is None else self.match.episode

    def _seat(self, agent: str) -> int:
        try:
            return self._seat_of[agent]
        except KeyError:
            raise UnknownName("agent", str(agent), self.possible_agents) from None

    def rules(self, agent: str) -> str:
        """The rules in words, for an agent's system message."""
        return self.game.text.rules(self._seat(agent))

    def render(self) -> str | None:
        """The table in words: a string in mode "ansi", written to standard output in mode "human"."""
        if self.episode is None:
            raise UsageError("call reset(seed=...) before render()")
        if self.render_mode is None:
            gymnasium.logger.warn("render() does nothing without a render mode; make the environment with render_mode='ansi' or 'human'")
            return None
        text = picture(self._layout, self.episode, tuple(range(self.game.info.seats)))
        if self.render_mode == "ansi":
            return text
        sys.stdout.write(text + "\n")
        return None

    def close(self) -> None:
        """Release what the match under way holds open."""
        if self.match is not None:
            self.match.close()

    def state(self) -> np.ndarray:
        raise NotImplementedError("there is no global state array; the rules' own state is env.unwrapped.episode.state")
