"""Is LSPO robust to the number of clusters and to DPO's beta? One seed or more of `lspo4` for each setting.

    python -m benchmarks.lspo_robust --seeds 3 --out runs/lspo_robust
    python -m benchmarks.lspo_robust --quick

Each setting is a run of the pipeline of its own; its last iteration plays on each side against fixed opponents. k is the number of
clusters, the same in all iterations; more than three make a tree of many millions of histories. beta is varied under both rules of
pairs: "best-worst" as in the paper, where .1 is the default, and "odds", where 1 is.

One JSON file a cell under `--out`; what is there is not repeated. It writes `tables.md` and `curve.svg` beside them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentarena.plots import lines
from agentarena.train.lspo.config import LSPOConfig
from benchmarks.lspo_cells import SIDES, Cell, Cells, pooled, rates, shown_rate, trained
from benchmarks.lspo_werewolf import QUICK, SETTINGS
from benchmarks.runs import markdown

CLUSTERS = (1, 2, 3)
BETAS = {"best-worst": (0.05, 0.1, 0.2), "odds": (0.5, 1.0, 2.0)}
PRESET = "lspo4"


def variants(clusters: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Name of a setting -> how it differs."""
    sizes = {f"k = {count}": {"clusters": {"count": count, "joint": True}} for count in clusters}
    betas = {
        f"{rule}, beta = {beta:g}": {"pairs": {"rule": rule}, "tune": {"beta": beta}} for rule, values in BETAS.items() for beta in values
    }
    return sizes | betas


def measure(options: argparse.Namespace, name: str, changes: dict[str, Any], seed: int) -> Cell:
    """The figures of one setting and seed."""
    folder = options.out / f"seed-{seed}" / name.replace(" ", "").replace(",", "-")
    settings = {**SETTINGS[PRESET], **(QUICK if options.quick else {}), **changes}
    settings["iterations"] = QUICK["iterations"] if options.quick else options.iterations
    config = LSPOConfig.of(
        {"env": "Werewolf-v0", "preset": PRESET, "seed": seed, "output_dir": str(folder / "run"), **settings, "speaker": options.speaker}
    )

    def compute() -> Cell:
        figures = trained(config).figures[-1]
        spec = f"lspo:{folder / 'run'}?iteration={config.iterations}"
        cell = {
            opponent: rates(spec, opponent, matches=options.matches, seed=1000 + seed, workers=options.workers, preset=PRESET)
            for opponent in options.opponents
        }
        return {**cell, "solve": figures["solve"], "cluster": figures["cluster"]}

    return Cells(folder)("figures", compute)


def table(cells: dict[str, list[Cell]], opponents: Sequence[str]) -> str:
    """Win rates by setting, and what the solver says of the last iteration, as Markdown."""
    solved = list(
        dict.fromkeys(name for row in cells.values() for name, value in row[0]["solve"].items() if isinstance(value, int | float))
    )
    head = ["setting", *(f"{side} against {opponent}" for opponent in opponents for side in SIDES), *solved]
    rows = [head, ["---"] * len(head)]
    for name, row in cells.items():
        line = [name, *(shown_rate([cell[opponent] for cell in row], side) for opponent in opponents for side in SIDES)]
        for figure in solved:
            values = [cell["solve"][figure] for cell in row if isinstance(cell["solve"].get(figure), int | float)]
            line.append(f"{sum(values) / len(values):.3g}" if values else "")
        rows.append(line)
    return markdown(rows)


def curve(cells: dict[str, list[Cell]], opponents: Sequence[str]) -> str:
    """Win rate by the number of clusters, as SVG."""
    series = {
        f"{side} against {opponent}": [
            (float(name.removeprefix("k = ")), pooled([cell[opponent] for cell in row], side)[0])
            for name, row in cells.items()
            if name.startswith("k = ")
        ]
        for opponent in opponents
        for side in SIDES
    }
    return lines(series, x="clusters of a role", y="win rate", low=0.0, high=1.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute what is missing; write the table and the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=3, help="updates of the model")
    parser.add_argument("--matches", type=int, default=1000, help="matches on each side")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--clusters", nargs="*", type=int, default=list(CLUSTERS))
    parser.add_argument("--opponents", nargs="*", default=["random", "werewolf/bayes"])
    parser.add_argument("--speaker", default="speaker", help="the model of iteration 0, as `load_speaker` reads it")
    parser.add_argument("--quick", action="store_true", help="two settings, one update, few matches: whether all of it runs")
    parser.add_argument("--out", type=Path, default=Path("runs/lspo_robust"))
    options = parser.parse_args(arguments)
    settings = variants(options.clusters)
    if options.quick:
        options.seeds, options.matches, options.out = 1, min(options.matches, 20), options.out / "quick"
        settings = {name: settings[name] for name in (f"k = {options.clusters[0]}", "best-worst, beta = 0.1")}
    cells = {name: [measure(options, name, changes, seed) for seed in range(options.seeds)] for name, changes in settings.items()}
    text = table(cells, options.opponents)
    (options.out / "tables.md").write_text(text + "\n", encoding="utf-8")
    (options.out / "curve.svg").write_text(curve(cells, options.opponents), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
