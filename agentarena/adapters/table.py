"""Matches in which only some seats are played from outside and agents play the rest: behind `gymnasium.make` and `make_vec`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.agents.specs import agent as build
from agentarena.core.actions import Action
from agentarena.core.agent import Agent, AsyncAgent, Decision, Reply, View
from agentarena.core.episode import Episode
from agentarena.core.errors import UsageError, WrongSeats
from agentarena.core.game import Game
from agentarena.core.rng import CHANCE, stream

from .layout import Layout, choice_of

__all__ = ["Opponents", "Spec", "Table", "fresh_seed", "seat_table"]

Spec = str | Agent
"""An agent, or a spec string that names one."""


class Table:
    """One match: who is played from outside, what came of it since they were last asked, and who has forfeited.

    Attributes:
        episode: The match.
        own: The seats played from outside.
        gains: Rewards of every seat since `collect`, shape (S,) as a list.
        forfeits: Seats that played illegally, each with the reason; the match is over as soon as there is one.
    """

    __slots__ = ("_notes", "_sent", "_turns", "episode", "forfeits", "gains", "match", "own", "seed")

    def __init__(self, game: Game[Any], seed: int, match: int, own: tuple[int, ...], limit: int) -> None:
        self.seed, self.match, self.own = seed, match, own
        self.episode = Episode(game, stream(seed, CHANCE, match), limit)
        self.gains = list(self.episode.rewards)
        self.forfeits: dict[int, str] = {}
        self._sent: dict[int, Action] = {}
        self._turns = [0] * game.info.seats
        self._notes: list[dict[str, Any]] = [{} for _ in range(game.info.seats)]

    @property
    def asked(self) -> tuple[int, ...]:
        """The seats to move; `()` when the match is over."""
        return () if self.forfeits else self.episode.to_move

    @property
    def returns(self) -> list[float]:
        """The returns so far; the price of a forfeit where there was one."""
        price = self.episode.game.info.forfeit_return
        return [price if seat in self.forfeits else value for seat, value in enumerate(self.episode.returns)]

    def submit(self, layout: Layout, actions: Mapping[int, Action]) -> None:
        """The actions of the own seats that are to move. An illegal one costs its seat the match."""
        for seat, action in actions.items():
            self.take(layout, seat, action)

    def collect(self) -> list[float]:
        """The rewards of every seat since the last call (or the start)."""
        gains, self.gains = self.gains, [0.0] * len(self.gains)
        return gains

    def take(self, layout: Layout, seat: int, action: Action) -> None:
        """One seat's action for this step."""
        chosen, reason = choice_of(layout, self.episode, seat, action)
        if reason is None:
            self._sent[seat] = chosen
            self.episode.mark_read(seat)
            self._turns[seat] += 1
            return
        self.gains[seat] += self.episode.game.info.forfeit_return - self.episode.returns[seat]
        self.forfeits[seat] = f"{layout.agents[seat]} played {action!r:.200}: {reason}"

    def ready(self) -> bool:
        """Whether every own seat that is to move has acted (and the match goes on)."""
        asked = self.asked
        return bool(asked) and all(seat in self._sent for seat in asked if seat in self.own)

    def views(self) -> list[tuple[int, View]]:
        """What the agents at this table are asked now."""
        episode = self.episode
        return [
            (
                seat,
                View(
                    episode.game,
                    episode.state,
                    seat,
                    news=episode.unread(seat),
                    seed=self.seed,
                    match=self.match,
                    turn=self._turns[seat],
                    memory=self._notes[seat],
                ),
            )
            for seat in episode.to_move
            if seat not in self.own
        ]

    def play(self) -> None:
        """One step of the game, when nobody has forfeited."""
        sent, self._sent = self._sent, {}
        if self.forfeits:
            return
        for seat, reward in enumerate(self.episode.step(sent)):
            self.gains[seat] += reward


class Opponents:
    """The agents behind the seats that are not played from outside, shared by any number of tables.

    Args:
        layout: The game under its view.
        specs: One agent for all other seats, or one for each of them in the order of the seats; `None` for random ones.
        own: How many seats are played from outside.

    Raises:
        WrongSeats: Too many or too few opponents.
        UnknownName: A spec string names no agent.
    """

    def __init__(self, layout: Layout, specs: Spec | Sequence[Spec] | None, own: int) -> None:
        count = layout.game.info.seats - own
        if specs is None:
            specs = "random"
        if isinstance(specs, str | Agent):
            specs = [specs] * count
        if len(specs) != count:
            raise WrongSeats(
                f"{type(layout.game).__name__} has {layout.game.info.seats} seats: expected {count} opponents (or one for all), got {len(specs)}"
            )
        made: dict[str, Agent] = {}
        self.agents: list[Agent] = []
        for spec in specs:
            agent = spec if isinstance(spec, Agent) else made.get(spec) or build(spec)
            if isinstance(spec, str):
                made[spec] = agent
            self.agents.append(agent)
        self._layout = layout
        self._raw = Layout(layout.game, "vector")

    def agent_for(self, table: Table, seat: int) -> Agent:
        """Who plays a seat."""
        return self.agents[sum(other not in table.own for other in range(seat))]

    def advance(self, tables: Sequence[Table]) -> None:
        """Play on until every table waits for its own seats or is over. An agent is asked all its questions at once."""
        waiting = [table for table in tables if table.ready()]
        while waiting:
            questions: dict[int, tuple[Agent, list[tuple[Table, int, View]]]] = {}
            for table in waiting:
                for seat, view in table.views():
                    agent = self.agent_for(table, seat)
                    questions.setdefault(id(agent), (agent, []))[1].append((table, seat, view))
            for agent, asked in questions.values():
                decisions = _decisions(agent, [view for _, _, view in asked])
                for (table, seat, _), decision in zip(asked, decisions, strict=True):
                    self._take(table, seat, decision)
            for table in waiting:
                table.play()
            waiting = [table for table in waiting if table.ready()]

    def _take(self, table: Table, seat: int, decision: Decision) -> None:
        if not isinstance(decision, Reply):
            table.take(self._raw, seat, decision)
            return
        action = self._layout.game.text.read(table.episode.state, seat, decision.text)
        table.take(self._raw, seat, action)

    def close(self) -> None:
        """Let the agents go."""
        for agent in {id(agent): agent for agent in self.agents}.values():
            agent.close()


def _decisions(agent: Agent, views: Sequence[View]) -> Sequence[Decision]:
    """What an agent decides, also when it answers from threads of its own."""
    if not isinstance(agent, AsyncAgent):
        return agent.act(views)
    answers: list[Any] = [None] * len(views)
    missing = threading.Semaphore(0)

    def answer(index: int, decision: Decision | Exception) -> None:
        answers[index] = decision
        missing.release()

    agent.submit(views, answer)
    for _ in views:
        missing.acquire()
    for decision in answers:
        if isinstance(decision, Exception):
            raise decision
    return answers


def seat_table(
    game: Game[Any], opponents: Opponents, rng: np.random.Generator, seats: Callable[[], tuple[int, ...]], limit: int
) -> tuple[Table, int]:
    """A table that has been played up to the first decision of its own seats, and how many matches never came to one.

    Raises:
        UsageError: A thousand matches in a row ended without one.
    """
    for skipped in range(1000):
        table = Table(game, fresh_seed(rng), 0, seats(), limit)
        opponents.advance([table])
        if table.asked:
            return table, skipped
    raise UsageError(f"{type(game).__name__}: 1000 matches ended before the seat was asked; choose another seat or other opponents")


def fresh_seed(rng: np.random.Generator) -> int:
    """A seed for a run of matches, drawn from an environment's own stream."""
    return int(rng.integers(2**63))
