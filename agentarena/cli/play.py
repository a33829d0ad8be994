"""`agentarena play`: matches and standings."""

from __future__ import annotations

from typing import Any

import click

from .common import console, interval, key_values, match_options, progress_bar, show_table


@click.command("play")
@click.argument("env")
@click.argument("agents", nargs=-1, required=True)
@click.option("-n", "--matches", default=100, show_default=True, type=click.IntRange(min=1))
@click.option("--out", type=click.Path(dir_okay=False), help="Record file (.jsonl); an unfinished one is continued.")
@click.option("--no-rotate", is_flag=True, help="Keep each agent in its seat.")
@click.option(
    "--retries",
    default=2,
    show_default=True,
    type=click.IntRange(min=0),
    help="How often an agent is asked again after an unreadable reply.",
)
@click.option("--duplicate", is_flag=True, help="Play every deal once for each seating.")
@match_options
def command(
    env: str,
    agents: tuple[str, ...],
    matches: int,
    out: str | None,
    no_rotate: bool,
    retries: int,
    duplicate: bool,
    seed: int,
    openings: int,
    workers: int | None,
    deadline_s: float | None,
    quiet: bool,
    settings: tuple[str, ...],
) -> None:
    """Play matches of ENV between AGENTS and print the standings.

    Agents take the seats in this order and rotate from match to match. With `human` among them you play
    yourself.

    \b
    agentarena play TicTacToe-v0 minimax random --matches 200
    agentarena play Dhumbal-v0 dhumbal/aggressive random random random -s preset=paper --out runs/d.jsonl
    agentarena play ConnectFour-v0 human "mcts?simulations=400" --matches 1
    """
    from agentarena.core.match import OnUnreadable
    from agentarena.matches.api import play

    with progress_bar(env, quiet or "human" in agents) as progress:
        results = play(
            env,
            list(agents),
            matches=matches,
            seed=seed,
            out=out,
            workers=workers,
            deadline_s=deadline_s,
            duplicate=duplicate or None,
            openings=openings,
            rotate=not no_rotate,
            on_unreadable=OnUnreadable(retries=retries, then="forfeit"),
            progress=progress,
            **key_values(settings),
        )
    show_results(env, results)
    if out:
        console.print(f"Records: {out}. Look at them with: agentarena replay {out}; agentarena report {out}", soft_wrap=True)


def show_results(env: str, results: Any) -> None:
    """The standings of finished matches as a table."""
    rows = [
        (
            row["agent"],
            row["matches"],
            f"{round(row['wins'], 1):g}",  # a share of a win where an agent holds several seats
            f"{round(row['draws'], 1):g}",
            row["forfeits"],
            interval(row["win_share"], row["win_interval"]),
            interval(row["mean_return"], row["return_interval"]),
        )
        for row in results.table()
    ]
    columns = ("agent", "matches", "won", "drawn", "forfeited", "win share [95 %]", "mean return [95 %]")
    show_table(f"{env}: {len(results.records)} matches", columns, rows)
