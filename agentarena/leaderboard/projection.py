"""From an edition's log and records to the rows of the index. The log is the truth: what is here can be made again from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from agentarena.matches.results import Results

from .home import Edition
from .rows import BoardRow, board_rows
from .runs import check_records
from .store import Store, boards, matches, ratings, rows_of, seats, submissions

__all__ = ["closed_runs", "current_rows", "project"]


def project(edition: Edition, store: Store, *, anew: bool = False) -> None:
    """Bring the index up to the last entry of an edition's log; several processes may do so at once.

    Args:
        edition: The edition.
        store: The index.
        anew: Whether what the index has of the edition is dropped first. Where that fails, the index stays as it was.
    """
    with store.writing() as connection:
        if anew:
            store.clear_edition(connection, edition.key)
        entries = edition.log.read()
        known = connection.execute(boards.select().where(boards.c.edition == edition.key)).mappings().first()
        for entry in entries[known["entries"] if known else 0 :]:
            _EVENTS[entry["event"]](edition, connection, entry, entries[: entry["n"] + 1])
        if entries:
            connection.execute(boards.update().where(boards.c.edition == edition.key).values(entries=len(entries)))


def current_rows(connection: Connection, edition: str) -> list[BoardRow]:
    """The latest rows of an edition, best first."""
    listed = rows_of(connection, ratings, edition=edition)
    if not listed:
        return []
    last = max(row["entry"] for row in listed)
    return [BoardRow.of(json.loads(row["row"])) for row in sorted(listed, key=lambda row: row["position"]) if row["entry"] == last]


def closed_runs(edition: Edition, entries: Sequence[Mapping[str, Any]], *, replay: bool = False) -> dict[str, Results]:
    """The records of each run that counts: closed, and not of an agent that was withdrawn; compared with the log.

    Args:
        edition: The edition.
        entries: Its log, or the beginning of it.
        replay: Whether every match is played again.

    Raises:
        RecordMismatch, CorruptRecord: The records are not what was signed.
    """
    opened = {entry["run"]: entry for entry in entries if entry["event"] == "run-opened"}
    closed = {entry["run"]: entry for entry in entries if entry["event"] == "run-closed"}
    withdrawn = {entry["name"] for entry in entries if entry["event"] == "withdrawn"}
    return {
        run: _without(check_records(edition.board, edition.run_folder(run), dict(opened[run]), dict(end), replay=replay), withdrawn)
        for run, end in closed.items()
        if opened[run]["submission"] not in withdrawn
    }


def _without(results: Results, withdrawn: set[str]) -> Results:
    """The matches in which none of some agents sat."""
    if not withdrawn:
        return results
    records = [record for record in results.records if withdrawn.isdisjoint(seat.agent for seat in record.seats)]
    matches = {record.match for record in records}
    return Results(records, [cost for cost in results.costs if cost.match in matches])


def _board(edition: Edition, connection: Connection, entry: dict[str, Any], _: Sequence[Any]) -> None:
    connection.execute(
        boards.insert().values(
            edition=edition.key,
            board=entry["board"],
            title=entry["title"],
            package=edition.package,
            digest=entry["digest"],
            definition=json.dumps(entry["definition"], sort_keys=True),
            entries=0,
        )
    )


def _received(edition: Edition, connection: Connection, entry: dict[str, Any], _: Sequence[Any]) -> None:
    where = {"edition": edition.key, "name": entry["name"]}
    connection.execute(submissions.delete().where(submissions.c.edition == edition.key, submissions.c.name == entry["name"]))
    values = {"digest": entry["digest"], "manifest": json.dumps(entry["manifest"]), "level": entry["level"], "entry": entry["n"]}
    connection.execute(submissions.insert().values(**where, **values, state="received", reason="", stderr=""))


def _state(edition: Edition, connection: Connection, name: str, state: str, **values: str) -> None:
    where = submissions.c.edition == edition.key, submissions.c.name == name
    connection.execute(submissions.update().where(*where).values(state=state, **values))


def _opened(edition: Edition, connection: Connection, entry: dict[str, Any], _: Sequence[Any]) -> None:
    if entry["submission"]:
        _state(edition, connection, entry["submission"], "playing")


def _closed(edition: Edition, connection: Connection, entry: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    runs = closed_runs(edition, entries)
    _matches(edition, connection, entry["run"], runs[entry["run"]])
    if entry["submission"]:
        _state(edition, connection, entry["submission"], "rated", stderr=entry["stderr"])
    _rate(edition, connection, entry, entries, runs)


def _failed(edition: Edition, connection: Connection, entry: dict[str, Any], _: Sequence[Any]) -> None:
    _state(edition, connection, entry["name"], "failed", reason=entry["reason"], stderr=entry["stderr"])


def _withdrawn(edition: Edition, connection: Connection, entry: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    _state(edition, connection, entry["name"], "withdrawn", reason=entry["reason"])
    _rate(edition, connection, entry, entries, closed_runs(edition, entries))


def _rate(
    edition: Edition, connection: Connection, entry: dict[str, Any], entries: Sequence[dict[str, Any]], runs: Mapping[str, Results]
) -> None:
    """The rows after an entry of the log."""
    levels = {agent["name"]: agent["level"] for one in entries if one["event"] == "run-opened" for agent in one["agents"]}
    for position, row in enumerate(board_rows(edition.board, runs.values(), levels)):
        values = {"edition": edition.key, "entry": entry["n"], "agent": row.agent, "position": position, "row": json.dumps(row.json())}
        connection.execute(ratings.insert().values(**values))


def _matches(edition: Edition, connection: Connection, run: str, results: Results) -> None:
    for record in results.records:
        names = [seat.agent for seat in record.seats]
        key = {"edition": edition.key, "run": run, "match": record.match}
        connection.execute(
            matches.insert().values(
                **key,
                deal=record.deal,
                agents=json.dumps(names),
                returns=json.dumps(record.returns),
                outcome=record.outcome,
                steps=record.steps,
                faults=len(record.faults),
            )
        )
        connection.execute(seats.insert(), [{**key, "seat": seat, "agent": name} for seat, name in enumerate(names)])


_EVENTS = {
    "board-opened": _board,
    "submission-received": _received,
    "submission-failed": _failed,
    "run-opened": _opened,
    "run-closed": _closed,
    "withdrawn": _withdrawn,
}
