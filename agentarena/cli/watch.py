"""`agentarena watch`: one match, move by move."""

from __future__ import annotations

import time

import click

from agentarena.core import registry

from .common import echo_json, env_options, expect_agents, json_option, key_values


@click.command("watch")
@click.argument("env")
@click.argument("agents", nargs=-1, metavar="AGENTS...")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--delay", default=0.5, show_default=True, type=click.FloatRange(min=0), metavar="SECONDS", help="Pause after each move.")
@click.option("--seat", type=click.IntRange(min=0), help="See only what this seat sees; by default you are the referee and see everything.")
@json_option
@env_options
def command(env: str, agents: tuple[str, ...], seed: int, delay: float, seat: int | None, as_json: bool, settings: tuple[str, ...]) -> None:
    """Watch AGENTS play one match of ENV in the terminal, shown as `agentarena replay` does.

    The match is played first, then shown.

    \b
    agentarena watch ConnectFour-v0 "mcts?simulations=200" minimax?depth=4
    agentarena watch KuhnPoker-v0 cfr random --seat 0 --delay 1
    """
    from agentarena.core.frames import frames
    from agentarena.matches.api import play

    from .replay import check_seat, match_json, show_ending, show_frame

    expect_agents(env, agents, settings)
    if any(agent.partition("?")[0] == "human" for agent in agents):
        raise click.UsageError(f"a person plays with `agentarena play {env} {' '.join(agents)}`; watch shows a match of others")
    game = registry.game(env, **key_values(settings))
    check_seat(seat, game.info.seats)
    (record,) = play(game, list(agents), matches=1, seed=seed, rotate=False).records
    if as_json:
        echo_json(match_json(record, seat))
        return
    for frame in frames(record):
        show_frame(frame, seat)
        time.sleep(delay)
    show_ending(record)
