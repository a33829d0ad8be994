"""`agentarena train`: policies that learn by playing."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from agentarena.core.display import printable

from ._cloning import imitate
from ._supervised import clone, export_dpo, export_sft
from .common import console, echo_json, named_values, say, show_table


@click.group("train")
def command() -> None:
    """Train a policy.

    \b
    agentarena train selfplay --config recipes/kuhn.toml
    """


def _list_settings(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print every setting with its default and what it is, from the configuration's own words."""
    if not wanted or context.resilient_parsing:
        return
    from agentarena.train.config import ScratchModel, SelfPlayConfig

    for prefix, cls in (("", SelfPlayConfig), ("model.", ScratchModel)):
        words = dict(re.findall(r"^ {4,8}(\w+): (.+(?:\n {12}.+|\n {8}(?! *\w+: ).+)*)", cls.__doc__ or "", re.MULTILINE))
        for field in dataclasses.fields(cls):
            default = "" if field.default is dataclasses.MISSING else f" = {field.default!r}"
            say(f"{prefix}{field.name}{default}", "bold")
            say("    " + " ".join(words.get(field.name, "").split()), hanging=4)
    context.exit()


for _stage in (clone, imitate, export_sft, export_dpo):
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

    config = SelfPlayConfig.load(path, **_values(settings))
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
        if not quiet and (figures["step"] % every == 0 or figures["alerts"] or _judgements(figures)):
            rate = (time.monotonic() - began) / updates
            click.echo(_line(figures, rate * (config.max_steps - figures["step"])), err=True)

    with _interrupts() as stop:
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
    rows = [(name, f"{value:.4f}", _interval(last.get(f"{name} interval"))) for name, value in _judgements(last).items()]
    if rows:
        show_table(f"After {last['step']} updates", ("judge", "figure", "95 % interval"), rows)
    console.print(f"Checkpoints and log.jsonl: {config.output_dir}", markup=False, soft_wrap=True)


def _values(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Settings by name; the name of one entry of a table has a dot, e.g. "games.KuhnPoker-v0"."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        table, dot, entry = name.partition(".")
        if name in values:
            raise click.BadParameter(f"{printable(name, 100)!r} is given twice; give it once", param_hint="--set")
        if dot and table.isidentifier() and entry and equals:
            values[name] = named_values([f"{table}={value}"])[table]
        else:
            values |= named_values([pair])
    return values


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool] | None]:
    """Whether Ctrl-C was pressed: the first one waits for the update's end. `None` where several processes share the run."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 or threading.current_thread() is not threading.main_thread():
        yield None
        return
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        click.echo("interrupted: this update is finished and saved first; Ctrl-C again ends at once", err=True)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _judgements(figures: dict[str, Any]) -> dict[str, float]:
    """What judges said: their figures' names begin with the game's and a space."""
    return {name: value for name, value in figures.items() if " " in name and not isinstance(value, list)}


def _interval(ends: list[float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"


def _line(figures: dict[str, Any], seconds_left: float) -> str:
    """One update on a line, alerts below it."""
    parts = [f"update {figures['step']:5d}", f"{figures['matches_per_second']:7.1f} matches/s", f"{seconds_left / 60:5.1f} min left"]
    parts += [f"{name} {figures[name]:.3f}" for name in ("loss", "entropy", "kl_step", "clip_ratio", "grad_norm") if name in figures]
    parts += [f"{name} {value:.3f}" for name, value in _judgements(figures).items()]
    return "  ".join(parts) + "".join(f"\n    {alert}" for alert in figures["alerts"])


@command.command("curves")
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--out", default="curves.html", show_default=True, type=click.Path(dir_okay=False), help="The HTML file.")
def curves(folders: tuple[str, ...], out: str) -> None:
    """Draw the figures of runs, each a line in every frame. FOLDERS are their output folders.

    \b
    agentarena train curves runs/kuhn-selfplay -o kuhn.html
    """
    from agentarena.matches.arguments import output_file
    from agentarena.train.curves import write

    output_file("--out", out)
    write(folders, out)
    say(f"wrote {out}")
