"""The index: databases that cannot be used, and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from agentarena.core.errors import UsageError
from agentarena.leaderboard.board import Board
from agentarena.leaderboard.leaderboard import Leaderboard
from agentarena.leaderboard.store import SCHEMA_VERSION, Store

Write = Callable[..., Path]


def test_another_version_of_the_tables_is_refused(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/index.sqlite"
    Store(address).close()
    with sa.create_engine(address).begin() as connection:
        connection.execute(sa.text(f"update arena_schema set version = {SCHEMA_VERSION + 1}"))
    with pytest.raises(UsageError, match=rf"version {SCHEMA_VERSION + 1}.*uses {SCHEMA_VERSION}.*rebuild"):
        Store(address)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_text("not a database, but long enough to be read as the header of one" * 50)
    with pytest.raises(UsageError, match="cannot be used"):
        Store(f"sqlite:///{tmp_path}/index.sqlite")


def test_addresses_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    for address in (f"sqlite:///{tmp_path}/no/such/folder/x.sqlite", "nosuch://x", "no address at all"):
        with pytest.raises(UsageError, match="cannot be used"):
            Store(address)


def test_passwords_are_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        Store("postgresql+psycopg://user:hunter2@127.0.0.1:1/none?connect_timeout=1")
    assert "hunter2" not in str(caught.value)


def test_a_read_only_index_is_refused(tmp_path: Path, board: Board) -> None:
    """Opened read-only, as a file without the right to write is for everybody but root."""
    path = tmp_path / "index.sqlite"
    with pytest.raises(UsageError, match="cannot be used"):
        Store(f"sqlite:///file:{path}?mode=ro&uri=true")
    Store(f"sqlite:///{path}").close()
    with pytest.raises(UsageError, match=r"readonly.*can be written"):
        Leaderboard(board, tmp_path / "home", store=f"sqlite:///file:{path}?mode=ro&uri=true")


def test_a_full_disk_is_a_clear_error_and_the_log_goes_on(board: Board, tmp_path: Path, write: Write) -> None:
    """SQLite's own limit of pages stands for the disk: writing fails with "database or disk is full"."""
    with Leaderboard(board, tmp_path / "home") as leaderboard:
        engine = leaderboard.store._engine
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 20"))
        engine.dispose()
        with pytest.raises(UsageError, match=r"full.*rebuild"):
            leaderboard.submit(write())
    (tmp_path / "home" / "index.sqlite").unlink()
    with Leaderboard(board, tmp_path / "home") as leaderboard:
        assert leaderboard.submit(write()).row is not None


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------


def _postgresql_programs() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
    return places[-1] if places and (places[-1] / "initdb").exists() else None


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own, on a socket in a temporary folder."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian's package postgresql)")
    pytest.importorskip("psycopg")
    folder = tmp_path_factory.mktemp("postgresql")
    user = []
    if os.geteuid() == 0:  # the server refuses to run as root
        if shutil.which("setpriv") is None:
            pytest.skip("as root, PostgreSQL needs setpriv to run as another user")
        for place in (folder, *folder.parents):
            if place == Path("/tmp") or len(place.parts) < 3:
                break
            place.chmod(0o755)
        os.chown(folder, 65534, 65534)
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    data = folder / "data"

    def run(*words: str) -> None:
        subprocess.run([*user, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)

    run(str(programs / "initdb"), "-D", str(data), "-U", "arena", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "server.log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://arena@/postgres?host={folder}"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


def test_postgresql_holds_what_sqlite_holds(postgresql: str, board: Board, tmp_path: Path, write: Write) -> None:
    with Leaderboard(board, tmp_path / "home") as leaderboard:
        leaderboard.submit(write())
        leaderboard.submit(write("other", 'spec = "random"'))
        leaderboard.withdraw("other-1")
        rows, dump = leaderboard.rows, leaderboard.store.dump()
    with Leaderboard(board, tmp_path / "home", store=postgresql) as leaderboard:
        assert leaderboard.rows == rows
        assert leaderboard.store.dump() == dump
        leaderboard.rebuild()
        assert leaderboard.store.dump() == dump


_SUBMIT = (
    "import sys; from agentarena.leaderboard.leaderboard import submit; "
    "submit(sys.argv[1], sys.argv[2], home=sys.argv[3], store=sys.argv[4])"
)


def test_postgresql_under_two_processes(postgresql: str, tmp_path: Path, write: Write) -> None:
    path = tmp_path / "two.toml"
    path.write_text('name = "two"\nenv = "KuhnPoker-v0"\nrating = "return"\nagents = ["random"]\n[protocol]\nrounds = 20\n')
    folders = [write(f"agent{number}", 'spec = "random"') for number in range(2)]
    home = str(tmp_path / "home")
    processes = [subprocess.Popen([sys.executable, "-c", _SUBMIT, str(folder), str(path), home, postgresql]) for folder in folders]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    with Leaderboard(path, home, store=postgresql) as leaderboard:
        assert {row.agent for row in leaderboard.rows} == {"random", "agent0-1", "agent1-1"}
