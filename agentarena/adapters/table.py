"""Matches in which only some seats are played from outside and agents play the rest: behind `gymnasium.make` and `make_vec`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np

from agentarena.agents.boundary import decide, failure
from agentarena.agents.specs import agent as build
from agentarena.agents.suitability import check_suitable
from agentarena.core.actions import Action
from agentarena.core.agent import Agent, AsyncAgent, Decision, View
from agentarena.core.display import is_a, is_interrupt, shown
from agentarena.core.episode import Episode
from agentarena.core.errors import AgentNonsense, RunEnds, UsageError, WrongSeats
from agentarena.core.game import Game
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture

from .layout import Layout, choice_of

__all__ = ["Opponents", "SkippedMatches", "Spec", "Table", "decisions", "fresh_seed", "seat_table"]

_log = logging.getLogger(__name__)

Spec = str | Agent
"""An agent, or a spec string that names one."""


class Table:
    """A match in which some seats are played from outside: a `Match`, and what each seat gained since that was last taken.

    Attributes:
        match: The match: the decision loop that `agentarena.play` drives too.
        own: The seats played from outside.
        gains: Rewards of every seat since `collect`, shape (S,) as a list.
    """

    __slots__ = ("_charged", "gains", "match", "own")

    def __init__(self, game: Game[Any], seed: int, match: int, own: tuple[int, ...], limit: int) -> None:
        self.match = Match(RunConfig(game, seed=seed), Fixture(match, match, ()), limit=limit)
        self.own = own
        self.gains = list(self.match.episode.rewards)
        self._charged = False

    @property
    def episode(self) -> Episode:
        """State, log and returns."""
        return self.match.episode

    @property
    def to_move(self) -> tuple[int, ...]:
        """The seats to move; `()` when the match is over."""
        return self.match.to_move

    @property
    def forfeits(self) -> dict[int, str]:
        """Seats that forfeited, each with the reason; they end the match."""
        return {seat: str(fault) for seat, fault in self.match.failed.items()}

    @property
    def returns(self) -> list[float]:
        """The returns so far; the forfeit return where there was one."""
        return self.match.result()[0]

    def submit(self, layout: Layout, actions: Mapping[int, Action]) -> None:
        """The actions of own seats that are to move. An illegal one costs its seat the match."""
        for seat, action in actions.items():
            choice, reason = choice_of(layout, self.match, seat, action)
            if reason is None:
                self.episode.mark_read(seat)
                self.answer(seat, choice)
            else:
                self.answer(seat, AgentNonsense(f"{layout.agents[seat]} played {shown(action)}: {reason}"))

    def answer(self, seat: int, decision: Decision | Exception) -> None:
        """One seat's decision, or the fault in its place."""
        steps = self.episode.steps
        self.match.answer(seat, decision)
        if self.episode.steps > steps:
            self.gains = [gain + reward for gain, reward in zip(self.gains, self.episode.rewards, strict=True)]
        if self.match.over and self.match.failed and not self._charged:
            self._charged = True
            returns = zip(self.returns, self.episode.returns, strict=True)
            self.gains = [gain + final - had for gain, (final, had) in zip(self.gains, returns, strict=True)]

    def collect(self) -> list[float]:
        """The rewards of every seat since the last call (or the start)."""
        gains, self.gains = self.gains, [0.0] * len(self.gains)
        return gains

    def waiting_for_agents(self) -> tuple[int, ...]:
        """The seats whose agents are to answer now: none while an own seat has not acted."""
        pending = self.match.pending()
        return () if any(seat in self.own for seat in pending) else pending

    def close(self) -> None:
        """Release what the game holds open."""
        self.match.close()


class Opponents:
    """The agents behind the seats that are not played from outside, shared by any number of tables.

    Args:
        layout: The game under its view.
        specs: One agent for all other seats, or one for each of them in the order of the seats; `None` for random ones.
        own: How many seats are played from outside.

    Raises:
        WrongSeats: Too many or too few opponents.
        UnknownName: A spec string names no agent.
        NotSupported: An agent cannot play the game.
    """

    def __init__(self, layout: Layout, specs: Spec | Sequence[Spec] | None, own: int) -> None:
        count = layout.game.info.seats - own
        if specs is None:
            specs = "random"
        if isinstance(specs, str) or not isinstance(specs, Sequence):
            specs = [specs] * count
        if len(specs) != count:
            raise WrongSeats(
                f"{type(layout.game).__name__} has {layout.game.info.seats} seats: expected {count} opponents (or one for all), got {len(specs)}"
            )
        agents: dict[str, Agent] = {}
        self.agents: list[Agent] = []
        for spec in specs:
            agent = agents.get(spec) if isinstance(spec, str) else None
            if agent is None:
                agent = build(spec)
            if isinstance(spec, str):
                agents[spec] = agent
            self.agents.append(agent)
        check_suitable(self.agents, layout.game)

    def agent_for(self, table: Table, seat: int) -> Agent:
        """Who plays a seat."""
        return self.agents[sum(other not in table.own for other in range(seat))]

    def advance(self, tables: Sequence[Table]) -> None:
        """Play on until every table waits for its own seats or is over. An agent is asked all its questions at once.

        Replies that cannot be read are asked for again and failures are forfeits, as in `agentarena.play`.

        Raises:
            RunEnds: An agent cannot go on.
        """
        while True:
            questions: dict[int, tuple[Agent, list[tuple[Table, int]]]] = {}
            for table in tables:
                for seat in table.waiting_for_agents():
                    agent = self.agent_for(table, seat)
                    questions.setdefault(id(agent), (agent, []))[1].append((table, seat))
            if not questions:
                return
            for agent, seats in questions.values():
                views = [table.match.view(seat) for table, seat in seats]
                for index, decision in decisions(agent, views):
                    if isinstance(decision, RunEnds):
                        raise decision
                    table, seat = seats[index]
                    table.answer(seat, decision)

    def close(self) -> None:
        """Let the agents go."""
        for agent in {id(agent): agent for agent in self.agents}.values():
            agent.close()


def decisions(agent: Agent, views: Sequence[View]) -> Iterator[tuple[int, Decision | Exception]]:
    """What an agent decides for each view, or the fault in its place, also when it answers from threads of its own."""
    if not isinstance(agent, AsyncAgent):
        yield from decide(agent, views)
        return
    answers: SimpleQueue[tuple[int, Decision | Exception]] = SimpleQueue()
    try:
        agent.submit(views, lambda index, decision: answers.put((index, decision)))
    except BaseException as error:
        if is_interrupt(error):
            raise
        yield from ((index, failure(agent, error)) for index in range(len(views)))
        return
    pending = set(range(len(views)))
    while pending:
        index, decision = answers.get()
        if index in pending:  # a second answer to one question is ignored
            pending.remove(index)
            yield index, failure(agent, decision) if is_a(decision, RunEnds) else decision


_MOST_SKIPPED = 1000
_MOST_FORFEITED = 10


class SkippedMatches:
    """Counts the matches in a row that ended before an own seat was to move.

    Attributes:
        count: How many there were.
    """

    def __init__(self, game: Game[Any]) -> None:
        self._game = type(game).__name__
        self._forfeits = 0
        self.count = 0

    def add(self, table: Table) -> None:
        """One more; it is closed.

        Raises:
            UsageError: They are a thousand, or ten that the opponents forfeited.
        """
        table.close()
        self.count += 1
        for seat, fault in table.match.failed.items():
            _log.warning("a match ended before the seat was asked: seat %d forfeited: %s", seat, fault)
            self._forfeits += 1
            if self._forfeits >= _MOST_FORFEITED:
                raise UsageError(
                    f"{self._game}: the opponents forfeited {self._forfeits} matches before the seat was asked; the last fault: seat {seat}: {fault}"
                ) from fault
        if self.count >= _MOST_SKIPPED:
            raise UsageError(f"{self._game}: {self.count} matches ended before the seat was asked; choose another seat or other opponents")


def seat_table(
    game: Game[Any], opponents: Opponents, rng: np.random.Generator, seats: Callable[[], tuple[int, ...]], limit: int
) -> tuple[Table, int]:
    """A table that has been played up to the first decision of its own seats, and how many matches never came to one.

    Raises:
        UsageError: See `SkippedMatches.add`.
    """
    skipped = SkippedMatches(game)
    while True:
        table = Table(game, fresh_seed(rng), 0, seats(), limit)
        opponents.advance([table])
        if table.to_move:
            return table, skipped.count
        skipped.add(table)


def fresh_seed(rng: np.random.Generator) -> int:
    """A seed for a run of matches, drawn from an environment's own stream."""
    return int(rng.integers(2**63))
