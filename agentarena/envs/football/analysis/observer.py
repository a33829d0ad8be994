"""How much the attackers' play tells of their type: the posterior of a Bayesian observer after each step, scored against the truth.

The observer sees what defenders see, how everybody moves, and knows or learns how attackers of each type play.

    known       the attackers' strategy is known: exact Bayes
    queried     the same for an agent that draws nothing: it is queried what it would do as every type
    learned     nothing is known but other matches of the same attackers: frequencies of their calls by type, leave-one-out
    posted      the game posts the belief itself

The leak of a match's first k steps is `log2(p(type | steps) / p(type))`, in bits. Its mean over matches is the mutual information of
type and play for exact Bayes: 0 where play does not depend on the type, and 1 for two even types once play shows the type. For an
observer who learned it is a lower bound in expectation, and may fall below 0 where it learned too little.

Axis letters: E matches, K steps, I types, J prototypes, N players a side, D dimensions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.record import Record
from agentarena.core.replay import states
from agentarena.envs.football.game import FieldGame
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK, Field, Strategy, frozen

__all__ = ["Leak", "Observation", "Step", "by_attackers", "calls", "known", "learned", "observe", "posted", "queried"]

_LEAST = 1e-6
"""Least chance in a posterior: no observer loses more than about 20 bits on one match."""
_ALIKE = 1e-9
"""Controls closer than this, in each number, are the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the attackers did in one step.

    Attributes:
        before: The match before the step.
        control: The attackers' control, (N, D).
        belief: The belief that was posted after it, or the prior, (I,).
    """

    before: Field
    control: np.ndarray
    belief: np.ndarray


@dataclass(frozen=True, slots=True)
class Observation:
    """One match as an observer sees it, and the type, which it does not.

    Attributes:
        game: The rules.
        attackers: Who attacked, spec strings.
        type: The type.
        steps: At most K.
    """

    game: FieldGame
    attackers: tuple[str, ...]
    type: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Leak:
    """What observers believed in E matches.

    Attributes:
        posteriors: After each step, the prior first; a match that is over early repeats its last. Shape (E, K + 1, I).
        types: The types. Shape (E,).
    """

    posteriors: np.ndarray
    types: np.ndarray

    @property
    def true(self) -> np.ndarray:
        """Chance that was given to the true type, (E, K + 1)."""
        return np.asarray(np.take_along_axis(self.posteriors, self.types[:, None, None], 2)[..., 0])

    @property
    def bits(self) -> np.ndarray:
        """Mean leak of the first k steps, in bits, (K + 1,); the first is 0."""
        return np.asarray(np.log2(self.true / self.true[:, :1]).mean(0))

    @property
    def bits_error(self) -> np.ndarray:
        """Standard error of `bits` over matches, (K + 1,); NaN for a single match."""
        leaks = np.log2(self.true / self.true[:, :1])
        count = len(leaks)
        return np.asarray(leaks.std(0, ddof=1) / np.sqrt(count) if count > 1 else np.full(leaks.shape[1], np.nan))

    @property
    def log_score(self) -> np.ndarray:
        """Mean log chance of the true type, in nats, (K + 1,); 0 is best."""
        return np.asarray(np.log(self.true).mean(0))

    @property
    def brier(self) -> np.ndarray:
        """Mean Brier score, summed over types, (K + 1,); 0 is best."""
        own = np.eye(self.posteriors.shape[2])[self.types][:, None]
        return np.asarray(((self.posteriors - own) ** 2).sum(-1).mean(0))


# --- what there is to see -------------------------------------------------------------------------------------------------------


def observe(record: Record) -> Observation:
    """A recorded match as an observer sees it.

    Raises:
        BadOption: It was played on another kind of game.
        RecordMismatch: The record cannot be played again.
    """
    game = record.game()
    if not isinstance(game, FieldGame):
        raise BadOption(f"the record is of {shown(record.env)}; leaks are measured on Football-v0 and Hexner's games")
    before, steps, secret = None, [], 0
    for state in states(record):
        secret = int(state.secret)
        if before is not None and int(state.step) > int(before.step):
            steps.append(Step(before, np.asarray(state.control[ATTACK]), np.asarray(state.belief)))
        if not state.announced:
            before = state
    attackers = tuple(seat.agent for seat in record.seats[: game.layout.shares])
    return Observation(game, attackers, secret, tuple(steps))


def by_attackers(records: Iterable[Record]) -> dict[tuple[FieldGame, tuple[str, ...]], list[Observation]]:
    """Recorded matches as an observer sees them, those of the same game and attackers together."""
    groups: dict[tuple[FieldGame, tuple[str, ...]], list[Observation]] = {}
    for record in records:
        observation = observe(record)
        groups.setdefault((observation.game, observation.attackers), []).append(observation)
    return groups


def calls(game: FieldGame, step: Step) -> int:
    """Number of the attackers' call whose controls are nearest to what they did, each player's by its greatest acceleration.

    The last number, as many as there are calls, stands for no control of anybody.
    """
    motion, system = Motion(step.before.position, step.before.velocity, step.before.alive), game.system
    named = np.stack([system.called(call, ATTACK, motion, step.before.step) for call in system.calls(ATTACK)])
    named = np.concatenate([named, np.zeros_like(named[:1])])
    return int(np.argmin((((named - step.control) / system.bound[ATTACK]) ** 2).sum((-2, -1))))


# --- observers ------------------------------------------------------------------------------------------------------------------

Strategies = Callable[[Field, np.ndarray], Strategy]
"""The match before a step and the observer's belief -> prototypes (J, N, D) and the chance of each for each type, rows adding up to 1, (I, J)."""


def known(observations: Iterable[Observation], strategies: Strategies) -> Leak:
    """Exact Bayes for attackers whose strategy is known.

    A control counts as the nearest of the prototypes.

    Args:
        observations: Matches.
        strategies: What the attackers would do as each type.
    """

    def likelihoods(observation: Observation, step: Step, belief: np.ndarray) -> np.ndarray:
        plan = strategies(step.before, belief)
        apart = ((plan.prototypes - step.control) ** 2).sum((-2, -1))
        near = apart <= apart.min() + _ALIKE**2
        return np.asarray(plan.chances[:, near].sum(-1))

    return _leak([(observation, _updated(observation, likelihoods)) for observation in observations])


def queried(observations: Iterable[Observation], agent: Agent) -> Leak:
    """Exact Bayes for an agent that draws nothing: in each step it is queried what it would do as every type.

    Where no type would have done what was done, the step tells nothing.

    Args:
        observations: Matches of the agent, or of one that plays alike, with `mode="team"` and a hidden belief.
        agent: Of the attackers.
    """
    results = []
    for observation in observations:
        _check_hidden(observation.game)
        memories: list[dict[str, Any]] = [{} for _ in range(observation.game.system.types)]

        def likelihoods(observation: Observation, step: Step, belief: np.ndarray, memories: list[dict[str, Any]] = memories) -> np.ndarray:
            would = [_answer(agent, observation.game, step.before, number, memory) for number, memory in enumerate(memories)]
            return np.array([float(np.abs(control - step.control).max() <= _ALIKE) for control in would])

        results.append((observation, _updated(observation, likelihoods)))
    return _leak(results)


def learned(observations: Sequence[Observation], *, weight: float = 1.0) -> Leak:
    """An observer who learned how often attackers of each type make each call after the same calls before, from all other matches.

    The chance of a call c under type i, after calls h, is

        (n[i, h, c] + weight m[h, c]) / (n[i, h] + weight),   m[h, c] = (n[h, c] + 1 / C) / (n[h] + 1)

    with n the counts of the other matches: what is not known of a type is what all types do, so that calls never seen before tell
    next to nothing.

    Args:
        observations: Two matches or more, of the same attackers and game.
        weight: Matches that what all types do counts for.

    Raises:
        BadOption: There are fewer than two matches, or of different games.
    """
    if len(observations) < 2 or any(observation.game != observations[0].game for observation in observations):
        raise BadOption(f"an observer learns from the other matches: give two or more of one game, got {len(observations)}")
    rows = [tuple(calls(observation.game, step) for step in observation.steps) for observation in observations]
    game = observations[0].game
    count = len(game.system.calls(ATTACK)) + 1
    counts: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for observation, row in zip(observations, rows, strict=True):
        counts.update((observation.type, row[:k]) for k in range(len(row) + 1))
    results = []
    for observation, row in zip(observations, rows, strict=True):
        belief, path = game.chances, [game.chances]
        for k in range(len(row)):
            belief = _posterior(belief, _frequencies(counts, observation.type, row, k, game.system.types, count, weight))
            path.append(belief)
        results.append((observation, path))
    return _leak(results)


def posted(observations: Iterable[Observation]) -> Leak:
    """The posteriors that the game itself posted, for games with `belief="public"`."""
    return _leak([(observation, [observation.game.chances, *(step.belief for step in observation.steps)]) for observation in observations])


# --- Bayes ----------------------------------------------------------------------------------------------------------------------


def _updated(observation: Observation, likelihoods: Callable[[Observation, Step, np.ndarray], np.ndarray]) -> list[np.ndarray]:
    """The prior and the posterior after each step."""
    path = [observation.game.chances]
    for step in observation.steps:
        path.append(_posterior(path[-1], likelihoods(observation, step, path[-1])))
    return path


def _posterior(belief: np.ndarray, likelihood: np.ndarray) -> np.ndarray:
    """Bayes' rule; the belief itself where no type explains what was observation."""
    joint = belief * likelihood
    if joint.sum() <= 0:
        return belief
    joint = np.where(belief > 0, np.maximum(joint / joint.sum(), _LEAST), 0.0)
    return np.asarray(joint / joint.sum())


def _frequencies(
    counts: Counter[tuple[int, tuple[int, ...]]], own: int, row: tuple[int, ...], k: int, types: int, calls_: int, weight: float
) -> np.ndarray:
    """Chance of call k of a row under each type, (I,), without the row itself, which is of type `own`."""
    less = np.arange(types) == own
    before = np.array([counts[i, row[:k]] for i in range(types)], float) - less
    after = np.array([counts[i, row[: k + 1]] for i in range(types)], float) - less
    middle = (after.sum() + 1 / calls_) / (before.sum() + 1)
    return np.asarray((after + weight * middle) / (before + weight))


def _leak(results: Sequence[tuple[Observation, list[np.ndarray]]]) -> Leak:
    if not results:
        raise BadOption("there is no match to look at")
    steps = max(observation.game.steps for observation, _ in results)
    rows = [[*path, *[path[-1]] * (steps + 1 - len(path))] for _, path in results]
    return Leak(np.asarray(rows), np.array([observation.type for observation, _ in results]))


def _check_hidden(game: FieldGame) -> None:
    if game.mode != "team" or game.layout.states_strategy:
        raise BadOption("attackers are asked for a control: give matches with mode='team' and belief='hidden'")


def _answer(agent: Agent, game: FieldGame, before: Field, number: int, memory: dict[str, Any]) -> np.ndarray:
    """The control (N, D) of an agent that attacks as a type."""
    view = View(game, frozen(before.but(secret=np.asarray(number))), 0, turn=int(before.step), memory=memory)
    action = agent.choose(view)
    numbers = np.clip(np.asarray(action, np.float64), game.layout.boxes[0].low, game.layout.boxes[0].high)
    return np.asarray(game.layout.controls(np, ATTACK, [numbers]))
