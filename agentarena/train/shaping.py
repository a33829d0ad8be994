"""Rewards on top of a game's own: for readable replies, against refused, forfeited and long ones. All are off by default."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from agentarena.core.game import Game, GameInfo
from agentarena.core.trajectory import Turn

from .config import SelfPlayConfig
from .rollout import SeatTrajectory

__all__ = ["length_reward", "shaped"]


def shaped(trajectories: Sequence[SeatTrajectory], games: Mapping[str, Game], config: SelfPlayConfig) -> list[SeatTrajectory]:
    """The trajectories with what `config` adds to the rewards of their turns; `total` follows. The input stays as it was.

    - `format_reward` is added to every turn whose reply was accepted.
    - `retry_penalty` is taken from every turn whose reply was not.
    - `invalid_penalty`: in a forfeited match an offender ends at the game's least return minus the penalty; where the forfeit
      would have decided a zero- or constant-sum game, everybody else ends at an equal part of the total, so nobody gains by
      another's fault.
    - `length_penalty` is taken from replies of more than `length_max` tokens: see `length_reward`.

    Args:
        trajectories: Those of an update.
        games: Rules by id.
        config: The settings of the same names.

    Reference: the rewards of MARSHAL (arXiv 2510.15414, its code read second-hand): +0.05, -10 with the rival at 0, 0.5 from
    2048 tokens; `retry_penalty` is ours, as there a refused reply ends the episode.
    """
    if not (config.format_reward or config.retry_penalty or config.length_penalty) and config.invalid_penalty is None:
        return list(trajectories)
    return [_shaped(one, games[one.game].info, config) for one in trajectories]


def _shaped(one: SeatTrajectory, info: GameInfo, config: SelfPlayConfig) -> SeatTrajectory:
    bonuses = [_bonus(turn, config) for turn in one.turns]
    bonuses[-1] += _settlement(one, info, config.invalid_penalty)
    turns = tuple(dataclasses.replace(turn, reward=turn.reward + bonus) for turn, bonus in zip(one.turns, bonuses, strict=True))
    return dataclasses.replace(one, turns=turns, total=one.total + sum(bonuses))


def _bonus(turn: Turn, config: SelfPlayConfig) -> float:
    """What the reply of a turn brings."""
    tokens = sum(len(sample.token_ids) for sample in turn.samples)
    length = length_reward(tokens, config.length_penalty, config.length_min, config.length_max)
    return length + (config.format_reward if turn.fault is None else -config.retry_penalty)


def _settlement(one: SeatTrajectory, info: GameInfo, penalty: float | None) -> float:
    """What a forfeited match adds to a seat's return."""
    if penalty is None or one.outcome != "forfeited":
        return 0.0
    if one.failed:
        return info.low - penalty - one.total
    return info.total / info.seats - one.total if one.decided and info.sum in ("zero", "constant") else 0.0


def length_reward(tokens: int, penalty: float, shortest: int, longest: int) -> float:
    """What a reply's length brings: 0 up to `longest` tokens, then falling linearly.

        min(0, 1 - (tokens - shortest) / (longest - shortest)) * penalty

    >>> length_reward(2048, 0.5, 11, 2048), length_reward(4085, 0.5, 11, 2048)
    (0.0, -0.5)
    """
    return min(0.0, 1 - (tokens - shortest) / (longest - shortest)) * penalty
