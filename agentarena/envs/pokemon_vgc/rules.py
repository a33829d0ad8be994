"""The course of a match: team building where it is played, the preview in pairs, then the battle, which the engine plays.

A side that waits is not asked. A side whose choice was refused because of something hidden (a trap, a disabled move) is asked again,
alone, while the engine holds the other side's choice.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.core.errors import IllegalAction, ServiceGone

from .actions import PASS, SIZE, Pair
from .engine import Battle, EngineError, Pending, Setup, Side, Update
from .options import TEAM_SIZE, VGCOptions
from .state import WANT, Joint, Run, State, change, make_state, views
from .teams import building, draw
from .teams.building import Offer

__all__ = [
    "Steps",
    "legal",
    "parts",
    "pending_choice",
    "rewards",
    "seed_from",
    "side_kind",
    "slots",
    "start_many",
    "step_many",
    "to_move",
    "truncated",
]

_NOBODY: tuple[int, ...] = ()
_BOTH = (0, 1)


def seed_from(rng: np.random.Generator) -> str:
    """A seed of the simulator: four numbers below 65,536."""
    return ",".join(map(str, rng.integers(0, 65_536, 4).tolist()))


# --- who moves, and what it may do --------------------------------------------------------------------------------------------


def side_kind(options: VGCOptions, state: State, seat: int) -> str:
    """What is asked of a side: "build", "preview", "move", "switch", "wait" or "over"."""
    if state.update is None:
        return "build"
    if truncated(options, state):
        return "over"
    return state.update.sides[seat].kind


def truncated(options: VGCOptions, state: State) -> bool:
    """Whether the battle was cut short by the cap on turns."""
    update = state.update
    return update is not None and not update.over and update.turn > options.max_turns


def to_move(options: VGCOptions, state: State) -> tuple[int, ...]:
    """The sides that are asked."""
    update = state.update
    if update is None:
        return _BOTH
    if update.over or update.turn > options.max_turns:
        return _NOBODY
    left, right = (_asked(side, len(chosen)) for side, chosen in zip(update.sides, state.lineups, strict=True))
    return (_BOTH if right else (0,)) if left else (1,) if right else _NOBODY


def _asked(side: Side, chosen: int) -> bool:
    """Whether a side has something to choose; `chosen` members are in its line-up."""
    kind = side.kind
    return kind in ("move", "switch") or (kind == "preview" and chosen < side.pick)


def slots(state: State, seat: int) -> tuple[tuple[int, ...], tuple[int, ...], int | None]:
    """What the two slots of a side that is asked may do, and how many of them must pass."""
    if state.update is None:
        pairs = _pairs(state.offers[seat], state.picks[seat])
        return tuple(sorted({first for first, _ in pairs})), tuple(sorted({second for _, second in pairs})), None
    side = state.update.sides[seat]
    if side.kind != "preview":
        return (*side.slots, side.passes)
    chosen = state.lineups[seat]
    left = tuple(member for member in side.slots[0] if member not in chosen)
    return left, left if side.pick - len(chosen) > 1 else (PASS,), None


def legal(state: State, seat: int) -> Pair:
    """The legal pairs of a side that is asked."""
    if state.update is None:
        return Build(_pairs(state.offers[seat], state.picks[seat]))
    return Pair(*slots(state, seat))


class Build(Pair):
    """Pairs of offered sets, by number from 1, after which the team can be completed."""

    def __init__(self, pairs: frozenset[tuple[int, int]]) -> None:
        first, second = (sorted({pair[slot] for pair in pairs}) for slot in (0, 1))
        super().__init__(first, second)
        self.reason = "a team has no Pokemon and no item twice"
        self._pairs = pairs

    def _fit(self, action: tuple[int, int]) -> bool:
        return (int(action[0]), int(action[1])) in self._pairs

    def _allowed(self) -> np.ndarray:
        first, second = self._slots
        return np.array([[(one, other) in self._pairs for other in second] for one in first], bool)


@functools.lru_cache(maxsize=64)
def _pairs(offer: tuple[Offer, ...], picks: tuple[int, ...]) -> frozenset[tuple[int, int]]:
    """Two sets that may be taken next, by number from 1."""
    indices = [number - 1 for number in picks]
    firsts = building.legal(offer, indices)
    return frozenset((one + 1, other + 1) for one in firsts for other in building.legal(offer, [*indices, one]))


def parts(states: Sequence[State | None], seats: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """`slots` of R decisions as arrays, nothing allowed where the state is `None`. Shapes (R, 2, A) bool and (R,)."""
    allowed, passes = np.zeros((len(states), 2, SIZE), bool), np.full(len(states), -1)
    for row, (state, seat) in enumerate(zip(states, seats, strict=True)):
        if state is not None:
            first, second, must_pass = slots(state, seat)
            allowed[row, 0, list(first)] = True
            allowed[row, 1, list(second)] = True
            passes[row] = -1 if must_pass is None else must_pass
    return allowed, passes


# --- steps --------------------------------------------------------------------------------------------------------------------


def start_many(options: VGCOptions, rngs: Sequence[np.random.Generator]) -> list[State]:
    """Matches that start together: one call of the engine.

    Raises:
        EngineError: One of them cannot start.
    """
    states = []
    for rng in rngs:
        seed, run = seed_from(rng), Run((options.processes, options.patch), None)
        if options.team_building:
            states.append(make_state(run, 0, seed, (None, None), draw.offers(options, run.engine, rng)))
        else:
            states.append(make_state(run, 0, seed, draw.teams(options, run.engine, rng)))
    return states if options.team_building else _begin(options, states)


def _begin(options: VGCOptions, states: Sequence[State]) -> list[State]:
    """The states once their battles have started."""
    if not states:
        return []
    engine = states[0].run.engine
    setups = [Setup(options.format_id, options.rules, state.seed, state.teams, options.sheets, options.prune, WANT) for state in states]
    return [_begun(state, answer) for state, answer in zip(states, engine.start_many(setups), strict=True)]


def step_many(options: VGCOptions, states: Sequence[State], actions: Sequence[Mapping[int, Any]]) -> list[State]:
    """Steps of many matches: one call of the engine. See `Steps`."""
    return [after for _, afters in Steps(options, states, actions, len(states)).results() for after in afters]


class Steps:
    """Steps of many matches under way: all are sent to the engine at once, and read as it answers.

    Args:
        options: What they are played under.
        states: The present states, of one engine.
        actions: For each the choices of exactly the seats to move; legal ones, which is not checked here.
        share: How many are sent in one line.

    Raises:
        UsageError: A state is spent.
    """

    def __init__(self, options: VGCOptions, states: Sequence[State], actions: Sequence[Mapping[int, Any]], share: int) -> None:
        self._options, self._share = options, max(1, share)
        for state in states:
            state.run.check(state.number)
        choices = [pending_choice(state, chosen) for state, chosen in zip(states, actions, strict=True)]
        parts = range(0, len(states), self._share)
        self._parts = [self._sent(begin, states[begin : begin + self._share], choices[begin : begin + self._share]) for begin in parts]

    def _sent(self, begin: int, states: Sequence[State], choices: Sequence[State | Joint]) -> _Part:
        items = [(state.run.battle, choice) for state, choice in zip(states, choices, strict=True) if not isinstance(choice, State)]
        pending = states[0].run.engine.submit(items) if items else None  # type: ignore[arg-type]  # a battle has started where one chooses
        return begin, states, choices, pending

    def results(self) -> Iterator[tuple[int, list[State]]]:
        """Where each part begins, and the states after its steps, part by part.

        Raises:
            ServiceGone: The engine failed in one of them.
        """
        for begin, states, choices, pending in self._parts:
            answers = iter(pending.result() if pending is not None else ())
            pairs = zip(states, choices, strict=True)
            yield (
                begin,
                [self._after(state, choice if isinstance(choice, State) else _answered(state, next(answers))) for state, choice in pairs],
            )

    def _after(self, state: State, after: State) -> State:
        options = self._options
        state.run.number += 1
        after = _begin(options, [_with_teams(after)])[0] if _complete(after) else after
        return after if to_move(options, after) else change(after, views=views(after))


_Part = tuple[int, Sequence[State], Sequence[State | Joint], "Pending[Update] | None"]


def pending_choice(state: State, actions: Mapping[int, Any]) -> State | Joint:
    """The next state where nobody needs to ask the engine, else the choices of both sides for it.

    Pairs of the preview and of team building are collected until they are complete.
    """
    pairs = {seat: (int(action[0]), int(action[1])) for seat, action in actions.items()}
    update = state.update
    if update is None:
        picks = tuple(chosen + pairs[seat] for seat, chosen in enumerate(state.picks))
        return change(state, number=state.number + 1, picks=picks)
    if update.sides[0].kind != "preview":
        return pairs.get(0), pairs.get(1)
    lineups = tuple(
        _lineup(side, chosen, pairs.get(seat)) for seat, (side, chosen) in enumerate(zip(update.sides, state.lineups, strict=True))
    )
    if any(len(lineup) < side.pick for side, lineup in zip(update.sides, lineups, strict=True)):
        return change(state, number=state.number + 1, lineups=lineups, fresh=False)
    return lineups[0] or None, lineups[1] or None


def _lineup(side: Side, chosen: tuple[int, ...], pair: tuple[int, int] | None) -> tuple[int, ...]:
    return chosen if pair is None else (*chosen, *(member for member in pair if member != PASS))[: side.pick]


def _answered(state: State, update: Update | EngineError) -> State:
    """The state after the engine has answered.

    Raises:
        IllegalAction: The simulator refuses a choice; the battle is unchanged.
        ServiceGone: The engine failed, which is no fault of a seat: the run ends and can be resumed.
    """
    if isinstance(update, IllegalAction):
        raise update
    if isinstance(update, EngineError):
        raise ServiceGone(f"PokemonVGC: the engine failed in a battle: {update}") from update
    reveals = tuple(count + (side.again is not None) for count, side in zip(state.reveals, update.sides, strict=True))
    return change(state, number=state.number + 1, update=update, fresh=True, lineups=((), ()), reveals=reveals)


def _begun(state: State, answer: tuple[Battle, Update] | EngineError) -> State:
    """The state once its battle has started.

    Raises:
        EngineError: It did not start.
    """
    if isinstance(answer, EngineError):
        raise answer
    battle, update = answer
    return change(state, run=Run(state.run.settings, battle, state.number), update=update, fresh=True)


def _complete(state: State) -> bool:
    """Whether both teams are built and their battle can start."""
    return state.update is None and all(len(chosen) >= TEAM_SIZE for chosen in state.picks)


def _with_teams(state: State) -> State:
    """The state with the teams that were built."""
    left, right = (
        building.finish(offer, [number - 1 for number in chosen]) for offer, chosen in zip(state.offers, state.picks, strict=True)
    )
    return change(state, teams=(left, right))


def rewards(state: State) -> tuple[float, float]:
    """1 and -1 at the end, 0 each before it and at a tie."""
    update = state.update
    if update is None or not update.over or update.winner is None:
        return (0.0, 0.0)
    return (1.0, -1.0) if update.winner == 0 else (-1.0, 1.0)
