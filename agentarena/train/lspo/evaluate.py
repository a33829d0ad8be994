"""Win rates by side: all seats of one side held by an agent, all others by its opponent, in paired deals.

Games with sides deal them anew in each match, so who sits where follows from the deal: the referee's own draw of the deal is made
before the match, and each deal is played once with the agent on each side. An agent learns nothing of this: what it is shown is what
its seat may know.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.config import OnUnreadable
from agentarena.core.errors import NotSupported, UsageError
from agentarena.core.game import Game
from agentarena.core.intervals import Interval
from agentarena.core.record import Fixture
from agentarena.core.rng import CHANCE, stream
from agentarena.evaluate.share import shares
from agentarena.matches.api import run
from agentarena.matches.results import Results

__all__ = ["SideRate", "Sides", "dealt_sides", "play_sides", "side_fixtures", "side_rates"]


@dataclass(frozen=True, slots=True)
class SideRate:
    """How an agent does on one side.

    Attributes:
        side: Name of the side.
        matches: Matches on it.
        wins: Matches won.
        win_rate: Mean share of the win; an undecided match counts 1/2 between two sides (`evaluate.shares`).
        interval: Wilson's, 95 %, deals as clusters.
        forfeits: Matches that the agent forfeited.
    """

    side: str
    matches: int
    wins: int
    win_rate: float
    interval: Interval
    forfeits: int


@dataclass(frozen=True)
class Sides:
    """An agent against an opponent.

    Attributes:
        rates: One row a side, by name.
        results: All matches; the agent has index 0, the opponent 1. An even match number means the agent is on the first side by name.
    """

    rates: tuple[SideRate, ...]
    results: Results

    def on(self, side: str) -> SideRate:
        """The row of a side.

        Raises:
            UsageError: The agent was on no such side.
        """
        for rate in self.rates:
            if rate.side == side:
                return rate
        raise UsageError(f"no matches on side {side!r}; there are {', '.join(rate.side for rate in self.rates) or 'none'}")


def dealt_sides(game: Game[Any], seed: int, deal: int) -> tuple[str, ...]:
    """The side of each seat in a deal of a run.

    Raises:
        NotSupported: The game deals no sides.
    """
    state = game.start(stream(seed, CHANCE, deal))
    teams = [game.team(state, seat) for seat in range(game.info.seats)]
    names = tuple(team for team in teams if team is not None)
    if len(names) < len(teams) or len(set(names)) < 2:
        raise NotSupported(f"{type(game).__name__} has no two sides, so there is no win rate by side; use agentarena.play")
    return names


def side_fixtures(game: Game[Any], deals: int, seed: int = 0) -> list[Fixture]:
    """Each deal once for each side, by name: agent 0 holds every seat of that side, agent 1 all other seats.

    Args:
        game: The rules.
        deals: How many deals.
        seed: Seed of the run; `matches.run` must be given the same.
    """
    fixtures = []
    for deal in range(deals):
        teams = dealt_sides(game, seed, deal)
        names = sorted(set(teams))
        for place, side in enumerate(names):
            fixtures.append(Fixture(deal * len(names) + place, deal, tuple(int(team != side) for team in teams)))
    return fixtures


def side_rates(results: Results) -> tuple[SideRate, ...]:
    """The rows of agent 0 of a run of `side_fixtures`."""
    agent = results.agents[0]
    return tuple(
        SideRate(str(row.place), row.matches, row.wins, row.win_share, row.win_interval, row.forfeits)
        for row in shares(results.match_table, by="side")
        if row.agent == agent
    )


def play_sides(
    env: str | Game[Any],
    agent: str | Agent,
    opponent: str | Agent,
    *,
    matches: int,
    seed: int = 0,
    workers: int | None = None,
    out: str | os.PathLike[str] | None = None,
    on_unreadable: OnUnreadable | None = None,
    progress: Callable[[int, int], None] | None = None,
    preset: str | None = None,
    **options: Any,
) -> Sides:
    """Play an agent on each side of a game against an opponent.

    Args:
        env: An environment with sides, or its rules.
        agent: Spec string or agent.
        opponent: The same.
        matches: Matches on each side; as many deals.
        seed: Seed of the run. Agents compared on one seed meet the same deals.
        workers: Processes; agents must then be spec strings or travel between processes.
        out: Record file, continued where it is there already.
        on_unreadable: What happens to unreadable replies.
        progress: Called as `progress(done, total)`.
        preset: A named setting of the environment's options.
        options: The environment's options.

    Raises:
        NotSupported: The game deals no sides.

    >>> sides = play_sides("Werewolf-v0", "random", "random", matches=5, preset="lspo4")
    >>> [rate.side for rate in sides.rates], len(sides.results)
    (['village', 'wolves'], 10)
    """
    game = registry.game(env, preset=preset, **options)
    agents: Sequence[str | Agent] = [agent, opponent]
    results = run(
        game,
        agents,
        side_fixtures(game, matches, seed),
        seed=seed,
        workers=workers,
        out=out,
        on_unreadable=on_unreadable,
        progress=progress,
    )
    return Sides(side_rates(results), results)
