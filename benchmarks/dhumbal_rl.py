"""A PPO policy for Dhumbal that is trained properly: a head start, self-play with a league, and what it is worth, seat-rotated.

    python -m benchmarks.dhumbal_rl clone                                # imitate Aggressive: runs/dhumbal/clone.safetensors
    python -m benchmarks.dhumbal_rl train --steps 40000000               # recipes/dhumbal_ppo.toml from there; goes on if broken off
    python -m benchmarks.dhumbal_rl evaluate rl:runs/dhumbal/ppo/policy-N.safetensors
    python -m benchmarks.dhumbal_rl exploit --steps 2000000              # one exploiter against each rule-based player
    python -m benchmarks.dhumbal_rl clone --players 2 ; ... train --players 2 ; ... evaluate --players 2 POLICY

`clone` saves what PPO takes longest to find out for itself, that low cards win: the first policy's calls and discards are Aggressive's,
and its value head knows what matches of Aggressive pay. Everything is played on array rules. Win shares are over matches in
which the policy holds each seat equally often; intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.core.game import Game
from agentarena.core.intervals import mean_interval, wilson
from agentarena.matches.arrays import ArrayStep

HEURISTICS = ("dhumbal/aggressive", "dhumbal/opportunistic", "dhumbal/balanced", "dhumbal/conservative")
RECIPE = Path(__file__).parents[1] / "recipes" / "dhumbal_ppo.toml"
SCALE = 0.02
"""Factor of the returns that the cloned value head learns; the recipe's `reward_scale`."""
DOUBT = 0.1
"""Probability that the cloned policy spreads evenly over the legal actions: without it PPO would not try anything else."""


# --- a head start -------------------------------------------------------------------------------------------------------


def decisions(game: Game[Any], bot: str, matches: int, seed: int) -> tuple[np.ndarray, ...]:
    """All decisions of matches between copies of a bot.

    Returns:
        Observations (R, N) float16, masks (R, A) bool, actions (R,), and what the seat's match returned (R,).
    """
    batch = game.batch()  # type: ignore[attr-defined]  # Dhumbal has array rules
    steps: list[tuple[np.ndarray, ...]] = []

    def note(step: ArrayStep) -> None:
        live = np.flatnonzero(step.match >= 0)
        state = batch.select(step.before, live)
        seats = batch.to_move(state)
        masks = batch.legal(state).astype(bool)
        steps.append((batch.observe(state, seats).astype(np.float16), masks, np.asarray(step.actions)[live], step.match[live], seats))

    returns = aa.play_arrays(game, bot, matches=matches, size=matches, seed=seed, on_step=note).returns
    observations, masks, actions, numbers, seats = (np.concatenate(parts) for parts in zip(*steps, strict=True))
    return observations, masks, actions, returns[numbers, seats]


def clone(game: Game[Any], bot: str, path: Path, chunks: int, matches: int, hidden: Sequence[int]) -> None:
    """A policy file that plays nearly as the bot does, with a value head for matches among bots."""
    import torch

    from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork, flat_size
    from agentarena.agents.rl.policy_file import save_policy

    torch.manual_seed(0)
    torch.set_num_threads(1)
    space: Any = game.action_space(0)
    network = PolicyNetwork(NetworkSpec(flat_size(game.observation_space(0)), int(space.n), tuple(hidden), "relu", value=True))
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, chunks)
    steps = 0
    for chunk in range(chunks):
        observations, masks, actions, returns = decisions(game, bot, matches, chunk)
        steps += len(actions)
        right = 0
        for rows in _batches(len(actions), 1024, chunk):
            seen = torch.as_tensor(observations[rows], dtype=torch.float32)
            legal = torch.as_tensor(masks[rows])
            logits = network.policy(seen).masked_fill(~legal, -1e9)
            chosen = torch.as_tensor(actions[rows])
            logs = logits.log_softmax(-1)
            doubt = -(logs * legal).sum(-1) / legal.sum(-1)
            gap = network.value(seen).squeeze(-1) - torch.as_tensor(returns[rows], dtype=torch.float32) * SCALE  # type: ignore[misc]
            certain = torch.nn.functional.nll_loss(logs, chosen)
            loss = (1 - DOUBT) * certain + DOUBT * doubt.mean() + 0.5 * (gap**2).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            right += int((logits.argmax(-1) == chosen).sum())
        schedule.step()
        print(f"chunk {chunk + 1} of {chunks}: {right / len(actions):.1%} of {len(actions):,} decisions as {bot}", flush=True)
    save_policy(path, network, game, seats=range(game.info.seats), algorithm="cloning", steps=steps, about={"of": bot})
    print(f"{path} written")


def _batches(count: int, size: int, seed: int) -> Iterator[np.ndarray]:
    order = np.random.default_rng(seed).permutation(count)
    yield from np.array_split(order, max(1, count // size))


# --- training -----------------------------------------------------------------------------------------------------------


def train(folder: Path, players: int, steps: int, changes: dict[str, Any]) -> Path:
    """The recipe from the cloned policy on; returns the last policy file."""
    from agentarena.train.rl import RLConfig
    from agentarena.train.rl import train as run

    start = folder / "clone.safetensors"
    if start.exists():
        changes = {"init_from": str(start), **changes}
    config = RLConfig.load(RECIPE, **{"total_steps": steps, "options": {"players": players}, **changes})
    began = time.perf_counter()

    def report(figures: dict[str, Any]) -> None:
        shown = {name: value for name, value in figures.items() if name.startswith(("return", "points", "entropy", "explained"))}
        print(f"{figures['step']:>11,} {figures['steps_per_second']:8,.0f} steps/s", *_pairs(shown), flush=True)
        judged = {
            name.split(" ", 1)[1]: value
            for name, value in figures.items()
            if name.startswith(f"{config.env} won against") and "interval" not in name
        }
        if judged:
            print("   ", *_pairs(judged), f"after {time.perf_counter() - began:.0f} s", flush=True)

    return run(config, report).policy


def _pairs(figures: dict[str, Any]) -> list[str]:
    return [f"{name} {value:.3f}" for name, value in figures.items()]


def exploit(folder: Path, players: int, steps: int) -> None:
    """Train one exploiter against each rule-based player in all other seats; its win share is a lower bound of the best response's."""
    for bot in HEURISTICS:
        out = folder / f"exploit-{bot.partition('/')[2]}"
        changes = {"opponents": {bot: 1.0}, "output_dir": str(out), "eval": (), "lr_schedule": "linear", "seed": 1}
        policy = train(folder, players, steps, changes)
        for greedy in (False, True):
            show(
                f"exploiter of {bot}{', greedy' if greedy else ''}",
                players,
                [f"rl:{policy}?greedy={str(greedy).lower()}", *[bot] * (players - 1)],
            )


# --- what it is worth ---------------------------------------------------------------------------------------------------


def show(label: str, players: int, table: Sequence[str], matches: int = 20_000, preset: str = "standard") -> None:
    """One line: how often the first of the table wins, and its coins a round. Everybody moves on by a seat from match to match."""
    matches -= matches % players
    results = aa.play_arrays("Dhumbal-v0", list(table), matches=matches, seed=7, rotate=True, preset=preset, players=players)
    own = results.seats == 0
    wins, coins = results.winners[own], results.returns[own]
    share, mean = wilson(int(wins.sum()), matches), mean_interval(coins)
    by_seat = [float(results.winners[own[:, seat], seat].mean()) for seat in range(players)]
    print(
        f"| {label} | {preset} | {100 * wins.mean():.1f} [{100 * share.low:.1f}, {100 * share.high:.1f}] | {coins.mean():+.2f} "
        f"[{mean.low:+.2f}, {mean.high:+.2f}] | {' / '.join(f'{100 * one:.1f}' for one in by_seat)} |",
        flush=True,
    )


def evaluate(specs: Sequence[str], players: int, matches: int) -> None:
    """Each policy against every rule-based player in all other seats, against a mixed table, and against random players."""
    print(f"{players} seats, level is {100 / players:.1f} %; {matches:,} matches a line")
    print("| table | preset | won % [95 %] | coins a round [95 %] | won % from seat 0 / 1 / ... |\n|---|---|---|---|---|")
    for spec, preset in itertools.product(specs, ("standard", "paper")):
        for bot in (*HEURISTICS, "dhumbal/random", "random"):
            show(f"{spec} v {players - 1} {bot}", players, [spec, *[bot] * (players - 1)], matches, preset)
        if players == 4:
            show(f"{spec} v Aggressive, Opportunistic, Balanced", players, [spec, *HEURISTICS[:3]], matches, preset)
            show(f"{spec} v Conservative, Balanced, Opportunistic", players, [spec, *HEURISTICS[:0:-1]], matches, preset)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("clone", "train", "evaluate", "exploit"))
    parser.add_argument("policies", nargs="*", help="Agents to evaluate, as spec strings.")
    parser.add_argument("--players", type=int, default=4)
    parser.add_argument("--steps", type=int, default=40_000_000, help="Decisions to train on; of each exploiter.")
    parser.add_argument("--matches", type=int, default=20_000, help="Matches of a line of the evaluation.")
    parser.add_argument("--bot", default="dhumbal/aggressive", help="Whom to clone.")
    parser.add_argument("--chunks", type=int, default=40, help="Sets of 2000 matches to clone from.")
    parser.add_argument("--folder", type=Path, default=Path("runs/dhumbal"), help="Where policies go.")
    parser.add_argument("--set", nargs="*", default=(), metavar="NAME=NUMBER", help="Settings that override the recipe's.")
    arguments = parser.parse_args()
    folder = arguments.folder if arguments.players == 4 else arguments.folder / f"players-{arguments.players}"
    changes = {name: (int if value.isdigit() else float)(value) for name, value in (one.split("=") for one in arguments.set)}
    if arguments.what == "clone":
        game = aa.game("Dhumbal-v0", players=arguments.players)
        clone(game, arguments.bot, folder / "clone.safetensors", arguments.chunks, 2000, (128, 128))
    elif arguments.what == "train":
        print(train(folder, arguments.players, arguments.steps, {"output_dir": str(folder / "ppo"), **changes}))
    elif arguments.what == "exploit":
        exploit(folder, arguments.players, arguments.steps)
    else:
        evaluate(arguments.policies, arguments.players, arguments.matches)


if __name__ == "__main__":
    main()
