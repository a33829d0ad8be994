"""LSPO in Werewolf: win rate per iteration as wolves and as villagers, role reading, place bias, ablations.

    python -m benchmarks.lspo_werewolf --preset lspo4 --seeds 3 --out runs/lspo_werewolf
    python -m benchmarks.lspo_werewolf --quick

For each seed a run of the pipeline (`agentarena.train.lspo.run`) of four iterations, then matches of every iteration's agent against
fixed opponents and against the last iteration. All wolf seats are held by one agent, all others by its opponent; every deal is
played once with the agent on each side. Baselines speak with the model of iteration 0. Ablations: without the latent policy
(candidates are uttered at random, other moves by the policy), and without tuning (the policy of the last iteration, solved anew each
time for the model of iteration 0).

One JSON file a cell under `--out`; what is there is not repeated. It writes `tables.md` and `curve.svg` beside them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from agentarena.plots import lines
from agentarena.train.lspo.config import LSPOConfig
from benchmarks.lspo_cells import ACTS, SIDES, Cell, Cells, pooled, rates, rates_table, trained
from benchmarks.runs import markdown

FIXED = ("random", "werewolf/bayes", "werewolf/scripted")
LAST = "last iteration"
BASELINES = {
    "ReAct": "strategy=react",
    "ReCon-style": "strategy=recon",
    "SLA-style": "strategy=sla&n=3&policy=werewolf/bayes",
    "Cicero-like": f"strategy=cicero&policy=werewolf/bayes&acts={ACTS}",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "lspo4": {
        "matches": 200,
        "candidates": 3,
        "clusters": {"count": 2, "joint": True},
        "solve": {"method": "cfr+", "iterations": 150, "starts": 2, "restarts": 1, "max_histories": 6_000_000},
        "tune": {"lr": 1e-3},
    },
    "lspo7": {
        "matches": 200,
        "candidates": 3,
        "clusters": {"count": 2, "joint": True},
        "solve": {"method": "ppo", "hidden": [128, 128], "batch_size": 1024, "learning_rate": 1e-3},
        "tune": {"lr": 1e-3},
    },
}
"""Preset -> settings of the pipeline. The tree of `lspo4` grows with the cube of the moves. Two clusters, each about somebody or about
nobody, are four moves a role and 1.9 million histories; three are five or six, 4.4 million, 5 GB, and need more iterations than they
get in a minute. The game `lspo7` is beyond trees, and PPO learns
there what Deep CFR does not in the same time."""
QUICK: dict[str, Any] = {
    "matches": 20,
    "iterations": 1,
    "clusters": {"count": 2, "joint": True},
    "solve": {"method": "mccfr", "iterations": 2, "traversals": 50, "max_histories": 1, "matches": 100},
}


class Experiment:
    """One seed of one preset.

    Args:
        options: The command line.
        seed: The seed.
    """

    def __init__(self, options: argparse.Namespace, seed: int) -> None:
        self.options, self.seed = options, seed
        self.folder = options.out / options.preset / f"seed-{seed}"
        self.cells = Cells(self.folder / "cells")
        self.iterations = QUICK["iterations"] if options.quick else options.iterations

    def config(self, name: str) -> LSPOConfig:
        """The settings of a run of the pipeline."""
        settings = {**SETTINGS[self.options.preset], **(QUICK if self.options.quick else {}), "iterations": self.iterations}
        return LSPOConfig.of(
            {
                "env": "Werewolf-v0",
                "preset": self.options.preset,
                "seed": self.seed,
                "output_dir": str(self.folder / name),
                **settings,
                "speaker": self.options.speaker,
            }
        )

    def agent(self, iteration: int, run: str = "run", more: str = "") -> str:
        """The spec string of an iteration's agent."""
        return f"lspo:{self.folder / run}?iteration={iteration}{more}"

    def rate(self, name: str, agent: str, opponent: str, matches: int | None = None) -> Cell:
        """A cell of win rates."""
        options = self.options
        played = options.matches if matches is None else matches

        def compute() -> Cell:
            return rates(agent, opponent, matches=played, seed=1000 + self.seed, workers=options.workers, preset=options.preset)

        return self.cells(name, compute)

    def baseline(self, query: str) -> str:
        """The spec string of a baseline on the model of iteration 0."""
        head, *rest = query.split("&")
        pairs = [f"{key}={quote(value, safe=':.')}" for key, _, value in (one.partition("=") for one in rest)]
        model = self.options.baseline or f"{model_of(self.options.speaker)}?memory=state&max_tokens=24&temperature=0.8"
        return "&".join([model, head, *pairs])

    def all(self) -> dict[str, Any]:
        """Everything that is measured of this seed: agent -> opponent -> cell, and the self-play of each iteration."""
        trained(self.config("run"))
        last = self.agent(self.iterations)
        rows: dict[str, dict[str, Cell]] = {}
        opponents = {name: name for name in self.options.opponents} | {LAST: last}
        for iteration in range(self.iterations + 1):
            rows[f"iteration {iteration}"] = {
                name: self.rate(f"iteration-{iteration}-{_file(name)}", self.agent(iteration), opponent)
                for name, opponent in opponents.items()
            }
        if not self.options.no_ablations:
            rows |= self.ablations(opponents)
        for name in self.options.baselines:
            spec = self.baseline(BASELINES[name])
            rows[name] = {LAST: self.rate(f"{_file(name)}-{_file(LAST)}", spec, last, self.options.baseline_matches)}
        selfplay = [
            self.cells(f"reading-{iteration}", lambda iteration=iteration: self.reading(iteration))
            for iteration in range(self.iterations + 1)
        ]
        return {"rows": rows, "reading": selfplay}

    def ablations(self, opponents: dict[str, str]) -> dict[str, dict[str, Cell]]:
        """The last iteration without its policy in speech, and without tuning."""
        trained(self.config("untuned"), tune=False)
        agents = {
            "without latent policy": self.agent(self.iterations, more="&speech=uniform"),
            "without tuning": self.agent(self.iterations, run="untuned"),
        }
        return {
            name: {other: self.rate(f"{_file(name)}-{_file(other)}", agent, opponent) for other, opponent in opponents.items()}
            for name, agent in agents.items()
        }

    def reading(self, iteration: int) -> Cell:
        """How well roles are read from the talk of an iteration's agents among themselves."""
        import agentarena as aa
        from agentarena.envs.werewolf.analysis.reading import read_roles

        options = self.options
        results = aa.play(
            "Werewolf-v0",
            [self.agent(iteration)],
            matches=options.matches,
            seed=2000 + self.seed,
            workers=options.workers,
            preset=options.preset,
        )
        return {one.side: {"accuracy": one.accuracy, "interval": list(one.interval), "silent": one.silent, "truth": one.truth}
                for one in read_roles(results.records)}  # fmt: skip


def model_of(speaker: str) -> str:
    """The spec string, without parameters, of a language agent on a speaker's model.

    >>> model_of("vllm:Qwen/Qwen3-8B?lora=16"), model_of("speaker")
    ('vllm:Qwen/Qwen3-8B', 'hf:agentarena/models/speaker/weights')
    """
    head = speaker.partition("?")[0]
    if head.startswith(("hf:", "vllm:")):
        return head
    return "hf:agentarena/models/speaker/weights" if head == "speaker" else f"hf:{head}"


def _file(name: str) -> str:
    return name.replace("/", "-").replace(" ", "-").lower()


def tables(preset: str, seeds: Sequence[dict[str, Any]]) -> str:
    """All tables as Markdown."""
    from agentarena.envs.werewolf.solver import village_win

    exact = float(village_win(preset))
    rows = {
        name: {opponent: [seed["rows"][name][opponent] for seed in seeds] for opponent in row} for name, row in seeds[0]["rows"].items()
    }
    parts = [
        f"## {preset}: win rates, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}",
        f"Random play against itself, exact: wolves {1 - exact:.4f}, village {exact:.4f}. Intervals are Wilson's over the matches of all "
        "seeds, 95 %; in brackets the least and greatest rate of a seed.",
        rates_table(rows),
        "## Role reading from self-play",
        _reading_table(seeds),
        "## Place of the first attack and of the first vote in the list",
        _bias_table(rows),
    ]
    return "\n\n".join(parts) + "\n"


def _reading_table(seeds: Sequence[dict[str, Any]]) -> str:
    table = [["iteration", *(f"{side}, {what}" for side in SIDES for what in ("with words", "without"))], ["---"] * 5]
    for iteration in range(len(seeds[0]["reading"])):
        row = [str(iteration)]
        for side in SIDES:
            cells = [seed["reading"][iteration].get(side) for seed in seeds]
            for figure in ("accuracy", "silent"):
                values = [cell[figure] for cell in cells if cell]
                row.append(f"{sum(values) / len(values):.3f}" if values else "")
        table.append(row)
    return markdown(table)


def _bias_table(rows: dict[str, dict[str, list[Cell]]]) -> str:
    table = [["agent", "first attack: chi2 (df), p", "first vote: chi2 (df), p"], ["---"] * 3]
    for name, row in rows.items():
        opponent = "random" if "random" in row else next(iter(row))
        line = [f"{name} against {opponent}"]
        for what in ("first attack", "first vote"):
            tests = [cell[what] for cell in row[opponent]]
            line.append("; ".join(f"{test['statistic']:.1f} ({test['freedom']}), {test['p']:.2g}" for test in tests))
        table.append(line)
    return markdown(table)


def curve(seeds: Sequence[dict[str, Any]]) -> str:
    """Win rate by iteration, one line a side and opponent, as SVG."""
    series: dict[str, list[tuple[float, float]]] = {}
    iterations = [name for name in seeds[0]["rows"] if name.startswith("iteration ")]
    for opponent in seeds[0]["rows"][iterations[0]]:
        for side in SIDES:
            series[f"{side} against {opponent}"] = [
                (float(number), pooled([seed["rows"][name][opponent] for seed in seeds], side)[0]) for number, name in enumerate(iterations)
            ]
    return lines(series, x="iteration", y="win rate", low=0.0, high=1.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute what is missing; write the tables and the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="lspo4", choices=sorted(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=3, help="updates of the model")
    parser.add_argument("--matches", type=int, default=1000, help="matches on each side of a cell")
    parser.add_argument("--baseline-matches", type=int, default=1000, help="the same against baselines, which ask their model more often")
    parser.add_argument("--workers", type=int, default=None, help="processes; none plays in this one")
    parser.add_argument("--opponents", nargs="*", default=list(FIXED))
    parser.add_argument("--baselines", nargs="*", default=list(BASELINES), choices=list(BASELINES))
    parser.add_argument("--baseline", default=None, help="spec string of the baselines' model, with a ? and parameters")
    parser.add_argument("--no-ablations", action="store_true")
    parser.add_argument("--speaker", default="speaker", help="the model of iteration 0, as `load_speaker` reads it")
    parser.add_argument("--quick", action="store_true", help="one seed, one update, few matches: whether all of it runs")
    parser.add_argument("--out", type=Path, default=Path("runs/lspo_werewolf"))
    options = parser.parse_args(arguments)
    if options.quick:
        options.seeds, options.matches, options.baseline_matches = 1, min(options.matches, 20), 2
        options.out = options.out / "quick"
    seeds = [Experiment(options, options.first_seed + number).all() for number in range(options.seeds)]
    folder = options.out / options.preset
    (folder / "tables.md").write_text(tables(options.preset, seeds), encoding="utf-8")
    (folder / "curve.svg").write_text(curve(seeds), encoding="utf-8")
    print(tables(options.preset, seeds))


if __name__ == "__main__":
    main()
