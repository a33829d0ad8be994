"""`agentarena train psro`, `agentarena train league` and `agentarena train population-report`: populations of policies."""

from __future__ import annotations

import dataclasses
import math
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ._training import interrupts, list_fields, settings_by_name
from .common import echo_json, say, show_table, trust_option

__all__ = ["league", "population_report", "psro"]

_MOST_ROWS = 20
"""Policies that are printed."""


@click.command("psro")
@click.argument("env")
@click.option("--oracle", type=click.Choice(["exact", "ppo", "dqn", "candidates", "cloning"]), default="exact", show_default=True)
@click.option(
    "--meta-solver", default="nash", show_default=True, help="E.g. uniform, latest, alpharank, prd, rectified, risk_averse?gamma=2."
)
@click.option("--iterations", type=click.IntRange(min=1), default=100, show_default=True, help="Most answers of each seat.")
@click.option(
    "--initial", multiple=True, metavar="SPEC", help="Policy that every population begins with; may be repeated. [default: random]"
)
@click.option("--shared", is_flag=True, help="One population for all seats.")
@click.option("--deals", type=click.IntRange(min=1), default=200, show_default=True, help="Deals of each cell of the table that is played.")
@click.option("--adaptive", is_flag=True, help="Let the boards' scheduler choose the deals, as many in all.")
@click.option("--repeats", is_flag=True, help="Count an answer again that is there already: fictitious play.")
@click.option("--tolerance", type=click.FloatRange(min=0), help="Gain of the answers at which the run has converged.")
@click.option("--played", is_flag=True, help="Play the payoff table also where it could be computed.")
@click.option(
    "-s", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Setting of the oracle, e.g. total_steps=20000. May be repeated."
)
@click.option("--preset", help="Named setting of the environment's options.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Option of the environment; may be repeated.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), help="Processes that play.")
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False), help="Folder of the run.")
@click.option("--quiet", is_flag=True, help="No lines of progress.")
def psro(env: str, settings: Sequence[str], options: Sequence[str], preset: str | None, quiet: bool, **arguments: Any) -> None:
    """Grow populations of policies in ENV, each answering a mixture of the others'. A run that was broken off goes on.

    Ctrl-C ends after the present iteration; once more ends at once, and the same command goes on from what was saved.

    \b
    agentarena train psro KuhnPoker-v0 --oracle exact --meta-solver nash --out runs/psro-kuhn
    agentarena train psro LeducPoker-v0 --tolerance 0.2 --out runs/psro-leduc
    agentarena train psro KuhnPoker-v0 --oracle ppo -s total_steps=20000 --iterations 8 --out runs/psro-kuhn-ppo
    """
    from agentarena.core import registry
    from agentarena.train.populations.oracles import oracle_of
    from agentarena.train.populations.response_oracles import Iteration
    from agentarena.train.populations.response_oracles import psro as search

    game = registry.game(env, preset=preset, options=settings_by_name(options))
    oracle = oracle_of(arguments.pop("oracle"), settings_by_name(settings))
    folder = Path(arguments.pop("out"))
    began = time.monotonic()

    def report(one: Iteration) -> None:
        if not quiet:
            click.echo(_psro_line(one, arguments["iterations"], time.monotonic() - began), err=True)

    arguments["initial"] = arguments["initial"] or ("random",)
    arguments["exact"] = False if arguments.pop("played") else None
    limit = arguments["iterations"]
    try:
        with interrupts("iteration") as stop:
            run = search(game, oracle, folder=folder, report=report, stop=stop, **arguments)
    except KeyboardInterrupt:
        say(f"ended within an iteration; the same command goes on from what is in {folder}")
        raise SystemExit(130) from None
    _show_populations(run.mixtures)
    last = run.iterations[-1]
    figure = f"NashConv {last.nash_conv:.3g}" if last.nash_conv is not None else "NashConv unknown"
    ended = "no new best response" if run.converged else f"{last.number} iterations"
    say(f"{figure} after {ended}; report: agentarena train population-report {shlex.quote(str(folder))}")
    if not run.converged and last.number < limit:
        say("stopped early; the same command goes on")
        raise SystemExit(130)


def _psro_line(one: Any, limit: int, seconds: float) -> str:
    parts = [f"iteration {one.number:4d}", f"policies {' '.join(map(str, one.sizes))}"]
    if one.nash_conv is not None:
        parts.append(f"NashConv {one.nash_conv:.3e}")
    if one.lower_bound is not None:
        parts.append(f"answers gain {one.lower_bound:.4f}")
    if one.deals:
        parts.append(f"{one.deals} deals")
    left = seconds / (one.number + 1) * (limit - one.number)
    return "  ".join([*parts, f"{one.seconds:.1f} s", f"at most {left / 60:.1f} min left"])


def _show_populations(mixtures: Sequence[Mapping[str, float]]) -> None:
    rows = []
    for seat, mixture in enumerate(mixtures):
        ranked = sorted(mixture.items(), key=lambda item: -item[1])
        rows += [(str(seat), spec, f"{share:.4f}") for spec, share in ranked[:_MOST_ROWS]]
        if len(ranked) > _MOST_ROWS:
            rows.append((str(seat), f"{len(ranked) - _MOST_ROWS} more", f"{math.fsum(share for _, share in ranked[_MOST_ROWS:]):.4f}"))
    show_table("Mixtures", ("seat", "policy", "share"), rows)


def _list_settings(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print every setting with its default and what it is."""
    if not wanted or context.resilient_parsing:
        return
    from agentarena.train.populations.leagues import LeagueConfig, Role

    list_fields([("", LeagueConfig), ("players.NAME.", Role)])
    context.exit()


@click.command("league")
@click.option("--config", "path", required=True, type=click.Path(exists=True, dir_okay=False), help="Configuration, a TOML file.")
@click.option(
    "-s", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Setting that overrides the file's, e.g. seed=1. May be repeated."
)
@click.option("--quiet", is_flag=True, help="No lines of progress.")
@click.option("--dry-run", is_flag=True, help="Print the whole configuration as JSON, and do nothing.")
@click.option(
    "--list-settings", is_flag=True, is_eager=True, expose_value=False, callback=_list_settings, help="Print every setting, and do nothing."
)
def league(path: str, settings: Sequence[str], quiet: bool, dry_run: bool) -> None:
    """Train several players of one game by different methods, and rank their checkpoints. A run that was broken off goes on.

    Ctrl-C ends after the present generation; once more ends at once, and the same command goes on from what was saved.

    \b
    agentarena train league --config recipes/league_connectfour.toml
    agentarena train league --config recipes/league_connectfour.toml -s generations=2 -s output_dir=runs/small
    """
    from agentarena.train.populations.leagues import Generation, LeagueConfig
    from agentarena.train.populations.leagues import league as train

    config = LeagueConfig.load(path, **settings_by_name(settings))
    if dry_run:
        echo_json(dataclasses.asdict(config))
        return
    began = time.monotonic()

    def report(one: Generation) -> None:
        if not quiet:
            left = (time.monotonic() - began) / one.number * (config.generations - one.number)
            shares = "  ".join(f"{name} {value:+.3f}" for name, value in one.returns.items())
            click.echo(f"generation {one.number:3d}  {shares}  {one.seconds:.0f} s  {left / 60:.1f} min left", err=True)

    try:
        with interrupts("generation") as stop:
            run = train(config, report=report, stop=stop)
    except KeyboardInterrupt:
        say(f"ended within a generation; the same command goes on from what is in {config.output_dir}")
        raise SystemExit(130) from None
    show_table("Members by alpha-Rank", ("member", "share", "mean return"), run.rows()[:_MOST_ROWS])
    say(f"report: agentarena train population-report {shlex.quote(config.output_dir)}")
    if len(run.generations) < config.generations:
        say("stopped early; the same command goes on")
        raise SystemExit(130)


@click.command("population-report")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="The HTML file; by default report.html in the folder.")
@trust_option
def population_report(folder: str, out: str | None, trust: bool) -> None:
    """Write one page about the run in FOLDER: policies, payoffs with intervals, response graph, curves.

    \b
    agentarena train population-report runs/psro-kuhn
    """
    from agentarena.matches.arguments import output_file
    from agentarena.train.populations.report import write

    target = out or str(Path(folder) / "report.html")
    output_file("--out", target)
    write(folder, target, trust=trust)
    say(f"wrote {target}")
