"""Where matches are played: a table of names, imported when first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agentarena.agents.specs import agent as build
from agentarena.agents.subprocess import Isolated
from agentarena.agents.suitability import check_suitable
from agentarena.core.agent import Agent
from agentarena.core.errors import UnknownName
from agentarena.core.game import Game
from agentarena.core.match import RunConfig
from agentarena.core.record import Finished
from agentarena.core.registry import load
from agentarena.matches.seating import Fixture

__all__ = ["BACKENDS", "Backend", "Job", "backend", "seated"]

BACKENDS: dict[str, str] = {"local": "agentarena.matches.backends.local:Local"}
"""Name -> class."""


@dataclass(frozen=True)
class Job:
    """What a backend needs to play the matches of a run anywhere: it can be pickled where the agents can.

    Attributes:
        config: What the matches share.
        agents: Spec strings or agents, in the order that fixtures refer to.
        concurrency: Matches kept open in each process.
        deadline_s: Seconds per decision.
        isolate: Whether each agent lives in a process of its own.
    """

    config: RunConfig
    agents: tuple[str | Agent, ...]
    concurrency: int
    deadline_s: float | None = None
    isolate: bool = False


class Backend(Protocol):
    """A place to play.

    Attributes:
        here: Whether it plays in the caller's process, with the agents made there. Elsewhere they are made again from
            the job, and those of the caller are closed before the first match.
    """

    here: bool

    def play(self, job: Job, ready: Sequence[Agent], fixtures: Sequence[Fixture], finished: Callable[[Finished], None]) -> None:
        """Play every fixture once and call `finished` with each, in any order, in the caller's thread.

        Args:
            job: What to play.
            ready: The agents of the job, for a backend that plays here.
            fixtures: What is still to be played.
            finished: Takes the matches as they end.
        """
        ...


def backend(name: str, workers: int | None) -> Backend:
    """The backend of that name.

    Raises:
        UnknownName: There is none.
    """
    if name not in BACKENDS:
        raise UnknownName("backend", name, BACKENDS)
    place: Backend = load(BACKENDS[name])(workers)
    return place


def seated(
    agents: Sequence[str | Agent], *, isolate: bool, deadline_s: float | None, game: Game[Any] | None = None
) -> tuple[list[Agent], list[Agent]]:
    """The agents ready to play, and those of them that were built here and are to be closed here.

    A spec string that stands twice gives two agents; an object that stands twice is one agent in two places. With
    `isolate` or a deadline they live in processes of their own; an agent object that answers in its own time stays here
    and is watched by the clock, unless `isolate` says otherwise.

    Raises:
        NotSupported: One of them cannot play `game`, where that is given.
    """
    ready: list[Agent] = []
    owned: list[Agent] = []
    wrapped: dict[int, Agent] = {}
    try:
        for one in agents:
            apart = isolate or deadline_s is not None
            if isinstance(one, Agent) and (_keeps_deadline(one) or not apart or (_own_time(one) and not isolate)):
                ready.append(one)
                continue
            if isinstance(one, Agent) and id(one) in wrapped:
                ready.append(wrapped[id(one)])
                continue
            new = Isolated(one, deadline_s=deadline_s, game=game) if apart else build(one)
            wrapped[id(one)] = new
            owned.append(new)
            ready.append(new)
        check_suitable(ready, game)
    except BaseException:
        for agent in owned:
            agent.close()
        raise
    return ready, owned


def _keeps_deadline(agent: Agent) -> bool:
    """Whether it lives in processes of its own already, and watches their clock."""
    return bool(getattr(agent, "keeps_deadline", False))


def _own_time(agent: Agent) -> bool:
    return bool(agent.asynchronous) or hasattr(agent, "submit")
