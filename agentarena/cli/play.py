"""`agentarena play`: matches and standings."""

from __future__ import annotations

import itertools
import math
import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from agentarena.core import registry
from agentarena.core.display import printable

from .common import echo_json, expect_agents, json_option, key_values, match_options, progress_bar, say, show_table


@click.command("play")
@click.argument("env")
@click.argument("agents", nargs=-1, metavar="AGENTS...")
@click.option("-n", "--matches", type=click.IntRange(min=1), help="How many; by default 100, or 1 where a person plays.")
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
@json_option
@match_options
def command(
    env: str,
    agents: tuple[str, ...],
    matches: int | None,
    out: str | None,
    no_rotate: bool,
    retries: int,
    duplicate: bool,
    as_json: bool,
    seed: int,
    openings: int,
    workers: int | None,
    deadline_s: float | None,
    quiet: bool,
    settings: tuple[str, ...],
) -> None:
    """Play matches of ENV between AGENTS and print the standings.

    Agents take the seats in this order and rotate from match to match. With `human` among them you play
    yourself, in one seat, a new deal each time unless --seed names one.

    \b
    agentarena play Dhumbal-v0 dhumbal/aggressive random random random -s preset=paper --out runs/d.jsonl
    agentarena play ConnectFour-v0 human "mcts?simulations=400"
    """
    from agentarena.core.match import OnUnreadable
    from agentarena.matches.api import play

    expect_agents(env, agents, settings)
    people = [index for index, agent in enumerate(agents) if agent.partition("?")[0] == "human"]
    if people:
        if workers or deadline_s or as_json:
            raise click.UsageError("a person plays in this process and at their own pace; leave out --workers, --deadline and --json")
        seed = _persons_seed(seed, out)
        agents = _full_table(agents, people, registry.game(env, **key_values(settings)).info.seats)
    with progress_bar(env, quiet or bool(people) or as_json) as progress:
        try:
            results = play(
                env,
                list(agents),
                matches=matches or (1 if people else 100),
                seed=seed,
                out=out,
                workers=workers,
                deadline_s=deadline_s,
                duplicate=duplicate or None,
                openings=openings,
                rotate=not no_rotate,
                on_unreadable=OnUnreadable(retries=retries, then="forfeit"),
                progress=progress,
                on_match=_Table(people).ended if people else None,
                concurrency=1 if people else None,
                **key_values(settings),
            )
        except _Left as left:
            say(f"{left}" + (f" Records: {out}" if out else ""))
            return
    if as_json:
        echo_json(results_json(results, out))
        return
    if not people or len(results) > 1:
        show_results(env, results)
    if out:
        _show_next(results, out)


# --- results --------------------------------------------------------------------------------------------------------------


def _show_next(results: Any, out: str) -> None:
    """Where the records are, and what can be done with them."""
    commands = ("replay", *(["prompts"] if any(record.replies for record in results.records) else []), "report")
    say(f"Records: {out}. Look at them with:")
    for command in commands:
        say(f"  agentarena {command} {shlex.quote(out)}")


def show_results(env: str, results: Any) -> None:
    """The standings of finished matches as a table, how agents decided, and why they forfeited, where there is something to say."""
    from agentarena.evaluate.share import plural, shares
    from agentarena.evaluate.tables import reasons, result_cells

    total = shares(results.match_table) if results.records else ()
    self_play = {row.agent for row in total if row.both_sides}
    apart = [row for row in shares(results.match_table, by="side") if row.agent in self_play] if self_play else []
    rows = [
        (
            row.agent if row.place is None else f"{row.agent}, side {row.place}",
            row.matches,
            row.wins,
            row.draws,
            row.forfeits,
            *result_cells(row),
        )
        for row in (*total, *apart)
    ]
    columns = ("agent", "matches", "won", "drawn", "forfeited", "return", "win %")
    caption = (
        "Win %: share of the wins, a draw of k counts 1/k. Return: mean in the game's unit, forfeits at their price. [ ]: 95 % interval."
    )
    games = len(set(results.match_table.courses.tolist())) if results.records else 0
    title = f"{env}: {plural(len(results.records), 'match')}"
    if games < len(results.records):
        title += f", {plural(games, 'distinct game')}"
    show_table(title, columns, rows, caption=caption)
    for line in reasons(total):
        say(line)
    show_decisions(results.decisions())


def show_decisions(rows: Sequence[dict[str, Any]]) -> None:
    """How agents decided and why they forfeited, as tables: nothing where nobody answered in words and nothing went wrong.

    Args:
        rows: Those of `Results.decisions`.
    """
    wordy = [row for row in rows if row["replies"]]
    cells = [
        (
            row["agent"],
            f"{row['replies']:,}",
            f"{100 * row['read_at_once']:.1f} %",
            f"{row['retries']:,}",
            _number(row["prompt_tokens"], ",.0f"),
            _number(row["completion_tokens"], ",.0f"),
            _number(row["cost_usd"], ",.4f"),
            _number(row["seconds_per_decision"], ",.3f"),
        )
        for row in wordy
    ]
    if cells:
        columns = ("agent", "decisions", "read at once", "retries", "tokens in", "tokens out", "US dollars", "s a decision")
        show_table("Replies", columns, cells, caption="Read at once: the first reply was a legal move. – : not reported.")
    faults = [
        (row["agent"], f"{fault['count']:,}", fault["kind"], _THEN[fault["then"]], printable(fault["example"], 160))
        for row in rows
        for fault in row["faults"]
    ]
    if faults:
        show_table("Faults", ("agent", "times", "kind", "cost", "commonest reason"), faults)


_THEN = {"forfeit": "the match", "random": "a random move", "pass": "a pass"}


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else f"{value:{form}}"


def results_json(results: Any, out: str | None = None) -> dict[str, Any]:
    """Finished matches as `--json` prints them: `table()`, `decisions()` and `warnings()` of `Results`, with what was played."""
    first = results.records[0]
    return {
        "env": first.env,
        "options": first.options,
        "seed": first.seed,
        "matches": len(results.records),
        "records": out,
        "agents": results.table(),
        "decisions": results.decisions(),
        "warnings": results.warnings(),
    }


# --- a person at the table --------------------------------------------------------------------------------------------------


def _persons_seed(seed: int, out: str | None) -> int:
    """The seed of a person's run: the one given, that of the file to be continued, or a new one."""
    from click.core import ParameterSource

    from agentarena.core.record import Record

    if click.get_current_context().get_parameter_source("seed") is not ParameterSource.DEFAULT:
        return seed
    if out and Path(out).is_file() and Path(out).stat().st_size:
        with Path(out).open("rb") as file:
            return Record.parse(file.readline().rstrip(b"\n"), f"{out}, line 1").seed
    seed = secrets.randbelow(10**6)
    say(f"Seed {seed}; --seed {seed} deals the same again.")
    return seed


class _Left(Exception):
    """The person gave up and wants no more matches."""

    def __init__(self, matches: int) -> None:
        super().__init__(f"You left after {matches} {'match' if matches == 1 else 'matches'}.")


def _full_table(agents: Sequence[str], people: Sequence[int], seats: int) -> tuple[str, ...]:
    """The agents, the others again and again until every seat is taken: a person holds one seat."""
    others = itertools.cycle([agent for index, agent in enumerate(agents) if index not in people] or ["human"])
    return (*agents, *itertools.islice(others, max(0, seats - len(agents))))


class _Table:
    """Shows each match's end to the people who played it, and ends the run when one of them gave up.

    Args:
        people: Their indices among the agents.
    """

    def __init__(self, people: Sequence[int]) -> None:
        self._people = people
        self._matches = 0

    def ended(self, record: Any) -> None:
        """See `on_match` of `agentarena.play`."""
        self._matches += 1
        seats = [number for number, seat in enumerate(record.seats) if seat.index in self._people]
        show_end(record, seats)
        if any(fault["seat"] in seats and fault["kind"] == "resigned" for fault in record.faults):
            raise _Left(self._matches)


def show_end(record: Any, seats: Sequence[int]) -> None:
    """The last news, the final view and the result, for the people in some seats."""
    from agentarena.core.frames import frames

    last = frames(record)[-1]
    for seat in seats:
        say("")
        for line in last.news_for(seat):
            say(line)
        say(last.views[seat])
        say(_result(record, seat), style="bold")
    for number, one in enumerate(record.seats):
        role = f" ({printable(one.role)})" if one.role else ""
        say(f"  seat {number}{role}  {printable(one.agent)}{', you' if number in seats else ''}  {one.return_:g}")
    for fault in record.faults:
        if fault["seat"] not in seats:
            say(f"  seat {fault['seat']}: {fault['kind']}: {fault['reason']}", style="dim")


def _result(record: Any, seat: int) -> str:
    if any(fault["seat"] == seat and fault["kind"] == "resigned" for fault in record.faults):
        return "You gave the match up."
    if record.winner is None:
        return {"drawn": "A draw.", "forfeited": "The match was forfeited.", "truncated": "Cut short by the limit of steps."}.get(
            record.outcome, "The match is over."
        )
    own = record.winner in (seat, record.seats[seat].team)
    who = f"seat {record.winner} ({printable(record.seats[record.winner].agent)})" if isinstance(record.winner, int) else record.winner
    by = ", by forfeit" if record.outcome == "forfeited" else ""
    return f"You won{by}." if own else f"You lost; {who} won{by}."
