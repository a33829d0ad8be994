"""`agentarena train`: policies that learn by playing."""

from __future__ import annotations

import os
import shlex
import time
from typing import Any

import click

from ._belief_rl import belief_rl
from ._cloning import imitate
from ._deep_cfr import deep_cfr
from ._populations import league, population_report, psro
from ._regret import regret
from ._rl import dqn, ppo
from ._supervised import clone, export_dpo, export_sft
from ._training import interrupts, interval, judgements, list_fields, settings_by_name
from .common import console, echo_json, say, show_table


@click.group("train")
def command() -> None:
    """Train a policy.

    \b
    agentarena train selfplay --config recipes/kuhn.toml
    agentarena train ppo ConnectFour-v0 --steps 200000
    """


def _list_settings(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print every setting with its default and what it is."""
    if not wanted or context.resilient_parsing:
        return
    from agentarena.train.config import ScratchModel, SelfPlayConfig

    list_fields([("", SelfPlayConfig), ("model.", ScratchModel)])
    context.exit()


for _stage in (clone, imitate, export_sft, export_dpo, ppo, dqn, belief_rl, deep_cfr, psro, league, population_report, regret):
    command.add_command(_stage)


@command.command("selfplay")
@click.option("--config", "path", required=True, type=click.Path(exists=True, dir_okay=False), help="Configuration, a TOML file.")
@click.option(
    "-s",
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Setting that overrides the file's, e.g. seed=1, or model.hidden_size=96 in a table; may be repeated.",
)
@click.option("--every", default=1, show_default=True, type=click.IntRange(min=1), metavar="N", help="Print every N-th update.")
@click.option("--quiet", is_flag=True, help="Print the last judgement alone.")
@click.option("--dry-run", is_flag=True, help="Print the whole configuration as JSON, and do nothing.")
@click.option(
    "--list-settings", is_flag=True, is_eager=True, expose_value=False, callback=_list_settings, help="Print every setting, and do nothing."
)
def selfplay(path: str, settings: tuple[str, ...], every: int, quiet: bool, dry_run: bool) -> None:
    """Self-play after MARS: one model in every seat, or against others. A run that was broken off goes on.

    Ctrl-C saves a checkpoint after the present update and ends; once more ends at once.

    \b
    agentarena train selfplay --config recipes/kuhn.toml
    agentarena train selfplay --config recipes/tictactoe.toml -s seed=1 -s output_dir=runs/ttt-1
    agentarena train selfplay --config recipes/kuhn.toml -s model.hidden_size=96 --dry-run
    """
    from agentarena.train.config import SelfPlayConfig

    config = SelfPlayConfig.load(path, **settings_by_name(settings))
    if dry_run:
        echo_json(config)
        return
    from agentarena.train import parallel, recipe

    began = time.monotonic()
    updates = 0
    last: dict[str, Any] = {}

    def report(figures: dict[str, Any]) -> None:
        nonlocal updates
        updates += 1
        last.clear()
        last.update(figures)
        if not quiet and (figures["step"] % every == 0 or figures["alerts"] or judgements(figures)):
            rate = (time.monotonic() - began) / updates
            click.echo(_line(figures, rate * (config.max_steps - figures["step"])), err=True)

    with interrupts("update") as stop:
        run = recipe.selfplay(config, report=report, stop=stop)
    parallel.leave()
    if run.state.step < config.max_steps:
        words = " ".join(shlex.quote(part) for setting in settings for part in ("-s", setting))
        say(
            f"saved {config.output_dir}/checkpoint-{run.state.step}; to go on: agentarena train selfplay --config {shlex.quote(path)} {words}"
        )
        raise SystemExit(130)
    if int(os.environ.get("RANK", "0")):  # the first process says it
        return
    if not last:
        console.print(f"{config.output_dir} holds all {config.max_steps} updates already", markup=False, soft_wrap=True)
        return
    rows = [(name, f"{value:.4f}", interval(last.get(f"{name} interval"))) for name, value in judgements(last).items()]
    if rows:
        show_table(f"After {last['step']} updates", ("judge", "figure", "95 % interval"), rows)
    console.print(f"Checkpoints and log.jsonl: {config.output_dir}", markup=False, soft_wrap=True)


def _line(figures: dict[str, Any], seconds_left: float) -> str:
    """One update on a line, alerts below it."""
    parts = [f"update {figures['step']:5d}", f"{figures['matches_per_second']:7.1f} matches/s", f"{seconds_left / 60:5.1f} min left"]
    parts += [f"{name} {figures[name]:.3f}" for name in ("loss", "entropy", "kl_step", "clip_ratio", "grad_norm") if name in figures]
    parts += [f"{name} {value:.3f}" for name, value in judgements(figures).items()]
    return "  ".join(parts) + "".join(f"\n    {alert}" for alert in figures["alerts"])


@command.command("curves")
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--out", default="curves.html", show_default=True, type=click.Path(dir_okay=False), help="The HTML file, or a PNG.")
def curves(folders: tuple[str, ...], out: str) -> None:
    """Draw the figures of runs, each a line in every frame. FOLDERS are their output folders.

    \b
    agentarena train curves runs/kuhn-selfplay -o kuhn.html
    agentarena train curves runs/kuhn-ppo runs/kuhn-ppo-1 -o kuhn.png
    """
    from agentarena.matches.arguments import output_file

    output_file("--out", out)
    if out.endswith(".png"):
        from agentarena.train.rl.curves import write_png

        write_png(folders, out)
    else:
        from agentarena.train.curves import write

        write(folders, out)
    say(f"wrote {out}")
