"""`agentarena train deep-cfr`: networks in place of the tables of counterfactual regret minimisation."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ._training import configuration, interrupts, run_options
from .common import echo_json, say, show_table

if TYPE_CHECKING:
    from agentarena.train.deep_cfr import DeepCFRConfig, DeepCFRRun

__all__ = ["deep_cfr"]


def _classes() -> list[tuple[str, type[Any]]]:
    from agentarena.train.deep_cfr import DeepCFRConfig

    return [("", DeepCFRConfig)]


@click.command("deep-cfr")
@run_options(
    _classes,
    click.option("--iterations", type=click.IntRange(min=1), help="How often every seat traverses and learns."),
    example="seed=1, options.players=3",
)
def deep_cfr(
    env: str | None, path: str | None, iterations: int | None, out: str | None, settings: tuple[str, ...], quiet: bool, dry_run: bool
) -> None:
    """Train policies on vectors by Deep CFR. A run that was broken off goes on.

    Ctrl-C saves after the present iteration and ends; once more ends at once, and the run goes on from its last checkpoint.

    \b
    agentarena train deep-cfr KuhnPoker-v0 --out runs/kuhn-deep-cfr
    agentarena train deep-cfr --config recipes/leduc_deep_cfr.toml -s seed=1
    agentarena play KuhnPoker-v0 rl:runs/kuhn-deep-cfr/policy.safetensors kuhnpoker/nash
    """
    config = _config(env, path, iterations, out, settings)
    if dry_run:
        echo_json(config)
        return
    from agentarena.train.deep_cfr import train

    words = [*([env] if env else []), *(("--config", path) if path else ()), *(("--out", out) if out else ())]
    words += [*(("--iterations", str(iterations)) if iterations else ()), *(part for one in settings for part in ("-s", one))]
    again = "agentarena train deep-cfr " + " ".join(map(shlex.quote, words))
    try:
        with interrupts("iteration") as stop:
            run = train(config, None if quiet else _progress(config), stop)
    except KeyboardInterrupt:
        say(f"ended within an iteration; to go on from the last checkpoint: {again}")
        raise SystemExit(130) from None
    if not run.finished:
        say(f"saved after iteration {run.figures['iteration']:.0f} in {config.output_dir}; to go on: {again}")
        raise SystemExit(130)
    _show(config, run)


def _config(env: str | None, path: str | None, iterations: int | None, out: str | None, settings: tuple[str, ...]) -> DeepCFRConfig:
    """The configuration that a command line names; an error where it names no environment."""
    from agentarena.train.deep_cfr import DeepCFRConfig

    changes = {"env": env, "iterations": iterations, "output_dir": out}
    return configuration(DeepCFRConfig, path, changes, settings, method="deep-cfr", example="KuhnPoker-v0")


def _progress(config: DeepCFRConfig) -> Callable[[dict[str, float]], None]:
    """Prints a line an iteration on stderr, with the time that is left."""
    began = time.monotonic()
    first: list[float] = []

    def report(figures: dict[str, float]) -> None:
        iteration = figures["iteration"]
        first[:] = first or [iteration - 1]
        left = (time.monotonic() - began) / (iteration - first[0]) * (config.iterations - iteration)
        parts = [f"iteration {iteration:.0f}/{config.iterations}", f"{left / 60:.1f} min left", f"rows {figures['points']:.0f}"]
        parts += [f"{name} {figures[name]:.4f}" for name in ("advantage_loss", "nash_conv_iterates") if name in figures]
        click.echo("  ".join(parts), err=True)

    return report


_ROWS = (
    ("nash_conv", "NashConv of the average networks"),
    ("nash_conv_iterates", "NashConv of the exact average of all iterates"),
)


def _show(config: DeepCFRConfig, run: DeepCFRRun) -> None:
    rows = [(words, f"{run.figures[name]:.4f}") for name, words in _ROWS if name in run.figures]
    if rows:
        show_table(f"After {run.figures['iteration']:.0f} iterations", ("figure", "value"), rows)
    for spec in dict.fromkeys(run.specs):
        say(f"Wrote {spec.partition(':')[2]}; play it as {spec}")
