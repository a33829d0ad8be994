"""`agentarena tournament`: rank several agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .common import echo_json, json_option, key_values, match_options, progress_bar, say, show_table
from .play import show_decisions


@click.command("tournament")
@click.argument("env", required=False)
@click.argument("agents", nargs=-1)
@click.option(
    "-r",
    "--rounds",
    type=click.IntRange(min=1),
    help="Deals played by each table of agents in each seating; by default 50, or as many as the tournament in --out had.",
)
@click.option("--out", type=click.Path(file_okay=False), help="Folder for the records; a tournament that is there is continued.")
@click.option("--add", multiple=True, metavar="AGENT", help="Add an agent to the tournament in --out; may be repeated.")
@click.option("--trust", is_flag=True, help="With --add: the folder is your own, and may name code, models and addresses.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False), help="Also write an HTML report here.")
@click.option(
    "--fresh-deals",
    is_flag=True,
    help="Deal anew for every seating; by default the seatings of a round share one deal, in a game of one seat all agents.",
)
@json_option
@match_options
def command(
    env: str | None,
    agents: tuple[str, ...],
    rounds: int | None,
    out: str | None,
    add: tuple[str, ...],
    trust: bool,
    report_path: str | None,
    fresh_deals: bool,
    as_json: bool,
    seed: int,
    openings: int,
    workers: int | None,
    deadline_s: float | None,
    quiet: bool,
    settings: tuple[str, ...],
) -> None:
    """Play every table of AGENTS in ENV in every seating, and print ratings with intervals.

    Without AGENTS, the tournament in --out goes on: with more --rounds, or with the agents of --add at the end of its list.

    \b
    agentarena tournament KuhnPoker-v0 random cfr kuhnpoker/nash --rounds 200 --out runs/kuhn --report kuhn.html
    agentarena tournament --out runs/kuhn --add kuhnpoker/honest
    """
    from agentarena.matches.arguments import output_file
    from agentarena.matches.tournaments import extend, tournament

    if report_path:
        output_file("--report", report_path)
    shared: dict[str, Any] = {"rounds": rounds, "workers": workers, "deadline_s": deadline_s}
    with progress_bar(env or out or "", quiet or as_json) as progress:
        if agents:
            assert env is not None  # it comes before the agents
            finished = tournament(
                env,
                [*agents, *add],
                **{**shared, "rounds": rounds or _rounds_before(out) or 50},
                seed=seed,
                out=out,
                duplicate=not fresh_deals,
                openings=openings,
                progress=progress,
                **key_values(settings),
            )
        else:
            _expect_folder(out, add, settings)
            finished = extend(str(out), add, env=env, trust=trust, **shared, progress=progress)
    if report_path:
        from agentarena.leaderboard import report

        report.write(finished, report_path)
    if as_json:
        echo_json(_as_json(finished, out, report_path))
        return
    show_tables(finished)
    _say_what_next(out, report_path)


def _rounds_before(out: str | None) -> int | None:
    """The rounds of the tournament in a folder, where there is one."""
    from agentarena.matches.about import ABOUT, read_about

    return read_about(Path(out))["rounds"] if out is not None and (Path(out) / ABOUT).is_file() else None


def _expect_folder(out: str | None, add: tuple[str, ...], settings: tuple[str, ...]) -> None:
    """Refuse, for a tournament that goes on, what its folder says already."""
    from click.core import ParameterSource

    context = click.get_current_context()
    if out is None and add:
        raise click.UsageError("--add adds to the tournament in a folder; give it: --out FOLDER")
    if out is None:
        raise click.UsageError(
            "name an environment and at least two agents, e.g. `agentarena tournament KuhnPoker-v0 random cfr`; "
            "or go on with a tournament in a folder: `agentarena tournament --out runs/kuhn --add cfr`"
        )
    given = [name for name in ("seed", "fresh_deals") if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if settings or given:
        what = settings[0] if settings else f"--{given[0].replace('_', '-')}"
        raise click.UsageError(
            f"{what}: without agents, the tournament in {out} goes on, and it says its options, seed and deals itself; "
            "leave it out, or name the agents too"
        )


def show_tables(finished: Any) -> None:
    """Every table of a finished tournament."""
    for title, columns, rows in finished.tables():
        show_table(title, columns, rows)
    show_decisions(finished.results.decisions())
    for line in (*finished.standings.legend, *finished.standings.notes):
        say(line)


def _say_what_next(out: str | None, report_path: str | None) -> None:
    if report_path:
        say(f"Report: {report_path}")
    if out is None:
        say("Nothing was kept; with --out FOLDER the tournament can be looked at, verified, continued and reported.")
        return
    report = "" if report_path else f"; agentarena report {out}"
    say(f"Records: {out}. Look at them with: agentarena replay {out}{report}. Go on with: agentarena tournament --out {out} --add AGENT")


def _as_json(finished: Any, out: str | None, report_path: str | None) -> dict[str, Any]:
    tables = [
        {"title": title, "rows": [dict(zip(columns, row, strict=True)) for row in rows]} for title, columns, rows in finished.tables()
    ]
    about = {key: value for key, value in finished.about.items() if key != "specs"}
    return {
        **about,
        "records": out,
        "report": report_path,
        "standings": list(finished.standings.rows),
        "tables": tables,
        "decisions": finished.results.decisions(),
        "warnings": finished.results.warnings(),
    }
