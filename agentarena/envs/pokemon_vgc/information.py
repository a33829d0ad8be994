"""What a side cannot know, redrawn; copies of a battle; states as bytes; and facts for trainers.

A fork holds a battle of its own in the engine: whoever makes one releases it, or the state that was last stepped from it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from . import rules
from .engine import EngineError, shared
from .options import MOST_OFFERED, TEAM_SIZE, VGCOptions
from .state import WANT, Run, State, change, make_state
from .teams import building
from .teams.building import Offer, offer_of

__all__ = ["diagnostics", "fork", "pack", "resample", "unpack"]

_LARGEST = 8 * 2**20


def fork(state: State, seed: str | None) -> State:
    """A state of its own that goes on from this one; with a seed its chance to come is another."""
    run = state.run
    run.check(state.number)
    if run.battle is None:
        return change(state, run=Run(run.settings, None, state.number), seed=state.seed if seed is None else seed)
    battle, update = run.engine.fork(run.battle, seed)
    return change(state, run=Run(run.settings, battle, state.number), update=update, fresh=False)


def resample(options: VGCOptions, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state of its own that the seat cannot tell from this one."""
    run = state.run
    run.check(state.number)
    seed = rules.seed_from(rng)
    if run.battle is None:
        other = _redrawn_picks(state, seat, rng)
        return change(state, run=Run(run.settings, None, state.number), seed=seed, **other)
    battle, update = run.engine.fork(run.battle, seed, (seat, rules.seed_from(rng)))
    lineups = state.lineups
    if lineups[1 - seat]:  # the pairs that the other side has chosen at the preview, which only it knows
        side = update.sides[1 - seat]
        drawn = rng.permutation(side.slots[0])[: len(lineups[1 - seat])].tolist()
        lineups = (lineups[0], tuple(drawn)) if seat == 0 else (tuple(drawn), lineups[1])
    return change(state, run=Run(run.settings, battle, state.number), update=update, fresh=False, lineups=lineups)


def _redrawn_picks(state: State, seat: int, rng: np.random.Generator) -> dict[str, Any]:
    """What the other side is offered and has taken, drawn anew: of it a seat knows only how much was taken. It is offered what the seat is."""
    offer = state.offers[seat]
    picks: list[int] = []
    while len(picks) < len(state.picks[1 - seat]):
        picks.append(int(rng.choice(building.legal(offer, picks))))
    drawn = tuple(index + 1 for index in picks)
    return {"offers": (offer, offer), "picks": (state.picks[0], drawn) if seat == 0 else (drawn, state.picks[1])}


# --- states as bytes ---------------------------------------------------------------------------------------------------------


def pack(state: State) -> bytes:
    """The state as bytes: the engine's snapshot and what is kept beside it. Privileged: it holds what is hidden."""
    run = state.run
    run.check(state.number)
    snapshot = None if run.battle is None else _ordered(run.engine.save(run.battle))
    parts = {
        "number": state.number,
        "seed": state.seed,
        "teams": state.teams,
        "offers": [[[one.packed, one.species] for one in offer] for offer in state.offers],
        "picks": state.picks,
        "lineups": state.lineups,
        "reveals": state.reveals,
        "snapshot": snapshot,
    }
    return json.dumps(parts, separators=(",", ":")).encode()


def _ordered(snapshot: str) -> str:
    """A snapshot with the parts of the battle in alphabetical order, which says nothing; the order within the parts stays, as effects
    act in it."""
    parts = json.loads(snapshot)
    if isinstance(state := parts.get("state"), dict):
        parts["state"] = {name: state[name] for name in sorted(state)}
    return json.dumps(parts, separators=(",", ":"))


def unpack(options: VGCOptions, data: bytes) -> State:
    """The inverse of `pack`, with a battle of its own.

    Raises:
        UsageError: The bytes are no state.
    """
    settings = (options.processes, options.patch)
    try:
        if len(data) > _LARGEST:
            raise ValueError(f"they are more than {_LARGEST} bytes")
        parts = json.loads(data)
        number, reveals = int(parts["number"]), parts["reveals"]
        seed, snapshot = str(parts["seed"]), parts["snapshot"]
        texts = (*parts["teams"], snapshot)
        if number < 0 or not all(one is None or type(one) is str for one in texts):
            raise ValueError("a part has the wrong type")
        pairs = {name: (_numbers(parts[name][0]), _numbers(parts[name][1])) for name in ("picks", "lineups")}
        left, right = parts["teams"]
        offers = (_offers(parts["offers"][0]), _offers(parts["offers"][1]))
        battle, update = (None, None) if snapshot is None else shared(*settings).load(snapshot, WANT)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, EngineError) as error:
        raise UsageError(f"these bytes are no state of PokemonVGC: {shown(str(error), 300)}") from None
    run = Run(settings, battle, number)
    counts = (int(reveals[0]), int(reveals[1]))
    return make_state(run, number, seed, (left, right), offers, pairs["picks"], pairs["lineups"], update, False, counts)


def _offers(sets: Any) -> tuple[Offer, ...]:
    if len(sets) > MOST_OFFERED:
        raise ValueError(f"{len(sets)} offered sets")
    return tuple(offer_of(str(packed), int(species)) for packed, species in sets)


def _numbers(values: Any) -> tuple[int, ...]:
    numbers = tuple(int(value) for value in values)
    if len(numbers) > TEAM_SIZE:
        raise ValueError(f"{len(numbers)} numbers of team members")
    return numbers


# --- facts for trainers -------------------------------------------------------------------------------------------------------


def diagnostics(options: VGCOptions, state: State, seat: int) -> dict[str, Any]:
    """Facts for `info`: the turn, whether the question is asked again because a choice revealed something, and how often that happened.

    With the option `trace` also the digest of the whole battle and its input log, which hold what is hidden.
    """
    update, run = state.update, state.run
    facts: dict[str, Any] = {
        "turn": 0 if update is None else update.turn,
        "revealed": int(update is not None and update.sides[seat].again is not None),
        "reveals": state.reveals[seat],
    }
    if options.trace:
        present = run.battle is not None and run.number == state.number
        facts["digest"] = run.engine.digest(run.battle) if present and run.battle is not None else ""
        facts["input_log"] = run.engine.input_log(run.battle) if present and run.battle is not None else []
    return facts
