"""`agentarena leaderboard`: boards, their standings, and their upkeep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .common import echo_json, json_option, progress_bar, say, show_table
from .submit import home_option, store_option

_board = click.argument("board")
_trust = click.option("--trust", is_flag=True, help="The board's file may name code, models and addresses.")


@click.group("leaderboard")
def command() -> None:
    """Show, check and keep local boards.

    \b
    agentarena leaderboard boards
    agentarena leaderboard show tictactoe
    """


def _open(board: str, home: str | None, store: str | None, trust: bool = False) -> Any:
    from agentarena.leaderboard.leaderboard import Leaderboard

    return Leaderboard(board, home, store=store, trust=trust)


@command.command("boards")
@json_option
def boards(as_json: bool) -> None:
    """List the boards that come with the package."""
    from agentarena.leaderboard.board import Board, board_names

    listed = [Board.load(name) for name in board_names()]
    if as_json:
        echo_json([{"title": board.title, "digest": board.digest, **board.definition} for board in listed])
        return
    rows = [(board.name, board.title, board.env, ", ".join(board.agents), board.rating) for board in listed]
    show_table("Boards", ("name", "title", "environment", "reference agents", "ordered by"), rows)
    say("Enter with: agentarena submit FOLDER --board NAME")


@command.command("show")
@_board
@_trust
@home_option
@store_option
@json_option
def show(board: str, trust: bool, home: str | None, store: str | None, as_json: bool) -> None:
    """The standings of a board, and the state of its submissions; other editions of the board are shown apart."""
    from agentarena.leaderboard.tables import board_table

    with _open(board, home, store, trust) as opened:
        rows, states, others = opened.rows, opened.submissions, opened.other_editions
        if as_json:
            echo_json(
                {"edition": opened.edition.key, "rows": [row.json() for row in rows], "submissions": states, "other_editions": others}
            )
            return
        if rows:
            columns, cells = board_table(opened.board, rows)
            show_table(f"{opened.board.title or board} ({opened.edition.key})", columns, cells)
        else:
            say(f"{board}: nobody has played yet. Play the reference agents: agentarena leaderboard play {board}")
        waiting = [(one.name, one.state, one.level, one.reason) for one in states if one.state != "rated"]
        if waiting:
            show_table("Submissions without a row", ("name", "state", "isolation", "reason"), waiting)
        for key, other in others.items():
            say(f"Another edition, not comparable: {key}: {', '.join(row.agent for row in other)}")


@command.command("play")
@_board
@_trust
@home_option
@store_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def play(board: str, trust: bool, home: str | None, store: str | None, quiet: bool) -> None:
    """Play the reference agents' matches among themselves."""
    from agentarena.leaderboard.tables import board_table

    with _open(board, home, store, trust) as opened, progress_bar(board, quiet) as progress:
        columns, cells = board_table(opened.board, opened.play_references(progress))
        show_table(opened.board.title or board, columns, cells)


@command.command("rank")
@_board
@click.option("--question", type=click.Choice(["ranks", "top", "rank", "graph"]), default="ranks", show_default=True)
@click.option("--agent", help="The agent whose rank is asked for, with --question rank.")
@click.option("--budget", default=2000, show_default=True, type=click.IntRange(min=1), help="Most deals, earlier ones included.")
@click.option(
    "--margin", default=20.0, show_default=True, type=click.FloatRange(min=0), help="Elo points; agents closer than that count as level."
)
@click.option("--level", help="Isolation of submissions; by default the strongest that works here.")
@_trust
@home_option
@store_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def rank(
    board: str,
    question: Any,
    agent: str | None,
    budget: int,
    margin: float,
    level: str | None,
    trust: bool,
    home: str | None,
    store: str | None,
    quiet: bool,
) -> None:
    """Let the agents of a board meet where it informs, until a question about them is decided: who is ranked where, or who is best.

    The decision holds at the board's level however often it was looked at. Interrupted, the same command goes on.
    """
    with _open(board, home, store, trust) as opened, progress_bar(board, quiet) as progress:
        decision = opened.rank(question, agent=agent, budget=budget, margin_elo=margin, level=level, trust=trust, progress=progress)
    order = sorted(range(len(decision.agents)), key=lambda index: (tuple(decision.ranks[index]), -decision.elo[index]))
    rows = [
        (
            "–".join(map(str, dict.fromkeys(int(rank) for rank in decision.ranks[index]))),
            decision.agents[index],
            f"{decision.elo[index]:.0f}",
        )
        for index in order
    ]
    show_table(f"{decision.deals} deals", ("rank", "agent", "Elo"), rows)
    say(f"{'Decided' if decision.decided else 'Not decided'}: {decision.reason}")


@command.command("publish")
@click.argument("names", nargs=-1)
@click.option("-o", "--out", default="leaderboards", show_default=True, type=click.Path(file_okay=False), help="Folder for the pages.")
@home_option
@store_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def publish(names: tuple[str, ...], out: str, home: str | None, store: str | None, quiet: bool) -> None:
    """Play the reference agents of the boards NAMES, or of all, and write each board's standings to OUT/NAME.md."""
    from agentarena.leaderboard.board import board_names
    from agentarena.leaderboard.tables import board_markdown

    for name in names or board_names():
        with _open(name, home, store) as opened, progress_bar(name, quiet) as progress:
            text = board_markdown(opened.board, opened.play_references(progress), opened.edition.key)
        Path(out).mkdir(parents=True, exist_ok=True)
        (Path(out) / f"{name}.md").write_text(text, encoding="utf-8")
        say(f"wrote {Path(out) / name}.md")


@command.command("export")
@_board
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="File to write; by default stdout.")
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@_trust
@home_option
@store_option
def export(board: str, out: str | None, form: str, trust: bool, home: str | None, store: str | None) -> None:
    """Write the standings as text: Markdown that shows a change as a change, or JSON."""
    import json

    from agentarena.leaderboard.tables import board_markdown

    with _open(board, home, store, trust) as opened:
        if form == "json":
            text = json.dumps({"edition": opened.edition.key, "rows": [row.json() for row in opened.rows]}, indent=2) + "\n"
        else:
            text = board_markdown(opened.board, opened.rows, opened.edition.key)
    if out is None:
        click.echo(text, nl=False)
    else:
        Path(out).write_text(text, encoding="utf-8")
        say(f"wrote {out}")


@command.command("withdraw")
@_board
@click.argument("name")
@click.option("--reason", default="", help="For the board's log.")
@_trust
@home_option
@store_option
def withdraw(board: str, name: str, reason: str, trust: bool, home: str | None, store: str | None) -> None:
    """Take a submission off a board; its records stay, but count no more."""
    with _open(board, home, store, trust) as opened:
        opened.withdraw(name, reason)
        say(f"{name} is off the board {board}")


@command.command("rerate")
@_board
@_trust
@home_option
@store_option
def rerate(board: str, trust: bool, home: str | None, store: str | None) -> None:
    """Compute every rating anew from the signed log and the records; matches are not played again."""
    with _open(board, home, store, trust) as opened:
        opened.rerate()
        say(f"{opened.edition.key}: {len(opened.rows)} rows")


@command.command("rebuild")
@_board
@_trust
@home_option
@store_option
def rebuild(board: str, trust: bool, home: str | None, store: str | None) -> None:
    """Make the board's part of the index again from its signed log and its records, after every match was played again."""
    with _open(board, home, store, trust) as opened:
        opened.rebuild()
        say(f"{opened.edition.key}: {len(opened.rows)} rows")


@command.command("verify")
@_board
@_trust
@home_option
@store_option
def verify(board: str, trust: bool, home: str | None, store: str | None) -> None:
    """Check the log's signatures and play every recorded match again. Exit code 2 where something is not as it was signed."""
    with _open(board, home, store, trust) as opened:
        say(f"{opened.edition.key}: {opened.verify()} matches replay, and the log is whole")
