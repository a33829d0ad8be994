"""PettingZoo's parallel form: every agent is shown the table at every step.

In simultaneous games all agents that are asked act. In turn-taking games (and rounds that ask only some seats) the
others have `info["to_move"]` False, a mask that allows the first action alone, and whatever they send is ignored. In the vector view
masks are in the observations alone and infos hold numbers under the same names at all times, for libraries that make tensors of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from pettingzoo.utils.env import ParallelEnv

from agentarena.core.actions import Action
from agentarena.core.display import shown
from agentarena.core.errors import AgentNonsense, IllegalAction, MatchOver, OutOfTurn, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture
from agentarena.core.registry import game as build

from .layout import MAX_CHARS, RENDER_MODES, Deals, Layout, OnIllegal, ViewName, choice_of, metadata, one_of, step_limit
from .render import RenderMixin

__all__ = ["ArenaParallel", "make_parallel", "parallel_env"]

Observations = dict[str, Any]
Infos = dict[str, dict[str, Any]]


def make_parallel(
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
) -> ArenaParallel:
    """A game as a PettingZoo parallel environment: every agent is shown the table at every step.

    The arguments are those of `agentarena.make`.
    """
    rules = build(env_id, preset=preset, options=options, **env_options)
    return ArenaParallel(rules, view=view, on_illegal=on_illegal, max_cycles=max_cycles, max_chars=max_chars, render_mode=render_mode)


parallel_env = make_parallel
"""The name under which PettingZoo's tools look for it."""


class ArenaParallel(RenderMixin, ParallelEnv[str, Any, Any]):
    """One match after another, every agent at every step. All agents leave in the step that ends the match.

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
        self.metadata = {**metadata(game, render_mode), "is_parallelizable": True}
        self.render_mode = render_mode
        self.on_illegal = on_illegal
        self.match: Match | None = None
        self._config = RunConfig(game)
        self._layout = layout = Layout(game, view, max_chars)
        self._limit = step_limit(game, max_cycles)
        self._deals = Deals(game)
        self.possible_agents = list(layout.agents)
        self._seat_of = {agent: seat for seat, agent in enumerate(self.possible_agents)}
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        return self._layout.observation_spaces[self._seat(agent)]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        return self._layout.action_spaces[self._seat(agent)]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observations, Infos]:
        """Start the next match. A seed starts a new sequence of matches; without one the sequence goes on."""
        self.close()
        self.match = Match(self._config, Fixture(0, 0, ()), limit=self._limit, rng=self._deals.next(seed))
        self.agents = self.possible_agents[:]
        return self._observed(self.match)

    def step(self, actions: Mapping[str, Action]) -> tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """One step of the game: the agents to move act, the actions of all others are ignored.

        Returns:
            Observations, rewards, terminations, truncations and infos, each with every agent that was alive.

        Raises:
            UsageError: Before the first reset, or the actions are no dict.
            MatchOver: The match has ended.
            UnknownName: An action for an agent that does not exist.
            OutOfTurn: No action for an agent that is to move.
            IllegalAction: Under `on_illegal="raise"`; nothing has changed.
        """
        match = self.match
        if match is None:
            raise UsageError("call reset(seed=...) before step()")
        if not self.agents:
            raise MatchOver("the match is over; call reset() before step()")
        if not isinstance(actions, Mapping):
            raise UsageError(f"actions are {shown(actions)}; expected a dict of agents and their actions")
        to_move = match.to_move
        choices, refused = self._read(match, to_move, {self._seat(agent): action for agent, action in actions.items()})
        if refused:
            return self._forfeited(match, choices, refused)
        try:
            match.act_together(choices)
        except IllegalAction as error:  # each of them is legal, but not all together: the last one does not stand
            if self.on_illegal == "raise":
                raise
            return self._forfeited(match, choices, {to_move[-1]: str(error)})
        episode = match.episode
        observations, infos = self._observed(match)
        return self._returned(observations, episode.rewards, episode.over and not episode.truncated, episode.truncated, infos)

    def _read(self, match: Match, to_move: tuple[int, ...], sent: dict[int, Action]) -> tuple[dict[int, Action], dict[int, str]]:
        """The actions of the seats to move, and why some of them cannot stand."""
        missing = [self.possible_agents[seat] for seat in to_move if seat not in sent]
        if missing:
            raise OutOfTurn(f"no action for {', '.join(missing)}; step() needs one for every agent with info['to_move']")
        choices, refused = {}, {}
        for seat in to_move:
            choices[seat], reason = choice_of(self._layout, match, seat, sent[seat])
            if reason is not None:
                refused[seat] = f"{self.possible_agents[seat]} played {shown(sent[seat])}: {reason}"
        if refused and self.on_illegal == "raise":
            raise IllegalAction("; ".join(refused.values()))
        return choices, refused

    def _forfeited(
        self, match: Match, choices: dict[int, Action], refused: dict[int, str]
    ) -> tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """The end of a match in which some seats played illegally: see `core.forfeits` for what that costs."""
        for seat in match.to_move:
            if seat in refused:
                match.fail(seat, AgentNonsense(refused[seat]))
            else:
                match.act(seat, choices[seat])
        rewards = self._forfeit_rewards()
        observations, infos = self._observed(match)
        self._fault_infos(infos)
        return self._returned(observations, rewards, True, False, infos)

    def _observed(self, match: Match) -> tuple[Observations, Infos]:
        layout, to_move = self._layout, frozenset(match.to_move)
        observations: Observations = {}
        infos: Infos = {}
        for seat, agent in enumerate(self.possible_agents):
            mask = layout.mask(match, seat) if seat in to_move else layout.waiting_mask(seat)
            observations[agent] = layout.observe(match.episode, seat, mask)
            shown = None if mask is None or layout.view == "vector" else mask.copy()
            infos[agent] = {**layout.info(seat, shown, match), "to_move": seat in to_move}
        return observations, infos

    def _returned(
        self, observations: Observations, rewards: tuple[float, ...], terminated: bool, truncated: bool, infos: Infos
    ) -> tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        agents = self.possible_agents
        if terminated or truncated:
            self.agents = []
        if self.render_mode == "human":
            self.render()
        paid = {agent: float(reward) for agent, reward in zip(agents, rewards, strict=True)}
        return observations, paid, dict.fromkeys(agents, terminated), dict.fromkeys(agents, truncated), infos
