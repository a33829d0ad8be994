"""Whom the policy meets: itself, its past, or any other agent; fixed for a match, and named in its record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from agentarena.agents.specs import agent as agent_of
from agentarena.agents.suitability import refusal
from agentarena.core.agent import Agent
from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.core.record import Record
from agentarena.core.rng import stream

from . import checkpoint
from .config import SelfPlayConfig
from .player import PolicyPlayer
from .policy import Policy

__all__ = ["POLICY", "Opponents", "prioritized"]

POLICY = "policy"
"""Name of the policy in records; a past one is `policy@<digest of its weights>`."""
PAST = 7
"""First step of the path of the stream that draws a past policy: `stream(seed, PAST, deal)`."""
PRIOR = 2.0
"""Drawn matches that the win rate against every past policy begins with."""

Results = dict[str, dict[str, list[float]]]
"""Game -> digest of a past policy -> points of the present one (1 a win, 1/2 a draw) and matches."""


def prioritized(results: Sequence[Sequence[float]], exponent: float) -> np.ndarray:
    """The chance of each past policy to be drawn: greater where the present one loses to it.

        rate[p] = (points[p] + PRIOR / 2) / (matches[p] + PRIOR),    chance[p] ~ (1 - rate[p]) ** exponent

    Args:
        results: Points of the present policy, and matches, against each past one. Shape (P, 2).
        exponent: 0 is uniform.

    Returns:
        Shape (P,), adding up to 1.

    Reference: prioritized fictitious self-play with f_hard, Vinyals et al. 2019 (AlphaStar), read second-hand; the prior is ours.

    >>> prioritized([[0.0, 0.0], [8.0, 8.0]], 1.0).round(3).tolist()
    [0.833, 0.167]
    """
    points, matches = np.asarray(results, float).T
    preference = (1 - (points + PRIOR / 2) / (matches + PRIOR)) ** exponent
    return np.asarray(preference / preference.sum())


class Opponents:
    """The agents of a run's `opponents` and `opponents_of`, each built once, and the pool of past policies.

    The pool holds `past_size` copies of the weights at most, whatever the length of the run; the players of past policies share
    the pool's memory.

    Args:
        config: Its `opponents`, `opponents_of`, `past_steps`, `past_size`, `past_sampling`, `past_exponent`.
        state: Where the pool's weights are, and, in `statistics["opponents"]`, the results against them.
        seated: Builds the player of a policy: `seated(policy, name, updates)`.
    """

    def __init__(self, config: SelfPlayConfig, state: checkpoint.State, seated: Callable[[Policy, str, int], PolicyPlayer]) -> None:
        self._config, self._state, self._seated = config, state, seated
        self._agents: dict[str, Agent] = {}
        self._digests: dict[int, str] = {}
        tables = (config.opponents, *config.opponents_of.values())
        self._past = any(table.get("past") for table in tables)

    def check(self, games: Mapping[str, Game], tables: Mapping[str, Mapping[str, float]]) -> None:
        """Raise unless every opponent can play the games that it is configured for.

        Args:
            games: Rules by id.
            tables: Opponents of each of these games, and their shares.

        Raises:
            BadOption: One cannot; the message names it, the games, the reason and what to write instead.
        """
        problems: dict[str, list[tuple[str, str]]] = {}
        for env_id, game in games.items():
            for name in (name for name, share in tables[env_id].items() if share > 0 and name != "self"):
                reason = self._problem(name, game)
                if reason is not None:
                    problems.setdefault(name, []).append((env_id, reason))
        for name, places in problems.items():
            names, reason = ", ".join(env_id for env_id, _ in places), places[0][1]
            advice = f'set others there, e.g. opponents_of."{places[0][0]}" = {{ self = 1.0 }}'
            raise BadOption(f"opponents: {name!r} cannot play {names}: {reason}; {advice}")

    def _problem(self, name: str, game: Game) -> str | None:
        if game.info.seats == 1:
            return "it has one seat, which the policy holds"
        return None if name == "past" else refusal(self._agent(name), game)

    def of(self, name: str, deal: int, game: str) -> Agent:
        """The opponent of the matches of a deal of a game: "past" draws one from the pool, anything else is a spec string."""
        return self._agent(f"past {self._draw(deal, game)}" if name == "past" else name)

    def _agent(self, name: str) -> Agent:
        if name not in self._agents:
            self._agents[name] = self._snapshot(int(name.split()[1])) if name.startswith("past ") else agent_of(name)
        return self._agents[name]

    def _draw(self, deal: int, game: str) -> int:
        """The number of updates of the past policy that is met."""
        steps, sampling = sorted(self._state.past), self._config.past_sampling
        if sampling == "latest":
            return steps[-1]
        rng = stream(self._config.seed, PAST, deal)
        if sampling == "uniform":
            return steps[int(rng.integers(len(steps)))]
        results = self._results().get(game, {})
        chances = prioritized([results.get(self._digest(step), [0.0, 0.0]) for step in steps], self._config.past_exponent)
        return steps[int(rng.choice(len(steps), p=chances))]

    def _results(self) -> Results:
        results: Results = self._state.statistics.setdefault("opponents", {})
        return results

    def _digest(self, step: int) -> str:
        if step not in self._digests:
            self._digests[step] = checkpoint.digest(self._state.past[step])
        return self._digests[step]

    def _snapshot(self, step: int) -> PolicyPlayer:
        policy = self._state.policy.copy()
        for name, parameter in policy.trained():
            parameter.data = self._state.past[step][name].to(parameter.device)
        return self._seated(policy, f"{POLICY}@{self._digest(step)}", step)

    def remember(self) -> None:
        """Take a snapshot into the pool where it is time to; the oldest leave, and their results with them."""
        config, state = self._config, self._state
        if not self._past or state.step % config.past_steps:
            return
        state.past[state.step] = checkpoint.weights(state.policy)
        self._digests.pop(state.step, None)
        for step in sorted(state.past)[: -config.past_size]:
            del state.past[step]
            self._digests.pop(step, None)
            self._agents.pop(f"past {step}", None)
        left = {self._digest(step) for step in state.past}
        for results in self._results().values():
            for digest in set(results) - left:
                del results[digest]

    def count(self, records: Iterable[Record]) -> None:
        """Count the results of the policy's matches against its past: the game's own outcome, a draw 1/2; truncated ones not."""
        for record in records:
            past = {seat.agent.partition("@")[2] for seat in record.seats if seat.agent.startswith(f"{POLICY}@")}
            own = {seat.team or number for number, seat in enumerate(record.seats) if seat.agent == POLICY}
            if not past or not own or record.outcome == "truncated":
                continue
            points = 0.5 if record.winner is None else float(record.winner in own)
            for digest in past:
                entry = self._results().setdefault(record.env, {}).setdefault(digest, [0.0, 0.0])
                entry[0] += points
                entry[1] += 1
