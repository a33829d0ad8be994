"""Pokémon VGC: battles and turns a second with random legal choices, beside the simulator driven inside Node, in one run.

    python benchmarks/pokemon_speed.py                       # five rounds of 30 battles for each way to play
    python benchmarks/pokemon_speed.py --patch --processes 2
    python benchmarks/pokemon_speed.py --peer "python my_peer.py"

| way | what |
|---|---|
| node | the simulator inside Node, no observations, no Python: the limit; one battle at a time, or 16 side by side |
| game | `PokemonVGC.step` with legal pairs drawn, observations left out |
| parallel | one PettingZoo environment with observations and masks |
| vec | `make_vec`, self-play on array rules with observations and masks |

Rounds are interleaved, so that what else the machine does falls on all alike. CPU seconds are those of Python and of the engine's processes.
A peer is a command that plays random battles of the same format and prints one line of JSON, {"seconds": s, "battles": n, "turns": n}; it is
run in every round.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

import agentarena as aa
from agentarena.envs.pokemon_vgc import PokemonVGC
from agentarena.envs.pokemon_vgc.engine import Engine
from agentarena.envs.pokemon_vgc.teams.draw import source

TOGETHER = 16


class Played(NamedTuple):
    """What was played in what time."""

    seconds: float
    cpu_seconds: float
    battles: int
    turns: int


def cpu_seconds(engine: Engine) -> float:
    """CPU time of this process and of the engine's, so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = time.process_time()
    for pid in engine.transport.pids():  # type: ignore[attr-defined]  # a pool of processes
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(words[11]) + int(words[12])) / ticks
    return total


def node(game: PokemonVGC, battles: int, seed: int, together: int) -> tuple[int, int]:
    """The limit: inside Node alone."""
    if game.draws_teams:
        teams: list[tuple[str, str]] = []
    else:
        pool, rng = source(game, game.teams), np.random.default_rng(seed)
        teams = [(pool[int(rng.integers(len(pool)))], pool[int(rng.integers(len(pool)))]) for _ in range(battles)]
    done = game.engine.bench(battles, game.format_id, f"{seed},2,3,4", teams, together)
    return int(done["battles"]), int(done["turns"])


def rules(game: PokemonVGC, battles: int, seed: int) -> tuple[int, int]:
    """The rules, battle by battle."""
    rng, turns = np.random.default_rng(seed), 0
    for _ in range(battles):
        state = game.start(rng)
        while seats := game.to_move(state):
            state = game.step(state, {seat: game.legal(state, seat).sample(rng) for seat in seats}, rng)  # type: ignore[union-attr]
        turns += state.update.turn  # type: ignore[union-attr]
        game.release(state)
    return battles, turns


def parallel(game: PokemonVGC, battles: int, seed: int) -> tuple[int, int]:
    """One PettingZoo environment."""
    env, rng, turns = aa.make_parallel(game), np.random.default_rng(seed), 0
    for number in range(battles):
        observations, infos = env.reset(seed=seed * 1000 + number)
        while env.agents:
            actions = {agent: _drawn(observations[agent]["joint_mask"], rng) for agent in env.agents}
            observations, _, _, _, infos = env.step(actions)
        turns += infos["player_0"]["turn"]
    env.close()
    return battles, turns


def _drawn(mask: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    allowed = np.flatnonzero(mask)
    first, second = divmod(int(allowed[int(rng.integers(len(allowed)))]), mask.shape[1])
    return first, second


def vector(game: PokemonVGC, battles: int, seed: int) -> tuple[int, int]:
    """Many environments on array rules."""
    vec, rng = aa.make_vec(game, TOGETHER, autoreset_mode="SameStep"), np.random.default_rng(seed)
    seen, _ = vec.reset(seed=seed)
    done = turns = 0
    while done < battles:
        masks = seen["joint_mask"]
        pairs = np.array([[_drawn(mask, rng) if mask.any() else (0, 0) for mask in match] for match in masks])
        before = seen["observation"][:, 0, 0]
        seen, _, terminated, truncated, _ = vec.step((pairs[:, 0], pairs[:, 1]))
        ended = terminated | truncated
        done += int(ended.sum())
        turns += round(float(before[ended].sum()) * 50)  # the first number of an observation is turn / 50
    turns += round(float(seen["observation"][:, 0, 0].sum()) * 50)  # of the battles under way
    vec.close()
    return done, turns


def measured(engine: Engine, play: Callable[[], tuple[int, int]]) -> Played:
    """One round of a way to play."""
    cpu, begun = cpu_seconds(engine), time.perf_counter()
    battles, turns = play()
    return Played(time.perf_counter() - begun, cpu_seconds(engine) - cpu, battles, turns)


def peer(command: str) -> Played:
    """One round of another program."""
    output = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout
    data = json.loads(output.splitlines()[-1])
    return Played(data["seconds"], float("nan"), data["battles"], data["turns"])


def ways(game: PokemonVGC, battles: int) -> Mapping[str, Callable[[int], Played]]:
    """Every way to play, by name; each takes the number of the round."""
    engine = game.engine
    plays: dict[str, Callable[[int], tuple[int, int]]] = {
        "node, one at a time": lambda seed: node(game, battles, seed, 1),
        f"node, {TOGETHER} at once": lambda seed: node(game, battles, seed, TOGETHER),
        "game, one at a time": lambda seed: rules(game, battles, seed),
        "parallel, one environment": lambda seed: parallel(game, battles, seed),
        f"vec, {TOGETHER} at once": lambda seed: vector(game, battles, seed),
    }
    return {name: lambda seed, play=play: measured(engine, lambda: play(seed)) for name, play in plays.items()}  # type: ignore[misc]


def report(rounds: Mapping[str, list[Played]]) -> None:
    """The table: rates over all rounds, and each way beside the limit."""
    limit = {one: _rate(played) for one, played in rounds.items() if one.startswith("node")}
    best = max(limit.values())
    print("| way | battles/s | turns/s | of the limit | turns per CPU second |\n|---|---|---|---|---|")
    for name, played in rounds.items():
        seconds, cpu = sum(one.seconds for one in played), sum(one.cpu_seconds for one in played)
        battles, turns = sum(one.battles for one in played), sum(one.turns for one in played)
        print(f"| {name} | {battles / seconds:.1f} | {turns / seconds:.0f} | {turns / seconds / best:.2f} | {turns / cpu:.0f} |")


def _rate(played: list[Played]) -> float:
    return sum(one.turns for one in played) / sum(one.seconds for one in played)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pokémon VGC: battles and turns a second.")
    parser.add_argument("--battles", type=int, default=30, help="battles of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--format", default="champions-reg-mb")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--patch", action="store_true")
    parser.add_argument("--peer", help="a command that plays and prints what it played")
    arguments = parser.parse_args()
    game = PokemonVGC(format=arguments.format, processes=arguments.processes, patch=arguments.patch)
    contestants = dict(ways(game, arguments.battles))
    if arguments.peer:
        contestants["peer"] = lambda seed: peer(arguments.peer)
    rounds: dict[str, list[Played]] = {name: [] for name in contestants}
    rules(game, 5, 0)  # lazy tables are read now
    for number in range(arguments.rounds):
        for name, play in contestants.items():
            rounds[name].append(play(number + 1))
    report(rounds)


if __name__ == "__main__":
    main()
