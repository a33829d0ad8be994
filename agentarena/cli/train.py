"""`agentarena train`: policies that learn by playing."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from .common import console, named_values, show_table


@click.group("train")
def command() -> None:
    """Train a policy.

    \b
    agentarena train selfplay --config recipes/kuhn.toml
    """


@command.command("selfplay")
@click.option("--config", "path", required=True, type=click.Path(exists=True, dir_okay=False), help="Configuration, a TOML file.")
@click.option("-s", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Setting that overrides the file's; may be repeated.")
@click.option("--quiet", is_flag=True, help="Print the last judgement alone.")
def selfplay(path: str, settings: tuple[str, ...], quiet: bool) -> None:
    """Self-play after MARS: one model in every seat, or against others. A run that was broken off goes on.

    \b
    agentarena train selfplay --config recipes/kuhn.toml
    agentarena train selfplay --config recipes/tictactoe.toml -s seed=1 -s output_dir=runs/ttt-1
    """
    from agentarena.train import recipe
    from agentarena.train.config import SelfPlayConfig

    config = SelfPlayConfig.load(path, **named_values(settings))
    began = time.monotonic()
    first: list[int] = []
    last: dict[str, Any] = {}

    def report(figures: dict[str, Any]) -> None:
        first.append(figures["step"])
        last.update(figures)
        if not quiet:
            rate = (time.monotonic() - began) / len(first)
            click.echo(_line(figures, rate * (config.max_steps - figures["step"])), err=True)

    recipe.selfplay(config, report=report)
    if int(os.environ.get("RANK", "0")):  # another process of this run says it
        return
    if not last:
        console.print(f"{config.output_dir} holds all {config.max_steps} updates already", markup=False, soft_wrap=True)
        return
    rows = [(name, f"{value:.4f}") for name, value in last.items() if " " in name]
    if rows:
        show_table(f"After {last['step']} updates", ("judge", "figure"), rows)
    console.print(f"Checkpoints and log.jsonl: {config.output_dir}", markup=False, soft_wrap=True)


def _line(figures: dict[str, Any], seconds_left: float) -> str:
    """One update on a line, alerts below it."""
    parts = [f"update {figures['step']:5d}", f"{figures['matches_per_second']:7.1f} matches/s", f"{seconds_left / 60:5.1f} min left"]
    parts += [f"{name} {figures[name]:.3f}" for name in ("loss", "entropy", "kl_step", "clip_ratio", "grad_norm")]
    parts += [f"{name} {value:.3f}" for name, value in figures.items() if " " in name]
    return "  ".join(parts) + "".join(f"\n    {alert}" for alert in figures["alerts"])
