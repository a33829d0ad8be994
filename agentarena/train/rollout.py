"""Rollouts: matches of the policy with itself and others, as trajectories of the seats that it held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from agentarena.core.agent import Agent
from agentarena.core.config import Player, RunConfig
from agentarena.core.game import Game
from agentarena.core.record import Finished, Fixture, Record
from agentarena.core.replay import trajectory
from agentarena.core.rng import stream
from agentarena.core.trajectory import Turn
from agentarena.matches.runner import Runner

from .advantages import Batch

__all__ = ["SeatTrajectory", "batch_of", "fixtures", "play", "seat_trajectories"]

SCHEDULE = 5
"""First step of the path of the stream that draws games, opponents and seats: `stream(seed, SCHEDULE, update)`."""


@dataclass(frozen=True, slots=True)
class SeatTrajectory:
    """One seat of one match, as the policy played it.

    Attributes:
        game: Id of the environment.
        seat: The seat.
        team: Its side, where the game has sides.
        group: Trajectories of one group share game and deal.
        turns: Its turns that carry token samples; a retried reply is a turn of its own, without reward.
        initial: What it was credited before its first turn.
        total: Its return, in the game's unit.
        truncated: Whether the match was cut short.
    """

    game: str
    seat: int
    team: str | None
    group: tuple[str, int]
    turns: tuple[Turn, ...]
    initial: float
    total: float
    truncated: bool


def fixtures(
    seed: int, update: int, games: Mapping[str, float], opponents: Mapping[str, float], matches: int
) -> list[tuple[str, str, int]]:
    """Which matches an update plays: game, opponent ("self", "past" or a spec string) and the seat of the policy.

    Games and opponents come in exact proportion to their shares, up to the last match, in random order; seats in turn.
    """
    rng = stream(seed, SCHEDULE, update)
    chosen = rng.permutation(_proportional(games, matches, rng)), rng.permutation(_proportional(opponents, matches, rng))
    return [(str(game), str(opponent), number) for number, (game, opponent) in enumerate(zip(*chosen, strict=True))]


def _proportional(shares: Mapping[str, float], count: int, rng: np.random.Generator) -> list[str]:
    """So many names in proportion to their shares; what is left over of whole numbers is drawn."""
    names = list(shares)
    exact = np.array([shares[name] for name in names], float) * count / sum(shares.values())
    whole = np.floor(exact + 1e-9).astype(int)
    rest = exact - whole
    if count > whole.sum():
        whole[rng.choice(len(names), count - int(whole.sum()), replace=False, p=rest / rest.sum())] += 1
    return [name for name, times in zip(names, whole, strict=True) for _ in range(times)]


def play(game: Game[Any], agents: Sequence[Agent], seating: Sequence[Fixture], *, seed: int) -> list[Finished]:
    """Matches with all their seats' questions answered in batches, in the order of their numbers.

    Args:
        game: The rules.
        agents: The agents; a fixture names the holder of each seat by its index here.
        seating: The matches.
        seed: Seed of the deals and of every agent's draws.
    """
    config = RunConfig(game, tuple(Player(agent.name, str(agent.version)) for agent in agents), seed)
    finished: list[Finished] = []
    left = iter([list(seating)])

    def source(wait: bool) -> Iterable[Fixture] | None:
        return next(left, None)

    Runner(config, agents, concurrency=len(seating)).play(source, finished.append)
    return sorted(finished, key=lambda one: one.record.match)


def seat_trajectories(record: Record, policy: str) -> list[SeatTrajectory]:
    """The seats of a match that agents of this name held."""
    whole = trajectory(record)
    out = []
    for seat, holder in enumerate(record.seats):
        turns = tuple(turn for turn in whole.of(seat))
        if holder.agent == policy and turns:
            initial = whole.initial[seat] if whole.initial else 0.0
            group = (record.env, record.deal)
            out.append(SeatTrajectory(record.env, seat, holder.team, group, turns, initial, holder.return_, whole.truncated))
    return out


def batch_of(trajectories: Sequence[SeatTrajectory], scale: Mapping[str, float] = MappingProxyType({})) -> Batch:
    """The trajectories as arrays, for the estimators. Shape (E, K): E trajectories of up to K turns.

    Args:
        trajectories: At least one.
        scale: Factors of the rewards, by game; 1 where it has none.
    """
    longest = max(len(one.turns) for one in trajectories)
    rewards, mask = np.zeros((len(trajectories), longest)), np.zeros((len(trajectories), longest))
    for e, one in enumerate(trajectories):
        rewards[e, : len(one.turns)] = [turn.reward * scale.get(one.game, 1.0) for turn in one.turns]
        mask[e, : len(one.turns)] = 1
    return Batch(
        rewards,
        mask,
        seats=[one.seat for one in trajectories],
        games=[one.game for one in trajectories],
        groups=[one.group for one in trajectories],
        anchors=[[turn.information for turn in one.turns] + [None] * (longest - len(one.turns)) for one in trajectories],
        truncated=[one.truncated for one in trajectories],
    )
