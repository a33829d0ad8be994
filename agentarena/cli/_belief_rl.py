"""`agentarena train belief-rl`: policies on time, motion and public belief, for games with one-sided information."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ._training import configuration, interrupts, run_options
from .common import echo_json, say, show_table

if TYPE_CHECKING:
    from agentarena.train.belief_rl import BeliefRLConfig

__all__ = ["belief_rl"]

_LINE_EVERY_S = 5.0
"""Seconds between two lines of progress; evaluations are always printed."""


def _classes() -> list[tuple[str, type[Any]]]:
    from agentarena.train.belief_rl import BeliefRLConfig

    return [("", BeliefRLConfig)]


@click.command("belief-rl")
@run_options(
    _classes,
    click.option("--method", type=click.Choice(("ppo", "mmd")), help="PPO, or magnetic mirror descent."),
    click.option("--rounds", type=click.IntRange(min=1), help="Rounds of the run."),
    click.option("--bounds", is_flag=True, help="At the end, what each side's policy loses to its best response."),
    example="seed=1, options.steps=4",
)
def belief_rl(path: str | None, settings: tuple[str, ...], bounds: bool, quiet: bool, dry_run: bool, **arguments: Any) -> None:
    """Train both sides of Football-v0 or of Hexner's games at once. A run that was broken off goes on.

    With belief="public" the attackers learn to state a strategy for all types (preset "public"); with a hidden one they learn a
    control for each type, without the structure of beliefs. Ctrl-C saves after the present round and ends.

    \b
    agentarena train belief-rl Hexner-v0 --method mmd -s preset=public -s options.steps=4 --out runs/hexner --bounds
    agentarena play Hexner-v0 belief-rl:runs/hexner/policies.safetensors hexner/equilibrium -o steps=4 -o discretization=split
    """
    config = _config(path, settings, **arguments)
    if dry_run:
        echo_json(config)
        return
    from agentarena.train.belief_rl import train

    again = "agentarena train belief-rl " + " ".join(map(shlex.quote, _words(path, settings, **arguments)))
    try:
        with interrupts("round") as stop:
            run = train(config, None if quiet else _progress(config), stop)
    except KeyboardInterrupt:
        say(f"ended within a round; to go on from the last checkpoint: {again}")
        raise SystemExit(130) from None
    if run.policies is None:
        say(f"saved after round {run.figures['round']:.0f} in {config.output_dir}; to go on: {again}")
        raise SystemExit(130)
    rows = [("what the attackers pay, both sides' means against each other", run.figures["play_cost"])]
    if bounds:
        rows += _bounds(config, run.policies)
    show_table(f"After {config.rounds} rounds", ("figure", "value"), [(words, f"{value:.4f}") for words, value in rows])
    say(f"Wrote {run.policies}; play it as {run.spec}")


def _config(path: str | None, settings: tuple[str, ...], **arguments: Any) -> BeliefRLConfig:
    """The configuration that a command line names; an error where it names no environment."""
    from agentarena.train.belief_rl import BeliefRLConfig

    changes = {**{name: arguments[name] for name in ("env", "method", "rounds")}, "output_dir": arguments["out"]}
    return configuration(BeliefRLConfig, path, changes, settings, method="belief-rl", example="Hexner-v0")


def _words(
    path: str | None, settings: tuple[str, ...], env: str | None, method: str | None, rounds: int | None, out: str | None
) -> list[str]:
    """The command's arguments again."""
    pairs = [("--config", path), ("--method", method), ("--rounds", rounds), ("--out", out), *(("-s", one) for one in settings)]
    return [*([env] if env else []), *(word for name, value in pairs if value is not None for word in (name, str(value)))]


def _progress(config: BeliefRLConfig) -> Callable[[dict[str, float]], None]:
    """Prints lines on stderr, with the time that is left."""
    began = last = time.monotonic()
    first: list[float] = []

    def report(figures: dict[str, float]) -> None:
        nonlocal last
        done, now = figures["round"], time.monotonic()
        first[:] = first or [done - 1]
        if "play_cost" not in figures and now - last < _LINE_EVERY_S:
            return
        last = now
        left = (now - began) / (done - first[0]) * (config.rounds - done)
        parts = [f"round {done:.0f}/{config.rounds}", f"{left / 60:.1f} min left", f"cost {figures['cost']:.4f}"]
        parts += [f"{name} {figures[name]:.4f}" for name in ("kl_attack", "kl_defence", "play_cost") if name in figures]
        if "play_cost" in figures:
            parts.append("certainty " + " ".join(f"{value:.2f}" for name, value in figures.items() if name.startswith("certainty_")))
        click.echo("  ".join(parts), err=True)

    return report


def _bounds(config: BeliefRLConfig, policies: str) -> list[tuple[str, float]]:
    """Rows on what each side loses at most."""
    from agentarena.agents.rl.belief_file import load_beliefs
    from agentarena.train.belief_rl.responses import bounds

    worth = bounds(config.game(), load_beliefs(policies).policies)
    return [
        ("the attackers pay at most (best response of the defenders)", worth.upper),
        ("the attackers pay at least (best response of the attackers)", worth.lower),
    ]
