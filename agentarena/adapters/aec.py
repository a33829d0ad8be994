"""PettingZoo's AEC form: one agent acts at a time. Written without wrappers, for speed.

What an illegal action costs is an argument: `on_illegal="forfeit"` ends the match when the round is over, the offender's return
becomes `game.info.forfeit_return` and the others' what `core.forfeits` says; `on_illegal="raise"` raises and the agent may try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from pettingzoo.utils.env import AECEnv

from agentarena.core.actions import Action
from agentarena.core.display import shown
from agentarena.core.errors import AgentNonsense, IllegalAction, MatchOver, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture
from agentarena.core.registry import game as build

from .layout import MAX_CHARS, RENDER_MODES, Deals, Layout, OnIllegal, ViewName, choice_of, metadata, one_of, step_limit
from .render import RenderMixin

__all__ = ["ArenaAEC", "env", "make"]


def make(
    env_id: str | Game[Any],
    *,
    view: ViewName = "vector",
    on_illegal: OnIllegal = "forfeit",
    max_cycles: int | None = None,
    max_chars: int = MAX_CHARS,
    render_mode: str | None = None,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    **env_options: Any,
) -> ArenaAEC:
    """A game as a PettingZoo AEC environment: one agent acts at a time.

    Args:
        env_id: E.g. "Dhumbal-v0", or a game.
        view: "vector" for numbers, "text" for numbers and words.
        on_illegal: What an illegal action costs: "forfeit" the match, or "raise" an error.
        max_cycles: Truncate after so many steps of the game; `info.max_steps` when it is `None` or larger.
        max_chars: Longest text observation; a longer text loses its beginning.
        render_mode: "ansi" for a string, "human" to write it to standard output after each step, "rgb_array" for a picture.
        preset: A named setting of the game's options.
        options: The game's options by name, also those that are named like an argument here.
        env_options: More of them, as keywords.
    """
    rules = build(env_id, preset=preset, options=options, **env_options)
    return ArenaAEC(rules, view=view, on_illegal=on_illegal, max_cycles=max_cycles, max_chars=max_chars, render_mode=render_mode)


env = make
"""The name under which PettingZoo's tools look for it."""


_NOTHING: tuple[float, ...] = ()
_FIXTURE = Fixture(0, 0, ())


class ArenaAEC(RenderMixin, AECEnv[str, Any, Any]):
    """One match after another, an agent at a time.

    In simultaneous games the agents of a round choose in order and the game steps once, after the last of them;
    until then nothing changes for anybody. In the text view `step` also accepts a reply in words.

    Attributes:
        game: The rules.
        match: The match under way; `None` before the first reset.
    """

    def __init__(
        self,
        game: Game[Any],
        *,
        view: ViewName = "vector",
        on_illegal: OnIllegal = "forfeit",
        max_cycles: int | None = None,
        max_chars: int = MAX_CHARS,
        render_mode: str | None = None,
    ) -> None:
        one_of("on_illegal", on_illegal, ("forfeit", "raise"))
        one_of("render_mode", render_mode, (None, *RENDER_MODES))
        self.game = game
        self.metadata = metadata(game, render_mode)
        self.render_mode = render_mode
        self.on_illegal = on_illegal
        self.match: Match | None = None
        self._config = RunConfig(game)
        self._layout = layout = Layout(game, view, max_chars)
        self._limit = step_limit(game, max_cycles)
        self._deals = Deals(game)
        self._words = view == "text"
        self._bare = layout.bare
        self.possible_agents = list(layout.agents)
        self._seat_of = {agent: seat for seat, agent in enumerate(self.possible_agents)}
        self._waiting = [layout.no_mask(seat) for seat in range(game.info.seats)]
        self._ended = [layout.waiting_mask(seat) for seat in range(game.info.seats)]
        self._nothing = self._waiting
        self.agents: list[str] = []
        self.rewards: dict[str, float] = {}
        self.terminations: dict[str, bool] = {}
        self.truncations: dict[str, bool] = {}
        self.infos: dict[str, dict[str, Any]] = {}
        self._cumulative_rewards: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        if name == "agent_selection":
            raise AttributeError("no agent is selected before the first reset(seed=...)")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        return self._layout.observation_spaces[self._seat(agent)]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        return self._layout.action_spaces[self._seat(agent)]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start the next match. A seed starts a new sequence of matches; without one the sequence goes on."""
        self.close()
        self.match = match = Match(self._config, _FIXTURE, limit=self._limit, rng=self._deals.next(seed))
        agents = self.possible_agents
        self.agents = agents[:]
        self._nothing = self._waiting
        self.rewards = dict.fromkeys(agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(agents, 0.0)
        self.terminations = dict.fromkeys(agents, False)
        self.truncations = dict.fromkeys(agents, False)
        self.infos = {agent: self._info(seat) for seat, agent in enumerate(agents)}
        self._paid = False
        self._begin_round(match.to_move)

    def _info(self, seat: int) -> dict[str, Any]:
        nothing = self._nothing[seat]
        return self._layout.info(seat, None if nothing is None else nothing.copy(), self.match)

    def _begin_round(self, seats: tuple[int, ...]) -> None:
        """The seats of a round choose in order; each of them has its mask until it has chosen, as in the parallel form."""
        assert self.match is not None
        self._round, self._at = seats, 0
        for seat in seats[1:]:
            self.infos[self.possible_agents[seat]] = self._layout.info(seat, self._layout.mask(self.match, seat), self.match)
        self._select(seats[0])

    def _select(self, seat: int) -> None:
        """It is the seat's turn."""
        assert self.match is not None
        self.agent_selection = agent = self.possible_agents[seat]
        self._turn = seat
        self._mask = mask = self._layout.mask(self.match, seat)
        if mask is None or self._words or mask.ndim > 1 or self._layout.has_diagnostics:
            self.infos[agent] = self._layout.info(seat, mask, self.match)
        else:
            self.infos[agent] = {"action_mask": mask}

    def observe(self, agent: str) -> Any:
        """What `agent` sees now.

        Its mask is all zeros when it is not asked in this round or has chosen. After the end it allows the first action alone: nothing
        can be played then, but masked distributions must still be valid.
        """
        if self.match is None:
            raise UsageError("call reset(seed=...) before observe()")
        episode = self.match.episode
        seat = self._seat(agent)
        if seat == self._turn:
            mask = self._mask
        elif seat in self._round[self._at + 1 :]:
            mask = self._layout.mask(self.match, seat)
        else:
            mask = self._nothing[seat]
        if self._bare:
            assert mask is not None
            return {"observation": self.game.observe(episode.state, seat), "action_mask": mask.copy()}
        return self._layout.observe(episode, seat, None if mask is None else mask.copy())

    def last(self, observe: bool = True) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Observation, reward since its last turn, terminated, truncated and info of the selected agent."""
        if not self.agents:
            raise self._idle("last")
        agent = self.agent_selection
        observation = self.observe(agent) if observe else None
        return observation, self._cumulative_rewards[agent], self.terminations[agent], self.truncations[agent], self.infos[agent]

    def _idle(self, what: str) -> Exception:
        if self.match is None:
            return UsageError(f"call reset(seed=...) before {what}()")
        return MatchOver(f"the match is over and every agent has been told; call reset() before {what}()")

    def step(self, action: Action) -> None:
        """The selected agent acts; an agent whose match has ended takes `None` and leaves.

        Raises:
            UsageError: Before the first reset.
            MatchOver: Every agent has left, or an agent whose match has ended was given an action.
            IllegalAction: Under `on_illegal="raise"`; nothing has changed.
        """
        if not self.agents:
            raise self._idle("step")
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._leave(agent, action)
            return
        match, seat = self.match, self._turn
        assert match is not None
        if self._words or len(self._round) > 1 or self._layout.sizes[seat] < 0:
            action, reason = choice_of(self._layout, match, seat, action)
            if reason is not None:
                self._refuse(seat, f"{agent} played {shown(action)}: {reason}")
                return
            match.episode.mark_read(seat)
        try:  # the game itself checks the action of a lone mover
            match.act(seat, action)
        except IllegalAction as error:
            self._refuse(seat, str(error))
            return
        self._go_on(agent, seat)

    def _go_on(self, agent: str, seat: int) -> None:
        """After a seat's choice the next seat of the round has its turn; the last choice ends the round, and with a forfeit the match."""
        if seat != self._round[-1]:
            self._credit(agent, _NOTHING)
            self._at += 1
            self._rest(seat)
            self._select(self._round[self._at])
            return
        match = self.match
        assert match is not None
        rewards = self._forfeit_rewards() if match.failed else match.episode.rewards
        if self._paid or any(rewards):
            self._credit(agent, rewards)
        else:
            self._cumulative_rewards[agent] = 0.0
        if match.to_move:
            self._rest(seat)
            self._begin_round(match.to_move)
        else:
            self._end(self.truncations if match.episode.truncated and not match.failed else self.terminations)
        if self.render_mode == "human":
            self.render()

    def _rest(self, seat: int) -> None:
        """A seat has had its turn."""
        nothing = self._nothing[seat]
        if self._words or nothing is None or nothing.ndim > 1:
            self.infos[self.possible_agents[seat]] = self._info(seat)
        else:
            self.infos[self.possible_agents[seat]] = {"action_mask": nothing.copy()}

    def _credit(self, agent: str, rewards: tuple[float, ...]) -> None:
        """The acting agent has seen its rewards so far; everybody is paid those of this step."""
        paid, total = self.rewards, self._cumulative_rewards
        total[agent] = 0.0
        if self._paid:
            for name in paid:
                paid[name] = 0.0
            self._paid = False
        if any(rewards):
            self._paid = True
            for name, reward in zip(self.possible_agents, rewards, strict=True):
                paid[name] = float(reward)
                total[name] += reward

    def _refuse(self, seat: int, reason: str) -> None:
        """An illegal action, by the policy of this environment."""
        if self.on_illegal == "raise":
            raise IllegalAction(reason)
        assert self.match is not None
        self.match.fail(seat, AgentNonsense(reason))
        self._go_on(self.possible_agents[seat], seat)

    def _end(self, how: dict[str, bool]) -> None:
        self._turn, self._mask, self._round, self._nothing = -1, None, (), self._ended
        for seat, agent in enumerate(self.agents):
            how[agent] = True
            self.infos[agent] = self._info(seat)
        if self.match is not None and self.match.failed:
            self._fault_infos(self.infos)
        self.agent_selection = self.agents[0]

    def _leave(self, agent: str, action: Action) -> None:
        if action is not None:
            raise MatchOver(f"the match is over for {agent}: step(None) is all it can do, got {shown(action)}")
        for table in (self.rewards, self._cumulative_rewards, self.terminations, self.truncations, self.infos):
            del table[agent]
        self.agents.remove(agent)
        if self._paid:
            self.rewards = dict.fromkeys(self.agents, 0.0)
            self._paid = False
        if self.agents:
            self.agent_selection = self.agents[0]
