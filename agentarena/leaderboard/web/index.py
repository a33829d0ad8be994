"""What the pages read of the index. Everything that a URL names is looked up here; nothing of it becomes a path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from agentarena.leaderboard.projection import current_rows
from agentarena.leaderboard.rows import BoardRow
from agentarena.leaderboard.store import Store, boards, matches, ratings, rows_of, seats, submissions

__all__ = ["PER_PAGE", "EditionInfo", "Filter", "Index", "MatchInfo"]

PER_PAGE = 50
_MOST = 2**62


@dataclass(frozen=True)
class EditionInfo:
    """One edition of a board.

    Attributes:
        key: Board and edition, which name its folder.
        board: The board's name.
        title: One line for people.
        package: Version of the package; "" where rows of all versions are compared.
        digest: SHA-256 of the definition.
        definition: The definition, as the board's TOML file has it.
        entries: Entries of its log that are in the index.
    """

    key: str
    board: str
    title: str
    package: str
    digest: str
    definition: Mapping[str, Any]
    entries: int

    @property
    def name(self) -> str:
        """The edition without the board."""
        return self.key.partition("/")[2]

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"/boards/{self.key}"


@dataclass(frozen=True)
class MatchInfo:
    """One match, as the list shows it."""

    run: str
    match: int
    deal: int
    agents: tuple[str, ...]
    returns: tuple[float, ...]
    outcome: str
    steps: int
    faults: int


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which matches a list shows; "" for all."""

    agent: str = ""
    run: str = ""
    outcome: str = ""
    faults: bool = False


class Index:
    """The index, to be read.

    Args:
        store: The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def editions(self, board: str | None = None) -> list[EditionInfo]:
        """Every edition, or those of a board; by name, the newest version of the package first."""
        with self._store.reading() as connection:
            listed = rows_of(connection, boards, **({} if board is None else {"board": board}))
        infos = [_edition(row) for row in listed]
        return sorted(sorted(infos, key=lambda info: info.package, reverse=True), key=lambda info: info.board)

    def edition(self, board: str, name: str) -> EditionInfo | None:
        """One edition, if it is there."""
        with self._store.reading() as connection:
            listed = rows_of(connection, boards, edition=f"{board}/{name}", board=board)
        return _edition(listed[0]) if listed else None

    def rows(self, key: str) -> list[BoardRow]:
        """The latest rows of an edition, best first."""
        with self._store.reading() as connection:
            return current_rows(connection, key)

    def history(self, key: str) -> list[tuple[int, list[BoardRow]]]:
        """The rows of an edition after each entry of its log that changed them, oldest first."""
        with self._store.reading() as connection:
            listed = rows_of(connection, ratings, edition=key)
        entries = sorted({row["entry"] for row in listed})
        return [(entry, [BoardRow.of(json.loads(row["row"])) for row in listed if row["entry"] == entry]) for entry in entries]

    def submissions(self, key: str) -> list[Mapping[str, Any]]:
        """The submissions of an edition by name: name, digest, manifest (a dict), state, reason, stderr, level, entry."""
        with self._store.reading() as connection:
            listed = rows_of(connection, submissions, edition=key)
        return [{**row, "manifest": json.loads(row["manifest"])} for row in listed]

    def counts(self) -> dict[str, int]:
        """Number of matches of each edition."""
        query = sa.select(matches.c.edition, sa.func.count()).group_by(matches.c.edition)
        with self._store.reading() as connection:
            return {edition: int(count) for edition, count in connection.execute(query)}

    def runs(self, key: str) -> list[str]:
        """The runs of an edition that have matches."""
        return self._distinct(matches.c.run, key)

    def outcomes(self, key: str) -> list[str]:
        """The outcomes that its matches had."""
        return self._distinct(matches.c.outcome, key)

    def agents(self, key: str) -> list[str]:
        """The agents of its matches."""
        with self._store.reading() as connection:
            query = sa.select(seats.c.agent).where(seats.c.edition == key).distinct().order_by(seats.c.agent)
            return [name for (name,) in connection.execute(query)]

    def matches(self, key: str, wanted: Filter, page: int = 1, per_page: int = PER_PAGE) -> tuple[list[MatchInfo], int]:
        """A page of the matches that a filter lets through, and how many there are in all."""
        where = [matches.c.edition == key]
        if wanted.run:
            where.append(matches.c.run == wanted.run)
        if wanted.outcome:
            where.append(matches.c.outcome == wanted.outcome)
        if wanted.faults:
            where.append(matches.c.faults > 0)
        if wanted.agent:
            same = (seats.c.edition == key, seats.c.run == matches.c.run, seats.c.match == matches.c.match)
            where.append(sa.exists().where(*same, seats.c.agent == wanted.agent))
        query = matches.select().where(*where).order_by(matches.c.run, matches.c.match).limit(per_page).offset((page - 1) * per_page)
        with self._store.reading() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(matches).where(*where)).scalar() or 0
            return [_match(dict(row)) for row in connection.execute(query).mappings()], total

    def match(self, key: str, run: str, number: int) -> MatchInfo | None:
        """One match, if it is there."""
        if not 0 <= number < _MOST:
            return None
        with self._store.reading() as connection:
            listed = rows_of(connection, matches, edition=key, run=run, match=number)
        return _match(listed[0]) if listed else None

    def beside(self, key: str, run: str, number: int) -> tuple[int | None, int | None]:
        """The matches of a run before and after one."""
        here = (matches.c.edition == key, matches.c.run == run)
        before = sa.select(sa.func.max(matches.c.match)).where(*here, matches.c.match < number)
        after = sa.select(sa.func.min(matches.c.match)).where(*here, matches.c.match > number)
        with self._store.reading() as connection:
            return connection.execute(before).scalar(), connection.execute(after).scalar()

    def _distinct(self, column: sa.Column[Any], key: str) -> list[str]:
        with self._store.reading() as connection:
            return [value for (value,) in connection.execute(sa.select(column).where(matches.c.edition == key).distinct().order_by(column))]


def _edition(row: Mapping[str, Any]) -> EditionInfo:
    return EditionInfo(
        row["edition"],
        row["board"],
        row["title"] or row["board"],
        row["package"],
        row["digest"],
        json.loads(row["definition"]),
        row["entries"],
    )


def _match(row: Mapping[str, Any]) -> MatchInfo:
    return MatchInfo(
        row["run"],
        row["match"],
        row["deal"],
        tuple(json.loads(row["agents"])),
        tuple(json.loads(row["returns"])),
        row["outcome"],
        row["steps"],
        row["faults"],
    )
