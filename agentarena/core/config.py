"""What all matches of a run share: the game, the players, the seed, and what happens to replies that cannot be read."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import gymnasium
import numpy as np

from . import limits, registry
from .display import shown
from .distribution import version
from .errors import UsageError
from .game import Game
from .rng import CHANCE, stream

__all__ = ["OnUnreadable", "Player", "RunConfig"]


@dataclass(frozen=True, slots=True)
class OnUnreadable:
    """What happens when a reply in words names no legal move.

    The seat is asked again, up to `retries` times, with the reason in `view.retry_reason`. Then `then` applies:
    "forfeit" (it pays `GameInfo.forfeit_return` and the match ends), "random" (a random legal move from the referee's own
    stream) or "pass" (the first legal move; in a box the point nearest zero; silence in speech). Every attempt and
    every move made in a seat's place is in the record. An illegal move that is not in words is a fault of the program
    that made it and forfeits at once.
    """

    retries: int = 2
    then: Literal["forfeit", "random", "pass"] = "forfeit"

    def __post_init__(self) -> None:
        if isinstance(self.retries, bool) or not isinstance(self.retries, int) or self.retries < 0:
            raise UsageError(f"OnUnreadable: retries must be a whole number of at least 0, got {self.retries!r}")
        if self.then not in ("forfeit", "random", "pass"):
            raise UsageError(f"OnUnreadable: then is {self.then!r}; allowed: 'forfeit', 'random', 'pass'")


@dataclass(frozen=True, slots=True)
class Player:
    """An agent as records name it.

    Raises:
        UsageError: Name or version is no string of printable characters, or longer than `limits.NAME`.
    """

    name: str
    version: str

    def __post_init__(self) -> None:
        for what, value in (("name", self.name), ("version", self.version)):
            if type(value) is not str or not value.isprintable() or len(value) > limits.NAME:
                raise UsageError(
                    f"the {what} of an agent is {shown(value)}; expected at most {limits.NAME} printable characters, on one line. "
                    f"Set `{what}` on the agent"
                )


@dataclass(frozen=True)
class RunConfig:
    """What all matches of a run share.

    Attributes:
        game: The rules.
        players: The agents as records name them; may be left out where no records are made.
        seed: Seed of the run.
        on_unreadable: What happens to replies that name no legal move.
        record_samples: Whether records on disk hold the token samples behind replies.
    """

    game: Game[Any]
    players: tuple[Player, ...] = ()
    seed: int = 0
    on_unreadable: OnUnreadable = field(default_factory=OnUnreadable)
    record_samples: bool = False

    @cached_property
    def env(self) -> str:
        """Id of the environment."""
        return _env_id(self.game)

    @cached_property
    def options(self) -> dict[str, Any]:
        """The game's options as JSON gives them back."""
        return dict(json.loads(json.dumps(self.game.options, allow_nan=False)))

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The policy as JSON."""
        return asdict(self.on_unreadable)

    @cached_property
    def package(self) -> str:
        """Version of this package."""
        return version()

    def chance(self, deal: int) -> np.random.Generator:
        """The stream of a deal; of a game without chance, which draws nothing from it, one for all."""
        return stream(self.seed, CHANCE, deal) if self.game.info.chance else self._idle

    @cached_property
    def _idle(self) -> np.random.Generator:
        return stream(self.seed, CHANCE)

    @cached_property
    def discrete(self) -> tuple[bool, ...]:
        """Whether a seat's moves are ints."""
        return tuple(isinstance(self.game.action_space(s), gymnasium.spaces.Discrete) for s in range(self.game.info.seats))

    @cached_property
    def agents_seed(self) -> int:
        """Seed of the agents' streams: a digest, so that an agent's own seed does not give away the deals."""
        words = np.random.SeedSequence([self.seed, 0xA6E47]).generate_state(2, np.uint64)
        return int(words[0]) << 64 | int(words[1])


_env_id = functools.lru_cache(maxsize=64)(registry.env_id_of)
