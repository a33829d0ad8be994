"""`agentarena watch`: one match, move by move."""

from __future__ import annotations

import time

import click

from agentarena.core import registry

from .common import console, env_options, key_values


@click.command("watch")
@click.argument("env")
@click.argument("agents", nargs=-1, required=True)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--delay", default=0.5, show_default=True, type=click.FloatRange(min=0), metavar="SECONDS", help="Pause after each move.")
@click.option("--seat", type=click.IntRange(min=0), help="See only what this seat sees; by default you are the referee and see everything.")
@env_options
def command(env: str, agents: tuple[str, ...], seed: int, delay: float, seat: int | None, settings: tuple[str, ...]) -> None:
    """Watch AGENTS play one match of ENV in the terminal.

    \b
    agentarena watch ConnectFour-v0 "mcts?simulations=200" minimax?depth=4
    agentarena watch KuhnPoker-v0 cfr random --seat 0 --delay 1
    """
    from agentarena.core.frames import frames
    from agentarena.matches.api import play

    from .replay import check_seat, show_frame

    game = registry.game(env, **key_values(settings))
    check_seat(seat, game.info.seats)
    results = play(game, list(agents), matches=1, seed=seed, rotate=False)
    (record,) = results.records
    for frame in frames(record):
        show_frame(frame, seat)
        time.sleep(delay)
    returns = ", ".join(f"{one.agent} {one.return_:g}" for one in record.seats)
    console.print(f"[bold]{record.outcome}[/bold]; winner: {record.winner}; returns: {returns}")
