"""Many matches at once as a `gymnasium.vector.VectorEnv`: on array rules where the game has them.

Axis letters: E matches (`num_envs`), S seats, A actions.

|                           | actions         | observations      | rewards |
|---------------------------|-----------------|-------------------|---------|
| self-play, turn-taking    | (E,) by the seat to move    | of that seat, (E, ...)  | (E,) of the seat that moved |
| self-play, simultaneous   | (E, S)          | (E, S, ...)       | (E, S)  |
| opponents given           | (E,) by the own seat | of the own seat, (E, ...) | (E,) of the own seat |

`infos` holds "to_move" ((E,) int, -1 where over; (E, S) bool in simultaneous self-play; the own seat where opponents are
given), "rewards" and "returns" (both (E, S)), and "forfeit" ((E, S) bool, seats that played illegally). Rewards may tell what is
hidden: where opponents are given there is no "rewards", and "returns" of the other seats are NaN until the match is over, unless
`all_rewards` asks for them. Where all actions are words, "admissible_commands" (lists), and what `Game.diagnostics` says, are there
as arrays of objects of shape (E,).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, iterate

from agentarena.agents.arrays import array_policies, array_rules
from agentarena.core.agent import Agent
from agentarena.core.batch import Batch, BatchPolicy
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MatchOver, NotSupported, UsageError, WrongSeats
from agentarena.core.game import Game, HasBatch
from agentarena.core.registry import game as build
from agentarena.core.scalars import plain

from .engines import ArrayEngine, Engine, TableEngine
from .layout import MAX_CHARS, Layout, ViewName, metadata, one_of, step_limit
from .pictures import frame
from .solo import Seating, check_seating, seat_for
from .table import Opponents, Spec

__all__ = ["ArenaVector", "Opponent", "make_vec", "solo_vector"]

_EXACT = 2.0**53
"""Floats below it are exact as integers."""

Opponent = Spec | BatchPolicy
"""An agent, a spec string that names one, or a policy on arrays."""


def make_vec(
    env_id: str | Game[Any],
    num_envs: int,
    *,
    opponents: Opponent | Sequence[Opponent] | None = None,
    seat: Seating = 0,
    view: ViewName = "vector",
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    max_cycles: int | None = None,
    max_chars: int = MAX_CHARS,
    seed: int | None = None,
    render_mode: str | None = None,
    all_rewards: bool = False,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    **env_options: Any,
) -> ArenaVector:
    """Many matches of one game at once.

    Args:
        env_id: E.g. "ConnectFour-v0", or a game.
        num_envs: Number of matches, E.
        opponents: `None` for self-play: every action moves the seat to move. Else one for all other seats or one for each,
            in order: agents or spec strings as in `gymnasium.make`, or, of games with array rules, `BatchPolicy` objects. The
            array rules are played where every opponent plays on arrays: "random", policies, agents with `batch_policy(game)`.
        seat: The own seat where opponents are given; "random" and "rotate" choose one each match.
        view: "vector" for numbers, "text" for numbers and words.
        autoreset_mode: Gymnasium's: "NextStep", "SameStep" or "Disabled".
        max_cycles: Truncate after so many steps of the game; `info.max_steps` when it is `None` or larger.
        max_chars: Longest text observation.
        seed: Seed for the first `reset` that is given none.
        render_mode: "ansi" or "rgb_array": `render` returns one string or picture a match.
        all_rewards: Show the rewards of all seats where opponents are given. They may tell an own seat what it must not know.
        preset: A named setting of the game's options.
        options: The game's options by name, also those that are named like an argument here.
        env_options: More of them, as keywords.
    """
    return ArenaVector(
        build(env_id, preset=preset, options=options, **env_options),
        num_envs,
        opponents=opponents,
        seat=seat,
        view=view,
        autoreset_mode=autoreset_mode,
        max_cycles=max_cycles,
        max_chars=max_chars,
        seed=seed,
        render_mode=render_mode,
        all_rewards=all_rewards,
    )


def solo_vector(env_id: str, num_envs: int, *, opponents: Opponent | Sequence[Opponent] | None = None, **arguments: Any) -> ArenaVector:
    """What `gymnasium.make_vec` makes by default: `make_vec` with random opponents where none are named, as `gymnasium.make` has."""
    limit = arguments.pop("max_episode_steps", None)
    if limit is not None:
        arguments["max_cycles"] = limit
    return make_vec(env_id, num_envs, opponents="random" if opponents is None else opponents, **arguments)


class ArenaVector(VectorEnv[Any, Any, np.ndarray]):
    """E matches of one game. An illegal action forfeits, which ends the match; `core.forfeits` says what that costs and brings.

    Attributes:
        game: The rules.
        engine: What plays them; its arrays (`to_move`, `rewards`, `returns`, ...) may be read.
    """

    def __init__(
        self,
        game: Game[Any],
        num_envs: int,
        *,
        opponents: Opponent | Sequence[Opponent] | None = None,
        seat: Seating = 0,
        view: ViewName = "vector",
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        max_cycles: int | None = None,
        max_chars: int = MAX_CHARS,
        seed: int | None = None,
        render_mode: str | None = None,
        all_rewards: bool = False,
    ) -> None:
        self.closed = True  # there is nothing to close yet
        one_of("render_mode", render_mode, (None, "ansi", "rgb_array"))
        if isinstance(num_envs, bool) or not isinstance(num_envs, int | np.integer) or num_envs < 1:
            raise BadOption(f"num_envs is {num_envs!r}; expected a positive integer")
        self.game = game
        self.num_envs = num_envs = int(num_envs)
        self.autoreset_mode = _mode(autoreset_mode)
        self.metadata = {**metadata(game, render_mode), "autoreset_mode": self.autoreset_mode}
        self.metadata["render_modes"].remove("human")
        self.render_mode = render_mode
        self._layout = layout = Layout(game, view, max_chars)
        self._selfplay = opponents is None
        self._all_rewards = all_rewards or self._selfplay
        self._seating = check_seating(seat, layout)
        self._first_seed = seed
        self._matches = 0
        self.joint = self._selfplay and game.info.simultaneous
        if self._selfplay:
            layout.same_for_all_seats("self-play")
        self._set_spaces(layout, self._seating if isinstance(self._seating, int) else 0)
        self.engine = self._make_engine(opponents, step_limit(game, max_cycles))
        self._done = np.zeros(num_envs, bool)
        self._started = self.closed = False

    def _set_spaces(self, layout: Layout, seat: int) -> None:
        seats = self.game.info.seats
        self._seat_space = layout.observation_spaces[seat]
        action_space = layout.action_spaces[seat]
        if not self.joint:
            self.single_observation_space, self.single_action_space = self._seat_space, action_space
        else:
            self.single_observation_space = batch_space(self._seat_space, seats)
            discrete = isinstance(action_space, spaces.Discrete)
            self.single_action_space = (
                spaces.MultiDiscrete([action_space.n] * seats) if discrete else spaces.Tuple(layout.action_spaces)  # type: ignore[attr-defined]
            )
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def _make_engine(self, opponents: Opponent | Sequence[Opponent] | None, limit: int) -> Engine:
        layout, own = self._layout, None if self._selfplay else self._own_seats
        listed = _listed(self.game, opponents)
        batch = array_batch(layout)
        policies = [None] if batch is None else array_policies(self.game, listed)
        if batch is not None and None not in policies:
            return ArrayEngine(layout, self.num_envs, own, limit, batch, cast("list[BatchPolicy]", policies))
        if not all(isinstance(opponent, str | Agent) for opponent in listed):
            raise NotSupported(
                f"{type(self.game).__name__}: opponents that play on arrays (BatchPolicy) need array rules, the vector view, and "
                "no agents beside them but those that play on arrays, too (HasBatchPolicy)"
            )
        specs: Any = [] if self._selfplay else opponents
        agents = Opponents(layout, specs, own=self.game.info.seats if self._selfplay else 1)
        return TableEngine(layout, self.num_envs, own, limit, agents, (self.single_observation_space, self._seat_space))

    def _own_seats(self, count: int) -> np.ndarray:
        """The own seats of the next matches. Shape (count,)."""
        first = self._matches
        self._matches += count
        if isinstance(self._seating, int):
            return np.full(count, self._seating)
        return np.array([seat_for(self._seating, first + k, self._layout, self.np_random) for k in range(count)])

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start all matches; with `options={"reset_mask": mask}`, shape (E,) bool, only those."""
        if seed is None and not self._started:
            seed = self._first_seed
        super().reset(seed=seed)
        if seed is not None:
            self._matches = 0
        where = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, bool)))
        if where.shape != (self.num_envs,) or where.dtype != np.bool_:
            raise UsageError(f"reset_mask has shape {where.shape} and dtype {where.dtype}; expected ({self.num_envs},) and bool")
        if not self._started and not where.all():
            raise UsageError("the first reset starts every match; leave reset_mask out")
        self.engine.rewards = np.zeros_like(self.engine.rewards)
        self.engine.begin(where, self.np_random)
        self._started = True
        self._done = self._done & ~where
        return self.engine.observe(), self._infos()

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Act in every match.

        In mode "NextStep" the action of a match that has just ended is ignored and starts the next one; in "SameStep"
        the next one has started already and the last observation is in `infos["final_obs"]`; in "Disabled" ended
        matches must be reset first.

        Raises:
            UsageError: Before the first reset, or the actions have the wrong shape.
            MatchOver: In mode "Disabled", a match has ended and was not reset.
        """
        engine, live = self.engine, ~self._done
        if not self._started:
            raise UsageError("call reset(seed=...) before step()")
        if self.autoreset_mode is AutoresetMode.DISABLED and self._done.any():
            raise MatchOver(f"matches {np.flatnonzero(self._done).tolist()[:10]} have ended; call reset(options={{'reset_mask': mask}})")
        movers = engine.observer.copy()
        engine.step(self._checked(actions), live)
        terminated, truncated = engine.terminated & live, engine.truncated & live
        rewards = engine.rewards.copy() if self.joint else engine.rewards[np.arange(self.num_envs), movers]
        ended = terminated | truncated
        infos: dict[str, Any] = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP and ended.any():
            infos = self._final(ended)
            engine.begin(ended, self.np_random)
        elif self._done.any():
            engine.begin(self._done, self.np_random)
        self._done = ended if self.autoreset_mode is not AutoresetMode.SAME_STEP else np.zeros_like(ended)
        return engine.observe(), rewards, terminated, truncated, {**infos, **self._infos()}

    def _checked(self, actions: Any) -> Any:
        """The actions of each match: an integer array for discrete ones, else a sequence."""
        if not isinstance(self.action_space, spaces.MultiDiscrete):
            return actions if isinstance(self.engine, ArrayEngine) else list(iterate(self.action_space, actions))
        if self._layout.view == "text" and not self.joint and len(actions) == self.num_envs and any(isinstance(a, str) for a in actions):
            return actions
        numbers = np.asarray(plain(actions, False))
        if numbers.dtype.kind == "f" and np.all(np.abs(numbers) < _EXACT) and np.all(numbers == np.floor(numbers)):
            numbers = numbers.astype(np.int64)
        if numbers.shape != self.action_space.shape or numbers.dtype.kind not in "iu":
            raise UsageError(
                f"actions have shape {numbers.shape} and dtype {numbers.dtype}; expected {self.action_space.shape} and whole numbers"
            )
        return numbers

    def _infos(self) -> dict[str, Any]:
        engine = self.engine
        if self.joint:
            moving: np.ndarray = engine.to_move.copy()
        else:
            moving = np.where(engine.terminated | engine.truncated, -1, engine.observer)
        infos = {"to_move": moving, "returns": engine.returns.copy(), "forfeit": engine.forfeits.copy(), **engine.details()}
        if self._all_rewards:
            return {**infos, "rewards": engine.rewards.copy()}
        hidden = ~(engine.terminated | engine.truncated)[:, None] & (np.arange(self.game.info.seats) != engine.observer[:, None])
        infos["returns"][hidden] = np.nan
        return infos

    def _final(self, ended: np.ndarray) -> dict[str, Any]:
        """What Gymnasium's "SameStep" mode keeps of the matches that ended."""
        last: np.ndarray = np.full(self.num_envs, None, dtype=object)
        rows = [int(row) for row in np.flatnonzero(ended)]
        for row, observation in zip(rows, self.engine.rows(rows), strict=True):
            last[row] = observation
        final = self._infos()
        return {
            "final_obs": last,
            "_final_obs": ended.copy(),
            "final_info": {**final, **{f"_{name}": ended.copy() for name in final}},
            "_final_info": ended.copy(),
        }

    def action_masks(self) -> np.ndarray:
        """The legal actions as bool: (E, A), or (E, S, A) in simultaneous self-play."""
        if not self._started:
            raise UsageError("call reset(seed=...) before action_masks()")
        observation = self.engine.observe()
        if not isinstance(observation, dict) or "action_mask" not in observation:
            raise UsageError(f"{type(self.game).__name__} has no action masks: its actions are not Discrete")
        mask: np.ndarray = observation["action_mask"].astype(bool)
        return mask

    def render(self) -> tuple[Any, ...] | None:
        """One string or picture a match, as its own seat sees it, or in self-play all seats together.

        Raises:
            UsageError: Before the first reset.
            MissingExtra: A picture of words without Pillow.
        """
        if not self._started:
            raise UsageError("call reset(seed=...) before render()")
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() does nothing without a render mode; make the environment with render_mode='ansi' or 'rgb_array'"
            )
            return None
        everybody = tuple(range(self.game.info.seats))
        seats = [everybody if self._selfplay else (int(seat),) for seat in self.engine.observer]
        return tuple(frame(self.render_mode, self._layout, self.engine.state(row), seats[row]) for row in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        self.engine.close()


def _listed(game: Game[Any], opponents: Opponent | Sequence[Opponent] | None) -> list[Opponent]:
    """One opponent for each other seat; none in self-play.

    Raises:
        WrongSeats: Too many or too few opponents.
        UsageError: One of them is no opponent.
    """
    if opponents is None:
        return []
    count = game.info.seats - 1
    listed = [opponents] * count if isinstance(opponents, str) or not isinstance(opponents, Sequence) else list(opponents)
    if len(listed) != count:
        raise WrongSeats(f"{type(game).__name__} has {count + 1} seats: expected {count} opponents (or one for all), got {len(listed)}")
    for opponent in listed:
        if not isinstance(opponent, str) and (isinstance(opponent, type) or not callable(getattr(opponent, "act", None))):
            raise UsageError(f"opponent {shown(opponent)} is no spec string, object of an agent or policy on arrays")
    return listed


def array_batch(layout: Layout) -> Batch[Any] | None:
    """The array rules that can serve this layout; `None` where the game has none, or none for these options or this view."""
    kinds = {size >= 0 for size in layout.sizes}
    if not isinstance(layout.game, HasBatch) or layout.view != "vector" or len(kinds) != 1:
        return None
    try:
        return array_rules(layout.game)
    except NotSupported:
        return None


def _mode(mode: str | AutoresetMode) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        raise BadOption(f"autoreset_mode is {mode!r}; allowed: {', '.join(repr(m.value) for m in AutoresetMode)}") from None
