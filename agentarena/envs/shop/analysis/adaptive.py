"""Holding a success rate: harder customers after a success, easier ones after a failure, as any environment.

sampler = AdaptiveSampler(target=0.5)
env = AdaptiveEnv(functools.partial(gymnasium.make, "agentarena/Shop-v0"), sampler)
observation, info = env.reset(seed=0)  # info["level"], info["difficulty"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError

__all__ = ["LEVELS", "AdaptiveEnv", "AdaptiveSampler"]

LEVELS: tuple[Mapping[str, Any], ...] = tuple({"difficulty": siblings} for siblings in range(7))
"""The default ladder: options of the shop from easy to hard."""


class AdaptiveSampler:
    """A ladder of levels, and a position on it that follows successes and failures.

    The position is a real number from 0 to L - 1. A match is played on the level below or above it, drawn so that the mean level is the
    position. After a match

        position = position + gain * (success - target)

    so that it rests where the success rate is the target, if success falls with the level; at an end of the ladder where the rate is not to be
    had (`is_at_end`).

    Args:
        target: Success rate to hold, between 0 and 1.
        levels: L settings of options, from easy to hard.
        gain: How far one match moves the position, in levels.
        position: Where to start.

    Reference: stochastic approximation with a constant step, Robbins and Monro (1951).

    >>> sampler = AdaptiveSampler(target=0.5, gain=0.2)
    >>> for success in (True, True, False):
    ...     sampler.update(success)
    >>> round(sampler.position, 6)
    0.1
    """

    def __init__(
        self, target: float = 0.5, levels: Sequence[Mapping[str, Any]] = LEVELS, *, gain: float = 0.1, position: float = 0.0
    ) -> None:
        for name, value, low, high in (("target", target, 0.0, 1.0), ("gain", gain, 0.0, 10.0)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
                raise BadOption(f"AdaptiveSampler: {name} is {shown(value)}; allowed: between {low:g} and {high:g}")
        self.levels = tuple(dict(level) for level in levels)
        if not self.levels:
            raise BadOption("AdaptiveSampler: levels is empty; give at least one setting of options, e.g. {'difficulty': 0}")
        self.target, self.gain = float(target), float(gain)
        self.position = self._bounded(float(position))
        self.matches = 0
        self.successes = 0

    def _bounded(self, position: float) -> float:
        return min(max(position, 0.0), len(self.levels) - 1.0)

    def draw(self, rng: np.random.Generator) -> int:
        """The level of the next match, from 0."""
        below = int(self.position)
        return below + int(rng.random() < self.position - below)

    def update(self, success: bool) -> None:
        """A match has ended."""
        self.matches += 1
        self.successes += bool(success)
        self.position = self._bounded(self.position + self.gain * (float(bool(success)) - self.target))

    @property
    def is_at_end(self) -> bool:
        """Whether the position is at an end of the ladder, so that the target may be out of reach."""
        return self.position in (0.0, len(self.levels) - 1.0)

    def state(self) -> dict[str, float]:
        """What a checkpoint holds."""
        return {"position": self.position, "matches": self.matches, "successes": self.successes}

    def restore(self, state: Mapping[str, float]) -> None:
        """Go on from what `state` returned."""
        self.position = self._bounded(float(state["position"]))
        self.matches, self.successes = int(state["matches"]), int(state["successes"])


class AdaptiveEnv(gymnasium.Env[Any, Any]):
    """A Gymnasium environment whose matches are at the level that a sampler draws; `info["level"]` says which, `info["difficulty"]` what it came to.

    Args:
        make: Makes the environment of a level from its options as keywords; one is made for each level that comes up.
        sampler: Draws levels, and is told how matches end.
        success: Whether a match with this return was one; a return of 1 by default.
    """

    def __init__(
        self,
        make: Callable[..., gymnasium.Env[Any, Any]],
        sampler: AdaptiveSampler,
        success: Callable[[float], bool] = lambda total: total >= 1.0,
    ) -> None:
        self.sampler = sampler
        self._make, self._success = make, success
        self._envs: dict[int, gymnasium.Env[Any, Any]] = {}
        self._level, self._total, self._ended = 0, 0.0, True
        first = self.of(int(sampler.position))
        self.observation_space, self.action_space = first.observation_space, first.action_space
        self.metadata = first.metadata

    def of(self, level: int) -> gymnasium.Env[Any, Any]:
        """The environment of a level."""
        if level not in self._envs:
            self._envs[level] = self._make(**self.sampler.levels[level])
        return self._envs[level]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start a match at the level that the sampler draws."""
        super().reset(seed=seed)
        self._level, self._total, self._ended = self.sampler.draw(self.np_random), 0.0, False
        observation, info = self.of(self._level).reset(seed=int(self.np_random.integers(2**31)), options=options)
        return observation, {**info, "level": self._level}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step of the match; at its end the sampler learns of it.

        Raises:
            UsageError: Before the first reset.
        """
        if self._ended and not self._envs:
            raise UsageError("call reset(seed=...) before step()")
        observation, reward, terminated, truncated, info = self.of(self._level).step(action)
        self._total += float(reward)
        if (terminated or truncated) and not self._ended:
            self._ended = True
            self.sampler.update(self._success(self._total))
        return observation, float(reward), terminated, truncated, {**info, "level": self._level}

    def render(self) -> Any:
        """What the environment of the level renders."""
        return self.of(self._level).render()

    def close(self) -> None:
        """Close the environments of all levels."""
        for env in self._envs.values():
            env.close()
