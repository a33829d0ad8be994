"""`play_arrays`: matches between policies on array rules, thousands at a time. The fast lane beside `play`: returns, no records.

Axis letters: E matches, S seats, P policies, B matches under way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from agentarena.agents.arrays import PolicyTable, array_policies, array_rules
from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.batch import BatchPolicy
from agentarena.core.batch_match import BatchMatch
from agentarena.core.display import shown
from agentarena.core.errors import UsageError, WrongSeats
from agentarena.core.forfeits import sides_of, winning_side
from agentarena.core.game import Game
from agentarena.core.rng import CHANCE, DECISION, stream

__all__ = ["ArrayResults", "ArrayStep", "play_arrays"]


@dataclass(frozen=True, slots=True)
class ArrayResults:
    """What came of E matches.

    Attributes:
        returns: Returns by seat, shape (E, S), float64, in `info.unit`; after a forfeit those of `core.forfeits`.
        winners: Seats that won, all of a winning team's; none in a draw, a truncated match, or where there is nothing to win.
            Shape (E, S), bool.
        lengths: Steps of each match, shape (E,), int64.
        seats: Which policy held which seat, shape (E, S), int64.
        truncated: Matches that were cut short. Shape (E,), bool.
        forfeits: Seats that played illegally, which ended their match. Shape (E, S), bool.
    """

    returns: np.ndarray
    winners: np.ndarray
    lengths: np.ndarray
    seats: np.ndarray
    truncated: np.ndarray
    forfeits: np.ndarray


class ArrayStep(NamedTuple):
    """One step of the matches under way, for those who collect trajectories. Rows are slots, which hold one match after another.

    Attributes:
        match: Number of the match that each slot held, -1 of an idle one. Shape (B,), int.
        before: The array state before the step.
        actions: What was played, as `Batch.step` takes it.
        after: The array state after the step.
        rewards: What the step credited. Shape (B, S), float64.
        ended: Matches that ended with this step. Shape (B,), bool.
    """

    match: np.ndarray
    before: Any
    actions: Any
    after: Any
    rewards: np.ndarray
    ended: np.ndarray


def play_arrays(
    env: str | Game[Any],
    policies: BatchPolicy | Agent | str | Sequence[BatchPolicy | Agent | str],
    *,
    matches: int,
    seed: int = 0,
    rotate: bool = False,
    size: int = 4096,
    xp: Any = None,
    device: Any = None,
    on_step: Callable[[ArrayStep], None] | None = None,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    **env_options: Any,
) -> ArrayResults:
    """Play matches between policies on array rules.

    Up to `size` matches are under way at once; a slot whose match has ended takes the next one until all have begun, and
    all are played to their end, so that short matches are not favoured. The results depend on the arguments alone, on
    `size` too, but neither on the array namespace nor on the device (as far as the policies' arithmetic does not).

    Args:
        env: An environment's id, or a game, that has array rules.
        policies: One for each seat, in order, or one for all: policies on arrays, "random" for random play, or agents and their
            spec strings that play on arrays, too (`HasBatchPolicy`). One that is listed at several seats is asked for all of them together.
        matches: E, how many matches.
        seed: Non-negative seed of the run. Chance and each policy have streams of their own.
        rotate: Whether the policies move on by one seat from match to match: seat s of match m is held by (s + m) mod P.
        size: B, most matches under way at once.
        xp: The module `numpy` or `torch` that the rules are played with; numpy by default.
        device: Device of the arrays, where `xp` is torch.
        on_step: Called after every step.
        preset: A named setting of the environment's options.
        options: The environment's options by name, also those that are named like an argument here.
        env_options: More of them, as keywords.

    Raises:
        UnknownName: No such environment, option or preset.
        NotSupported: The game has no array rules, or none on `xp`.
        WrongSeats: Not one policy, and not one for each seat.
        UsageError: `matches` or `size` is not a positive whole number; an agent that does not play on arrays.

    >>> results = play_arrays("TicTacToe-v0", "random", matches=1000, seed=1)
    >>> results.returns.shape, bool((results.lengths >= 5).all())
    ((1000, 2), True)
    """
    game = registry.game(env, preset=preset, options=options, **env_options)
    for name, value in (("matches", matches), ("size", size)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"{name} is {value!r}; expected a positive whole number")
    held, holder = _seated(game, policies, matches, rotate)
    match = BatchMatch(game, array_rules(game, xp, device), min(size, matches))
    rngs = [stream(seed, DECISION, number) for number in range(len(held))]
    return _Run(match, PolicyTable(match, held, rngs), holder, stream(seed, CHANCE)).play(on_step)


def _seated(game: Game[Any], policies: Any, matches: int, rotate: bool) -> tuple[list[BatchPolicy], np.ndarray]:
    """The policies without repetition, and which of them holds which seat of each match, shape (E, S)."""
    seats = game.info.seats
    listed = list(policies) if isinstance(policies, Sequence) and not isinstance(policies, str) else [policies] * seats
    if len(listed) != seats:
        raise WrongSeats(f"{type(game).__name__} has {seats} seats: expected {seats} policies (or one for all), got {len(listed)}")
    held: list[BatchPolicy] = []
    numbers = []
    for player, name in zip(array_policies(game, listed), listed, strict=True):
        if player is None:
            raise UsageError(
                f"{shown(name)} does not play on arrays; give 'random', an object with act(observations, masks, rng), or an agent with "
                f"batch_policy(game)"
            )
        if not any(player is other for other in held):
            held.append(player)
        numbers.append(next(number for number, other in enumerate(held) if other is player))
    turns = np.arange(matches)[:, None] if rotate else np.zeros((matches, 1), np.int64)
    return held, np.array(numbers)[(np.arange(seats)[None, :] + turns) % seats]


class _Run:
    """E matches in B slots."""

    def __init__(self, match: BatchMatch, table: PolicyTable, holder: np.ndarray, chance: np.random.Generator) -> None:
        self._match, self._table, self._holder, self._chance = match, table, holder, chance
        total, seats = holder.shape
        self._number = np.full(match.size, -1)
        self._begun = 0
        self._results = ArrayResults(
            np.zeros((total, seats)),
            np.zeros((total, seats), bool),
            np.zeros(total, np.int64),
            holder,
            np.zeros(total, bool),
            np.zeros((total, seats), bool),
        )

    def play(self, on_step: Callable[[ArrayStep], None] | None) -> ArrayResults:
        match = self._match
        self._begin(np.ones(match.size, bool))
        while (live := self._number >= 0).any():
            before, number = match.state, self._number.copy()
            actions = self._table.choose(np.where(live[:, None], self._holder[number], -1))
            match.step(actions, live, self._chance)
            ended = match.ended & live
            if on_step is not None:
                on_step(ArrayStep(number, before, actions, match.state, match.rewards, ended))
            self._finish(ended)
        return self._results

    def _begin(self, free: np.ndarray) -> None:
        """The next matches in free slots, as many as are left; matches that are over at their start are finished at once."""
        while free.any():
            rows = np.flatnonzero(free)[: len(self._holder) - self._begun]
            self._number[free] = -1
            if not len(rows):
                return
            self._number[rows] = self._begun + np.arange(len(rows))
            self._begun += len(rows)
            where = np.zeros(self._match.size, bool)
            where[rows] = True
            self._match.begin(where, self._chance)
            free = where & self._match.ended
            if free.any():
                self._keep(free)

    def _finish(self, ended: np.ndarray) -> None:
        if ended.any():
            self._keep(ended)
            self._begin(ended)

    def _keep(self, ended: np.ndarray) -> None:
        match, results, rows = self._match, self._results, np.flatnonzero(ended)
        numbers = self._number[rows]
        results.returns[numbers] = match.returns[rows]
        results.lengths[numbers] = match.steps[rows]
        results.truncated[numbers] = match.truncated[rows]
        results.forfeits[numbers] = match.forfeits[rows]
        results.winners[numbers] = _winners(match, rows)


def _winners(match: BatchMatch, rows: np.ndarray) -> np.ndarray:
    """Which seats won the matches in `rows`, which have ended, as records have it. Shape (R, S), bool."""
    game, returns, forfeits = match.game, match.returns[rows], match.forfeits[rows]
    batch, winner = match.batch, None
    if type(game).winner is not Game.winner:
        winner = batch.winners(batch.select(match.state, rows), returns)
    if (winner is not None or type(game).winner is Game.winner) and type(game).team is Game.team:
        sides = np.arange(game.info.seats) if game.info.teams is None else np.unique(game.info.teams, return_inverse=True)[1]
        if winner is not None:
            winner = np.where(winner < 0, -1, sides[winner])
        elif game.info.sum != "common" and game.info.seats > 1:
            winner = _only(returns == returns.max(axis=1, keepdims=True), sides)
        else:
            winner = np.full(len(rows), -1)
        winner = np.where(forfeits.any(axis=1), _other_side(forfeits, sides), winner)
        out = sides == winner[:, None]
    else:
        states = [batch.unbatch(match.state, int(row)) for row in rows]
        out = np.array(
            [_scalar_winners(game, *args) for args in zip(states, map(tuple, returns.tolist()), forfeits, strict=True)], bool
        ).reshape(returns.shape)
    out[match.truncated[rows]] = False
    return out


def _other_side(forfeits: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The side that did not forfeit where there are two sides and one of them did, else -1. Shapes (R, S), (S,) -> (R,)."""
    if sides.max() != 1:
        return np.full(len(forfeits), -1)
    first, second = forfeits[:, sides == 0].any(axis=1), forfeits[:, sides == 1].any(axis=1)
    return np.where(first == second, -1, np.where(first, 1, 0))


def _only(members: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The side that all members of a row are of, -1 where there are several or none. Shapes (R, S), (S,) -> (R,)."""
    first = np.where(members, sides, len(sides)).min(axis=1)
    last = np.where(members, sides, -1).max(axis=1)
    return np.where(first == last, first, -1)


def _scalar_winners(game: Game[Any], state: Any, returns: tuple[float, ...], forfeits: np.ndarray) -> list[bool]:
    """The same for one match, for games that say themselves who won or who plays with whom."""
    sides = sides_of(game, state)
    winner = winning_side(sides, np.flatnonzero(forfeits).tolist()) if forfeits.any() else game.winner(state, returns)
    return [winner is not None and winner in (seat, side) for seat, side in enumerate(sides)]
