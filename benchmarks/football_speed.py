"""Speed of the games on the field: steps of matches a CPU second of one thread, beside VMAS football in the same run.

    python -m benchmarks.football_speed                     # all games, sizes 1 to 4096, numpy and torch
    python -m benchmarks.football_speed --device cuda       # torch on a GPU; then by the clock on the wall
    python -m benchmarks.football_speed --quick

A step moves all players of a match once: Hexner's two, or twenty-two, of football with contact in four parts. "Rules" is the step
alone, restarts included; "all" adds the rewards and both sides' observations, which VMAS gives with every step (and its restarts are
left out). Actions are random and drawn before. Cases are interleaved round by round, and the median over the rounds is shown.

VMAS (1.5.2) has soccer: a ball, collisions, and as many players, which is more physics a step and less a part of a step. It wants an
old gym; in a virtual environment of its own that also has this package

    pip install --no-deps vmas==1.5.2 pyglet==1.5.27 gym

Without it its rows say so.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.envs.football import FieldGame, Football, Hexner, Hexner22

SIZES = (1, 64, 512, 4096)
SPEC = {"Hexner": 1.65e6, "Football": 1.0e5}
"""Steps a CPU second that a prototype reached; twice that is wanted."""
PEER = {"Hexner": 1, "Football": 11}
"""Players a side of the peer's game that a game is compared with."""


@dataclass
class Case:
    """Something that is timed.

    Attributes:
        game: Its name.
        library: numpy, torch or VMAS.
        size: Matches at once.
        what: "rules" or "all".
        play: Steps the matches once and returns nothing.
        rates: Steps of matches a second, one a round.
    """

    game: str
    library: str
    size: int
    what: str
    play: Callable[[], object]
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def ours(game: FieldGame, xp: Any, device: str | None, size: int, what: str) -> Case:
    """Random play by the array rules."""
    batch, rng = game.batch(xp, device), np.random.default_rng(0)
    bounds = game.batch().legal(game.batch().start(size, rng))
    actions = batch.arrays.asarray(rng.uniform(bounds.low, bounds.high))
    state = batch.start(size, rng)
    step = 0

    def play() -> None:
        nonlocal state, step
        state = batch.start(size, rng) if step % game.steps == 0 else state
        state = batch.step(state, actions, rng)
        step += 1
        if what == "all":
            batch.rewards(state)
            batch.observe_all(state)

    return Case(type(game).__name__, xp.__name__, size, what, play)


def vmas(players: int, size: int, device: str | None) -> Case:
    """Random play of VMAS football.

    Raises:
        ImportError: VMAS is not installed.
    """
    import torch
    from vmas import make_env

    sides = {"n_blue_agents": players, "n_red_agents": players, "ai_blue_agents": False, "ai_red_agents": False}
    device = device or "cpu"
    env = make_env("football", num_envs=size, device=device, continuous_actions=True, seed=0, observe_teammates=players > 1, **sides)
    env.reset()
    actions = [torch.rand(size, env.get_agent_action_size(agent), device=device) * 2 - 1 for agent in env.agents]
    return Case(f"VMAS {players} v {players}", "VMAS", size, "all", lambda: env.step(actions))


def measure(cases: Sequence[Case], rounds: int, seconds: float, device: str | None) -> None:
    """Time every case in every round. On a GPU the clock on the wall counts, and the device is waited for."""
    clock, wait = time.process_time, lambda: None
    if device not in (None, "cpu"):
        import torch

        clock, wait = time.perf_counter, torch.cuda.synchronize
    for case in cases:
        case.play()
    for _ in range(rounds):
        for case in cases:
            begin, count = clock(), 0
            while clock() - begin < seconds:
                case.play()
                count += case.size
            wait()
            case.rates.append(count / (clock() - begin))


def table(cases: Sequence[Case], sizes: Sequence[int]) -> list[str]:
    """Rows of figures by game and library, a column for each size."""
    rows = [f"| game | library | what | {' | '.join(map(str, sizes))} |", "|---" * (3 + len(sizes)) + "|"]
    for key in dict.fromkeys((case.game, case.library, case.what) for case in cases):
        rates = {case.size: case.rate for case in cases if (case.game, case.library, case.what) == key}
        rows.append(f"| {' | '.join(key)} | {' | '.join(f'{rates[size]:.3g}' if size in rates else '-' for size in sizes)} |")
    return rows


def ratios(cases: Sequence[Case]) -> list[str]:
    """How the best rates compare with the peer's best and with the prototype's."""
    rows = []
    for game, prototype in SPEC.items():
        best = max((case for case in cases if case.game == game and case.what == "rules"), key=lambda case: case.rate)
        rows.append(
            f"{game}, rules: {best.rate:.3g} ({best.library}, {best.size}), {best.rate / prototype:.1f} times {prototype:.3g}; wanted: 2"
        )
        peers = [case.rate for case in cases if case.game == f"VMAS {PEER[game]} v {PEER[game]}"]
        for library in dict.fromkeys(case.library for case in cases if case.game == game):
            rate = max(case.rate for case in cases if (case.game, case.library, case.what) == (game, library, "all"))
            beside = f"{rate / max(peers):.1f} times VMAS {PEER[game]} v {PEER[game]}" if peers else "VMAS is not installed"
            rows.append(f"{game}, all, {library}: {rate:.3g}, {beside}; wanted: 10")
    return rows


def build(sizes: Sequence[int], device: str | None) -> tuple[list[Case], str]:
    """The cases, and why there are none of VMAS, or ""."""
    import torch

    torch.set_num_threads(1)
    libraries: list[tuple[Any, str | None]] = [(torch, device)] if device not in (None, "cpu") else [(np, None), (torch, device)]
    games: tuple[FieldGame, ...] = (Hexner(), Hexner22(), Football())
    cases = [ours(game, xp, on, size, what) for game in games for xp, on in libraries for what in ("rules", "all") for size in sizes]
    try:
        cases += [vmas(players, size, device) for players in PEER.values() for size in sizes]
    except ImportError as error:
        return cases, f"VMAS was not timed: {error}"
    return cases, ""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="matches at once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each case in a round")
    parser.add_argument("--device", help="where torch plays, e.g. cuda")
    parser.add_argument("--quick", action="store_true", help="two sizes, short rounds")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    args = parser.parse_args(argv)
    sizes = (16, 256) if args.quick else tuple(args.sizes)
    cases, missing = build(sizes, args.device)
    measure(cases, 2 if args.quick else args.rounds, 0.05 if args.quick else args.seconds, args.device)
    print(f"Steps of matches a {'second' if args.device not in (None, 'cpu') else 'CPU second'}, by matches at once.\n")
    print("\n".join([*table(cases, sizes), "", *ratios(cases), *([missing] if missing else [])]))
    if args.json:
        args.json.write_text(
            json.dumps([{"game": c.game, "library": c.library, "size": c.size, "what": c.what, "rates": c.rates} for c in cases])
        )


if __name__ == "__main__":
    main()
