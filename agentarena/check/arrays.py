"""Checks of array rules and of packed states: they agree with the rules."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from agentarena.core.batch import Batch
from agentarena.core.game import HasBatch, HasResources, Serializable

from .fingerprint import fingerprint
from .subject import Subject
from .suite import NotApplicable, contract, expect

_SIZE = 8


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
        expect(same and game.to_move(again) == moment.asked, f"{moment}: the unpacked state looks different from the packed one")
        if isinstance(game, HasResources):
            game.release(again)


def _batch(subject: Subject) -> Batch[Any]:
    if not isinstance(subject.game, HasBatch):
        raise NotApplicable("the game has no array rules")
    if not all(isinstance(subject.game.action_space(seat), gymnasium.spaces.Discrete) for seat in {0, subject.game.info.seats - 1}):
        raise NotApplicable("moves are not Discrete, so array rules have no masks; the game's own tests compare the two")
    return subject.game.batch()


@contract("array rules agree", forkable=True, presets=True)
def array_rules_agree(subject: Subject) -> None:
    """Every match of a batch is, at every step, a state of the scalar rules: same seats, masks, observations, rewards, successors."""
    game, batch = subject.game, _batch(subject)
    rng = subject.chance(11)
    state = batch.start(_SIZE, rng)
    for step in range(min(game.info.max_steps, 200)):
        over = batch.over(state)
        try:
            scalars = [batch.unbatch(state, i) for i in range(_SIZE)]
        except NotImplementedError:
            raise NotApplicable("the array rules do not convert to scalar states") from None
        for i in range(_SIZE):
            _compare(subject, batch, state, scalars[i], i, f"batch step {step}, match {i}")
        if over.all():
            return
        actions = _random_actions(subject, batch, state, rng)
        stepped = batch.step(state, actions, rng)
        for i in np.flatnonzero(~over).tolist():
            _compare_step(subject, batch, stepped, scalars[i], actions, i, f"batch step {step}, match {i}")
        state = stepped
    expect(bool(batch.over(state).all()), "a batch played at random did not finish within max_steps")


def _compare(subject: Subject, batch: Batch[Any], state: Any, scalar: Any, i: int, where: str) -> None:
    game = subject.game
    asked = game.to_move(scalar)
    expect(bool(batch.over(state)[i]) == (not asked), f"{where}: over is {batch.over(state)[i]}, but the scalar rules ask {asked}")
    mover = batch.to_move(state)[i]
    mask = batch.legal(state)[i]
    if np.ndim(mover):
        expect(tuple(np.flatnonzero(mover)) == asked, f"{where}: asked {np.flatnonzero(mover)}, the scalar rules ask {asked}")
    else:
        expect(int(mover) == (asked[0] if asked else -1), f"{where}: asked {mover}, the scalar rules ask {asked}")
    for seat in asked:
        row = mask[seat] if np.ndim(mover) else mask
        legal = game.legal(scalar, seat)
        expect(
            mask.dtype == np.int8 and tuple(np.flatnonzero(row)) == legal,
            f"{where}, seat {seat}: legal {np.flatnonzero(row)}, the scalar rules say {legal}",
        )
        ours, theirs = _row(batch.observe(state, seat), i), game.observe(scalar, seat)
        expect(fingerprint(ours) == fingerprint(theirs), f"{where}, seat {seat}: the observation differs from the scalar rules'")


def _row(observation: Any, i: int) -> Any:
    if isinstance(observation, dict):
        return {key: np.asarray(value[i]) for key, value in observation.items()}
    return np.asarray(observation[i])


def _random_actions(subject: Subject, batch: Batch[Any], state: Any, rng: np.random.Generator) -> np.ndarray:
    """Uniformly random legal actions; 0 where nobody is asked. Shape (B,) or (B, S)."""
    mask = batch.legal(state).astype(np.float64)
    return np.argmax(mask * rng.uniform(0.5, 1.0, mask.shape), axis=-1)


def _compare_step(subject: Subject, batch: Batch[Any], stepped: Any, scalar: Any, actions: np.ndarray, i: int, where: str) -> None:
    game = subject.game
    asked = game.to_move(scalar)
    chosen = {seat: int(actions[i][seat] if actions.ndim > 1 else actions[i]) for seat in asked}
    got = batch.rewards(stepped)[i]
    after, other = (game.step(scalar, chosen, subject.chance(12, draw)) for draw in range(2))
    if fingerprint(after) != fingerprint(other):  # a random step: the batch drew another outcome
        return
    expect(np.allclose(got, game.rewards(after), atol=1e-6), f"{where}: rewards {got}, the scalar rules pay {game.rewards(after)}")
    expect(
        fingerprint(batch.unbatch(stepped, i)) == fingerprint(after),
        f"{where}: after {chosen} the batch holds another state than the scalar rules",
    )


@contract("finished matches rest", presets=True)
def finished_matches_rest(subject: Subject) -> None:
    """In a batch a finished match stays finished, earns nothing more, ignores actions, and is replaced by a fresh one on request."""
    batch = _batch(subject)
    rng = subject.chance(13)
    state = batch.start(_SIZE, rng)
    for _ in range(subject.game.info.max_steps):
        if batch.over(state).all():
            break
        state = batch.step(state, _random_actions(subject, batch, state, rng), rng)
    expect(bool(batch.over(state).all()), "a batch played at random did not finish within max_steps")
    after = batch.step(state, _random_actions(subject, batch, state, rng), rng)
    expect(bool(batch.over(after).all()), "a finished match of a batch went on")
    expect(not np.any(batch.rewards(after)), "a finished match of a batch was paid again")
    where = np.arange(_SIZE) % 2 == 0
    mixed = batch.replace(after, where, batch.start(_SIZE, rng))
    expect(bool(np.array_equal(batch.over(mixed), ~where)), "replace did not put fresh matches exactly where it was asked to")
