"""The rules of a game, once: what every adapter, agent, solver, prompt and replay is built on.

A `Game` is the rules under one configuration. It holds no match: it is a frozen dataclass whose fields are its
options, so it is hashable, comparable, picklable and shared by all its matches. A state is a frozen value; `step`
returns a new one and leaves its input alone. Randomness is an argument.

What only some games can do (exact chance, information sets, resampling, array rules) is a separate small protocol
that tools ask for with `isinstance` or `require` (`core.capabilities`).
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

import gymnasium
import numpy as np

from .actions import Action, Legal, violation
from .capabilities import Anchors, Chance, Forks, HasBatch, HasResources, Information, Resample, Serializable, require
from .display import shown
from .errors import BadOption, IllegalAction, MatchOver, OutOfTurn, UnknownName
from .events import Event

if TYPE_CHECKING:
    from .text import TextFace

__all__ = [
    "Anchors",
    "Chance",
    "Forks",
    "Game",
    "GameInfo",
    "HasBatch",
    "HasResources",
    "Information",
    "Resample",
    "Serializable",
    "option",
    "require",
]

S = TypeVar("S")

Sum = Literal["zero", "constant", "common", "general"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GameInfo:
    """What kind of game it is, as data. The fact table of a game's card is generated from it.

    Attributes:
        seats: Number of seats; they are numbered 0 to seats - 1 everywhere.
        low: Least return a seat can end with by legal play.
        high: Greatest return.
        unit: What a return of 1 means, e.g. "win", "chip", "coin".
        sum: "zero" or "constant" (the seats' returns add up to `total`), "common" (all equal) or "general". With two sides the
            first two also say what a forfeit brings the other side: `high`.
        total: The constant of a constant-sum game.
        simultaneous: Whether several seats may be asked at once.
        lockstep: Whether every step asks every seat, as in a repeated matrix game. PettingZoo can turn only such games from one
            agent at a time into all agents at once.
        hidden: Whether some seat is ever ignorant of something that matters.
        chance: Whether anything is random: a deal, dice, a shuffle, a random tie-break.
        max_steps: Bound on the number of `step` calls of a match; a match cut short by it is truncated.
        teams: Team of each seat, when sides are fixed and public; `None` when each seat plays for itself.
        forkable: `False` for a state that wraps an outside engine: `step` spends its old value.
    """

    seats: int
    low: float
    high: float
    unit: str
    sum: Sum
    total: float = 0.0
    simultaneous: bool = False
    lockstep: bool = False
    hidden: bool = False
    chance: bool = False
    max_steps: int
    teams: tuple[str, ...] | None = None
    forkable: bool = True

    @property
    def forfeit_return(self) -> float:
        """Return of a seat that forfeits: worse than any legal ending, by a tenth of the range and at least 1. See `core.forfeits`."""
        return self.low - max(1.0, 0.1 * (self.high - self.low))

    def facts(self) -> dict[str, str]:
        """The rows of the card's fact table.

        >>> GameInfo(seats=2, low=-1, high=1, unit="win", sum="zero", max_steps=9).facts()["returns"]
        '-1 to 1 (win), zero-sum'
        """
        kind = {"constant": f"constant-sum ({self.total:g})", "common": "common to all"}.get(self.sum, f"{self.sum}-sum")
        return {
            "seats": str(self.seats),
            "moves": "simultaneous" if self.simultaneous else "in turn",
            "hidden information": "yes" if self.hidden else "no",
            "chance": "yes" if self.chance else "no",
            "longest match": f"{self.max_steps} step{'s' if self.max_steps != 1 else ''}",
            "returns": f"{self.low:g} to {self.high:g} ({self.unit}), {kind}",
            "forfeit": f"{self.forfeit_return:g}",
        }


def option(
    default: Any,
    doc: str,
    *,
    choices: tuple[Any, ...] | None = None,
    low: Any = None,
    high: Any = None,
    imports: bool | Callable[[str], bool] = False,
    late: bool = False,
) -> Any:
    """A documented option of a game: a dataclass field whose range is checked when the game is built.

    Args:
        default: Value when the caller gives none.
        doc: One sentence for `--help` and the card.
        choices: Allowed values, when they are few.
        low: Least allowed value.
        high: Greatest allowed value.
        imports: Whether a value with a colon, "package.module:Name", is imported, or a function that says of a value whether it is.
            Files may not name such values unless whoever reads them trusts them (`registry.recorded_game`); an option whose value
            becomes code must say so.
        late: Whether the option is left out of `Game.options` at its default, so that what was recorded before the game had it stays
            as it is, byte for byte.
    """
    metadata = {"doc": doc, "choices": choices, "low": low, "high": high, "imports": imports, "late": late}
    return dataclasses.field(default=default, metadata=metadata)


class Game(ABC, Generic[S]):
    """The rules under one configuration. Subclasses are `@dataclass(frozen=True)` with `option` fields.

    A subclass defines the abstract methods below, and `info` and `text` as `functools.cached_property`. It may add
    any of the capabilities `Information`, `Resample`, `Chance`, `Serializable`, `HasBatch`, `HasResources`, `Forks`.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Named settings of the options, e.g. `{"paper": {"threshold": 10}}`."""

    @cached_property
    @abstractmethod
    def info(self) -> GameInfo:
        """What kind of game this is."""

    @cached_property
    @abstractmethod
    def text(self) -> TextFace[Any]:
        """The game in words."""

    @classmethod
    def missing(cls) -> str | None:
        """What must be installed before a match can start: a sentence that names the next step, e.g. of an outside program.

        `None`, as by default, where nothing is missing. Options, spaces, `info` and rules in words can be had in any case.
        """
        return None

    # --- what a game must say ---------------------------------------------------------------------------------

    @abstractmethod
    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        """All actions of a seat, legal now or not; the same for the whole match."""

    @abstractmethod
    def observation_space(self, seat: int) -> gymnasium.Space[Any]:
        """Where `observe` lies."""

    @abstractmethod
    def start(self, rng: np.random.Generator) -> S:
        """A fresh match; deals and shuffles come from `rng`."""

    @abstractmethod
    def to_move(self, state: S) -> tuple[int, ...]:
        """The seats asked now, in increasing order: one, or several at once; `()` when the match is over."""

    @abstractmethod
    def legal(self, state: S, seat: int) -> Legal:
        """What `seat`, which is to move, may do: the legal ints in increasing order, the legal strings, or an `ActionSet`."""

    @abstractmethod
    def step(self, state: S, actions: Mapping[int, Action], rng: np.random.Generator) -> S:
        """The state after exactly the seats of `to_move` acted. The input state stays as it was.

        Raises:
            IllegalAction: An action is not legal.
            OutOfTurn: The seats of `actions` are not exactly those to move.
            MatchOver: The match has finished.
        """

    @abstractmethod
    def rewards(self, state: S) -> tuple[float, ...]:
        """What the step that led here credited to each seat, in `info.unit`. All zero at the start."""

    @abstractmethod
    def observe(self, state: S, seat: int) -> Any:
        """What `seat` may know, as numbers: an array or a dict of arrays in `observation_space(seat)`, freshly made."""

    # --- what a game may say ----------------------------------------------------------------------------------

    def news(self, state: S) -> tuple[Event, ...]:
        """What the step that led here (or the start) made known, each with its audience."""
        return ()

    def truncated(self, state: S) -> bool:
        """Whether a match that is over was cut short by the rules, e.g. a cap on days, and so decided nothing."""
        return False

    def diagnostics(self, state: S, seat: int) -> Mapping[str, Any]:
        """Facts for trainers and logs, e.g. how hard a task is, which environments add to the `info` of a seat.

        They may tell what the seat cannot see, so no agent is shown them. The names are the same at all times.
        """
        return {}

    def role(self, state: S, seat: int) -> str | None:
        """The seat's role in this match, for records and metrics; `None` in games without roles."""
        return None

    def team(self, state: S, seat: int) -> str | None:
        """The side a seat plays for in this match; `None` when it plays for itself."""
        return self.info.teams[seat] if self.info.teams else None

    def winner(self, state: S, returns: tuple[float, ...]) -> int | str | None:
        """Who won a finished match: a seat, a team's name, or `None` (a draw, or nothing to win).

        By default the seat or team with the strictly greatest return; nobody in common-payoff and one-seat games.
        """
        if self.info.sum == "common" or self.info.seats == 1:
            return None
        best = max(returns)
        leaders = [seat for seat, value in enumerate(returns) if value == best]
        sides = {self.team(state, seat) for seat in leaders}
        if None not in sides:
            return sides.pop() if len(sides) == 1 else None
        return leaders[0] if len(leaders) == 1 else None

    # --- common ground ------------------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # every concrete game is a dataclass
            self._check_option(field, getattr(self, field.name))

    def _check_option(self, field: dataclasses.Field[Any], value: Any) -> None:
        choices, low, high = (field.metadata.get(key) for key in ("choices", "low", "high"))
        where = f"{type(self).__name__}: option {field.name!r} is {shown(value)}"
        if choices is not None and not any(value == c and type(value) is type(c) for c in choices):
            raise BadOption(f"{where}; allowed: {', '.join(map(repr, choices))}")
        if isinstance(field.default, str) and not isinstance(value, str):
            raise BadOption(f"{where}; expected a string")
        if low is None and high is None:
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadOption(f"{where}; expected a number")
        if isinstance(low, int) and isinstance(field.default, int) and not isinstance(value, int):
            raise BadOption(f"{where}; expected a whole number")
        # written so that NaN fails
        if not ((low is None or value >= low) and (high is None or value <= high)):
            bounds = (f"at least {low}" if low is not None else "", f"at most {high}" if high is not None else "")
            raise BadOption(f"{where}; allowed: {' and '.join(filter(None, bounds))}")

    @classmethod
    def build(cls, preset: str | None = None, **options: Any) -> Game[S]:
        """The game with a preset's options, each overridden by those given by name.

        Raises:
            UnknownName: No such preset or option.
            BadOption: A value is out of range.
        """
        if preset is not None and preset not in cls.presets:
            raise UnknownName(f"preset of {cls.__name__}", str(preset), cls.presets)
        known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        for name in options:
            if name not in known:
                raise UnknownName(f"option of {cls.__name__}", name, known)
        merged = {**(cls.presets[preset] if preset else {}), **options}
        return cls(**{name: _frozen(value) for name, value in merged.items()})

    @property
    def options(self) -> dict[str, Any]:
        """The options and their values: with the environment's id, all that a record needs to rebuild the game."""
        values = ((field, getattr(self, field.name)) for field in dataclasses.fields(self))  # type: ignore[arg-type]
        return {field.name: value for field, value in values if not (field.metadata.get("late") and value == field.default)}

    def check(self, state: S, actions: Mapping[int, Action]) -> None:
        """Raise what `step` must raise for these actions; return when they are in order."""
        pending = self.to_move(state)
        if not pending:
            raise MatchOver(f"{type(self).__name__}: the match is over; nobody may move. Start another with start(rng)")
        if len(actions) != len(pending) or any(seat not in actions for seat in pending):
            raise OutOfTurn(f"{type(self).__name__}: got actions of seats {sorted(actions)}, expected exactly {list(pending)}")
        for seat in pending:
            reason = violation(self.legal(state, seat), actions[seat])
            if reason:
                raise IllegalAction(f"{type(self).__name__}: seat {seat} played {shown(actions[seat], 200)}: {reason}")

    def __getstate__(self) -> dict[str, Any]:
        return self.options  # caches stay behind

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{type(self).__name__} holds the rules and cannot be iterated; play it with agentarena.play")


def _frozen(value: Any) -> Any:
    """Lists, as JSON and the command line give them, as tuples, so that a game is hashable."""
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
