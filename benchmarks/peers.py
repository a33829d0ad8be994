"""Random legal play, steps per CPU-second: ours beside PettingZoo, OpenSpiel, RLCard and TextArena, in one run.

    python -m benchmarks.peers                      # every game, every library that is installed
    python -m benchmarks.peers --games tictactoe    # one game
    python -m benchmarks.peers --json out.json

One step is one player's decision, with what that library does to learn the legal moves (and, where its API makes the
caller take one, the observation); resets are included. Cases are interleaved round by round and the median over the
rounds is shown, since machines are noisy; ratios are safer than absolute figures. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.core.rng import stream

GAMES = {
    # name: our id, OpenSpiel, PettingZoo module (classic), TextArena, RLCard
    "tictactoe": ("TicTacToe-v0", "tic_tac_toe", "tictactoe_v3", "TicTacToe-v0", None),
    "connectfour": ("ConnectFour-v0", "connect_four", "connect_four_v3", "ConnectFour-v0", None),
    "kuhn": ("KuhnPoker-v0", "kuhn_poker", None, "KuhnPoker-v0", None),
    "leduc": ("LeducPoker-v0", "leduc_poker", "leduc_holdem_v4", None, "leduc-holdem"),
}

Match = Callable[[], int]
"""Plays one match to its end and returns its number of decisions."""


def ours_rules(env_id: str, pick: Random) -> Match:
    """The rules themselves: to_move, legal, step."""
    game, rng, draw = aa.game(env_id), stream(0), pick.random
    to_move, legal, step, start = game.to_move, game.legal, game.step, game.start

    def play() -> int:
        state, steps = start(rng), 0
        while seats := to_move(state):
            seat = seats[0]
            actions = legal(state, seat)
            state = step(state, {seat: actions[int(draw() * len(actions))]}, rng)
            steps += 1
        return steps

    return play


def ours_text(env_id: str, pick: Random) -> Match:
    """The rules with the mover's view rendered as text at every step."""
    game, rng, draw = aa.game(env_id), stream(0), pick.random
    face = game.text

    def play() -> int:
        state, steps = game.start(rng), 0
        while seats := game.to_move(state):
            seat = seats[0]
            face.view(state, seat, game.news(state))
            actions = game.legal(state, seat)
            state = game.step(state, {seat: actions[int(draw() * len(actions))]}, rng)
            steps += 1
        return steps

    return play


def _play_aec(env: Any, pick: Random) -> Match:
    draw = pick.random

    def play() -> int:
        env.reset()
        steps = 0
        while env.agents:
            observation, _, terminated, truncated, _ = env.last()
            if terminated or truncated:
                break  # the others would be stepped with None; the match is over
            legal = observation["action_mask"].nonzero()[0]
            env.step(int(legal[int(draw() * len(legal))]))
            steps += 1
        return steps

    return play


def ours_make(env_id: str, pick: Random) -> Match:
    """`agentarena.make`: PettingZoo AEC with masks."""
    return _play_aec(aa.make(env_id), pick)


def ours_batch(env_id: str, pick: Random) -> Match:
    """Array rules, 4096 matches at once, masks and the drawing of actions included; one call plays all of them to the end.

    `connectfour_batch_speed.py` compares array and scalar rules without the drawing, which is the same work on both sides.
    """
    rules, rng = aa.game(env_id).batch(), stream(0)  # type: ignore[attr-defined]

    def play() -> int:
        state, steps = rules.start(4096, rng), 0
        while not (over := rules.over(state)).all():
            state = rules.step(state, _draw(rules.legal(state), rng), rng)
            steps += int((~over).sum())
        return steps

    return play


def _draw(legal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random legal action of each row of a mask (B, A): the one at which the running count passes a random mark."""
    marks = (rng.random(len(legal), dtype=np.float32) * legal.sum(-1)).astype(np.int8)
    return (legal.cumsum(-1, dtype=np.int8) > marks[:, None]).argmax(-1)


def pettingzoo_make(module: str, pick: Random) -> Match:
    """PettingZoo with its three wrappers, as `make` returns it."""
    return _play_aec(_pettingzoo(module).env(), pick)


def pettingzoo_raw(module: str, pick: Random) -> Match:
    """PettingZoo's `raw_env`, without wrappers."""
    return _play_aec(_pettingzoo(module).raw_env(), pick)


def _pettingzoo(module: str) -> Any:
    import importlib

    return importlib.import_module(f"pettingzoo.classic.{module}")


def openspiel(name: str, pick: Random) -> Match:
    """OpenSpiel's C++ core driven from Python: legal_actions, apply_action."""
    import pyspiel

    game, draw = pyspiel.load_game(name), pick.random

    def play() -> int:
        state, steps = game.new_initial_state(), 0
        while not state.is_terminal():
            if state.is_chance_node():
                outcomes = state.chance_outcomes()
                state.apply_action(outcomes[int(draw() * len(outcomes))][0])
                continue
            actions = state.legal_actions()
            state.apply_action(actions[int(draw() * len(actions))])
            steps += 1
        return steps

    return play


def openspiel_tensor(name: str, pick: Random) -> Match:
    """The same with the mover's information or observation tensor at every step."""
    import pyspiel

    game, draw = pyspiel.load_game(name), pick.random
    kind = game.get_type().provides_information_state_tensor

    def play() -> int:
        state, steps = game.new_initial_state(), 0
        while not state.is_terminal():
            if state.is_chance_node():
                outcomes = state.chance_outcomes()
                state.apply_action(outcomes[int(draw() * len(outcomes))][0])
                continue
            state.information_state_tensor() if kind else state.observation_tensor()
            actions = state.legal_actions()
            state.apply_action(actions[int(draw() * len(actions))])
            steps += 1
        return steps

    return play


def rlcard_env(name: str, pick: Random) -> Match:
    """RLCard's environment: reset, step with a legal action."""
    import rlcard

    env, draw = rlcard.make(name, config={"seed": 0}), pick.random

    def play() -> int:
        state, _ = env.reset()
        steps = 0
        while not env.is_over():
            legal = list(state["legal_actions"])
            state, _ = env.step(legal[int(draw() * len(legal))])
            steps += 1
        return steps

    return play


def textarena_raw(name: str, pick: Random) -> Match:
    """TextArena's raw environment, one for all matches; what it shows is a list of messages, not yet joined to a text."""
    import textarena

    env = textarena.make(f"{name}-raw")
    return lambda: _play_textarena(env, pick)


def textarena_text(name: str, pick: Random) -> Match:
    """TextArena as `make` returns it, with the text for a language model; a new environment each match, since one kept for
    more matches repeats the messages of all of them."""
    import textarena

    return lambda: _play_textarena(textarena.make(name), pick)


def _play_textarena(env: Any, pick: Random) -> int:
    env.reset(num_players=2)
    steps, done = 0, False
    while not done:
        env.get_observation()
        moves = _textarena_moves(env.state.game_state)
        done, _ = env.step(f"[{moves[int(pick.random() * len(moves))]}]")
        steps += 1
    return steps


def _textarena_moves(state: Any) -> list[str]:
    """The legal moves, read from the state as TextArena's prompts list them."""
    if "current_legal_action_tree" in state:
        return list(state["current_legal_action_tree"])
    board = state["board"]
    if len(board) == 3:
        return [str(3 * r + c) for r in range(3) for c in range(3) if board[r][c] == ""]
    return [str(c) for c in range(7) if board[0][c] == "."]


def cases(game: str) -> Iterator[tuple[str, Callable[[Random], Match]]]:
    """Every case of one game, as a label and a maker; makers raise ImportError where a library is missing."""
    ours, spiel, petting, arena, card = GAMES[game]
    yield "agentarena rules", lambda pick: ours_rules(ours, pick)
    yield "agentarena rules + text", lambda pick: ours_text(ours, pick)
    yield "agentarena make()", lambda pick: ours_make(ours, pick)
    yield "agentarena batch() B=4096", lambda pick: ours_batch(ours, pick)
    yield "OpenSpiel", lambda pick: openspiel(spiel, pick)
    yield "OpenSpiel + tensor", lambda pick: openspiel_tensor(spiel, pick)
    if petting:
        yield "PettingZoo raw_env", lambda pick: pettingzoo_raw(petting, pick)
        yield "PettingZoo make()", lambda pick: pettingzoo_make(petting, pick)
    if card:
        yield "RLCard", lambda pick: rlcard_env(card, pick)
    if arena:
        yield "TextArena raw", lambda pick: textarena_raw(arena, pick)
        yield "TextArena text", lambda pick: textarena_text(arena, pick)


def measure(play: Match, cpu_seconds: float) -> float:
    """Steps per CPU-second of whole matches over at least `cpu_seconds`."""
    began, steps, spent = time.process_time(), 0, 0.0
    while spent < cpu_seconds:
        steps += play()
        spent = time.process_time() - began
    return steps / spent


def compare(game: str, rounds: int, cpu_seconds: float) -> dict[str, float]:
    """Median steps per CPU-second of each case of a game, the cases interleaved."""
    plays: dict[str, Match] = {}
    for label, make in cases(game):
        with suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plays[label] = make(Random(0))
    for play in plays.values():
        measure(play, cpu_seconds / 2)  # caches warm, code specialised
    samples: dict[str, list[float]] = {label: [] for label in plays}
    for _ in range(rounds):
        for label, play in plays.items():
            samples[label].append(measure(play, cpu_seconds))
    return {label: statistics.median(values) for label, values in samples.items()}


PURE_PYTHON = ("PettingZoo raw_env", "RLCard", "TextArena raw")


def targets(speed: dict[str, float]) -> list[tuple[str, float, float]]:
    """The project's own bars for one game, as (what, ratio, bar)."""
    rules = speed["agentarena rules"]
    rows = []
    if peers := [speed[label] for label in PURE_PYTHON if label in speed]:
        rows.append(("rules / fastest pure-Python peer", rules / max(peers), 3.0))
    if "OpenSpiel" in speed:
        rows.append(("rules / OpenSpiel's C++ core from Python", rules / speed["OpenSpiel"], 1.0))
    if "TextArena text" in speed:
        rows.append(("rules + text / TextArena's text", speed["agentarena rules + text"] / speed["TextArena text"], 1.0))
    if "PettingZoo make()" in speed:
        rows.append(("make() / PettingZoo's make()", speed["agentarena make()"] / speed["PettingZoo make()"], 4.0))
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--games", nargs="+", choices=GAMES, default=list(GAMES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu-seconds", type=float, default=0.4, help="per case and round")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    figures = {}
    for game in arguments.games:
        speed = figures[game] = compare(game, arguments.rounds, arguments.cpu_seconds)
        print(f"\n{game}: steps per CPU-second, median of {arguments.rounds}")
        for label, value in speed.items():
            print(f"  {label:28s} {value:12,.0f}   ours is x {speed['agentarena rules'] / value:6.2f}")
        for what, ratio, bar in targets(speed):
            print(f"  {'met   ' if ratio >= bar else 'MISSED'} {what}: {ratio:.2f} (bar {bar:g})")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
