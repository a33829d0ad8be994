"""Checks of array rules and of packed states: they agree with the rules."""

from __future__ import annotations

import importlib.util
import inspect
from dataclasses import fields
from typing import Any

import numpy as np

from agentarena.core.actions import Box, violation
from agentarena.core.batch import Batch, Bounds, map_leaves
from agentarena.core.errors import NotSupported
from agentarena.core.game import HasBatch, HasResources, Serializable

from .clauses import NotApplicable, contract, expect
from .fingerprint import fingerprint
from .subject import Subject

_SIZE = 8
_STEPS = 200
"""Most steps of a batch that are compared one by one."""
_DRAWS = 12
"""How often a step is taken to see whether it is random."""


@contract("packs and unpacks", presets=True)
def packs_and_unpacks(subject: Subject) -> None:
    """`unpack(pack(state))` is the state, and packs to the same bytes."""
    game = subject.game
    if not isinstance(game, Serializable):
        raise NotApplicable("the game does not pack its states")
    for moment in subject.moments(60):
        data = game.pack(moment.state)
        expect(type(data) is bytes, f"{moment}: pack gives a {type(data).__name__}, expected bytes")
        again = game.unpack(data)
        expect(game.pack(again) == data, f"{moment}: unpacked and packed again the bytes differ")
        if game.info.forkable:
            expect(fingerprint(again) == fingerprint(moment.state), f"{moment}: the unpacked state differs from the packed one")
        seats = subject.seats(moment, 2)
        same = all(fingerprint(game.observe(again, s)) == fingerprint(game.observe(moment.state, s)) for s in seats)
        expect(same and game.to_move(again) == moment.to_move, f"{moment}: the unpacked state looks different from the packed one")
        if isinstance(game, HasResources):
            game.release(again)


def _batch(subject: Subject, history: bool = False) -> Batch[Any]:
    """The array rules; with the past of matches, if that is wanted and the game can keep it."""
    if not isinstance(subject.game, HasBatch):
        raise NotApplicable("the game has no array rules")
    build: Any = subject.game.batch
    try:
        return build(history=True) if history and "history" in inspect.signature(build).parameters else subject.game.batch()
    except NotSupported as error:
        raise NotApplicable(str(error)) from None


@contract("array rules agree", forkable=True, presets=True)
def array_rules_agree(subject: Subject) -> None:
    """Every match of a batch is, at every step, a state of the scalar rules: same seats, actions, observations, rewards, successors."""
    game, batch = subject.game, _batch(subject, history=True)
    rng = subject.chance(11)
    state = batch.start(_SIZE, rng)
    for step in range(min(game.info.max_steps, _STEPS)):
        over = batch.over(state)
        try:
            scalars = [batch.unbatch(state, i) for i in range(_SIZE)]
        except NotImplementedError:
            raise NotApplicable("the array rules do not convert to scalar states") from None
        _compare(subject, batch, state, scalars, f"batch step {step}")
        if over.all():
            return
        actions = _random_actions(batch, state, rng)
        before = fingerprint(state)
        stepped = batch.step(state, actions, rng)
        expect(fingerprint(state) == before, f"batch step {step}: step changed its input")
        for i in np.flatnonzero(~over).tolist():
            _compare_step(subject, batch, (state, stepped), scalars[i], actions, i, f"batch step {step}, match {i}")
        state = stepped
    expect(bool(batch.over(state).all()) or game.info.max_steps > _STEPS, "a batch played at random did not finish within max_steps")


def _compare(subject: Subject, batch: Batch[Any], state: Any, scalars: list[Any], step: str) -> None:
    """The batch against the scalar states of all its matches."""
    game = subject.game
    over, truncated, moving, legal = batch.over(state), batch.truncated(state), batch.to_move(state), batch.legal(state)
    everything = batch.observe_all(state)
    one_by_one = {seat: batch.observe(state, seat) for seat in range(game.info.seats)}
    for i, scalar in enumerate(scalars):
        where = f"{step}, match {i}"
        pending = game.to_move(scalar)
        expect(bool(over[i]) == (not pending), f"{where}: over is {over[i]}, but the scalar rules ask {pending}")
        expect(bool(truncated[i]) == game.truncated(scalar), f"{where}: truncated is {truncated[i]}, unlike the scalar rules")
        if moving.ndim == 2:
            expect(
                tuple(np.flatnonzero(moving[i])) == pending, f"{where}: to move {np.flatnonzero(moving[i])}, the scalar rules ask {pending}"
            )
        else:
            expect(int(moving[i]) == (pending[0] if pending else -1), f"{where}: to move {moving[i]}, the scalar rules ask {pending}")
        for seat in pending:
            at = (i, seat) if moving.ndim == 2 else (i,)
            (_compare_bounds if isinstance(legal, Bounds) else _compare_mask)(game, legal, at, scalar, seat, where)
        for seat in range(game.info.seats):
            own, expected = _row(one_by_one[seat], i), game.observe(scalar, seat)
            expect(fingerprint(own) == fingerprint(expected), f"{where}, seat {seat}: the observation differs from the scalar rules'")
            padded = _row(everything, (i, seat))
            if isinstance(own, np.ndarray) and own.ndim == 1:
                expect(not padded[len(own) :].any(), f"{where}, seat {seat}: observe_all has more than zeros beyond the observation")
                padded = padded[: len(own)]
            expect(fingerprint(padded) == fingerprint(own), f"{where}, seat {seat}: observe_all differs from observe")


def _compare_mask(game: Any, mask: np.ndarray, at: tuple[int, ...], scalar: Any, seat: int, where: str) -> None:
    legal = game.legal(scalar, seat)
    expect(
        mask.dtype == np.int8 and tuple(np.flatnonzero(mask[at])) == legal,
        f"{where}, seat {seat}: legal {np.flatnonzero(mask[at])}, the scalar rules say {legal}",
    )


def _compare_bounds(game: Any, bounds: Bounds, at: tuple[int, ...], scalar: Any, seat: int, where: str) -> None:
    legal = game.legal(scalar, seat)
    if isinstance(legal, Box):
        low, high = bounds.low[at], bounds.high[at]
        size = int(np.prod(legal.shape))
        same = np.allclose(low[:size], legal.low.ravel()) and np.allclose(high[:size], legal.high.ravel())
        expect(
            same and np.array_equal(low[size:], high[size:]), f"{where}, seat {seat}: bounds {low} to {high} differ from the scalar rules'"
        )


def _row(observation: Any, at: Any) -> Any:
    return map_leaves(lambda part: np.asarray(part[at]), observation)


def _random_actions(batch: Batch[Any], state: Any, rng: np.random.Generator) -> np.ndarray:
    """Uniformly random legal actions, as `Batch.step` takes them; the first or lowest of seats that are not to move."""
    legal = batch.legal(state)
    if isinstance(legal, Bounds):
        return np.asarray(legal.low + rng.random(legal.low.shape) * (legal.high - legal.low))
    return np.argmax(legal * rng.uniform(0.5, 1.0, legal.shape), axis=-1)


def _compare_step(
    subject: Subject, batch: Batch[Any], states: tuple[Any, Any], scalar: Any, actions: np.ndarray, i: int, where: str
) -> None:
    """One match before and after a step against the scalar rules."""
    game, (before, stepped) = subject.game, states
    joint = batch.to_move(before).ndim == 2
    chosen = {seat: batch.scalar_action(before, i, seat, actions[i, seat] if joint else actions[i]) for seat in game.to_move(scalar)}
    for seat, action in chosen.items():
        reason = violation(game.legal(scalar, seat), action)
        expect(reason is None, f"{where}, seat {seat}: the scalar rules refuse {action!r:.80}: {reason}")
    credited = batch.rewards(stepped)[i]
    after = game.step(scalar, chosen, subject.chance(12, 0))
    others = (game.step(scalar, chosen, subject.chance(12, draw)) for draw in range(1, _DRAWS))
    if any(fingerprint(other) != fingerprint(after) for other in others):  # a random step: the batch may have drawn another outcome
        return
    expect(
        np.allclose(credited, game.rewards(after), atol=1e-6), f"{where}: rewards {credited}, the scalar rules pay {game.rewards(after)}"
    )
    again = batch.unbatch(stepped, i)
    if isinstance(batch.legal(before), Bounds):  # array states may keep less of the past than scalar ones: what is seen must be equal
        seats = range(game.info.seats)
        same = game.to_move(again) == game.to_move(after)
        same = same and all(np.allclose(game.observe(again, seat), game.observe(after, seat), rtol=1e-6) for seat in seats)
    else:
        same = fingerprint(again) == fingerprint(after)
    expect(same, f"{where}: after {chosen!r:.200} the batch holds another state than the scalar rules")


@contract("array rules on torch", presets=True)
def array_rules_on_torch(subject: Subject) -> None:
    """Array rules that take a namespace are the same on numpy and on torch, restarts included: in every bit, and with real-valued
    actions up to the rounding of sums and elementary functions."""
    batch = _batch(subject)
    build: Any = subject.game.batch  # type: ignore[attr-defined]  # HasBatch
    if "xp" not in inspect.signature(build).parameters:
        raise NotApplicable("the array rules are for numpy only")
    if importlib.util.find_spec("torch") is None:
        raise NotApplicable("torch is not installed")
    import torch

    twin, rng, other = build(xp=torch, device="cpu"), subject.chance(14), subject.chance(14)
    state, tensors = batch.start(_SIZE, rng), twin.start(_SIZE, other)
    rounded = isinstance(batch.legal(state), Bounds)
    for step in range(min(2 * subject.game.info.max_steps, 100)):
        for name in ("over", "truncated", "to_move", "legal", "rewards", "observe_all"):
            _expect_equal(getattr(batch, name)(state), getattr(twin, name)(tensors), twin, f"batch step {step}: {name}", rounded)
        for field in fields(state):
            column, other_column = getattr(state, field.name), getattr(tensors, field.name)
            _expect_equal(column, other_column, twin, f"batch step {step}: state.{field.name}", rounded)
        actions = _random_actions(batch, state, rng)
        _random_actions(batch, state, other)  # the same draws from the twin's stream
        state, tensors = batch.step(state, actions, rng), twin.step(tensors, twin.arrays.asarray(actions), other)
        over = batch.over(state)
        if step % 5 == 4 and over.any():
            state = batch.replace(state, over, batch.start(int(over.sum()), rng))
            tensors = twin.replace(tensors, over, twin.start(int(over.sum()), other))


def _expect_equal(ours: Any, theirs: Any, twin: Batch[Any], where: str, rounded: bool) -> None:
    on_host: Any = (
        map_leaves(twin.arrays.to_numpy, theirs) if not isinstance(theirs, Bounds) else Bounds(*map(twin.arrays.to_numpy, theirs))
    )
    same = fingerprint(ours) == fingerprint(on_host)
    if rounded and isinstance(ours, np.ndarray) and ours.dtype.kind == "f":
        same = ours.dtype == on_host.dtype and ours.shape == on_host.shape and np.allclose(ours, on_host, rtol=1e-9, atol=1e-9)
    expect(same, f"{where} differs between numpy and torch")


@contract("finished matches rest", presets=True)
def finished_matches_rest(subject: Subject) -> None:
    """In a batch a finished match stays finished, earns nothing more, ignores actions, and is replaced by a fresh one on request."""
    batch = _batch(subject)
    rng = subject.chance(13)
    state = batch.start(_SIZE, rng)
    for _ in range(subject.game.info.max_steps):
        if batch.over(state).all():
            break
        state = batch.step(state, _random_actions(batch, state, rng), rng)
    expect(bool(batch.over(state).all()), "a batch played at random did not finish within max_steps")
    after = batch.step(state, _random_actions(batch, state, rng), rng)
    expect(bool(batch.over(after).all()), "a finished match of a batch went on")
    expect(not np.any(batch.rewards(after)), "a finished match of a batch was paid again")
    where = np.arange(_SIZE) % 2 == 0
    fresh = batch.start(int(where.sum()), rng)
    mixed = batch.replace(after, where, fresh)
    expect(fingerprint(batch.select(mixed, where)) == fingerprint(fresh), "replace did not put the fresh matches where it was told to")
    expect(fingerprint(batch.select(mixed, ~where)) == fingerprint(batch.select(after, ~where)), "replace touched other matches")
