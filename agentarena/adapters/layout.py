"""How a seat's knowledge is laid out as a Gymnasium observation, and how actions come back. Shared by every adapter.

| Game's actions | view="vector"                      | view="text"                              |
|----------------|------------------------------------|------------------------------------------|
| `Discrete`, `MultiDiscrete` | `Dict(observation, action_mask)` | `Dict(observation, action_mask, text)` |
| anything else  | the game's observation as it is    | `Dict(observation, text)`                |

Over a `MultiDiscrete` space "action_mask" holds the masks of the parts one after the other, and "joint_mask", with an
axis a part, says which combinations are legal. Where actions are strings, `info["admissible_commands"]`
lists those that are legal, or suggested. Where they are real numbers, `info["action_low"]` and `info["action_high"]` bound them now.
What `Game.diagnostics` says of the state stands in `info` too.

Strings inside a game's observation are moved to the key "words", because PettingZoo's checks expect numbers under
"observation".
"""

from __future__ import annotations

import copy
import importlib.util
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from gymnasium import Space, spaces

from agentarena.core.actions import MOST_JOINT, Action, Box, Legal, joint_mask, sample, violation
from agentarena.core.episode import Episode
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match
from agentarena.core.registry import drawing, env_id_of
from agentarena.core.reply import read_reply
from agentarena.core.rng import CHANCE, stream
from agentarena.core.scalars import plain_in
from agentarena.core.text import CHARSET, Unreadable, fold

__all__ = ["MAX_CHARS", "RENDER_MODES", "Deals", "Layout", "OnIllegal", "ViewName", "choice_of", "metadata", "one_of", "step_limit"]

ViewName = Literal["vector", "text"]
OnIllegal = Literal["forfeit", "raise"]

RENDER_MODES = ("human", "ansi", "rgb_array")

MAX_CHARS = 16_384
"""Default bound on the length of a text observation, in characters; a longer text loses its beginning."""

_CUT = "(the beginning is cut off)\n"


class Parts(spaces.MultiDiscrete):
    """Several ints at once. `sample` also takes the masks of the parts as one array, one after the other."""

    def sample(self, mask: Any = None, probability: Any = None) -> Any:
        flat = isinstance(mask, np.ndarray) and mask.ndim == 1
        return super().sample(mask=tuple(np.split(mask, np.cumsum(self.nvec)[:-1])) if flat else mask, probability=probability)


class Layout:
    """Spaces and observations of one game under one view. Every environment has its own, so that spaces are never shared.

    Attributes:
        game: The rules.
        view: "vector" or "text".
        agents: Names of the seats in order, "player_0" and so on.
        sizes: Number of actions of each seat; -1 where its space is not `Discrete`.
        shapes: Shape of each seat's mask: (A,) over a `Discrete` space, an axis a part over a `MultiDiscrete` one; `None` over
            others, and where the combinations are too many.
        parts: Whether each seat's actions are `MultiDiscrete`.
        silent: The words in each seat's compound actions, by name; an action may leave them out, as silence.
        observation_spaces: One a seat.
        action_spaces: One a seat.
        speaks: Whether all actions are words.
        has_diagnostics: Whether the game says something of its states for `info`.
        bare: Whether every observation is `{"observation": game.observe(...), "action_mask": mask}` and no more.
    """

    def __init__(self, game: Game[Any], view: ViewName = "vector", max_chars: int = MAX_CHARS) -> None:
        one_of("view", view, ("vector", "text"))
        if isinstance(max_chars, bool) or not isinstance(max_chars, int | np.integer) or max_chars <= len(_CUT):
            raise BadOption(f"max_chars is {max_chars!r}; expected an integer of at least {len(_CUT) + 1}")
        self.game, self.view, self.max_chars = game, view, int(max_chars)
        seats = range(game.info.seats)
        self.agents = [f"player_{seat}" for seat in seats]
        self.action_spaces = [_own_space(game.action_space(seat), view) for seat in seats]
        self.sizes = [int(space.n) if isinstance(space, spaces.Discrete) else -1 for space in self.action_spaces]
        self.silent = [_silent(game.action_space(seat)) for seat in seats]
        self.speaks = all(isinstance(space, spaces.Text) for space in self.action_spaces)
        self.has_diagnostics = type(game).diagnostics is not Game.diagnostics
        self.shapes = [_mask_shape(space) for space in self.action_spaces]
        self.parts = [isinstance(space, spaces.MultiDiscrete) for space in self.action_spaces]
        own = [copy.deepcopy(game.observation_space(seat)) for seat in seats]
        self._convert = [_converter(space) for space in own]
        self.observation_spaces = [self._space(seat, own[seat]) for seat in seats]
        self.bare = view == "vector" and min(self.sizes) >= 0 and all(convert is None for convert in self._convert)
        self._masks: dict[tuple[int, tuple[int, ...]], np.ndarray] = {}

    def _space(self, seat: int, own: Space[Any]) -> Space[Any]:
        numbers, words = _split(own)
        shape = self.shapes[seat]
        if self.view == "vector" and shape is None and words is None:
            return own
        parts: dict[str, Space[Any]] = {} if numbers is None else {"observation": numbers}
        if shape is not None and self.parts[seat]:
            parts["action_mask"] = spaces.Box(0, 1, (sum(shape),), np.int8)
            parts["joint_mask"] = spaces.Box(0, 1, shape, np.int8)
        elif shape is not None:
            parts["action_mask"] = spaces.Box(0, 1, shape, np.int8)
        if words is not None:
            parts["words"] = words
        if self.view == "text":
            parts["text"] = spaces.Text(self.max_chars, min_length=0, charset=CHARSET)
        return spaces.Dict(parts)

    def mask(self, match: Match, seat: int) -> np.ndarray | None:
        """The legal actions of a seat that is to move, int8 of shape `shapes[seat]`, fresh; `None` where there is no mask."""
        shape = self.shapes[seat]
        if shape is None:
            return None
        legal = match.legal(seat)
        if not isinstance(legal, tuple):
            return joint_mask(legal, shape)
        mask = self._masks.get((shape[0], legal))
        if mask is None:
            mask = np.zeros(shape, np.int8)
            mask[list(legal)] = 1
            if len(self._masks) >= 4096:
                self._masks.clear()
            self._masks[shape[0], legal] = mask
        return mask.copy()

    def no_mask(self, seat: int) -> np.ndarray | None:
        """The mask of a seat that is not to move: all zeros."""
        shape = self.shapes[seat]
        return None if shape is None else np.zeros(shape, np.int8)

    def waiting_mask(self, seat: int) -> np.ndarray | None:
        """The mask of a seat whose action is ignored, where every seat must send one: the first action alone, so that learners neither
        divide by zero nor learn from it."""
        mask = self.no_mask(seat)
        if mask is not None:
            mask.flat[0] = 1
        return mask

    def observe(self, episode: Episode, seat: int, mask: np.ndarray | None) -> Any:
        """What `seat` sees, in `observation_spaces[seat]`; `mask` is its action mask, `None` where there is none."""
        observation = self.game.observe(episode.state, seat)
        convert = self._convert[seat]
        if convert is not None:
            observation = convert(observation)
        elif mask is not None:
            observation = {"observation": observation, **_masks(mask)}
            if self.view == "text":
                observation["text"] = self.text(episode, seat)
            return observation
        elif self.view == "vector":
            return observation
        else:
            observation = {"observation": observation}
        if mask is not None:
            observation.update(_masks(mask))
        if self.view == "text":
            observation["text"] = self.text(episode, seat)
        return observation if self.view == "text" or mask is not None or "words" in observation else observation["observation"]

    def text(self, episode: Episode, seat: int) -> str:
        """News since the seat last acted, what it sees and what it is asked, in the characters of the `Text` space."""
        text = fold(self.game.text.view(episode.state, seat, episode.unread(seat)))
        return text if len(text) <= self.max_chars else _CUT + text[len(_CUT) - self.max_chars :]

    def info(self, seat: int, mask: np.ndarray | None, match: Match | None = None) -> dict[str, Any]:
        """The info of one seat: its mask or its bounds where there are some, and the strings that are legal or suggested where actions
        are strings; in the text view the rules in words. In the vector view of a game without words it holds numbers alone, under
        the same names at all times, as libraries that turn infos into tensors need it."""
        info: dict[str, Any] = {} if mask is None else {"action_mask": _masks(mask)["action_mask"]}
        space = self.action_spaces[seat]
        moving = match is not None and seat in match.to_move
        if isinstance(space, spaces.Box):
            legal = match.legal(seat) if match is not None and moving else None
            low, high = (legal.low, legal.high) if isinstance(legal, Box) else (space.low, space.high)
            info["action_low"], info["action_high"] = low.astype(space.dtype), high.astype(space.dtype)
        if match is not None and isinstance(space, spaces.Text):
            info["admissible_commands"] = list(_commands(match.legal(seat)) if moving else ())
        if self.view == "text":
            if mask is not None and mask.ndim > 1:
                info["joint_mask"] = mask
            info["rules"] = self.game.text.rules(seat)
        if match is not None and self.has_diagnostics:
            info.update(self.game.diagnostics(match.episode.state, seat))
        return info

    def sample(self, match: Match, seat: int, rng: np.random.Generator) -> Action:
        """A random legal action of a seat that is to move, as a member of its action space; where words are read as replies, a reply."""
        action = _fitted(self.action_spaces[seat], sample(match.legal(seat), rng))
        as_reply = self.view == "text" and isinstance(action, str)
        return self.game.text.write(match.episode.state, seat, action) if as_reply else action

    def same_for_all_seats(self, purpose: str) -> None:
        """Raise unless every seat has the same spaces."""
        for name, seat_spaces in (("action", self.action_spaces), ("observation", self.observation_spaces)):
            if any(space != seat_spaces[0] for space in seat_spaces[1:]):
                raise UsageError(
                    f"{purpose} needs the same {name} space for every seat, which {type(self.game).__name__} lacks; fix one seat"
                )


def _masks(mask: np.ndarray) -> dict[str, Any]:
    """A mask under the names of an observation: of a joint one also what each part may be in some legal combination."""
    if mask.ndim == 1:
        return {"action_mask": mask}
    return {"action_mask": np.concatenate(marginals(mask)), "joint_mask": mask}


def marginals(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """What each part may be in some legal combination: a mask a part, of a joint mask with an axis a part."""
    axes = range(mask.ndim)
    return tuple(mask.max(axis=tuple(other for other in axes if other != axis)) for axis in axes)


def _own_space(space: Space[Any], view: ViewName) -> Space[Any]:
    """An environment's own copy of an action space: `MultiDiscrete` with flat masks; in the vector view compound actions without words,
    which are left out as silence."""
    if isinstance(space, spaces.MultiDiscrete):
        return Parts(space.nvec, dtype=space.dtype, start=space.start)  # type: ignore[arg-type]
    if isinstance(space, spaces.Dict) and view == "vector":
        return spaces.Dict({name: copy.deepcopy(part) for name, part in space.items() if name not in _silent(space)})
    return copy.deepcopy(space)


def _fitted(space: Space[Any], action: Action) -> Action:
    """A legal action in the types of its space."""
    if isinstance(space, spaces.Box):
        return np.asarray(np.clip(action, space.low, space.high), space.dtype)
    if isinstance(space, spaces.MultiDiscrete):
        return np.asarray(action, space.dtype)
    if isinstance(space, spaces.Dict):
        return {name: _fitted(part, action[name]) for name, part in space.items()}
    return tuple(map(_fitted, space, action)) if isinstance(space, spaces.Tuple) else action


def _silent(space: Space[Any]) -> list[str]:
    """The parts of a compound action that are words, where others are not."""
    words = [name for name, part in space.items() if isinstance(part, spaces.Text)] if isinstance(space, spaces.Dict) else []
    return words if isinstance(space, spaces.Dict) and len(words) < len(space) else []


def _mask_shape(space: Space[Any]) -> tuple[int, ...] | None:
    if isinstance(space, spaces.Discrete):
        return (int(space.n),)
    if isinstance(space, spaces.MultiDiscrete) and math.prod(space.nvec.tolist()) <= MOST_JOINT:
        return tuple(space.nvec.tolist())
    return None


def _commands(legal: Legal) -> tuple[str, ...]:
    """The strings that are legal, or suggested."""
    return legal if isinstance(legal, tuple) else getattr(legal, "suggestions", ())


def _split(space: Space[Any]) -> tuple[Space[Any] | None, Space[Any] | None]:
    """The numeric and the spoken part of an observation space."""
    if isinstance(space, spaces.Text):
        return None, space
    if isinstance(space, spaces.Dict):
        spoken: dict[str, Space[Any]] = {name: part for name, part in space.items() if isinstance(part, spaces.Text)}
        if spoken:
            rest = {name: part for name, part in space.items() if name not in spoken}
            return (spaces.Dict(rest) if rest else None), spaces.Dict(spoken)
    return space, None


def _converter(space: Space[Any]) -> Callable[[Any], dict[str, Any]] | None:
    """Turns a raw observation into `{"observation": ..., "words": ...}`; `None` where wrapping it is all there is to do."""
    numbers, words = _split(space)
    return None if words is None and not _has_integers(space) else _Converter(space, numbers, words)


class _Converter:
    """See `_converter`; an object, so that environments can be pickled."""

    def __init__(self, space: Space[Any], numbers: Space[Any] | None, words: Space[Any] | None) -> None:
        self._space, self._numbers, self._words = space, numbers, words

    def __call__(self, observation: Any) -> dict[str, Any]:
        numbers, words = self._numbers, self._words
        if isinstance(self._space, spaces.Text):
            return {"words": observation}
        if words is None:
            return {"observation": _with_dtype(self._space, observation)}
        out: dict[str, Any] = {"words": {name: observation[name] for name in words}}  # type: ignore[attr-defined]  # a Dict space
        if numbers is not None:
            out["observation"] = _with_dtype(numbers, {name: observation[name] for name in numbers})  # type: ignore[attr-defined]
        return out


def _has_integers(space: Space[Any]) -> bool:
    if isinstance(space, spaces.Dict):
        return any(_has_integers(part) for part in space.values())
    return isinstance(space, spaces.Discrete)


def _with_dtype(space: Space[Any], observation: Any) -> Any:
    """Plain ints of `Discrete` parts as numpy ints, which know their dtype."""
    if isinstance(space, spaces.Dict):
        return {name: _with_dtype(part, observation[name]) for name, part in space.items()}
    return space.dtype.type(observation) if isinstance(space, spaces.Discrete) else observation  # type: ignore[union-attr]


def choice_of(layout: Layout, match: Match, seat: int, action: Action) -> tuple[Action, str | None]:
    """What `seat` chose, and why it cannot stand: `None` when it is legal. In the text view a string is read as a reply."""
    if layout.view == "text" and isinstance(action, str):
        action = read_reply(layout.game, match.episode.state, seat, action)
    if isinstance(action, Unreadable):
        return action, f"unreadable reply: {action.reason}"
    legal = match.legal(seat)
    action = plain_in(legal, action)
    if layout.silent[seat] and isinstance(action, dict):
        action = {**dict.fromkeys(layout.silent[seat], ""), **action}
    return action, violation(legal, action)


class Deals:
    """The streams of randomness of an environment's matches.

    After `reset(seed)`, match k plays on `stream(seed, CHANCE, k)`, the deal that `agentarena.play(seed=seed)` gives
    its match k. Without a seed the first reset draws one.
    """

    def __init__(self, game: Game[Any]) -> None:
        self._chance = game.info.chance
        self._seed: int | None = None
        self._match = 0
        self._idle: np.random.Generator | None = None

    def next(self, seed: int | None) -> np.random.Generator:
        """The stream of the next match; a seed starts a new sequence.

        Raises:
            UsageError: The seed is not a non-negative integer.
        """
        if seed is not None:
            if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
                raise UsageError(f"seed is {seed!r}; expected a non-negative integer or None")
            self._seed, self._match, self._idle = int(seed), 0, None
        elif self._seed is None:
            self._seed = int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]  # an int when none was given
        match, self._match = self._match, self._match + 1
        if self._chance:
            return stream(self._seed, CHANCE, match)
        if self._idle is None:  # nothing is drawn from it
            self._idle = stream(self._seed, CHANCE, match)
        return self._idle


def step_limit(game: Game[Any], max_cycles: int | None) -> int:
    """The number of steps after which a match is truncated.

    Raises:
        BadOption: `max_cycles` is not a positive integer.
    """
    if max_cycles is None:
        return game.info.max_steps
    if isinstance(max_cycles, bool) or not isinstance(max_cycles, int | np.integer) or max_cycles < 1:
        raise BadOption(f"max_cycles is {max_cycles!r}; expected a positive integer or None")
    return min(int(max_cycles), game.info.max_steps)


def metadata(game: Game[Any], render_mode: str | None = None) -> dict[str, Any]:
    """What PettingZoo and Gymnasium want to know of an environment. The render mode it was made with is listed in any case: `render` says
    what is missing."""
    env_id = env_id_of(game)
    return {
        "name": env_id.rpartition(":")[2].replace("-v", "_v"),
        "render_modes": [mode for mode in RENDER_MODES if mode != "rgb_array" or mode == render_mode or can_draw(game)],
        "render_fps": 1,
        "is_parallelizable": game.info.lockstep or game.info.seats == 1,
    }


def can_draw(game: Game[Any]) -> bool:
    """Whether there are pictures: the game has a drawing, or Pillow is there to draw its words."""
    return drawing(game) is not None or importlib.util.find_spec("PIL") is not None


def one_of(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    """Raise `BadOption` unless `value` is one of those allowed."""
    if value not in allowed:
        raise BadOption(f"{name} is {value!r}; allowed: {', '.join(map(repr, allowed))}")
