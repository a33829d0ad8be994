"""`agentarena train ppo` and `agentarena train dqn`: policies on vectors."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._training import configuration, interrupts, interval, judgements, run_options
from .common import echo_json, say, show_table

if TYPE_CHECKING:
    from agentarena.train.rl import RLConfig

__all__ = ["dqn", "ppo"]

_LINE_EVERY_S = 5.0
"""Seconds between two lines of progress; evaluations are always printed."""
_SHOWN = ("return", "points", "return_first_seat", "draws", "entropy", "exploration", "loss", "explained_variance")
"""Figures of a line of progress, where a round has them."""


def _classes() -> list[tuple[str, type[Any]]]:
    from agentarena.train.rl import RLConfig

    return [("", RLConfig)]


_options = run_options(
    _classes,
    click.option("--steps", type=click.IntRange(min=1), help="Decisions to learn from (total_steps)."),
    click.option(
        "--opponents",
        multiple=True,
        metavar="SPEC",
        help="Who sits in the other seats: self, last, past, prioritized, or any agent; several get equal shares.",
    ),
    click.option("--eval", "evals", multiple=True, metavar="SPEC", help="Agent that the policy is evaluated against; may be repeated."),
    example="seed=1, options.players=3",
)
"""The arguments of both commands."""


@click.command("ppo")
@_options
def ppo(**arguments: Any) -> None:
    """Train a policy on vectors by MaskablePPO, in self-play or against others. A run that was broken off goes on.

    Ctrl-C saves after the present stage and ends; once more ends at once, and the run goes on from the stage before.

    \b
    agentarena train ppo ConnectFour-v0 --steps 200000 --opponents self --out runs/four
    agentarena train ppo --config recipes/kuhn_ppo.toml -s seed=1 --out runs/kuhn-1
    agentarena train ppo Dhumbal-v0 --opponents self --opponents prioritized --eval dhumbal/aggressive
    """
    _train("ppo", **arguments)


@click.command("dqn")
@_options
def dqn(**arguments: Any) -> None:
    """Train a policy on vectors by DQN that obeys masks, in self-play or against others. A run that was broken off goes on.

    Ctrl-C saves after the present stage and ends; once more ends at once, and the run goes on from the stage before.

    \b
    agentarena train dqn TicTacToe-v0 --steps 100000 --opponents self --eval random --eval minimax
    agentarena train dqn --config recipes/tictactoe_dqn.toml -s seed=1 --out runs/ttt-1
    """
    _train("dqn", **arguments)


def _train(algorithm: str, path: str | None, settings: tuple[str, ...], quiet: bool, dry_run: bool, **arguments: Any) -> None:
    config = _config(algorithm, path, settings, **arguments)
    if dry_run:
        echo_json(config)
        return
    from agentarena.train.rl import train

    again = f"agentarena train {algorithm} " + " ".join(map(shlex.quote, _words(path, settings, **arguments)))
    try:
        with interrupts("stage") as stop:
            run = train(config, None if quiet else _Progress(config), stop)
    except KeyboardInterrupt:
        say(f"ended within a stage; to go on from the one before: {again}")
        raise SystemExit(130) from None
    if run.steps < config.total_steps:
        say(f"saved {run.policy}; to go on: {again}")
        raise SystemExit(130)
    _show(config, run.policy, run.figures)


def _config(
    algorithm: str,
    path: str | None,
    settings: tuple[str, ...],
    env: str | None,
    steps: int | None,
    opponents: tuple[str, ...],
    evals: tuple[str, ...],
    out: str | None,
) -> RLConfig:
    """The configuration that a command line names; an error where it names no environment."""
    from agentarena.train.rl import RLConfig

    changes: dict[str, Any] = {"env": env, "total_steps": steps, "output_dir": out, "eval": list(evals) or None}
    changes |= {"opponents": dict.fromkeys(opponents, 1.0) or None, "algorithm": algorithm}
    return configuration(RLConfig, path, changes, settings, method=algorithm, example="ConnectFour-v0")


def _words(
    path: str | None,
    settings: tuple[str, ...],
    env: str | None,
    steps: int | None,
    opponents: tuple[str, ...],
    evals: tuple[str, ...],
    out: str | None,
) -> list[str]:
    """The command's arguments again."""
    pairs = [("--config", path), ("--steps", steps), *(("--opponents", one) for one in opponents), *(("--eval", one) for one in evals)]
    pairs += [("--out", out), *(("-s", one) for one in settings)]
    return [*([env] if env else []), *(word for name, value in pairs if value is not None for word in (name, str(value)))]


class _Progress:
    """Prints lines of progress on stderr: a few figures, the rate, and the time that is left."""

    def __init__(self, config: RLConfig) -> None:
        self._total = config.rounds * config.round_steps
        self._began = self._last = time.monotonic()
        self._first: int | None = None
        self._round = config.round_steps

    def __call__(self, figures: dict[str, Any]) -> None:
        now, step = time.monotonic(), int(figures["step"])
        if self._first is None:
            self._first = step - self._round
        judged = judgements(figures)
        if not judged and now - self._last < _LINE_EVERY_S and step < self._total:
            return
        self._last = now
        rate = (step - self._first) / max(now - self._began, 1e-9)
        parts = [f"step {step:>9,} of {self._total:,}", f"{rate:8,.0f} steps/s", f"{(self._total - step) / rate / 60:5.1f} min left"]
        parts += [f"{name} {figures[name]:.3f}" for name in _SHOWN if name in figures]
        click.echo("  ".join(parts), err=True)
        for name, value in judged.items():
            if not any(name.startswith(f"{name.split()[0]} return {seat}") for seat in range(10)):
                click.echo(f"    {name} {value:.3f}", err=True)


def _show(config: RLConfig, policy: Path, figures: dict[str, Any]) -> None:
    """What came of the run: evaluations, files, curves."""
    from agentarena.train.rl.curves import write_png

    rows = [(name, f"{value:.4f}", interval(figures.get(f"{name} interval"))) for name, value in judgements(figures).items()]
    if rows:
        show_table(f"After {figures['step']:,} steps", ("evaluation", "figure", "95 % interval"), rows)
    curves = Path(config.output_dir) / "curves.png"
    write_png([config.output_dir], curves)
    say(f"Policy: {policy}\nCurves and log: {curves}, {Path(config.output_dir) / 'log.jsonl'}")
    say(f"To play it: agentarena play {shlex.quote(config.env)} {shlex.quote(f'rl:{policy}')} random")
