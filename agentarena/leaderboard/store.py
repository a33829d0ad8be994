"""The index of boards: tables of a database, filled from the signed logs and the records, and rebuilt from them at any time.

SQLite by default (one file with a write-ahead log, safe under several processes), PostgreSQL by its address, with the same code.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from agentarena.core.display import printable
from agentarena.core.errors import UsageError

__all__ = ["SCHEMA_VERSION", "Store"]

SCHEMA_VERSION = 1
"""Version of the tables; an index of another version is refused, and can be rebuilt."""
_WAIT_S = 60

_metadata = sa.MetaData()
_TEXT = sa.Text()
versions = sa.Table("arena_schema", _metadata, sa.Column("version", sa.Integer, primary_key=True))
boards = sa.Table(
    "arena_board",
    _metadata,
    sa.Column("edition", sa.String(200), primary_key=True),
    sa.Column("board", sa.String(64), nullable=False),
    sa.Column("title", _TEXT, nullable=False),
    sa.Column("package", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("definition", _TEXT, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
)
submissions = sa.Table(
    "arena_submission",
    _metadata,
    sa.Column("edition", sa.String(200), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("manifest", _TEXT, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("reason", _TEXT, nullable=False),
    sa.Column("stderr", _TEXT, nullable=False),
    sa.Column("level", sa.String(20), nullable=False),
    sa.Column("entry", sa.Integer, nullable=False),
)
matches = sa.Table(
    "arena_match",
    _metadata,
    sa.Column("edition", sa.String(200), primary_key=True),
    sa.Column("run", sa.String(140), primary_key=True),
    sa.Column("match", sa.BigInteger, primary_key=True),
    sa.Column("deal", sa.BigInteger, nullable=False),
    sa.Column("agents", _TEXT, nullable=False),
    sa.Column("returns", _TEXT, nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("faults", sa.Integer, nullable=False),
)
seats = sa.Table(
    "arena_seat",
    _metadata,
    sa.Column("edition", sa.String(200), primary_key=True),
    sa.Column("run", sa.String(140), primary_key=True),
    sa.Column("match", sa.BigInteger, primary_key=True),
    sa.Column("seat", sa.Integer, primary_key=True),
    sa.Column("agent", sa.String(200), nullable=False, index=True),
)
ratings = sa.Table(
    "arena_rating",
    _metadata,
    sa.Column("edition", sa.String(200), primary_key=True),
    sa.Column("entry", sa.Integer, primary_key=True),
    sa.Column("agent", sa.String(200), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("row", _TEXT, nullable=False),
)


class Store:
    """An index. Made where it is missing.

    Args:
        address: As SQLAlchemy takes it: `sqlite:///file`, `postgresql+psycopg://user@host/database`.

    Raises:
        UsageError: It cannot be opened, or its tables are of another version.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            self._engine = _engine(address)
            with self.writing() as connection:
                self._migrate(connection)
        except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
            raise _refused(address, error) from error

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that excludes other writers; what it changed is kept where no error leaves it."""
        try:
            with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.text("select pg_advisory_xact_lock(7239461)"))
                yield connection
        except sa.exc.OperationalError as error:
            raise _refused(self.address, error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries."""
        try:
            with self._engine.connect().execution_options(reads=True) as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise _refused(self.address, error) from error

    def clear_edition(self, connection: Connection, edition: str) -> None:
        """Remove every row of an edition."""
        for table in (ratings, seats, matches, submissions, boards):
            connection.execute(table.delete().where(table.c.edition == edition))

    def dump(self) -> str:
        """Every row of every table as text, sorted: equal for equal contents, whatever the database."""
        lines = []
        with self.reading() as connection:
            for table in _metadata.sorted_tables:
                rows = [json.dumps([table.name, *row], default=str) for row in connection.execute(table.select())]
                lines += sorted(rows)
        return "\n".join(lines) + "\n"

    def _migrate(self, connection: Connection) -> None:
        _metadata.create_all(connection)
        version = connection.execute(sa.select(versions.c.version)).scalar()
        if version is None:
            connection.execute(versions.insert().values(version=SCHEMA_VERSION))
        elif version != SCHEMA_VERSION:
            raise UsageError(
                f"the index {_public(self.address)} has tables of version {version}, this version of agentarena uses {SCHEMA_VERSION}. "
                "Give another address, or remove the index and run `agentarena leaderboard rebuild`: logs and records are kept beside it"
            )


def rows_of(connection: Connection, table: sa.Table, **equal: Any) -> list[Mapping[str, Any]]:
    """The rows of a table whose columns have these values, in the order of its primary key."""
    query = table.select().where(*(table.c[name] == value for name, value in equal.items())).order_by(*table.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]


def _engine(address: str) -> Engine:
    engine = sa.create_engine(address, **({"connect_args": {"timeout": _WAIT_S}} if address.startswith("sqlite") else {}))
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            connection.isolation_level = None  # transactions begin as `begin` below says, not when the driver thinks so
            connection.execute("PRAGMA journal_mode=WAL")

        @sa.event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            reads = connection.get_execution_options().get("reads")
            connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _public(address: str) -> str:
    """An address without its password."""
    try:
        return printable(sa.engine.make_url(address).render_as_string(hide_password=True))
    except sa.exc.ArgumentError:
        return printable(address.split("@")[-1], 200)


def _refused(address: str, error: Exception) -> UsageError:
    cause = printable(str(getattr(error, "orig", None) or error), 300)
    return UsageError(
        f"the index {_public(address)} cannot be used: {cause}. Check that the folder can be written and has room, or give another address "
        "(--store); logs and records are not touched, and `agentarena leaderboard rebuild` fills a new index from them"
    )
