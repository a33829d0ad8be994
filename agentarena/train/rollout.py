"""Rollouts: matches of the policy with itself and others, as trajectories of the seats that it held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from agentarena.core.agent import Agent
from agentarena.core.config import Player, RunConfig
from agentarena.core.forfeits import Side, sides_of
from agentarena.core.game import Game
from agentarena.core.match import Match
from agentarena.core.record import Finished, Fixture, Record
from agentarena.core.replay import trajectory
from agentarena.core.rng import stream
from agentarena.core.trajectory import Trajectory, Turn
from agentarena.matches.runner import Runner

from .advantages import Batch

__all__ = ["SeatTrajectory", "batch_of", "fixtures", "play", "policy_seats", "seat_trajectories", "sides"]

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
        turns: Its turns; a refused reply is a turn of its own, without reward, and a fault without a reply one without samples.
        initial: What it was credited before its first turn.
        total: Its return, in the game's unit.
        truncated: Whether the match was cut short.
        match: Number of the match.
        outcome: How it finished, as in `Record.outcome`.
        decided: Whether it has a winner, by play or by forfeit.
        failed: Whether this seat forfeited.
    """

    game: str
    seat: int
    team: str | None
    group: tuple[str, int]
    turns: tuple[Turn, ...]
    initial: float
    total: float
    truncated: bool
    match: int = 0
    outcome: str = ""
    decided: bool = False
    failed: bool = False


def fixtures(
    seed: int,
    update: int,
    games: Mapping[str, float],
    opponents: Mapping[str, float],
    matches: int,
    *,
    opponents_of: Mapping[str, Mapping[str, float]] | None = None,
    generations: int = 1,
) -> list[tuple[str, str, int]]:
    """Which matches an update plays: game, opponent ("self", "past" or a spec string) and number, from 0.

    Games and opponents come in exact proportion to their shares, up to the last group of matches, in random order.

    Args:
        seed: Of the run.
        update: Number of the update.
        games: Share of each game.
        opponents: Share of each opponent.
        matches: How many.
        opponents_of: Opponents of single games, in place of `opponents`.
        generations: Consecutive matches that form a group: they share game and opponent.
    """
    rng, groups = stream(seed, SCHEDULE, update), matches // generations
    game_of, opponent_of = (list(map(str, rng.permutation(_proportional(table, groups, rng)))) for table in (games, opponents))
    for game, table in (opponents_of or {}).items():
        own = [group for group in range(groups) if game_of[group] == game]
        for group, name in zip(own, rng.permutation(_proportional(table, len(own), rng)), strict=True):
            opponent_of[group] = str(name)
    return [(game_of[number // generations], opponent_of[number // generations], number) for number in range(matches)]


def policy_seats(of_seats: Sequence[Side], what: str, turn: int) -> frozenset[int]:
    """The seats that the policy holds in a match with others.

    Args:
        of_seats: The side of each seat. Shape (S,).
        what: "one" seat, or all seats of one "side"; one seat where all play for the same side, or each for itself.
        turn: Seats, or sides, come in turn: this is the number of the turn.

    >>> sorted(policy_seats(["red", "blue", "red", "blue"], "side", 1)), sorted(policy_seats(["red", "blue"], "one", 2))
    ([1, 3], [0])
    """
    distinct = list(dict.fromkeys(of_seats))
    if what == "side" and len(distinct) > 1:
        return frozenset(seat for seat, side in enumerate(of_seats) if side == distinct[turn % len(distinct)])
    return frozenset({turn % len(of_seats)})


def sides(game: Game[Any], seed: int, deal: int) -> list[Side]:
    """The side of each seat in the matches of a deal; where roles are dealt, sides differ from deal to deal. Shape (S,)."""
    if game.info.teams is not None:
        return list(game.info.teams)
    if type(game).team is Game.team:
        return list(range(game.info.seats))
    with Match(RunConfig(game, (), seed), Fixture(0, deal)) as match:
        return sides_of(game, match.episode.state)


def _proportional(shares: Mapping[str, float], count: int, rng: np.random.Generator) -> list[str]:
    """So many names in proportion to their shares; what is left over of whole numbers is drawn."""
    names = list(shares)
    exact = np.array([shares[name] for name in names], float) * count / sum(shares.values())
    whole = np.floor(exact + 1e-9).astype(int)
    rest = exact - whole
    if count > whole.sum():
        whole[rng.choice(len(names), count - int(whole.sum()), replace=False, p=rest / rest.sum())] += 1
    return [name for name, times in zip(names, whole, strict=True) for _ in range(times)]


def play(
    game: Game[Any], agents: Sequence[Agent], seating: Sequence[Fixture], *, seed: int, turns: dict[int, Trajectory] | None = None
) -> list[Finished]:
    """Matches with all their seats' questions answered in batches, in the order of their numbers.

    Args:
        game: The rules.
        agents: The agents; a fixture names the holder of each seat by its index here.
        seating: The matches.
        seed: Seed of the deals and of every agent's draws.
        turns: Filled with the turns of every match, by number, where it is given.
    """
    config = RunConfig(game, tuple(Player(agent.name, str(agent.version)) for agent in agents), seed)
    finished: list[Finished] = []
    left = iter([list(seating)])

    def source(wait: bool) -> Iterable[Fixture] | None:
        return next(left, None)

    def traced(whole: Trajectory) -> None:
        assert turns is not None
        turns[whole.match] = whole

    Runner(config, agents, concurrency=len(seating), traced=None if turns is None else traced).play(source, finished.append)
    return sorted(finished, key=lambda one: one.record.match)


def seat_trajectories(record: Record, policy: str, whole: Trajectory | None = None) -> list[SeatTrajectory]:
    """The seats of a match that agents of this name held, as far as they had a turn.

    Args:
        record: The match.
        policy: The name.
        whole: Its turns; by default the match is played again to have them.
    """
    whole = trajectory(record) if whole is None else whole
    failed = {fault["seat"] for fault in record.faults if fault["then"] == "forfeit"}
    out = []
    for seat, holder in enumerate(record.seats):
        if holder.agent != policy or not (turns := tuple(whole.of(seat))):
            continue
        out.append(
            SeatTrajectory(
                record.env,
                seat,
                holder.team,
                (record.env, record.deal),
                turns,
                whole.initial[seat] if whole.initial else 0.0,
                holder.return_,
                whole.truncated,
                record.match,
                record.outcome,
                record.winner is not None,
                seat in failed,
            )
        )
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
        anchors=[[_anchor(turn) for turn in one.turns] + [None] * (longest - len(one.turns)) for one in trajectories],
        truncated=[one.truncated for one in trajectories],
    )


def _anchor(turn: Turn) -> str | None:
    """How things stood at a turn, where the game says so, else what the seat knew."""
    return turn.information if turn.anchor is None else turn.anchor
