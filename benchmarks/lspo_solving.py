"""The latent Werewolf solved by each method: the tables of `docs/lspo-solving.md`. Four players are judged by exact best responses.

python benchmarks/lspo_solving.py                      # tabular rows, about a minute of CPU
python benchmarks/lspo_solving.py --sampled            # and MCCFR and Deep CFR, some minutes
python benchmarks/lspo_solving.py --seven              # seven players, which have no tree: Deep CFR and PPO, seven minutes of CPU
python benchmarks/lspo_solving.py --speed              # array rules beside the scalar rules
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.train.lspo.solving import SolveConfig, solve

TABULAR: list[tuple[str, dict[str, object]]] = [
    ("latent:0", {"method": "dcfr"}),
    ("latent:0.1", {"method": "dcfr"}),
    ("latent:0.1.2", {"method": "dcfr"}),
    ("latent:0.1.2", {"method": "cfr+"}),
    ("latent:0@.1", {"method": "dcfr"}),
    ("werewolf=latent:0.2@.1,*=latent:0.1@", {"method": "dcfr"}),
]
SAMPLED: list[tuple[str, dict[str, object]]] = [
    ("latent:0.1.2", {"method": "mccfr", "iterations": 90, "traversals": 500}),
    ("latent:0.1.2", {"method": "deep-cfr", "iterations": 40, "traversals": 400, "steps": 60, "average_steps": 1500}),
]
SEVEN_SPEECH = "werewolf=latent:0.1@,*=latent:0.1@"
_PPO: dict[str, object] = {
    "method": "ppo",
    "iterations": 140,
    "decisions": 7168,
    "hidden": (128, 128),
    "batch_size": 1024,
    "learning_rate": 1e-3,
}
SEVEN: list[dict[str, object]] = [
    {"method": "deep-cfr", "sampling": "outcome", "iterations": 20, "traversals": 600},
    *({**_PPO, "entropy": entropy} for entropy in (0.02, 0.005)),
]
SIDES = ("village", "wolves")
COLUMNS = ("village.self", "village.against_uniform", "village.worst", "wolves.worst", "wolves.against_together", "nash_conv")


def table(rows: list[tuple[str, dict[str, object]]], seed: int) -> None:
    """One line a row, as Markdown."""
    print("| speech | method | sets | CPU s | " + " | ".join(COLUMNS) + " | gate |")
    print("|---" * (5 + len(COLUMNS)) + "|")
    for speech, settings in rows:
        _, figures = solve(Werewolf.build("lspo4", speech=speech), SolveConfig(seed=seed, **settings))  # type: ignore[arg-type]
        cells = " | ".join(f"{figures[name]:.3f}" for name in COLUMNS)
        gate = "passed" if figures["gate"] else "failed"
        method, sets, seconds = settings["method"], int(figures["sets"]), figures["cpu_seconds"]
        print(f"| `{speech}` | {method} | {sets:,} | {seconds:.1f} | {cells} | {gate} |", flush=True)


def seven(seed: int) -> None:
    """One line a method for seven players, by sampled matches."""
    columns = [f"{side}.{which}" for side in SIDES for which in ("uniform", "self", "against_uniform")]
    print("| settings | CPU s | " + " | ".join(columns) + " | standard error |")
    print("|---" * (3 + len(columns)) + "|")
    for settings in SEVEN:
        _, figures = solve(Werewolf.build("lspo7", speech=SEVEN_SPEECH), SolveConfig(seed=seed, **settings))  # type: ignore[arg-type]
        cells = " | ".join(f"{figures[name]:.3f}" for name in columns)
        words = ", ".join(f"{name} {value}" for name, value in settings.items())
        print(f"| {words} | {figures['cpu_seconds']:.0f} | {cells} | {figures['standard_error']:.3f} |", flush=True)


def speed() -> None:
    """Decisions per CPU second of random play."""
    for preset, speech in (("lspo4", "latent:0.1.2"), ("lspo7", "latent:0.1@")):
        game = Werewolf.build(preset, speech=speech)
        print(
            f"{preset}: arrays {array_speed(game, False):,.0f}, with observations {array_speed(game, True):,.0f}, scalar {scalar_speed(game):,.0f}"
        )


def array_speed(game: Werewolf, observed: bool, matches: int = 2048) -> float:
    """Random play of many matches in lockstep."""
    rules, rng, decisions, begun = game.lockstep(), stream(0), 0, time.process_time()
    state = rules.start(matches, rng)
    while len(state.phase):
        legal = rules.legal(state)
        rows, seats = np.nonzero(np.any(legal, axis=2))
        if observed:
            rules.observe_where(state, rows, seats)
        decisions += len(rows)
        state = rules.step(state, (rng.random(legal.shape) * legal).argmax(2), rng)
        state = rules.select(state, ~rules.over(state))
    return decisions / (time.process_time() - begun)


def scalar_speed(game: Werewolf, matches: int = 100) -> float:
    """Random play, match by match."""
    rng, decisions, begun = stream(0), 0, time.process_time()
    for _ in range(matches):
        state = game.start(rng)
        while state.to_move:
            legal = {seat: game.legal(state, seat) for seat in state.to_move}
            decisions += len(legal)
            state = game.step(state, {seat: moves[int(rng.random() * len(moves))] for seat, moves in legal.items()}, rng)
    return decisions / (time.process_time() - begun)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sampled", action="store_true")
    parser.add_argument("--seven", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.speed:
        speed()
    elif options.seven:
        seven(options.seed)
    else:
        table([*TABULAR, *(SAMPLED if options.sampled else [])], options.seed)
