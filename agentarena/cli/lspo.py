"""`agentarena lspo`: free speech in clusters, solved as a game, and taught back to the language model."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ._training import configuration, interrupts, run_options
from .common import echo_json, json_option, progress_bar, say, show_table

if TYPE_CHECKING:
    from agentarena.train.lspo.inspect import IterationView
    from agentarena.train.lspo.run import Progress


@click.group("lspo")
def command() -> None:
    """Latent-space policy optimization (LSPO): a language model that speaks as an equilibrium of its own words.

    \b
    agentarena lspo run --config recipes/lspo4.toml
    agentarena lspo inspect runs/lspo4 --html lspo4.html
    agentarena lspo play runs/lspo4 werewolf/bayes --matches 200
    """


def _classes() -> list[tuple[str, type[Any]]]:
    from agentarena.train.lspo.clusters import ClusterSettings
    from agentarena.train.lspo.config import LSPOConfig, PairSettings

    return [("", LSPOConfig), ("clusters.", ClusterSettings), ("pairs.", PairSettings)]


@command.command("run")
@run_options(
    _classes,
    click.option("--iterations", type=click.IntRange(min=0), help="Updates of the model."),
    example="seed=1, preset=lspo4, clusters.count=12",
)
def run_command(
    env: str | None, path: str | None, iterations: int | None, out: str | None, settings: tuple[str, ...], quiet: bool, dry_run: bool
) -> None:
    """Generate, cluster, solve, pair and tune, iteration after iteration. A run that was broken off goes on.

    Ctrl-C ends after the present stage; once more ends at once, and the run goes on with that stage. A file that was damaged is named
    and made anew.

    \b
    agentarena lspo run Werewolf-v0 -s preset=lspo4 --out runs/lspo4
    agentarena lspo run RockPaperScissorsSpockLizard-v0 -s speech=moves -s options.rounds=1 -s clusters.count=15 --out runs/rpssl
    agentarena lspo run --config recipes/lspo4.toml -s speaker=vllm:Qwen/Qwen3-8B
    """
    from agentarena.train.lspo.config import LSPOConfig

    changes = {"env": env, "iterations": iterations, "output_dir": out}
    config = configuration(LSPOConfig, path, changes, settings, method="lspo", example="Werewolf-v0")
    if dry_run:
        echo_json(config)
        return
    from agentarena.train.lspo.run import run

    words = [*([env] if env else []), *(("--config", path) if path else ()), *(("--out", out) if out else ())]
    words += [*(("--iterations", str(iterations)) if iterations is not None else ()), *(part for one in settings for part in ("-s", one))]
    again = "agentarena lspo run " + " ".join(map(shlex.quote, words))
    try:
        with interrupts("stage") as stop:
            result = run(config, None if quiet else _progress(config.iterations), stop)
    except KeyboardInterrupt:
        say(f"ended within a stage; to go on: {again}")
        raise SystemExit(130) from None
    if not result.finished:
        say(f"ended after a stage; to go on: {again}")
        raise SystemExit(130)
    _show_figures([{name: value for stage in one.values() for name, value in stage.items()} for one in result.figures])
    say(
        f"Wrote {config.output_dir}. Look at it: agentarena lspo inspect {shlex.quote(config.output_dir)}; play it as lspo:{config.output_dir}"
    )


def _progress(last: int) -> Callable[[Progress], None]:
    """Prints a line a stage on stderr."""
    from agentarena.train.lspo.inspect import figure_text

    def report(one: Progress) -> None:
        if one.event == "damaged":
            click.echo(f"{one.reason}; {one.stage} is done again", err=True)
        elif one.event == "end":
            parts = [f"{name} {figure_text(value)}" for name, value in one.figures.items()]
            click.echo(f"iteration {one.iteration}/{last}  {one.stage:8}  {one.seconds:7.1f} s  {', '.join(parts[:8])}", err=True)

    return report


def _show_figures(iterations: list[dict[str, Any]]) -> None:
    """All figures as a table with a column an iteration."""
    from agentarena.train.lspo.inspect import figure_text

    names = list(dict.fromkeys(name for one in iterations for name in one))
    rows = [
        (name.replace("_", " "), *(figure_text(one[name]) if name in one and one[name] is not None else "–" for one in iterations))
        for name in names
    ]
    if rows:
        show_table("Figures", ("figure", *(f"iteration {number}" for number in range(len(iterations)))), rows)


@command.command("inspect")
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.option("--iteration", type=click.IntRange(min=0), help="Show this one; by default the last.")
@click.option("--examples", default=3, show_default=True, type=click.IntRange(1, 100), help="Sentences of each cluster.")
@click.option("--situations", default=6, show_default=True, type=click.IntRange(0, 1000), help="Information sets, those met most often.")
@click.option("--pairs", default=6, show_default=True, type=click.IntRange(0, 1000), help="Preference pairs.")
@click.option("--html", "page", type=click.Path(dir_okay=False), help="Write all iterations as a self-contained HTML page.")
@json_option
def inspect_command(run: str, iteration: int | None, examples: int, situations: int, pairs: int, page: str | None, as_json: bool) -> None:
    """Show clusters with example sentences, policies by information set, pairs and figures of RUN, a folder of `lspo run`.

    \b
    agentarena lspo inspect runs/lspo4
    agentarena lspo inspect runs/lspo4 --iteration 0 --examples 10
    agentarena lspo inspect runs/lspo4 --html lspo4.html
    """
    from agentarena.matches.arguments import output_file
    from agentarena.train.lspo.inspect import inspect_run

    if page:
        output_file("--html", page)
    inspection = inspect_run(run, examples=examples, situations=situations, pairs=pairs)
    if iteration is not None and iteration >= len(inspection.iterations):
        raise click.UsageError(f"{run} has {len(inspection.iterations)} iterations, numbered from 0; got --iteration {iteration}")
    if page:
        from agentarena.train.lspo.page import write

        write(page, inspection)
    if as_json:
        echo_json({**inspection._asdict(), "iterations": [_plain(one) for one in inspection.iterations]})
        return
    if page:
        say(f"wrote {page}")
        return
    _show_figures([{name: value for stage in one.figures.values() for name, value in stage.items()} for one in inspection.iterations])
    if inspection.iterations:
        _show_iteration(inspection.iterations[-1 if iteration is None else iteration])


def _plain(one: IterationView) -> dict[str, Any]:
    """An iteration as JSON: rows by the names of their columns."""
    rows = {name: [row._asdict() for row in getattr(one, name)] for name in ("clusters", "policies", "pairs")}
    return {**one._asdict(), **rows}


def _show_iteration(one: IterationView) -> None:
    for stage, reason in one.problems:
        say(f"{stage} is not done: {reason}", "bold")
    rows = [
        (
            row.role,
            row.number,
            row.symbol,
            "yes" if row.about else "no",
            row.sentences,
            row.proposed,
            f"{row.model:.3f}",
            f"{row.policy:.3f}",
            " / ".join(row.examples),
        )
        for row in one.clusters
    ]
    columns = ("role", "cluster", "heard as", "about a seat", "sentences", "proposed", "model", "policy", "examples")
    caption = "Model: share of its first candidates. Policy: the latent policy's probability, a mean over the turns of the iteration."
    show_table(f"Iteration {one.number}: clusters", columns, rows, caption=caption)
    situations = [
        (row.role, row.visits, row.view.replace("\n", " / "), ", ".join(_move(*move) for move in row.moves)) for row in one.policies
    ]
    if situations:
        show_table(f"Iteration {one.number}: policies", ("role", "met", "situation", "cluster and probability"), situations)
    preferences = [
        (
            row.role,
            row.chosen,
            f"{row.chosen_cluster}: {row.chosen_probability:.3f}",
            row.rejected,
            f"{row.rejected_cluster}: {row.rejected_probability:.3f}",
        )
        for row in one.pairs
    ]
    if preferences:
        pair_columns = ("role", "chosen", "cluster: probability", "rejected", "cluster: probability")
        show_table(f"Iteration {one.number}: {len(preferences)} of {one.count_of_pairs:,} pairs", pair_columns, preferences)


def _move(cluster: int, name: str, probability: float) -> str:
    return f"{cluster}{f' about {name}' if name else ''}: {probability:.3f}"


@command.command("play")
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.argument("agents", nargs=-1, metavar="[AGENTS]...")
@click.option("-n", "--matches", default=100, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--iteration", "iterations", multiple=True, type=click.IntRange(min=-1), help="Which plays; may be repeated. By default the last."
)
@click.option(
    "--speech", default="policy", show_default=True, type=click.Choice(["policy", "uniform", "clusters"]), help="How utterances are chosen."
)
@click.option("--candidates", default=0, type=click.IntRange(0, 64), help="Utterances to ask for at each turn; by default as in the run.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--workers", type=click.IntRange(min=1), help="Processes to play in; by default this one.")
@click.option("--out", type=click.Path(dir_okay=False), help="Record file (.jsonl); an unfinished one is continued.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@json_option
def play_command(
    run: str,
    agents: tuple[str, ...],
    matches: int,
    iterations: tuple[int, ...],
    speech: str,
    candidates: int,
    seed: int,
    workers: int | None,
    out: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Play iterations of RUN in its own game, with themselves or against AGENTS.

    \b
    agentarena lspo play runs/lspo4 werewolf/bayes random
    agentarena lspo play runs/lspo4 --iteration 0 --iteration 3
    agentarena lspo play runs/lspo4 werewolf/bayes --speech uniform
    """
    from agentarena.matches.api import play
    from agentarena.train.lspo.agent import load_run

    from .play import results_json, show_results

    config = load_run(run)[0]
    parameters = [*([f"speech={speech}"] if speech != "policy" else []), *([f"candidates={candidates}"] if candidates else [])]
    own = [f"lspo:{run}?{'&'.join([f'iteration={number}', *parameters])}" for number in iterations or (-1,)]
    with progress_bar(config.env, quiet or as_json) as progress:
        results = play(config.game(), [*own, *agents], matches=matches, seed=seed, workers=workers, out=out, progress=progress)
    if as_json:
        echo_json(results_json(results, out))
    else:
        show_results(config.env, results)
