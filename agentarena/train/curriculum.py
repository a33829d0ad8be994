"""Curricula: how many matches of an update each game gets, from what was learned in it so far.

    state = update(state, "bandit", {"KuhnPoker-v0": 0.3}, decay=0.9)      # after an update: one figure for each game played
    shares(state, "bandit", weights, temperature=0.1, floor=0.2)           # before the next: shares that add up to 1

Everything here is a pure function of plain JSON values, except `Curriculum`, which keeps them in a run's state.

| rule                | figure of an update                   | share of a game                                                  |
| ------------------- | ------------------------------------- | ---------------------------------------------------------------- |
| `fixed`             | none                                  | its weight                                                       |
| `bandit`            | mean absolute advantage               | weight times exp(moving average / temperature)                   |
| `learning_progress` | score: see `Curriculum.scores`        | weight times the distance of a fast and a slow moving average    |

With both adaptive rules a game has at least `floor` times its fixed share, so that none is forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from agentarena.core.game import Game
from agentarena.core.record import Record

from . import checkpoint
from .config import SelfPlayConfig
from .rollout import SeatTrajectory

__all__ = ["RULES", "Averages", "Curriculum", "mean_advantages", "shares", "update"]

RULES = ("fixed", "bandit", "learning_progress")
Averages = Mapping[str, Mapping[str, float]]
"""Game -> its moving averages: "value" under `bandit`; "fast" and "slow" under `learning_progress`."""
SLOWER = 5.0
"""The slow average of `learning_progress` has a time constant that is this many times the fast one's."""


def shares(state: Averages, rule: str, weights: Mapping[str, float], *, temperature: float, floor: float) -> dict[str, float]:
    """The share of the matches that each game gets; they add up to 1.

        fixed[g] = weight[g] / sum of weights
        bandit:              p[g] ~ fixed[g] * exp(value[g] / temperature)
        learning_progress:   p[g] ~ fixed[g] * |fast[g] - slow[g]|
        share[g] = floor * fixed[g] + (1 - floor) * p[g]

    Args:
        state: What `update` returned; games that were never played count as value 0 and no progress.
        rule: One of `RULES`.
        weights: Weight of every game, not negative, some positive; a game of weight 0 is not played.
        temperature: Of `bandit`, in the unit of its figures: low follows the greatest value, high the weights.
        floor: In [0, 1]: the part that is given out by the weights alone.

    Returns:
        Every game of `weights`. Where no game shows progress, the fixed shares.

    References: the Boltzmann draw on moving averages of the mean absolute advantage after SEC, self-evolving curriculum
    (arXiv 2505.14970, read second-hand); fast and slow averages after Kanitscheider et al. (arXiv 2106.14876, second-hand).
    The weights and the floor are ours.

    >>> shares({}, "bandit", {"a": 3.0, "b": 1.0}, temperature=1.0, floor=0.0)
    {'a': 0.75, 'b': 0.25}
    """
    total = sum(weights.values())
    fixed = {game: weight / total for game, weight in weights.items()}
    if rule == "fixed":
        return fixed
    if rule == "bandit":
        values = {game: state.get(game, {}).get("value", 0.0) / temperature for game in fixed}
        greatest = max(values[game] for game in fixed if fixed[game] > 0)
        preference = {game: fixed[game] and fixed[game] * math.exp(values[game] - greatest) for game in fixed}
    else:
        preference = {game: fixed[game] * _progress(state.get(game, {})) for game in fixed}
    mass = sum(preference.values())
    if mass <= 0:
        return fixed
    return {game: floor * fixed[game] + (1 - floor) * preference[game] / mass for game in fixed}


def _progress(averages: Mapping[str, float]) -> float:
    return abs(averages.get("fast", 0.0) - averages.get("slow", 0.0))


def update(state: Averages, rule: str, figures: Mapping[str, float], *, decay: float) -> dict[str, dict[str, float]]:
    """The moving averages after an update.

        bandit:              value <- decay * value + (1 - decay) * figure, from 0
        learning_progress:   fast and slow alike, with decay and decay ** (1 / SLOWER), both from the first figure

    Args:
        state: Those before; it stays as it was.
        rule: One of `RULES`.
        figures: The figure of each game that was played; the averages of the others stay.
        decay: In [0, 1).

    >>> update({"a": {"value": 1.0}}, "bandit", {"a": 3.0}, decay=0.5)
    {'a': {'value': 2.0}}
    """
    out = {game: dict(averages) for game, averages in state.items()}
    for game, figure in figures.items():
        if rule == "bandit":
            out[game] = {"value": decay * out.get(game, {}).get("value", 0.0) + (1 - decay) * figure}
        elif rule == "learning_progress":
            before, slower = out.get(game, {"fast": figure, "slow": figure}), decay ** (1 / SLOWER)
            out[game] = {
                "fast": decay * before["fast"] + (1 - decay) * figure,
                "slow": slower * before["slow"] + (1 - slower) * figure,
            }
    return out


def mean_advantages(trajectories: Sequence[SeatTrajectory], advantages: np.ndarray) -> dict[str, float]:
    """The mean absolute advantage over all turns of each game; truncated matches, which have none, are left out.

    Args:
        trajectories: E trajectories.
        advantages: Shape (E, K).
    """
    turns: dict[str, list[float]] = {}
    for e, one in enumerate(trajectories):
        if not one.truncated:
            turns.setdefault(one.game, []).extend(np.abs(advantages[e, : len(one.turns)]).tolist())
    return {game: float(np.mean(values)) for game, values in turns.items() if values}


class Curriculum:
    """The curriculum of a run; what it has learned is `State.statistics["curriculum"]`.

    Args:
        config: Its `curriculum`, `curriculum_temperature`, `curriculum_decay`, `curriculum_floor`, and who meets whom.
        games: The rules by id.
        weights: Weight of each of these games.
        opponents: The opponents of each of these games and their shares.
        state: Where it is kept.
    """

    def __init__(
        self,
        config: SelfPlayConfig,
        games: Mapping[str, Game],
        weights: Mapping[str, float],
        opponents: Mapping[str, Mapping[str, float]],
        state: checkpoint.State,
    ) -> None:
        self._config, self._games, self._weights, self._opponents, self._state = config, games, weights, opponents, state

    def shares(self) -> dict[str, float]:
        """The share of each game in the next update."""
        config, averages = self._config, self._state.statistics.get("curriculum", {})
        floor, temperature = config.curriculum_floor, config.curriculum_temperature
        return shares(averages, config.curriculum, self._weights, temperature=temperature, floor=floor)

    def update(self, records: Sequence[Record], trajectories: Sequence[SeatTrajectory], mean_advantage: Mapping[str, float]) -> None:
        """Learn from an update.

        Args:
            records: Its matches.
            trajectories: The policy's seats in them.
            mean_advantage: Mean absolute advantage by game.
        """
        config, statistics = self._config, self._state.statistics
        if config.curriculum == "fixed":
            return
        figures = self._scaled(mean_advantage)
        if config.curriculum == "learning_progress":
            figures = self.scores(records, trajectories, figures)
        statistics["curriculum"] = update(statistics.get("curriculum", {}), config.curriculum, figures, decay=config.curriculum_decay)

    def _scaled(self, mean_advantage: Mapping[str, float]) -> dict[str, float]:
        """Mean absolute advantages of different games made comparable: parts of the game's range of returns.

        Estimators that divide by a deviation have no unit already.
        """
        estimator = self._config.estimator
        if estimator == "marshal_release" or (self._config.scale and estimator in ("grpo", "gigpo")):
            return dict(mean_advantage)
        return {game: value / self._range(game) for game, value in mean_advantage.items()}

    def _range(self, game: str) -> float:
        info = self._games[game].info
        return (info.high - info.low) or 1.0

    def scores(self, records: Sequence[Record], trajectories: Sequence[SeatTrajectory], scaled: Mapping[str, float]) -> dict[str, float]:
        """How well the policy did in each game of an update: what `learning_progress` follows. Ours.

        The mean return of its seats, as a part of the game's range of returns; in zero- and constant-sum games, where returns
        among equals cancel, over matches with other agents only, and where none are configured, the scaled mean absolute
        advantage. Which of these a game has follows from the configuration, so it does not change on the way. A game
        without such a match in this update has no score.
        """
        with_others = {(record.env, record.match) for record in records if len({seat.agent for seat in record.seats}) > 1}
        out: dict[str, float] = {}
        for game, rules in self._games.items():
            cancels = rules.info.sum in ("zero", "constant")
            if cancels and not any(share > 0 for name, share in self._opponents[game].items() if name != "self"):
                out |= {game: scaled[game]} if game in scaled else {}
                continue
            ends = [
                one.total
                for one in trajectories
                if one.game == game and not one.truncated and (not cancels or (game, one.match) in with_others)
            ]
            if ends:
                out[game] = (float(np.mean(ends)) - rules.info.low) / self._range(game)
        return out
