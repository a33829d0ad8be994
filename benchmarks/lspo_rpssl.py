"""LSPO where the equilibrium is known: rock-paper-scissors-spock-lizard, and the same game with rock's wins doubled.

    python benchmarks/lspo_rpssl.py --out runs/lspo-rpssl                # all rows, three seeds
    python benchmarks/lspo_rpssl.py --rows doubled --seeds 1 --speaker runs/my-speaker

Every move is a sentence. The uniform game proves little: a single cluster of everything passes it. In the doubled game, whose equilibria are
(1/4 - 3t/4, 1/2 - t/2, 1/4 + t/4, t, 0) for t from 0 to 1/7, a mixture of several throws fails.

Columns: exploitability of the latent policy in the game of throws, of the model itself (what it says when asked once), and the purity of its
clusters, by iteration; mean over the seeds, and the range where there are several. Runs that were broken off go on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.train.lspo.config import LSPOConfig
from agentarena.train.lspo.run import run

ENV = "RockPaperScissorsSpockLizard-v0"


def doubled() -> list[Any]:
    """Payoffs with rock's wins, and the losses to it, doubled."""
    table: Any = np.array(aa.game(ENV).payoffs, float)  # type: ignore[attr-defined]
    table[0][table[0, :, 0] > 0] *= 2
    table[:, 0][table[:, 0, 1] > 0] *= 2
    out: list[Any] = table.tolist()
    return out


ROWS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "doubled": {"doubled": True},
    "doubled, best against worst": {"doubled": True, "pairs.rule": "best-worst"},
    "uniform, best against worst": {"pairs.rule": "best-worst"},
    "doubled, without contrast": {"doubled": True, "clusters.contrast": False},
    "doubled, clusters of one iteration": {"doubled": True, "keep": False},
    **{f"doubled, {k} cluster{'s' if k > 1 else ''}": {"doubled": True, "clusters.count": k, "iterations": 0} for k in (1, 2, 3)},
    **{f"uniform, {k} cluster{'s' if k > 1 else ''}": {"clusters.count": k, "iterations": 0} for k in (1, 2, 3)},
}
"""Row -> settings that differ from the first one's."""
COLUMNS = ("exploitability", "model_exploitability", "purity")


def settings(arguments: argparse.Namespace, row: str, seed: int) -> LSPOConfig:
    """The run of one row and seed."""
    changes = dict(ROWS[row])
    options = {"rounds": 1, **({"payoffs": doubled()} if changes.pop("doubled", False) else {})}
    tune = {"lr": arguments.lr, "epochs": arguments.epochs, "batch": arguments.batch, "micro": arguments.batch}
    data = {
        "env": ENV,
        "options": options,
        "speech": "moves",
        "speaker": arguments.speaker,
        "matches": arguments.prompts // 2,
        "candidates": arguments.candidates,
        "iterations": arguments.iterations,
        "seed": seed,
        "output_dir": str(Path(arguments.out) / row.replace(" ", "-").replace(",", "") / f"seed-{seed}"),
        "clusters.count": arguments.clusters,
        "tune": tune,
        **changes,
    }
    return LSPOConfig.of(data)


def cell(values: list[float]) -> str:
    """Mean and range of the seeds."""
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    """Run the rows and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="runs/lspo-rpssl")
    parser.add_argument("--speaker", default="speaker")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--clusters", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    arguments = parser.parse_args()
    print("| run | iteration | latent policy | model itself | purity | model: rock, paper, scissors, Spock, lizard |")
    print("|---|---|---|---|---|---|")
    for row in arguments.rows:
        runs = [run(settings(arguments, row, seed)) for seed in range(arguments.seeds)]
        for number in range(len(runs[0].figures)):
            figures = [one.figures[number]["solve"] for one in runs]
            throws = [
                np.mean([one.get(f"model {throw}", float("nan")) for one in figures])
                for throw in ("rock", "paper", "scissors", "spock", "lizard")
            ]
            cells = [cell([one[name] for one in figures]) for name in COLUMNS]
            print(f"| {row} | {number} | {' | '.join(cells)} | {', '.join(f'{share:.2f}' for share in throws)} |", flush=True)


if __name__ == "__main__":
    main()
