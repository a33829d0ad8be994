"""`agentarena tournament`: rank several agents."""

from __future__ import annotations

from typing import Any

import click

from .common import console, key_values, match_options, progress_bar, show_table


@click.command("tournament")
@click.argument("env")
@click.argument("agents", nargs=-1, required=True)
@click.option(
    "-r",
    "--rounds",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
    help="Deals played by each table of agents in each seating.",
)
@click.option("--out", type=click.Path(file_okay=False), help="Folder for the records; an unfinished tournament is continued.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False), help="Also write an HTML report here.")
@click.option("--fresh-deals", is_flag=True, help="Deal anew for every seating; by default the seatings of a round share one deal.")
@match_options
def command(
    env: str,
    agents: tuple[str, ...],
    rounds: int,
    out: str | None,
    report_path: str | None,
    fresh_deals: bool,
    seed: int,
    openings: int,
    workers: int | None,
    deadline_s: float | None,
    quiet: bool,
    settings: tuple[str, ...],
) -> None:
    """Play every table of AGENTS in ENV in every seating, and print ratings with intervals.

    \b
    agentarena tournament KuhnPoker-v0 random cfr kuhnpoker/nash --rounds 200 --out runs/kuhn --report kuhn.html
    """
    from agentarena.matches.tournaments import tournament

    with progress_bar(env, quiet) as progress:
        finished = tournament(
            env,
            list(agents),
            rounds=rounds,
            seed=seed,
            out=out,
            workers=workers,
            deadline_s=deadline_s,
            duplicate=not fresh_deals,
            openings=openings,
            progress=progress,
            **key_values(settings),
        )
    show_tables(finished)
    if report_path:
        from agentarena.leaderboard import report

        report.write(finished, report_path)
        console.print(f"wrote {report_path}", soft_wrap=True)


def show_tables(finished: Any) -> None:
    """Every table of a finished tournament."""
    for title, columns, rows in finished.tables():
        show_table(title, columns, rows)
