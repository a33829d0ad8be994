"""`agentarena bench`: how fast environments run here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import click
import numpy as np

from agentarena.core import registry
from agentarena.core.actions import sample
from agentarena.core.batch import Bounds
from agentarena.core.game import Game, HasBatch, HasResources
from agentarena.core.rng import stream

from .common import echo_json, env_options, json_option, key_values, show_table

_BATCH = 1024


@click.command("bench")
@click.argument("envs", nargs=-1)
@click.option("--seconds", default=0.3, show_default=True, type=click.FloatRange(min=0.01), help="CPU time per measurement.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1), help="Measurements; the median is shown.")
@json_option
@env_options
def command(envs: tuple[str, ...], seconds: float, rounds: int, as_json: bool, settings: tuple[str, ...]) -> None:
    """Random legal play, decisions per CPU-second: the rules, the rules with text, PettingZoo's AEC, and array rules.

    `make bench` compares with other libraries in the same run.

    \b
    agentarena bench
    agentarena bench Dhumbal-v0 -s players=2
    """
    rows = []
    for env_id in envs or [name for name in registry.env_ids() if not registry.game_class(name).missing()]:
        game = registry.game(env_id, **key_values(settings))
        rows.append((env_id, [_speed(case(game, env_id, key_values(settings)), seconds, rounds) for case in _CASES.values()]))
    if as_json:
        games = [{"env": env_id, "decisions_per_cpu_second": dict(zip(_CASES, speeds, strict=True))} for env_id, speeds in rows]
        echo_json({"seconds": seconds, "rounds": rounds, "games": games})
        return
    cells = [(env_id, *("–" if speed is None else f"{speed:,.0f}" for speed in speeds)) for env_id, speeds in rows]
    show_table("Decisions per CPU-second, random legal play", ("id", *_CASES), cells, caption="– : the game does not have it.")


def _speed(play: Callable[[], int] | None, seconds: float, rounds: int) -> float | None:
    """Median decisions per CPU-second of some rounds; `None` for what the game does not have."""
    if play is None:
        return None
    rates = []
    for turn in range(rounds + 1):  # the first warms the caches
        began, count, spent = time.process_time(), 0, 0.0
        while spent < seconds:
            count += play()
            spent = time.process_time() - began
        if turn:
            rates.append(count / spent)
    return statistics.median(rates)


def _rules(game: Game[Any], env_id: str, options: dict[str, Any]) -> Callable[[], int]:
    return _walk(game, lambda state, seat: None)


def _text(game: Game[Any], env_id: str, options: dict[str, Any]) -> Callable[[], int]:
    return _walk(game, lambda state, seat: game.text.view(state, seat, game.news(state)))


def _walk(game: Game[Any], look: Callable[[Any, int], object]) -> Callable[[], int]:
    rng = stream(0)
    draws: Iterator[float] = iter(())

    def draw() -> float:
        nonlocal draws
        value = next(draws, None)
        if value is None:  # uniforms are drawn in blocks: one by one they would cost more than the rules
            draws = iter(rng.random(4096).tolist())
            value = next(draws)
        return value

    def play() -> int:
        state, decisions, steps, limit = game.start(rng), 0, 0, game.info.max_steps
        while (seats := game.to_move(state)) and steps < limit:
            actions = {}
            for seat in seats:
                look(state, seat)
                legal = game.legal(state, seat)
                actions[seat] = legal[int(draw() * len(legal))] if isinstance(legal, tuple) else sample(legal, rng)
            state = game.step(state, actions, rng)
            decisions += len(actions)
            steps += 1
        if isinstance(game, HasResources):
            game.release(state)
        return decisions

    return play


def _make(game: Game[Any], env_id: str, options: dict[str, Any]) -> Callable[[], int] | None:
    import gymnasium

    import agentarena as aa

    if not all(isinstance(game.action_space(seat), gymnasium.spaces.Discrete) for seat in range(game.info.seats)):
        return None
    env, rng = aa.make(env_id, **options), stream(0)

    def play() -> int:
        env.reset()
        decisions = 0
        while env.agents:
            observation, _, terminated, truncated, _ = env.last()
            if terminated or truncated:
                break
            legal = np.flatnonzero(observation["action_mask"])
            env.step(int(legal[int(rng.random() * len(legal))]))
            decisions += 1
        return decisions

    return play


def _batch(game: Game[Any], env_id: str, options: dict[str, Any]) -> Callable[[], int] | None:
    if not isinstance(game, HasBatch):
        return None
    rules, rng = game.batch(), stream(0)

    def play() -> int:
        state, decisions = rules.start(_BATCH, rng), 0
        while not (over := rules.over(state)).all():
            legal = rules.legal(state)
            to_move = rules.to_move(state)
            if isinstance(legal, Bounds):
                actions = legal.low + rng.random(legal.low.shape) * (legal.high - legal.low)
            else:
                actions = (rng.random(legal.shape, dtype=np.float32) * legal).argmax(-1)
            decisions += int(to_move.sum()) if to_move.ndim == 2 else int((~over).sum())
            state = rules.step(state, actions, rng)
        return decisions

    return play


_CASES: dict[str, Callable[[Game[Any], str, dict[str, Any]], Callable[[], int] | None]] = {
    "rules": _rules,
    "rules + text": _text,
    "make()": _make,
    f"batch of {_BATCH}": _batch,
}
