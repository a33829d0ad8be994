"""Model-free learning of games with one-sided information, and how much attackers tell: every figure of docs/football-learning.md.

    python -m benchmarks.football_learning                      # all tables; hours on one core
    python -m benchmarks.football_learning --only hexner        # one of: hexner, football, leak
    python -m benchmarks.football_learning --quick              # one seed, few rounds: whether it runs
    python -m benchmarks.football_learning --out runs/learning  # where runs are kept; broken ones go on

Times are CPU seconds of one thread. Costs are what the attackers pay.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.envs.football import ATTACK, DEFENCE, Football, Hexner
from agentarena.envs.football.analysis.observer import Leak, by_attackers, learned, queried
from agentarena.envs.football.solver.equilibrium import Equilibrium
from agentarena.train.belief_rl import BeliefRLConfig, train

STEPS = 4
MMD: dict[str, Any] = {"method": "mmd"}
PPO: dict[str, Any] = {"method": "ppo"}
LEARNERS: list[tuple[str, str, dict[str, Any]]] = [
    ("PPO", "public", PPO),
    ("MMD", "public", MMD),
    ("PPO, all steps free at once", "public", {**PPO, "freed_by": 0.0}),
    ("PPO without beliefs", "hidden", PPO),
]
"""Name, option `belief` and settings; seeds beyond the first only for the first two, with split steps."""
FOOTBALL = {"preset": "five", "options": {"steps": 4, "belief": "public", "discretization": "split"}}


def _policies(config: BeliefRLConfig) -> tuple[Any, float]:
    """The policies of a run, made now or before, and the CPU seconds that were spent now."""
    from agentarena.agents.rl.belief_file import load_beliefs

    begin = time.process_time()
    run = train(config)
    assert run.policies is not None
    return load_beliefs(run.policies).policies, time.process_time() - begin


# --- Hexner's game: the value is known ------------------------------------------------------------------------------------------


def hexner(out: Path, seeds: int, rounds: int) -> None:
    """PPO and MMD on public beliefs, and PPO without them, against the exact value."""
    from agentarena.train.belief_rl.responses import bounds

    print("| steps | method | seed | means against each other | attackers pay at most | at least | reveals by step | CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in ("split", "sim"):
        value = Equilibrium(Hexner(steps=STEPS, discretization=kind).system, kind)
        exact = value.value(np.full(2, 0.5))
        print(f"| {kind} | exact | | {exact:.4f} | {exact:.4f} | {exact:.4f} | {value.reveal_step} | |", flush=True)
        for name, belief, settings in LEARNERS if kind == "split" else LEARNERS[:1]:
            for seed in range(seeds if name in ("PPO", "MMD") and kind == "split" else 1):
                options = {"steps": STEPS, "belief": belief, "discretization": kind}
                folder = str(out / f"hexner-{kind}-{name.lower().replace(' ', '-')}-{seed}")
                config = BeliefRLConfig.of(
                    {"env": "Hexner-v0", "options": options, "seed": seed, "rounds": rounds, "output_dir": folder, **settings}
                )
                policies, seconds = _policies(config)
                worth = bounds(config.game(), policies)
                sure = next((k for k, share in enumerate(worth.certainty) if share >= 0.95), STEPS)
                figures = f"{worth.play:.4f} | {worth.upper:.4f} | {worth.lower:.4f} | {sure} | {seconds:.0f}"
                print(f"| {kind} | {name} | {seed} | {figures} |", flush=True)


# --- football: scripted calls, trained policies, a tree -------------------------------------------------------------------------


def caller(game: Any, fake: int) -> Any:
    """Attackers who show their play after `fake` steps, as a strategy of the tree of beliefs."""
    import torch

    system = game.system

    def attack(k: int, motion: Any, belief: Any) -> tuple[Any, Any]:
        names = [system.revealing(i) if k >= fake else system.calls(ATTACK)[0] for i in range(system.types)]
        chances = torch.eye(system.types) if k >= fake else torch.full((system.types, system.types), 1 / system.types)
        controls = torch.stack([system.called(name, ATTACK, motion, k) for name in names], 1)
        return controls, chances.double().expand(len(belief), -1, -1)

    return attack


def call(game: Any, name: str) -> Any:
    """Defenders who make one call throughout."""
    return lambda k, motion, belief: game.system.called(name, DEFENCE, motion, k)


def solved(game: Any, iterations: int) -> tuple[Any, float]:
    """The attackers of a solved tree, node by node, and what it costs."""
    from agentarena.envs.football.solver.tree import TreeConfig, solve

    config = TreeConfig(iterations=iterations, merge_at=(), ascents=2)
    tree = solve(game.system, game.chances, discretization=game.discretization, config=config)

    def attack(k: int, motion: Any, belief: Any) -> tuple[Any, Any]:
        level = tree.levels[k]
        controls = tree.controls(level.control.detach(), ATTACK)
        return controls.reshape(len(belief), game.system.types, *controls.shape[1:]), tree.chances(level).detach()

    return attack, tree.value


def football(out: Path, seeds: int, rounds: int, iterations: int) -> None:
    """What attackers pay (negative: win) against every defender, and at most; and what they pay at least against each defender."""
    import torch

    from agentarena.train.belief_rl.play import attack_of, defend_of, walk
    from agentarena.train.belief_rl.responses import lower, upper

    game: Any = aa.game("Football-v0", preset="five", options=FOOTBALL["options"])
    attackers: dict[str, Any] = {f"calls, shown at step {fake}": caller(game, fake) for fake in (0, 2)}
    attackers["calls, never shown"] = caller(game, game.steps)
    defenders: dict[str, Any] = {name: call(game, name) for name in ("man", "zone", "blitz")}
    for name, settings in (("PPO", PPO), ("MMD", MMD)):
        for seed in range(seeds):
            folder = str(out / f"football-{settings['method']}-{seed}")
            config = BeliefRLConfig.of({"env": "Football-v0", **FOOTBALL, "seed": seed, "rounds": rounds, "output_dir": folder, **settings})
            policies, seconds = _policies(config)
            print(f"{name} {seed}: {seconds:.0f} CPU s", flush=True)
            attackers[f"{name}, seed {seed}"], defenders[f"{name} {seed}"] = (
                attack_of(game.system, policies),
                defend_of(game.system, policies),
            )
    begin = time.process_time()
    attackers["tree"], value = solved(game, iterations)
    print(f"tree: cost {value:.4f} when it ended, {time.process_time() - begin:.0f} CPU s\n", flush=True)
    print(f"| attackers | {' | '.join(defenders)} | at most | sure after each step |\n|---|{'---|' * (len(defenders) + 2)}")
    for name, attack in attackers.items():
        with torch.no_grad():
            played = [walk(game.system, game.chances, game.discretization, attack, defend) for defend in defenders.values()]
        most = upper(game, attack, list(defenders.values()), iterations=60)
        sure = " ".join(f"{share:.2f}" for share in played[0].certainty)
        print(f"| {name} | {' | '.join(f'{float(one.cost):.3f}' for one in played)} | {most:.3f} | {sure} |", flush=True)
    own = attackers.get("MMD, seed 0", attackers["tree"])
    least = [f"{lower(game, defend, own, iterations=40):.3f}" for defend in defenders.values()]
    print(f"| at least | {' | '.join(least)} | | |", flush=True)


# --- how much attackers tell ----------------------------------------------------------------------------------------------------


def leak(matches: int) -> None:
    """Leaks of scripted attackers of Football-v0, and of the small language model in the box."""
    game = Football(steps=4)
    print("| attackers | observer | matches | bits after each step | Brier score at the end |\n|---|---|---|---|---|")
    for spec in ("football/caller?fake=0", "football/caller?fake=2", "football/caller?fake=10000", "random", "tiny?constrain=true"):
        count = matches if not spec.startswith("tiny") else min(matches, 24)
        records = aa.play(game, [spec, "football/caller?defence=man"], matches=count, seed=0).records
        observations = by_attackers(records)[game, (spec,)]
        observers: list[tuple[str, Callable[[], Leak]]] = [("learned", lambda observations=observations: learned(observations))]
        if spec.startswith("football/"):
            observers.insert(0, ("exact", lambda observations=observations, spec=spec: queried(observations, aa.agent(spec))))
        for name, observer in observers:
            result = observer()
            bits = " ".join(f"{value:.2f}" for value in result.bits[1:] + 0.0)
            error = f"{bits} (±{result.bits_error[-1]:.2f})"
            print(f"| `{spec}` | {name} | {len(observations)} | {error} | {result.brier[-1]:.3f} |", flush=True)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, few rounds")
    parser.add_argument("--only", choices=("hexner", "football", "leak"), help="one table")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each method")
    parser.add_argument("--out", type=Path, default=Path("runs/football-learning"), help="folder of the runs")
    args = parser.parse_args(argv)
    import torch

    torch.set_num_threads(1)
    seeds, rounds = (1, 4) if args.quick else (args.seeds, 400)
    tables: dict[str, Callable[[], None]] = {
        "hexner": lambda: hexner(args.out, seeds, rounds),
        "football": lambda: football(args.out, min(seeds, 1), rounds, 40 if args.quick else 400),
        "leak": lambda: leak(20 if args.quick else 200),
    }
    for name, table in tables.items():
        if args.only in (None, name):
            table()
            print()


if __name__ == "__main__":
    main()
