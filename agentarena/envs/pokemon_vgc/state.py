"""The state of a match: the battle in the engine, what each side was last told, and choices that wait for their other half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentarena.core.errors import UsageError
from agentarena.core.frozen import constructor, replacer

from .engine import Battle, Engine, Update, shared
from .teams.building import Offer

__all__ = ["WANT", "Joint", "Lineup", "Run", "State", "Views", "change", "make_state", "views"]

WANT = ("features", "lines")
"""What every update of the engine holds; the views are asked for where words or pictures are wanted (`views`)."""
Views = tuple[Mapping[str, Any], Mapping[str, Any]]
"""What each side knows, as plain data."""
Lineup = tuple[int, ...]
"""Numbers that a side has chosen so far, from 1: team members at the preview, offered sets at team building."""
Joint = tuple[tuple[int, ...] | None, tuple[int, ...] | None]
"""The choices of both sides as the engine takes them; `None` of a side that waits."""


class Run:
    """A battle while a match lasts: it says which state is the present one, and is dropped once.

    A copy, or one in another process, has a battle of its own: it travels as the engine's snapshot.

    Attributes:
        settings: Which engine it is played in: processes and patch, as `engine.shared` takes them.
        battle: The battle; `None` before it starts.
        number: How many steps were taken.
        views: The views of the state after so many steps, once they were asked for.
    """

    __slots__ = ("_open", "battle", "number", "settings", "views")

    def __init__(self, settings: tuple[int, bool], battle: Battle | None, number: int = 0) -> None:
        self.settings, self.battle, self.number = settings, battle, number
        self.views: tuple[int, Views] | None = None
        self._open = True

    @property
    def engine(self) -> Engine:
        """Where it is played."""
        return shared(*self.settings)

    def __reduce__(self) -> tuple[Any, ...]:
        snapshot = None if self.battle is None else self.engine.save(self.battle)
        return (_reopened, (self.settings, snapshot, self.number, self._open))

    @property
    def released(self) -> bool:
        """Whether the battle was let go of."""
        return not self._open

    def check(self, number: int) -> None:
        """Raise unless the state after `number` steps is the present one.

        Raises:
            UsageError: The battle has gone on, or the match is released.
        """
        if not self._open:
            raise UsageError("this match is released; start another with start(rng)")
        if self.number != number:
            raise UsageError("PokemonVGC: this state is spent: the battle has gone on. Step the latest state of the match")

    def close(self) -> None:
        """Drop the battle. May be called twice; a run that nobody holds any more drops it, too."""
        self._open, battle, self.battle = False, self.battle, None
        if battle is not None:
            self.engine.drop(battle)


def _reopened(settings: tuple[int, bool], snapshot: str | None, number: int, is_open: bool) -> Run:
    battle = None if snapshot is None else shared(*settings).load(snapshot, WANT)[0]
    run = Run(settings, battle, number)
    if not is_open:
        run.close()
    return run


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    Attributes:
        run: The battle in the engine; only its latest state can be stepped.
        number: Steps so far.
        seed: Seed of the battle, four numbers with commas.
        teams: Packed teams; `None` of a side whose team the format draws, or that is being built.
        offers: Sets that each side is offered; empty without team building.
        picks: Numbers of the offered sets that each side has taken so far.
        lineups: Team members that each side has chosen so far at the preview.
        update: What the engine last said; `None` before the battle starts.
        fresh: Whether the step that led here is what it said it of.
        reveals: How often a choice was refused so far because of something hidden that it revealed, by side.
        views: What each side knows at the end, when the engine need not be there any more.
    """

    run: Run
    number: int
    seed: str
    teams: tuple[str | None, str | None]
    offers: tuple[tuple[Offer, ...], tuple[Offer, ...]] = ((), ())
    picks: tuple[Lineup, Lineup] = ((), ())
    lineups: tuple[Lineup, Lineup] = ((), ())
    update: Update | None = None
    fresh: bool = True
    reveals: tuple[int, int] = (0, 0)
    views: Views | None = None


make_state = constructor(State)
"""`State(...)`, built fast."""
change = replacer(State)
"""`dataclasses.replace` for states, fast."""


_NOTHING: Views = ({}, {})


def views(state: State) -> Views:
    """What each side knows, as plain data: the engine is asked once a state. Empty while teams are built.

    Raises:
        UsageError: The battle has gone on, or is released.
    """
    if state.views is not None or state.update is None:
        return state.views or _NOTHING
    run = state.run
    if run.views is not None and run.views[0] == state.number:
        return run.views[1]
    run.check(state.number)
    assert run.battle is not None
    left, right = run.engine.peek(run.battle, ("view",)).sides
    run.views = (state.number, (left.view, right.view))
    return run.views[1]
