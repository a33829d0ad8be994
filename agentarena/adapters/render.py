"""What both PettingZoo forms show of a match: the rules and the table in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.episode import Episode
from agentarena.core.errors import UnknownName, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match

from .layout import Layout
from .pictures import frame

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

    @property
    def to_move(self) -> list[str]:
        """The agents that are to move; none before the first reset and when the match is over."""
        return [] if self.match is None else [self.possible_agents[seat] for seat in self.match.to_move]

    @property
    def faults(self) -> dict[str, str]:
        """The agents that have forfeited the match under way, each with the reason."""
        return {} if self.match is None else {self.possible_agents[seat]: str(fault) for seat, fault in self.match.failed.items()}

    def sample(self, agent: str) -> Action:
        """A random action of an agent that is to move, legal now whatever kind of actions the game has; drawn from the action space's
        own generator, as `action_space(agent).sample()` is.

        Raises:
            UsageError: It is not its turn.
        """
        seat = self._seat(agent)
        if self.match is None or seat not in self.match.pending():
            raise UsageError(f"{agent} is not to move; env.to_move is {self.to_move}")
        return self._layout.sample(self.match, seat, self._layout.action_spaces[seat].np_random)

    def _fault_infos(self, infos: dict[str, dict[str, Any]]) -> None:
        """In the text view, who forfeited and why is in the infos too."""
        if self._layout.view == "text":
            for agent, info in infos.items():
                info["forfeit"] = list(self.faults)
                if agent in self.faults:
                    info["illegal"] = self.faults[agent]

    def _forfeit_rewards(self) -> tuple[float, ...]:
        """What the end by forfeit credits to each seat, so that everybody ends with the returns of the result."""
        assert self.match is not None
        return tuple(final - had for final, had in zip(self.match.result()[0], self.match.episode.returns, strict=True))

    def render(self) -> str | np.ndarray | None:
        """The table: words in mode "ansi", a picture in mode "rgb_array"; in mode "human" the words go to standard output.

        Raises:
            UsageError: Before the first reset.
            MissingExtra: A picture of words without Pillow.
        """
        if self.episode is None:
            raise UsageError("call reset(seed=...) before render()")
        return frame(self.render_mode, self._layout, self.episode.state, tuple(range(self.game.info.seats)))

    def close(self) -> None:
        """Release what the match under way holds open."""
        if self.match is not None:
            self.match.close()

    def state(self) -> np.ndarray:
        raise NotImplementedError("there is no global state array; the rules' own state is env.unwrapped.episode.state")
