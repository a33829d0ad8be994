"""`agentarena submit`: enter an agent into a board."""

from __future__ import annotations

from typing import Any

import click

from .common import echo_json, json_option, progress_bar, say, show_table


class _FolderFirst(click.Group):
    """A group whose command `run` may be left out: `submit FOLDER` is `submit run FOLDER`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["run", *args]
        return super().resolve_command(ctx, args)


home_option = click.option(
    "--home", type=click.Path(file_okay=False), help="Folder of the boards; by default $AGENTARENA_HOME, else ~/.agentarena."
)
store_option = click.option(
    "--store", metavar="ADDRESS", help="Index, e.g. postgresql+psycopg://host/db; by default a file in the home folder."
)


@click.group("submit", cls=_FolderFirst)
def command() -> None:
    """Enter an agent into a board: check it, play it against the board's agents, and place it.

    \b
    agentarena submit prepare my_agent                     write agent.toml and a first agent
    agentarena submit validate my_agent                    check them; nothing is run
    agentarena submit my_agent --board tictactoe           play and place it
    """


@command.command("prepare")
@click.argument("folder", type=click.Path(file_okay=False))
def prepare(folder: str) -> None:
    """Write agent.toml and a first agent.py into FOLDER; files that are there stay as they are."""
    from agentarena.leaderboard.submission import prepare

    written = prepare(folder)
    for path in written:
        say(f"wrote {path}")
    say(
        f"Next: edit {folder}/agent.toml, then: agentarena submit {folder} --board tictactoe"
        if written
        else "Nothing to write: both files are there."
    )


@command.command("validate")
@click.argument("folder", type=click.Path(file_okay=False))
@json_option
def validate(folder: str, as_json: bool) -> None:
    """Check agent.toml and the files of FOLDER. Nothing of them is run."""
    from agentarena.leaderboard.submission import Submission

    submission = Submission.load(folder)
    if as_json:
        echo_json({"name": submission.name, "digest": submission.digest, "manifest": submission.manifest})
    else:
        say(f"{submission.name}: fine (digest {submission.digest[:12]})")


@command.command("schema")
def schema() -> None:
    """Print the JSON schema of agent.toml."""
    from agentarena.leaderboard.schema import json_schema
    from agentarena.leaderboard.submission import Manifest

    echo_json(json_schema(Manifest))


@command.command("run")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--board", required=True, help="Name of a board, or path of its TOML file; `agentarena leaderboard boards` lists them.")
@click.option("--level", help="Isolation to play it at; by default the strongest that works here (`agentarena doctor`).")
@click.option("--trust", is_flag=True, help="The agent's spec, or the board's file, may name code, a model or an address.")
@home_option
@store_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def run(folder: str, board: str, level: str | None, trust: bool, home: str | None, store: str | None, as_json: bool, quiet: bool) -> None:
    """Play the agent in FOLDER against the agents of a board, and place it. Interrupted, the same command goes on.

    Exit code 1 where the agent failed; its reason and the end of its standard error are printed.
    """
    from agentarena.leaderboard.leaderboard import submit

    with progress_bar(folder, quiet or as_json) as progress:
        placement = submit(folder, board, home=home, store=store, level=level, trust=trust, progress=progress)
    if as_json:
        row = None if placement.row is None else placement.row.json()
        echo_json({"state": placement.state, "row": row, "rows": [one.json() for one in placement.rows]})
    else:
        show_placement(placement)
    if placement.row is None:
        raise SystemExit(1)


def show_placement(placement: Any) -> None:
    """What became of a submission, for a terminal."""
    from agentarena.leaderboard.rows import rank_text
    from agentarena.leaderboard.tables import board_table

    state, row = placement.state, placement.row
    if row is None:
        say(f"{state.name}: {state.state}. {state.reason}")
        if state.stderr:
            say("Its standard error ends with:", "bold")
            say(state.stderr)
        return
    columns, cells = board_table(placement.board, placement.rows)
    show_table(placement.board.title or placement.board.name, columns, cells)
    tied = " (tied)" if row.rank[0] != row.rank[1] else ""
    say(f"{row.agent}: rank {rank_text(row)} of {len(placement.rows)}{tied}, {'settled' if row.settled else 'provisional'}.")
    say(f"Look at the board: agentarena leaderboard show {placement.board.name}; in a browser: agentarena serve")
