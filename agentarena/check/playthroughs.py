"""Checks of how a match runs: who moves, what is accepted, how it ends."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import ActionSet, Box, Legal, Product, Text, decode, encode, sample
from agentarena.core.episode import Episode
from agentarena.core.errors import MatchOver
from agentarena.core.rng import CHANCE, DECISION, stream

from .clauses import NotApplicable, contract, expect
from .fingerprint import fingerprint
from .subject import Moment, Subject, random_action

_EPSILON = 1e-6


@contract("ends within max_steps", presets=True)
def ends_within_max_steps(subject: Subject) -> None:
    """Every random play ends by itself within `info.max_steps`."""
    for play in subject.plays():
        *_, last = play
        expect(not last.to_move, f"{last}: still going at max_steps = {subject.game.info.max_steps}")


@contract("to_move is ordered", presets=True)
def to_move_is_ordered(subject: Subject) -> None:
    """`to_move` is a tuple of ints in increasing order; several only in simultaneous games."""
    info = subject.game.info
    several = False
    for moment in subject.moments():
        seats = moment.to_move
        expect(
            isinstance(seats, tuple) and all(type(seat) is int for seat in seats),
            f"{moment}: to_move is {seats!r}, expected ints in a tuple",
        )
        expect(list(seats) == sorted(set(seats)), f"{moment}: to_move is {seats}, expected increasing seats")
        expect(all(0 <= seat < info.seats for seat in seats), f"{moment}: to_move is {seats}, but seats are 0 to {info.seats - 1}")
        several |= len(seats) > 1
        expect(not info.lockstep or len(seats) in (0, info.seats), f"{moment}: to_move is {seats}, but info.lockstep says that all move")
    expect(info.simultaneous or not several, "several seats move at once, but info.simultaneous is False")


@contract("legal moves", presets=True)
def legal_moves(subject: Subject) -> None:
    """The legal actions of every seat to move are increasing ints of its space, distinct strings, or an `ActionSet` whose samples lie in it."""
    for moment in subject.moments():
        for seat in subject.movers(moment):
            legal = subject.game.legal(moment.state, seat)
            space = subject.game.action_space(seat)
            where = f"{moment}, seat {seat}"
            if isinstance(legal, ActionSet):
                _check_set(legal, space, subject.chance(moment.seed, moment.step, seat), where)
            else:
                _check_listed(legal, space, where)


def _check_listed(legal: Any, space: gymnasium.Space[Any], where: str) -> None:
    expect(isinstance(legal, tuple), f"{where}: legal is a {type(legal).__name__}, expected a tuple of ints or strings, or an ActionSet")
    expect(len(legal) > 0, f"{where}: it is to move, but nothing is legal")
    if type(legal[0]) is str:
        expect(all(type(a) is str for a in legal), f"{where}: legal is {legal[:10]}, expected strings throughout")
        expect(len(set(legal)) == len(legal), f"{where}: legal is {legal[:20]}, expected strings without repeats")
        expect(all(space.contains(a) for a in legal), f"{where}: some of legal {legal[:10]} lies outside {space}")
        return
    expect(all(type(a) is int for a in legal), f"{where}: legal is {legal[:10]}, expected Python ints")
    expect(list(legal) == sorted(set(legal)), f"{where}: legal is {legal[:20]}, expected increasing ints without repeats")
    expect(all(space.contains(a) for a in (legal[0], legal[-1])), f"{where}: legal {legal[0]} to {legal[-1]} leaves {space}")


def _check_set(legal: ActionSet, space: gymnasium.Space[Any], rng: np.random.Generator, where: str) -> None:
    for action in (sample(legal, rng), random_action(legal, rng)):
        reason = legal.violation(action)
        expect(reason is None, f"{where}: the legal set refuses its own sample {action!r:.100}: {reason}")
        data = json.loads(json.dumps(encode(legal, action), allow_nan=False))
        expect(fingerprint(decode(legal, data)) == fingerprint(action), f"{where}: {action!r:.100} does not survive JSON")
        _check_member(legal, action, space, where)


def _check_member(legal: Legal, action: Any, space: gymnasium.Space[Any], where: str) -> None:
    if isinstance(legal, Product) and not legal.named:
        expect(isinstance(space, gymnasium.spaces.MultiDiscrete | gymnasium.spaces.Tuple), f"{where}: moves are tuples, not of {space}")
        expect(
            space.contains(np.array(action) if isinstance(space, gymnasium.spaces.MultiDiscrete) else action),
            f"{where}: {action!r:.100} lies outside {space}",
        )
    elif isinstance(legal, Product):
        expect(isinstance(space, gymnasium.spaces.Dict), f"{where}: moves have named parts, but the action space is {space}")
        assert isinstance(space, gymnasium.spaces.Dict)
        expect(
            set(space.spaces) == set(legal.parts), f"{where}: the action space has parts {sorted(space.spaces)}, not {sorted(legal.parts)}"
        )
        for name, part in legal.parts.items():
            _check_member(part, action[name], space[name], f"{where}, part {name}")
    elif isinstance(legal, Box):
        expect(isinstance(space, gymnasium.spaces.Box), f"{where}: moves are numbers, but the action space is {space}")
        assert isinstance(space, gymnasium.spaces.Box)
        value = np.asarray(np.clip(np.asarray(action), space.low, space.high), space.dtype)
        expect(space.contains(value) and np.allclose(value, action, atol=1e-5), f"{where}: {action!r:.100} lies outside {space}")
    elif isinstance(legal, Text):
        ours = isinstance(space, gymnasium.spaces.Text) and space.max_length >= legal.max_chars
        expect(ours, f"{where}: words of up to {legal.max_chars} characters do not fit {space}")
    else:
        expect(space.contains(action), f"{where}: {action!r:.100} lies outside {space}")


@contract("returns match info", presets=True)
def returns_match_info(subject: Subject) -> None:
    """Rewards are tuples of floats, nothing at the start; returns lie in the declared range and add up as declared."""
    for play in subject.plays():
        totals = np.zeros(subject.game.info.seats)
        for moment in play:
            rewards = subject.game.rewards(moment.state)
            _check_rewards(rewards, subject.game.info.seats, moment)
            totals += rewards
        if not moment.to_move:
            _check_returns(subject, totals, moment)


def _check_rewards(rewards: tuple[float, ...], seats: int, moment: Moment) -> None:
    right = isinstance(rewards, tuple) and len(rewards) == seats and all(type(reward) is float for reward in rewards)
    expect(right, f"{moment}: rewards are {rewards!r:.200}, expected a tuple of {seats} Python floats")
    expect(all(map(math.isfinite, rewards)), f"{moment}: rewards are {rewards!r:.200}, expected finite numbers")
    expect(moment.step > 0 or not any(rewards), f"{moment}: rewards are {rewards!r:.200} before anyone moved")


def _check_returns(subject: Subject, totals: np.ndarray, moment: Moment) -> None:
    info = subject.game.info
    slack = _EPSILON * max(1.0, abs(info.low), abs(info.high))
    rounded = np.round(totals[:12], 6).tolist()
    inside = bool(np.all(totals >= info.low - slack) and np.all(totals <= info.high + slack))
    expect(inside, f"{moment}: returns {rounded} leave the declared range {info.low:g} to {info.high:g}")
    if info.sum in ("zero", "constant"):
        expect(
            abs(totals.sum() - info.total) <= slack * info.seats,
            f"{moment}: returns {rounded} add up to {totals.sum():g}, not {info.total:g}",
        )
    if info.sum == "common":
        expect(bool(np.all(np.abs(totals - totals[0]) <= slack)), f"{moment}: returns {rounded} differ, but info.sum is 'common'")


@contract("legal actions are accepted", forkable=True, presets=True)
def legal_actions_are_accepted(subject: Subject) -> None:
    """Every listed action, and samples of an `ActionSet`, can be played."""
    for moment in subject.moments(60):
        for seat in subject.movers(moment):
            legal = subject.game.legal(moment.state, seat)
            rng = subject.chance(moment.seed, moment.step, seat)
            actions = legal if isinstance(legal, tuple) else (legal.sample(rng), random_action(legal, rng))
            for action in actions:
                subject.game.step(moment.state, {**moment.actions, seat: action}, rng)


@contract("step is pure", forkable=True, presets=True)
def step_is_pure(subject: Subject) -> None:
    """States are frozen and survive pickling; `step` does not change the one it is given, nor the actions."""
    for moment in subject.moments(60):
        state = moment.state
        print_before = fingerprint(state)
        frozen = getattr(getattr(type(state), "__dataclass_params__", None), "frozen", True)
        expect(frozen, f"the state is a {type(state).__name__}, a dataclass that is not frozen")
        expect(fingerprint(pickle.loads(pickle.dumps(state))) == print_before, f"{moment}: the state is not equal to its pickle")
        if moment.to_move:
            actions_before = fingerprint(dict(moment.actions))
            subject.game.step(state, moment.actions, subject.chance(1))
            expect(fingerprint(dict(moment.actions)) == actions_before, f"{moment}: step changed the actions it was given")
        expect(fingerprint(state) == print_before, f"{moment}: step changed the state it was given")


@contract("step is deterministic", forkable=True)
def step_is_deterministic(subject: Subject) -> None:
    """`start` and `step` are functions of their arguments: equal streams give equal states."""
    game = subject.game
    for seed in subject.seeds[:5]:
        expect(fingerprint(game.start(stream(seed))) == fingerprint(game.start(stream(seed))), f"seed {seed}: two starts differ")
    for moment in subject.moments(60):
        if moment.to_move:
            first, second = (fingerprint(game.step(moment.state, moment.actions, subject.chance(2))) for _ in range(2))
            expect(first == second, f"{moment}: the same step with the same stream gave two different states")


@contract("terminal states are final", presets=True)
def terminal_states_are_final(subject: Subject) -> None:
    """After the end every step raises MatchOver, every seat can still look, and the winner is a seat, a team or nobody."""
    game = subject.game
    for play in subject.plays():
        totals = np.zeros(game.info.seats)
        for moment in play:
            totals += game.rewards(moment.state)
        if moment.to_move:
            continue
        before = subject.trace(moment)
        for actions in ({}, {0: 0}):
            _expect_over(subject, moment, actions)
        for seat in subject.seats(moment):
            game.observe(moment.state, seat)
            game.text.view(moment.state, seat, moment.unread(seat))
            role, team = game.role(moment.state, seat), game.team(moment.state, seat)
            expect(role is None or isinstance(role, str), f"{moment}: role of seat {seat} is {role!r}, expected a string or None")
            expect(team is None or isinstance(team, str), f"{moment}: team of seat {seat} is {team!r}, expected a string or None")
        _check_winner(subject, moment, tuple(totals.tolist()))
        expect(subject.trace(moment) == before, f"{moment}: looking at a finished match changed it")


def _expect_over(subject: Subject, moment: Moment, actions: dict[int, Any]) -> None:
    try:
        subject.game.step(moment.state, actions, subject.chance(3))
    except MatchOver:
        return
    except Exception as error:
        expect(False, f"{moment}: stepping a finished match with {actions} raised {type(error).__name__}, expected MatchOver")
    expect(False, f"{moment}: stepping a finished match with {actions} was accepted, expected MatchOver")


def _check_winner(subject: Subject, moment: Moment, returns: tuple[float, ...]) -> None:
    game = subject.game
    winner = game.winner(moment.state, returns)
    teams = {game.team(moment.state, seat) for seat in range(game.info.seats)} - {None}
    seat = type(winner) is int and 0 <= winner < game.info.seats
    expect(
        winner is None or seat or winner in teams,
        f"{moment}: the winner is {winner!r}, expected a seat, one of {sorted(map(str, teams))} or None",
    )


@contract("matches are independent")
def matches_are_independent(subject: Subject) -> None:
    """Two matches played in turns go as they go one after the other."""
    game = subject.game
    seeds = (11, 12)
    alone = [_finish(game, seed) for seed in seeds]
    episodes = [Episode(game, stream(seed, CHANCE)) for seed in seeds]
    choices = [stream(seed, DECISION) for seed in seeds]
    traces: list[list[str]] = [[], []]
    while any(episode.to_move for episode in episodes):
        for episode, choice, trace in zip(episodes, choices, traces, strict=True):
            if episode.to_move:
                _advance(episode, choice, trace)
    for episode in episodes:
        episode.close()
    expect(traces == alone, "two matches played in turns differ from the same two played one after the other: something is shared")


def _finish(game: Any, seed: int) -> list[str]:
    choice, trace = stream(seed, DECISION), list[str]()
    with Episode(game, stream(seed, CHANCE)) as episode:
        while episode.to_move:
            _advance(episode, choice, trace)
    return trace


def _advance(episode: Episode, choice: np.random.Generator, trace: list[str]) -> None:
    seats = episode.to_move
    trace.append(fingerprint(episode.game.observe(episode.state, seats[0])))
    rewards = episode.step({seat: random_action(episode.game.legal(episode.state, seat), choice) for seat in seats})
    trace.append(fingerprint((rewards, [event.data for event in episode.game.news(episode.state)])))


@contract("chance is declared", forkable=True)
def chance_is_declared(subject: Subject) -> None:
    """Where `info.chance` is False, start and steps do not depend on the stream; where it is True, something does."""
    game = subject.game
    starts = {fingerprint(game.start(stream(seed))) for seed in range(20)}
    varied = len(starts) > 1
    for moment in subject.moments(200):
        if moment.to_move and not (varied and game.info.chance):
            varied |= len({fingerprint(game.step(moment.state, moment.actions, subject.chance(4, i))) for i in range(4)}) > 1
    if varied and not game.info.chance:
        expect(False, "a start or a step depends on the stream of randomness, but info.chance is False")
    if game.info.chance and not varied:
        raise NotApplicable("info.chance is True, but no start or step of the sampled plays was seen to be random")
