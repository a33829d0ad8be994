"""Pokémon VGC: random battles beside poke-env's, and beside the simulator driven inside Node, in one run.

    python benchmarks/pokemon_speed.py                              # twelve rounds of ten battles for each way to play
    python benchmarks/pokemon_speed.py --format random-doubles --quick
    python benchmarks/pokemon_speed.py --peer peer/bin/python --server server/node_modules/pokemon-showdown    # set up as in pokemon_peer.py

| way | what |
|---|---|
| node | the simulator inside Node, no observations, no Python: the limit; one battle at a time, or 16 side by side |
| game | `PokemonVGC.step` with legal pairs drawn, observations left out |
| parallel | one PettingZoo environment with observations and masks |
| vec | `make_vec`, self-play on array rules with observations and masks, 16 battles; on one and on two processes |
| poke-env | one DoublesEnv without observations; and two RandomPlayer with ten battles at once |

"patched": the faster look-up of event handlers. Rounds are short and interleaved, and a ratio is the median of the rounds' ratios, so that what
else the machine does falls on all alike. CPU seconds are those of Python and of all processes of the engine or server: they say what the work
costs on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import agentarena as aa
from agentarena.envs.pokemon_vgc import PokemonVGC
from agentarena.envs.pokemon_vgc.engine import Engine
from agentarena.envs.pokemon_vgc.engine.install import find_node
from agentarena.envs.pokemon_vgc.teams import default_pools
from agentarena.envs.pokemon_vgc.teams.draw import source

TOGETHER = 16
PEER = Path(__file__).with_name("pokemon_peer.py")


class Played(NamedTuple):
    """What was played in what time."""

    seconds: float
    cpu_seconds: float
    battles: int
    turns: int
    resets: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Turns a second."""
        return self.turns / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Turns a second of CPU time."""
        return self.turns / self.cpu_seconds


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


def rules(game: PokemonVGC, battles: int, seed: int, resets: list[float]) -> tuple[int, int]:
    """The rules, battle by battle."""
    rng, turns = np.random.default_rng(seed), 0
    for _ in range(battles):
        state = game.start(rng)
        while seats := game.to_move(state):
            state = game.step(state, {seat: game.legal(state, seat).sample(rng) for seat in seats}, rng)  # type: ignore[union-attr]
        turns += state.update.turn  # type: ignore[union-attr]
        game.release(state)
    return battles, turns


def parallel(game: PokemonVGC, battles: int, seed: int, resets: list[float]) -> tuple[int, int]:
    """One PettingZoo environment."""
    env, rng, turns = aa.make_parallel(game), np.random.default_rng(seed), 0
    for number in range(battles):
        begun = time.perf_counter()
        observations, infos = env.reset(seed=seed * 1000 + number)
        resets.append(time.perf_counter() - begun)
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


def vector(game: PokemonVGC, battles: int, seed: int, resets: list[float]) -> tuple[int, int]:
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


def measured(engine: Engine, play: Callable[[list[float]], tuple[int, int]]) -> Played:
    """One round of a way to play."""
    resets: list[float] = []
    cpu, begun = cpu_seconds(engine), time.perf_counter()
    battles, turns = play(resets)
    return Played(time.perf_counter() - begun, cpu_seconds(engine) - cpu, battles, turns, tuple(resets))


class Peer:
    """poke-env in a Python of its own; see `pokemon_peer.py`."""

    def __init__(self, python: str, server: str, game: PokemonVGC) -> None:
        self._folder = tempfile.TemporaryDirectory()
        argv = [python, str(PEER), "--server", str(Path(server).resolve()), "--format", game.format_id, "--node", str(find_node())]
        if not game.draws_teams:
            teams = Path(self._folder.name) / "teams.txt"
            teams.write_text("\n".join(default_pools(game.format_id).train_teams(int(game.teams))), encoding="utf-8")
            argv += ["--teams", str(teams)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def play(self, way: str, battles: int, seed: int) -> Played:
        """One round of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"way": way, "battles": battles, "seed": seed}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return Played(answer["seconds"], answer["cpu_seconds"], answer["battles"], answer["turns"], tuple(answer["resets"]))

    def close(self) -> None:
        """End it and its server."""
        self._process.communicate()
        self._folder.cleanup()


def warm_up(format: str, patch: bool) -> None:
    """Battles before anything is measured: every process has read its tables and compiled what it often runs."""
    for processes in (1, 2):
        vector(PokemonVGC(format=format, patch=patch, processes=processes), 40 * processes, 0, [])


Way = Callable[[int], Played]


def ways(options: Mapping[str, Any], battles: int, side_by_side: int, label: str) -> dict[str, Way]:
    """Every way to play, by name; each takes the number of the round.

    Args:
        options: Of the game.
        battles: Battles of a round where they are played one at a time.
        side_by_side: The same where 16 are played at once.
        label: Behind the names.
    """
    game, wide = PokemonVGC(**options), PokemonVGC(processes=2, **options)
    named: dict[str, tuple[PokemonVGC, Callable[[int, list[float]], tuple[int, int]]]] = {
        "node, one at a time": (game, lambda seed, _: node(game, battles, seed, 1)),
        f"node, {TOGETHER} at once": (game, lambda seed, _: node(game, side_by_side, seed, TOGETHER)),
        "game, one at a time": (game, lambda seed, resets: rules(game, battles, seed, resets)),
        "parallel, one environment": (game, lambda seed, resets: parallel(game, battles, seed, resets)),
        f"vec, {TOGETHER} at once": (game, lambda seed, resets: vector(game, side_by_side, seed, resets)),
        f"vec, {TOGETHER} at once, two processes": (wide, lambda seed, resets: vector(wide, side_by_side, seed, resets)),
    }
    return {
        name + label: lambda seed, one=one, play=play: measured(one.engine, lambda resets: play(seed, resets))  # type: ignore[misc]
        for name, (one, play) in named.items()
    }


def ratio(rounds: Mapping[str, Sequence[Played]], one: str, other: str, rate: Callable[[Played], float]) -> str:
    """Median, least and greatest of the rounds' ratios."""
    ratios = [rate(mine) / rate(theirs) for mine, theirs in zip(rounds[one], rounds[other], strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


ENV, CONCURRENT = "poke-env, one DoublesEnv", "poke-env, ten battles at once"
COMPARISONS = [
    ("parallel, one environment", ENV, "2.2"),
    ("parallel, one environment, patched", ENV, "3.5"),
    (f"vec, {TOGETHER} at once, two processes", CONCURRENT, "1.8"),
    (f"vec, {TOGETHER} at once, two processes, patched", CONCURRENT, "3.3"),
    (f"vec, {TOGETHER} at once", f"node, {TOGETHER} at once", "0.9"),
    (f"vec, {TOGETHER} at once, patched", f"node, {TOGETHER} at once, patched", "0.9"),
    ("parallel, one environment", "node, one at a time", ""),
    ("game, one at a time", "node, one at a time", ""),
]
"""What is set beside what, and the ratio that is expected of it."""


def report(rounds: Mapping[str, Sequence[Played]]) -> None:
    """Two tables: rates over all rounds; ratios, round by round."""
    print("| way | battles/s | turns/s | turns per CPU second | reset, ms |\n|---|---|---|---|---|")
    for name, played in rounds.items():
        seconds, cpu = sum(one.seconds for one in played), sum(one.cpu_seconds for one in played)
        battles, turns = sum(one.battles for one in played), sum(one.turns for one in played)
        reset = _reset(played)
        shown = f"{reset * 1000:.1f}" if reset else ""
        print(f"| {name} | {battles / seconds:.1f} | {turns / seconds:.0f} | {turns / cpu:.0f} | {shown} |")
    print("\n| ratio of turns | expected, at least | by wall time, median (range) | by CPU time |\n|---|---|---|---|")
    for one, other, expected in COMPARISONS:
        if rounds.get(one) and rounds.get(other):
            wall, cpu_ratio = (
                ratio(rounds, one, other, lambda played: played.rate),
                ratio(rounds, one, other, lambda played: played.cpu_rate),
            )
            print(f"| {one} / {other} | {expected} | {wall} | {cpu_ratio} |")
    theirs, mine = _reset(rounds.get(ENV, ())), _reset(rounds["parallel, one environment"])
    if theirs and mine:
        print(f"| reset, their time / ours | 10 | {theirs / mine:.1f} | |")


def _reset(played: Sequence[Played]) -> float:
    """Median seconds of a reset; 0 where none was measured."""
    resets = [seconds for one in played for seconds in one.resets]
    return statistics.median(resets) if resets else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Pokémon VGC: battles and turns a second.")
    parser.add_argument("--battles", type=int, default=10, help="battles of a round, one at a time")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--format", default="champions-reg-mb")
    parser.add_argument("--peer", help="a Python that has poke-env 0.16.1")
    parser.add_argument("--server", help="a folder of the whole package pokemon-showdown, which is written into")
    parser.add_argument("--quick", action="store_true", help="one round of two battles")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no round later than that")
    options = parser.parse_args(arguments)
    battles, side_by_side, number_of_rounds = (1, 2, 1) if options.quick else (options.battles, 4 * TOGETHER, options.rounds)
    contestants: dict[str, Way] = {}
    for patch, label in ((False, ""), (True, ", patched")):
        contestants |= ways({"format": options.format, "patch": patch}, battles, side_by_side, label)
    peer = Peer(options.peer, options.server, PokemonVGC(format=options.format)) if options.peer and options.server else None
    if peer is not None:
        contestants[ENV] = lambda seed: peer.play("doubles", battles, seed)
        contestants[CONCURRENT] = lambda seed: peer.play("concurrent", 2 * battles, seed)
    if not options.quick:
        for patch in (False, True):
            warm_up(options.format, patch)
    rounds: dict[str, list[Played]] = {name: [] for name in contestants}
    begun = time.monotonic()
    for number in range(number_of_rounds + 1):
        if number > 1 and time.monotonic() - begun > options.seconds:
            break
        for name, play in contestants.items():
            played = play(number)
            if number:  # the first round reads lazy tables
                rounds[name].append(played)
        print(f"round {number} of {number_of_rounds}", flush=True)
    if peer is not None:
        peer.close()
    report(rounds)


if __name__ == "__main__":
    main()
