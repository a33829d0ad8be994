"""Players: what an agent is shown (`View`) and what it must do (`Agent`).

An agent never receives the true state. It receives a `View`: the observation, the text, the legal actions, what is
new, an information key, and `imagine`, which draws a state the seat cannot tell from the truth.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import gymnasium
import numpy as np

from .actions import Action, Legal, joint_mask
from .display import shown
from .episode import Episode
from .errors import AgentNonsense, MatchOver, NotSupported
from .events import Event
from .game import Forks, Game, Information, Resample
from .reply import Reply, read_reply
from .rng import DECISION, stream, uniform
from .samples import TokenSample
from .text import Options

__all__ = ["Agent", "AsyncAgent", "Decision", "HasPolicy", "PolicyAgent", "Reply", "TokenSample", "View"]


class _lazy:  # a decorator, like property
    """A property worked out when first asked for; `functools.cached_property` without its lock, which costs as much as most views."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self._compute, self._name, self.__doc__ = compute, compute.__name__, compute.__doc__

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is None:
            return self
        value = view.__dict__[self._name] = self._compute(view)
        return value


class View:
    """What one seat may know at one decision. Everything but `game` and `seat` is worked out when first asked for.

    Args:
        news: Events, or an episode and the range of its states whose events are new (`Episode.mark_read`).

    Attributes:
        game: The rules.
        seat: Who is to move.
        match: Number of the match within its run.
        turn: How many decisions this seat has made in this match.
        memory: The seat's own notebook in this match, kept by the runner; empty at first.
        retry_reason: Why the last reply to this very question was not accepted; `""` when it is asked for the first time.
        attempt: How many replies to this very question were not accepted.
    """

    def __init__(
        self,
        game: Game[Any],
        state: Any,
        seat: int,
        *,
        news: Sequence[Any] = (),
        seed: int = 0,
        match: int = 0,
        turn: int = 0,
        memory: dict[str, Any] | None = None,
        retry_reason: str = "",
        attempt: int = 0,
        legal: dict[int, Legal] | None = None,
    ) -> None:
        self.game, self.seat, self.match, self.turn = game, seat, match, turn
        if attempt:
            self.retry_reason, self.attempt = retry_reason, attempt
        self.memory: dict[str, Any] = {} if memory is None else memory
        self._news = news
        self._legal = legal
        self._seed: int | None = seed
        self.__state = state

    retry_reason = ""
    attempt = 0
    _sent: tuple[np.random.Generator, float] | None = None  # in another process: the decision's draws, in place of the run's seed

    @property
    def _state(self) -> Any:
        """The state.

        Raises:
            MatchOver: The rules have spent it: the game lives in an outside engine, and this decision is over.
        """
        if self.__state is _SPENT:
            raise MatchOver(f"this decision of seat {self.seat} is over, and {type(self.game).__name__} keeps no past states")
        return self.__state

    def expire(self) -> None:
        """The state is spent: what was not worked out before can no longer be had. Called by the match."""
        self.__state = _SPENT

    @_lazy
    def news(self) -> tuple[Event, ...]:
        """Events since this seat was last asked that it may know."""
        if self._news and isinstance(self._news[0], Episode):
            episode, start, end = self._news
            return episode.events(start, end, self.seat)
        return tuple(self._news)

    @_lazy
    def legal(self) -> Legal:
        """The legal actions: a tuple of ints or strings, or an `ActionSet`."""
        cache = {} if self._legal is None else self._legal
        legal = cache.get(self.seat)
        if legal is None:
            legal = cache[self.seat] = self.game.legal(self._state, self.seat)
        return legal

    @property
    def choices(self) -> tuple[Any, ...]:
        """The legal actions where they are listed; raises `NotSupported` where they are a set."""
        legal = self.legal
        if not isinstance(legal, tuple):
            raise NotSupported(f"the actions of {type(self.game).__name__} are not listed; they are a {type(legal).__name__}")
        return legal

    @_lazy
    def mask(self) -> np.ndarray:
        """The legal actions of a discrete game as int8 of shape (A,); of a `MultiDiscrete` one with an axis for each part."""
        return action_mask(self.game.action_space(self.seat), self.legal)

    @_lazy
    def observation(self) -> Any:
        """What the seat sees, as numbers."""
        return self.game.observe(self._state, self.seat)

    @_lazy
    def rules(self) -> str:
        """The rules in words, for a system message."""
        return self.game.text.rules(self.seat)

    @_lazy
    def text(self) -> str:
        """What is new and what the seat sees now, in words, with the legal moves."""
        return self.game.text.view(self._state, self.seat, self.news)

    @_lazy
    def text_without_choices(self) -> str:
        """Like `text`, without the list of legal moves."""
        return self.game.text.view(self._state, self.seat, self.news, choices=False)

    @_lazy
    def compact(self) -> str:
        """What the seat knows in a few short lines, without rules and question: the prompt of a model that words a speech."""
        return self.game.text.compact(self._state, self.seat)

    @_lazy
    def options(self) -> Options:
        """The legal replies, for guided decoding."""
        return self.game.text.options(self._state, self.seat)

    def read(self, reply: str) -> Any:
        """The action that `reply` names, or `Unreadable`."""
        return read_reply(self.game, self._state, self.seat, reply)

    def write(self, action: Action) -> str:
        """The reply that `read` reads as `action`."""
        return self.game.text.write(self._state, self.seat, action)

    @_lazy
    def information(self) -> str:
        """The information-set key; raises `NotSupported` where the game has none."""
        if not isinstance(self.game, Information):
            raise NotSupported(f"{type(self.game).__name__} has no information keys")
        return self.game.information(self._state, self.seat)

    @_lazy
    def rng(self) -> np.random.Generator:
        """The agent's own stream for this decision: the same for the same run seed, match, seat, turn and attempt."""
        return self._stream(*self._draw_path) if self._sent is None else copy.deepcopy(self._sent[0])

    @_lazy
    def uniform(self) -> float:
        """One number in [0, 1) of this decision, independent of `rng` and much cheaper: enough for one draw from a list."""
        if self._sent is not None:
            return self._sent[1]
        assert self._seed is not None
        return uniform(self._seed, DECISION, self.match, self.seat, self.turn, *self._draw_path)

    def sample(self) -> Action:
        """A random legal action, uniform among listed ones: what the agent "random" plays."""
        legal = self.legal
        if legal.__class__ is not tuple:
            return legal.sample(self.rng)
        seed = self._seed
        number = self.uniform if seed is None or self.attempt else uniform(seed, DECISION, self.match, self.seat, self.turn)
        return legal[int(number * len(legal))]

    @property
    def _draw_path(self) -> tuple[int, ...]:
        return (0, self.attempt) if self.attempt else ()

    def _stream(self, *path: int) -> np.random.Generator:
        assert self._seed is not None
        return stream(self._seed, DECISION, self.match, self.seat, self.turn, *path)

    @property
    def can_imagine(self) -> bool:
        """Whether `imagine` works here: for this game, and in this process where the game lives in an outside engine."""
        info = self.game.info
        branches = info.forkable or (isinstance(self.game, Forks) and self.__state is not _SPENT)
        return branches and (isinstance(self.game, Resample) or not info.hidden)

    def imagine(self, rng: np.random.Generator) -> Any:
        """A determinization: a state this seat cannot tell from the true one, to search from. It is the agent's to step freely.

        Where `game.info.forkable` is false it can be stepped only once, like every state of such a game, and holds something open:
        the agent calls `game.release` with the last state it stepped to, and forks before it branches (`Forks`).

        Raises:
            NotSupported: The game hides something and cannot redraw it, or lives in an outside engine.
        """
        if not self.can_imagine:
            if isinstance(self.game, Forks) and isinstance(self.game, Resample):
                _ = self._state  # raises: this decision is over
            raise NotSupported(f"{type(self.game).__name__} has hidden information and no resample(), so it cannot be searched")
        if isinstance(self.game, Resample):
            return self.game.resample(self._state, self.seat, rng)
        return self.game.fork(self._state, rng) if isinstance(self.game, Forks) and not self.game.info.forkable else self._state

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: an imagined state in place of the true one, or else only what is shown.

        Of the run's seed only this decision's own draws go along: with the seed, an agent could draw the other
        seats' random moves ahead of them.
        """
        out = {
            "game": self.game,
            "seat": self.seat,
            "match": self.match,
            "turn": self.turn,
            "_news": self.news,
            "memory": self.memory,
            "retry_reason": self.retry_reason,
            "attempt": self.attempt,
            "_legal": None,
            "_seed": None,
            "_sent": self._sent or (self._stream(*self._draw_path), self.uniform),
        }
        if self.can_imagine and self.game.info.forkable:  # a state of an outside engine does not travel
            return {**out, "_View__state": self._state if self._seed is None else self.imagine(self._stream(1))}
        observed = ("legal", "observation", "text", "text_without_choices", "options")
        out.update({name: getattr(self, name) for name in observed})
        if isinstance(self.game, Information):
            out["information"] = self.information
        return {**out, "_View__state": _SPENT}


class _Spent:
    """Stands for a state that is no longer there; one object in each process."""

    def __reduce__(self) -> str:
        return "_SPENT"


_SPENT = _Spent()


def action_mask(space: gymnasium.Space[Any], legal: Legal) -> np.ndarray:
    """The legal actions as an int8 mask: shape (A,) over a `Discrete` space, one axis a part over a `MultiDiscrete` one.

    Raises:
        NotSupported: The actions are no ints, or their combinations too many to list.
    """
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        return joint_mask(legal, tuple(int(size) for size in space.nvec))
    if not isinstance(space, gymnasium.spaces.Discrete) or not isinstance(legal, tuple):
        raise NotSupported(f"actions of {space} have no mask")
    mask = np.zeros(int(space.n), np.int8)
    mask[list(legal)] = 1
    return mask


Decision = Action | Reply


class Agent:
    """A player of any number of seats in any number of matches at once.

    A subclass overrides `choose` (one decision) or `act` (all pending decisions at once, for batching). Between
    decisions it remembers in `view.memory` alone, so that matches cannot leak into each other and results do not
    depend on the order of play. Constructor arguments are the parameters of the agent's spec string.

    Attributes:
        name: How records and tables name it. `agentarena.agent` sets it to the spec string, e.g. "ismcts?simulations=200",
            without secrets and `operational` parameters, or to the spec's parameter `name`.
        version: Changes when the agent would play differently; stored in every record.
        asynchronous: How many batches of questions it works on at once, in threads of its own, while matches that wait
            for other agents go on; 0 for an agent that acts in the runner's thread.
        operational: Parameters that say how it is reached and paid for, not how it plays: no part of its name, so that a run can
            be resumed with others.
    """

    name: str = ""
    version: str = "1"
    asynchronous: int = 0
    operational: ClassVar[frozenset[str]] = frozenset()

    def cannot_play(self, game: Game[Any]) -> str | None:
        """Why it cannot play a game, e.g. "it needs two seats"; `None` when it can. Asked before the first match."""
        return None

    def choose(self, view: View) -> Decision:
        """One decision: a legal action, or a `Reply` to be read."""
        raise NotImplementedError(f"{type(self).__name__} must define choose(view) or act(views)")

    def act(self, views: Sequence[View]) -> Sequence[Decision]:
        """Decisions for several views of any matches, in the same order."""
        return [self.choose(view) for view in views]

    def close(self) -> None:
        """Let go of processes, connections and memory. Called once when a run ends."""


@runtime_checkable
class AsyncAgent(Protocol):
    """Agents that answer in their own time, each question by itself: remote models, engines, processes."""

    def submit(self, views: Sequence[View], answer: Callable[[int, Decision | Exception], None]) -> None:
        """Take questions and return at once; call `answer(index, decision)` from any thread, once for each view.

        An exception in place of a decision costs the seat that match.
        """
        ...


@runtime_checkable
class HasPolicy(Protocol):
    """Agents that can say what they would play with what probability: for exact evaluation."""

    def policy(self, view: View) -> Mapping[int, float]:
        """Probabilities over the legal actions; they add up to 1."""
        ...


class PolicyAgent(Agent):
    """A player that is its policy: a subclass defines `policy`, and each decision is one draw from it."""

    def policy(self, view: View) -> Mapping[int, float]:
        """Probabilities over the legal actions; they add up to 1."""
        raise NotImplementedError(f"{type(self).__name__} must define policy(view)")

    def choose(self, view: View) -> Decision:
        chances = self.policy(view)
        total = sum(chances.values())
        if not 0 < total < math.inf:  # written so that NaN fails
            raise AgentNonsense(f"its policy gives probabilities that add up to {shown(total)}, expected 1: {shown(dict(chances), 200)}")
        mark = view.rng.random() * total
        for action, chance in chances.items():
            mark -= chance
            if mark < 0:
                return action
        return max(chances, key=chances.__getitem__)
