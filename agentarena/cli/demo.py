"""`agentarena demo`: the Dhumbal championship of arXiv 2510.11736, played here."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .common import console, progress_bar, show_table

ENV = "Dhumbal-v0"
FULL = 1024
"""Rounds of the paper's championship."""
HEURISTICS = ("dhumbal/aggressive", "dhumbal/conservative", "dhumbal/balanced", "dhumbal/opportunistic")
LEARNER = "agentarena.envs.dhumbal.analysis.learners:PaperLearner"
FAIR = "The paper's ISMCTS takes every hidden card for an ace; ours redraws them fairly."
SOURCE = "S. R. Malla, arXiv 2510.11736 v1"


@click.command("demo")
@click.option(
    "--rounds", default=1024, show_default=True, type=click.IntRange(min=4), help="Rounds of the rule-based tournament, the paper's number."
)
@click.option(
    "--search-rounds",
    default=32,
    show_default=True,
    type=click.IntRange(min=4),
    help="Rounds of the championship with search.",
)
@click.option("--full", is_flag=True, help=f"Play the championship with search over the paper's {FULL} rounds; about a quarter of an hour.")
@click.option(
    "--simulations", default=100, show_default=True, type=click.IntRange(min=1), help="ISMCTS simulations a decision, as in the paper."
)
@click.option(
    "--learned",
    type=click.Path(exists=True, file_okay=False),
    help="Folder with dqn.safetensors and ppo.safetensors of examples/dhumbal_paper_rl.py: they play in the paper's tournaments. "
    "A champion.safetensors of `agentarena train ppo` beside them meets the rule-based players.",
)
@click.option("--seed", default=42, show_default=True, type=click.IntRange(min=0))
@click.option("--workers", type=click.IntRange(min=1), help="Processes; by default one a core, at most 4.")
@click.option("--out", default="demo", show_default=True, type=click.Path(file_okay=False), help="Folder for records and reports.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def command(
    rounds: int,
    search_rounds: int,
    full: bool,
    simulations: int,
    learned: str | None,
    seed: int,
    workers: int | None,
    out: str,
    quiet: bool,
) -> None:
    """Play the Dhumbal championship of arXiv 2510.11736 with its own players and write reports.

    First its rule-based tournament, twice: with seat 0 always starting, as published, and with seats rotated. Then its
    championship: Aggressive against search and chance. The published figures are printed beside ours. A demo that was
    broken off goes on from what it has recorded.
    """
    from agentarena.envs.dhumbal.analysis import published

    began = time.perf_counter()
    search_rounds = FULL if full else search_rounds
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    championship = _Championship(folder, seed, workers or min(4, os.cpu_count() or 1), quiet)

    fixed = championship.run("rule-based", HEURISTICS, rounds, rotate=False)
    rotated = championship.run("rule-based-rotated", HEURISTICS, rounds, rotate=True)
    rows = [row[:-1] for row in _compare(published.RULE_BASED, fixed, rotated)]
    columns: tuple[str, ...] = ("player", "paper: won %", "same seats [95 %]", "rotated [95 %]", "coins, rotated [95 %]")
    caption = "The first seat starts every round: rotate the seats, and the order changes."
    show_table(f"Rule-based tournament, {rounds} rounds", columns, rows, caption=caption)

    search = f"ismcts?simulations={simulations}"
    if learned is None:
        players = ("dhumbal/aggressive", search, "dhumbal/random", "dhumbal/random")
        final = championship.run("championship", players, search_rounds, rotate=False)
        rows = _compare(published.CHAMPIONSHIP, final)
        columns = ("player", "paper: won %", "here [95 %]", "coins a round [95 %]", "ms a decision")
        caption = f"In PPO's seat plays Random: the paper finds no difference between them (p = 0.70). {FAIR}"
        show_table(f"Championship, {search_rounds} rounds", columns, rows, caption=caption)
    else:
        _play_learned(championship, Path(learned), search, rounds, search_rounds)
    reports = championship.reports(published)
    lines = [
        f"{' and '.join(map(str, reports))} written in {time.perf_counter() - began:.0f} s; open them in a browser.",
        f"Look at a round: agentarena replay {championship.path('championship', search_rounds)}",
    ]
    if search_rounds < FULL:
        lines.append(f"The paper's {FULL} rounds of the championship: agentarena demo --full")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _play_learned(championship: _Championship, folder: Path, search: str, rounds: int, search_rounds: int) -> None:
    """The tournaments with the paper's networks: of the searchers, of the learners, the championship; and a policy that was trained longer."""
    from agentarena.envs.dhumbal.analysis import published

    dqn, ppo = (
        f"{LEARNER}?path={folder / name}.safetensors&greedy={greedy}&name={name}" for name, greedy in (("dqn", "true"), ("ppo", "false"))
    )
    mcts = search.replace("ismcts", "mcts")
    tournaments: tuple[tuple[str, str, Sequence[str], int, Any], ...] = (
        ("learners", "Learned players", (ppo, dqn), rounds, published.LEARNERS),
        ("searchers", "Searchers", (mcts, search), search_rounds, published.SEARCHERS),
        ("championship", "Championship", ("dhumbal/aggressive", search, ppo, "dhumbal/random"), search_rounds, published.CHAMPIONSHIP),
    )
    columns = ("player", "paper: won %", "same seats [95 %]", "rotated [95 %]", "coins, rotated [95 %]", "ms a decision")
    for name, title, players, count, rows in tournaments:
        fixed = championship.run(name, players, count, rotate=False)
        rotated = championship.run(f"{name}-rotated", players, count, rotate=True)
        show_table(f"{title}, {count} rounds", columns, _compare(rows, fixed, rotated), caption=FAIR if search in players else "")
    champion = folder / "champion.safetensors"
    if champion.exists():
        players = (f"rl:{champion}?name=champion", *HEURISTICS[:1], *HEURISTICS[2:])
        _show_standings(f"A policy trained longer, {rounds} rounds", championship.run("champion", players, rounds, rotate=True))


def _show_standings(title: str, results: Any) -> None:
    """Our figures alone, seats rotated."""
    from agentarena.evaluate.tables import cell

    rows = [
        (row["agent"], cell(row["win_share"], row["win_interval"], ".1f", 100), cell(row["mean_return"], row["return_interval"], "+.1f"))
        for row in results.table()
    ]
    show_table(title, ("player", "rotated: won % [95 %]", "coins a round [95 %]"), rows)


class _Championship:
    """The demo's tournaments, each in a record file that a repeated call completes or reuses."""

    def __init__(self, folder: Path, seed: int, workers: int, quiet: bool) -> None:
        self.folder, self.seed, self.workers, self.quiet = folder, seed, workers, quiet
        self.results: dict[str, Any] = {}

    def run(self, name: str, agents: Sequence[str], rounds: int, *, rotate: bool) -> Any:
        """The results of a tournament under the paper's rules."""
        from agentarena.matches.api import play

        if not self.quiet:
            click.echo(f"{name}: {rounds} rounds between {', '.join(agents)} ...", err=True)
        with progress_bar(name, self.quiet) as progress:
            self.results[name] = play(
                ENV,
                list(agents),
                matches=rounds,
                seed=self.seed,
                rotate=rotate,
                workers=self.workers,
                out=self.path(name, rounds),
                progress=progress,
                preset="paper",
                players=len(agents),
            )
        return self.results[name]

    def path(self, name: str, rounds: int) -> Path:
        """The record file of a tournament; one a length, so that a short demo can follow a long one."""
        return self.folder / f"{name}-{rounds}.jsonl"

    def reports(self, published: Any) -> list[Path]:
        """Writes one page a tournament."""
        from agentarena.leaderboard import report

        pages = (
            ("championship", "report.html", "Dhumbal championship", published.CHAMPIONSHIP),
            ("rule-based-rotated", "rule-based.html", "Dhumbal, rule-based players, seats rotated", published.RULE_BASED),
        )
        written = []
        for name, page, title, rows in pages:
            table = report.Published.of(rows, SOURCE, "1024 rounds, the first seat starts every round.", mean_return="coins")
            written.append(report.write(self.results[name], self.folder / page, title=title, published=table, command="agentarena demo"))
        return written


def _compare(rows: Sequence[Any], *results: Any) -> list[tuple[str, ...]]:
    """Published rows beside ours, by seat: name, published, our win share of each result, coins and time of the last."""
    from agentarena.evaluate.tables import cell

    labels = _labels(results[0])
    tables = [{row["agent"]: row for row in result.table()} for result in results]
    out = []
    for row, label in zip(rows, labels, strict=True):
        ours = [table[label] for table in tables]
        shares = [cell(one["win_share"], one["win_interval"], ".1f", 100) for one in ours]
        paper = f"{row.win:.1f}" + (f" ± {row.win_interval:.1f}" if row.win_interval else "")
        coins = cell(ours[-1]["mean_return"], ours[-1]["return_interval"], "+.1f")
        out.append((f"{row.name} ({label})", paper, *shares, coins, f"{results[-1].ledger[label].ms_per_decision:.2f}"))
    return out


def _labels(results: Any) -> list[str]:
    """The agents of the seats of the first match, by the names of the standings."""
    return [results.agents[one.index] for one in results.records[0].seats]
