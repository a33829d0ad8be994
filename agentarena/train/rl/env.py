"""Matches of one game as slots that ask the learner for one decision each at a time: what Stable-Baselines3 trains on.

Axis letters: C slots, K streams of a slot, S seats, D numbers of a flat observation, A actions.

A group of slots plays either against opponents, where the learner holds one seat, or in self-play, where it holds all. In a
turn-taking self-play match the decisions of all seats pass through one slot, one after the other: each seat is a *stream* of its own,
whose rewards are those that come between its decisions. In a simultaneous game each seat of a self-play match has a slot.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from agentarena.adapters.vector import ArenaVector
from agentarena.agents.rl.network import flat_size, flatten
from agentarena.core.agent import Agent
from agentarena.core.batch import BatchPolicy, map_leaves
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game, HasBatch
from agentarena.core.rng import stream

__all__ = ["ArenaVecEnv", "Finished", "Group", "Outcome", "Questions"]

NOBODY = -1
"""In place of a stream: nobody decides in this slot now."""


@dataclass(frozen=True, slots=True)
class Group:
    """Slots that play against the same opponent.

    Attributes:
        name: The opponent's name in the log; "self" for self-play.
        slots: Their number; in self-play of a simultaneous game a multiple of the seats.
        opponent: What holds all other seats; `None` for self-play.
    """

    name: str
    slots: int
    opponent: str | Agent | BatchPolicy | None = None


class Questions(NamedTuple):
    """What the learner is to decide now.

    Attributes:
        observations: Shape (C, D), float32.
        masks: Legal actions, all where nobody decides. Shape (C, A), bool.
        streams: Which stream of each slot decides, -1 for none. Shape (C,), int.
    """

    observations: np.ndarray
    masks: np.ndarray
    streams: np.ndarray


class Outcome(NamedTuple):
    """What a step brought.

    Attributes:
        gains: Rewards of each stream. Shape (C, K), float64.
        ended: Slots whose match ended; the next one has begun. Shape (C,), bool.
    """

    gains: np.ndarray
    ended: np.ndarray


class Finished(NamedTuple):
    """A match that ended.

    Attributes:
        group: Number of its group.
        seat: The learner's seat, -1 in self-play.
        returns: Of every seat, in the game's unit. Shape (S,).
        forfeits: Seats that played illegally. Shape (S,), bool.
    """

    group: int
    seat: int
    returns: np.ndarray
    forfeits: np.ndarray


class ArenaVecEnv(VecEnv):
    """Slots of matches as a `VecEnv` of flat observations.

    `questions` and `advance` tell streams apart and are what this package's PPO and DQN use. `reset`, `step` and `action_masks`
    are Stable-Baselines3's; their reward is that of the decision's own stream in that step, so in self-play of a turn-taking game
    they lack what a seat gains between its decisions.

    Args:
        game: The rules.
        groups: At least one.
        seat: The learner's seat against opponents: a number, "rotate" or "random".
        seed: Seed of the matches.
        reward_scale: Factor of all rewards.

    Attributes:
        groups: As passed.
        streams: K.
        finished: Matches that ended since the list was last cleared.
        seats: Seats that the learner may hold.

    Raises:
        NotSupported: Actions are neither `Discrete` nor, in a game with array rules, `MultiDiscrete`; or observations have no flat form.
        UsageError: The learner holds several seats, whose spaces differ.
    """

    def __init__(
        self, game: Game[Any], groups: Sequence[Group], *, seat: int | str = "rotate", seed: int = 0, reward_scale: float = 1.0
    ) -> None:
        self.game, self.groups, self.reward_scale = game, tuple(groups), reward_scale
        alone = all(group.opponent is not None for group in groups) and isinstance(seat, int)
        self.seats = (int(seat),) if alone else tuple(range(game.info.seats))
        first = self.seats[0]
        self._space = game.observation_space(first)
        actions = int(np.prod(_parts_of(game, first)))
        self._parts = [_Part(game, group, seat) for group in groups]
        self.streams = 1 if game.info.simultaneous else game.info.seats
        bounds = np.cumsum([0, *(group.slots for group in groups)])
        self._slices = [slice(int(low), int(high)) for low, high in itertools.pairwise(bounds)]
        self.finished: list[Finished] = []
        self._seed: int | None = seed
        self._next: np.ndarray | None = None
        self._questions: Questions | None = None
        box = spaces.Box(-np.inf, np.inf, (flat_size(self._space),), np.float32)
        super().__init__(int(bounds[-1]), box, spaces.Discrete(actions))

    # --- by streams -----------------------------------------------------------------------------------------------------------

    def begin(self, seed: int | None = None) -> None:
        """Fresh matches in all slots."""
        for number, part in enumerate(self._parts):
            part.begin(None if seed is None else int(stream(seed, number).integers(2**63)))
        self._questions = None

    def questions(self) -> Questions:
        """What is to be decided now."""
        if self._questions is None:
            observations, masks, streams = zip(*(part.questions(self._space) for part in self._parts), strict=True)
            self._questions = Questions(np.concatenate(observations), np.concatenate(masks), np.concatenate(streams))
        return self._questions

    def advance(self, actions: np.ndarray) -> Outcome:
        """Decide in all slots. Matches that end are followed by fresh ones.

        Args:
            actions: Shape (C,), int; ignored where nobody decides.
        """
        gains, ended = np.zeros((self.num_envs, self.streams)), np.zeros(self.num_envs, bool)
        for number, (part, where) in enumerate(zip(self._parts, self._slices, strict=True)):
            part_gains, ended[where] = part.advance(actions[where])
            gains[where, : part_gains.shape[1]] = part_gains * self.reward_scale
            self.finished += [Finished(number, *rest) for rest in part.collect()]
        self._questions = None
        return Outcome(gains, ended)

    # --- as Stable-Baselines3 has it ------------------------------------------------------------------------------------------

    def reset(self) -> np.ndarray:
        self.begin(self._seed)
        self._seed = None
        return self.questions().observations

    def seed(self, seed: int | None = None) -> list[int | None]:
        self._seed = seed
        return [seed] * self.num_envs

    def step_async(self, actions: np.ndarray) -> None:
        self._next = actions

    def step_wait(self) -> Any:
        assert self._next is not None
        streams = self.questions().streams
        gains, ended = self.advance(np.asarray(self._next))
        rewards = gains[np.arange(self.num_envs), np.maximum(streams, 0)]
        observations = self.questions().observations
        infos = [{"terminal_observation": row} if end else {} for row, end in zip(observations, ended.tolist(), strict=True)]
        return observations, rewards.astype(np.float32), ended, infos

    def action_masks(self) -> np.ndarray:
        """The legal actions. Shape (C, A), bool."""
        return self.questions().masks

    def close(self) -> None:
        for part in self._parts:
            part.vector.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [None if attr_name == "render_mode" else getattr(self, attr_name)] * self._count(indices)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        result = getattr(self, method_name)(*method_args, **method_kwargs)
        return list(result) if method_name == "action_masks" else [result] * self._count(indices)

    def has_attr(self, attr_name: str) -> bool:
        return hasattr(self, attr_name)

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False] * self._count(indices)

    def _count(self, indices: Any) -> int:
        return len(list(self._get_indices(indices)))


def _parts_of(game: Game[Any], seat: int) -> tuple[int, ...]:
    """How many choices each part of an action has: (A,) of `Discrete` actions; of `MultiDiscrete` ones all combinations are one number.

    Raises:
        NotSupported: Actions are of another kind, or of several parts in a game without array rules.
    """
    space = game.action_space(seat)
    if isinstance(space, spaces.Discrete):
        return (int(space.n),)
    if isinstance(space, spaces.MultiDiscrete) and isinstance(game, HasBatch):
        return tuple(int(size) for size in space.nvec)
    raise NotSupported(f"{type(game).__name__} has the actions {shown(str(space))}; training on vectors needs Discrete ones")


class _Part:
    """The slots of one group, on a `make_vec` of their own."""

    def __init__(self, game: Game[Any], group: Group, seat: Any) -> None:
        seats = game.info.seats
        selfplay = group.opponent is None
        self.joint = selfplay and game.info.simultaneous
        if self.joint and group.slots % seats:
            raise NotSupported(f"self-play of {type(game).__name__} needs a multiple of {seats} slots, got {group.slots}")
        self.matches = group.slots // seats if self.joint else group.slots
        self.vector = ArenaVector(game, self.matches, opponents=group.opponent, seat=0 if selfplay else seat)
        self.engine = self.vector.engine
        self.selfplay, self.seats = selfplay, seats
        self._sizes = _parts_of(game, 0)
        self._ended: list[tuple[int, np.ndarray, np.ndarray]] = []
        self._rows = np.arange(self.matches)

    def begin(self, seed: int | None) -> None:
        self.vector.reset(seed=seed)

    def questions(self, space: spaces.Space[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        seen = self.engine.observe()
        observations, masks = seen["observation"], seen.get("joint_mask", seen["action_mask"]).astype(bool)
        if "joint_mask" in seen:
            masks = masks.reshape(*masks.shape[: -len(self._sizes)], -1)
        if self.joint:
            observations = map_leaves(lambda part: part.reshape(-1, *part.shape[2:]), observations)
            masks = masks.reshape(-1, masks.shape[-1])
            streams = np.where(self.engine.to_move.reshape(-1), 0, NOBODY)
        elif self.selfplay:
            streams = self.engine.observer.copy()
        else:
            streams = np.zeros(self.matches, np.intp)
        masks[streams < 0] = True
        return flatten(space, observations, np), masks, streams

    def advance(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        engine, live = self.engine, np.ones(self.matches, bool)
        own = engine.observer.copy()
        engine.step(self._moves(actions), live)
        if self.joint:
            gains = engine.rewards.reshape(-1, 1).copy()
        else:
            gains = engine.rewards.copy() if self.selfplay else engine.rewards[self._rows, own][:, None]
        ended = engine.terminated | engine.truncated
        if ended.any():
            for row in np.flatnonzero(ended).tolist():
                self._ended.append((NOBODY if self.selfplay else int(own[row]), engine.returns[row].copy(), engine.forfeits[row].copy()))
            engine.begin(ended, self.vector.np_random)
        return gains, np.repeat(ended, self.seats) if self.joint else ended

    def _moves(self, actions: np.ndarray) -> Any:
        """The learner's actions as the environments take them: with an axis for seats in self-play of rounds, and one for parts."""
        shaped = actions.reshape(self.matches, self.seats) if self.joint else actions
        if len(self._sizes) == 1:
            return shaped
        parts = np.stack(np.unravel_index(shaped, self._sizes), -1)
        return tuple(parts[:, seat] for seat in range(self.seats)) if self.joint else parts

    def collect(self) -> list[tuple[int, np.ndarray, np.ndarray]]:
        ended, self._ended = self._ended, []
        return ended
