"""Submitting to a board: placement, states, interruption, two processes at once, and records that were tampered with."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentarena.core.errors import ArenaError, CorruptRecord, NotSupported, RecordMismatch, UsageError
from agentarena.leaderboard.board import Board, Protocol, Settled
from agentarena.leaderboard.leaderboard import Leaderboard, submit
from agentarena.leaderboard.runs import seed_digest
from agentarena.leaderboard.tables import board_markdown

Write = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_submission_gets_a_row_with_an_interval(board: Board, home: Path, write: Write) -> None:
    placement = submit(write(), board, home=home)
    row = placement.row
    assert row is not None
    assert placement.state.state == "rated"
    assert (row.agent, row.matches, row.deals) == ("mine-1", 120, 60)
    assert row.interval[0] < row.rating < row.interval[1]
    assert row.settled
    assert row.level == "package"
    assert "rank" in str(placement)
    assert sum(one.agent == "mine-1" for one in placement.rows) == 1
    assert len(placement.rows) == 4


def test_the_same_call_again_plays_nothing(board: Board, home: Path, write: Write) -> None:
    first = submit(write(), board, home=home)
    calls: list[tuple[int, int]] = []
    again = submit(write(), board, home=home, progress=lambda done, total: calls.append((done, total)))
    assert again == first
    assert calls == []


def test_a_row_that_is_not_settled_gets_more_rounds(board: Board, home: Path, write: Write) -> None:
    wide = dataclasses.replace(board, settled=Settled(deals=60, width=1e-9))
    row = submit(write(), wide, home=home).row
    assert row is not None
    assert not row.settled
    assert row.deals == 120  # 40 rounds against three agents


def test_two_versions_stand_side_by_side_and_other_files_are_refused(board: Board, home: Path, write: Write) -> None:
    submit(write(), board, home=home)
    placement = submit(write(version="2", way='spec = "random"'), board, home=home)
    assert {"mine-1", "mine-2"} <= {row.agent for row in placement.rows}
    with pytest.raises(UsageError, match="raise `version`"):
        submit(write(way='spec = "kuhnpoker/nash"'), board, home=home)


def test_a_withdrawn_row_is_gone_and_its_matches_count_no_more(board: Board, home: Path, write: Write) -> None:
    with Leaderboard(board, home) as leaderboard:
        before = leaderboard.play_references()
        leaderboard.submit(write())
        leaderboard.withdraw("mine-1", "by its author")
        assert leaderboard.rows == before
        assert leaderboard.submission("mine-1").state == "withdrawn"
        with pytest.raises(UsageError, match="was withdrawn"):
            leaderboard.submit(write())
        with pytest.raises(UsageError, match="no submission 'other-1'"):
            leaderboard.withdraw("other-1")


def test_rows_of_another_definition_are_shown_apart(board: Board, home: Path, write: Write) -> None:
    submit(write(), board, home=home)
    other = dataclasses.replace(board, protocol=dataclasses.replace(board.protocol, rounds=21))
    with Leaderboard(other, home) as leaderboard:
        assert leaderboard.rows == []
        [(key, rows)] = leaderboard.other_editions.items()
        assert key != leaderboard.edition.key
        assert "mine-1" in {row.agent for row in rows}


def test_the_index_is_rebuilt_byte_for_byte(board: Board, home: Path, write: Write, tmp_path: Path) -> None:
    with Leaderboard(board, home) as leaderboard:
        leaderboard.submit(write())
        leaderboard.submit(write("other", 'spec = "random"'))
        leaderboard.withdraw("mine-1")
        dump = leaderboard.store.dump()
        leaderboard.rebuild()
        assert leaderboard.store.dump() == dump
    with Leaderboard(board, home, store=f"sqlite:///{tmp_path}/another.sqlite") as leaderboard:
        assert leaderboard.store.dump() == dump
        assert "mine-1" not in board_markdown(board, leaderboard.rows, leaderboard.edition.key)


def test_secret_seeds_are_published_after_their_hash(board: Board, home: Path, write: Write) -> None:
    secret = dataclasses.replace(board, protocol=dataclasses.replace(board.protocol, seeds="secret"))
    with Leaderboard(secret, home) as leaderboard:
        leaderboard.submit(write())
        leaderboard.submit(write("other"))
        entries = leaderboard.edition.log.read()
        assert leaderboard.verify() == 360
    opened = {entry["run"]: entry for entry in entries if entry["event"] == "run-opened"}
    closed = {entry["run"]: entry for entry in entries if entry["event"] == "run-closed"}
    for run in ("mine-1", "other-1"):
        assert "seed" not in opened[run]
        assert opened[run]["seed_sha256"] == seed_digest(closed[run]["seed"])
        assert closed[run]["seed"] > 2**64
    assert closed["mine-1"]["seed"] != closed["other-1"]["seed"]


def test_self_play_boards(home: Path, write: Write) -> None:
    board = Board(
        name="hanabi",
        env="MiniHanabi-v0",
        agents=("random", "hanabi/cautious"),
        rating="return",
        protocol=Protocol(tables="self", rounds=20, most_rounds=20, seeds="public"),
        settled=Settled(deals=20),
    )
    placement = submit(write(way='spec = "hanabi/bold"'), board, home=home)
    assert placement.row is not None
    assert placement.row.matches == 20
    assert placement.rows[-1].agent == "random"


# --- agents that cannot be played ---------------------------------------------------------------------------------------


def test_an_agent_that_fails_its_trial_gets_the_reason_and_its_own_words(board: Board, home: Path, write: Write) -> None:
    code = "import sys\nprint('looking for the file', file=sys.stderr)\ndef act(view):\n    raise ValueError('no such card')\n"
    loose = dataclasses.replace(board, protocol=dataclasses.replace(board.protocol, isolation="rlimits"))
    placement = submit(write("broken", 'entry = "agent:act"', agent=code), loose, home=home)
    assert placement.row is None
    assert placement.state.state == "failed"
    assert "no such card" in placement.state.reason + placement.state.stderr
    assert "looking for the file" in placement.state.stderr
    assert len(placement.rows) == 3  # of the reference agents
    assert "broken-1" in str(placement)


def test_a_spec_that_names_a_model_wants_trust_and_a_board_without_isolation(board: Board, home: Path, write: Write) -> None:
    folder = write(way='spec = "openai:somewhere"')
    with pytest.raises(UsageError, match="--trust"):
        submit(folder, board, home=home)
    with pytest.raises(NotSupported, match="demands isolation"):
        submit(folder, board, home=home, trust=True)


def test_an_agent_that_cannot_play_the_game_is_refused(board: Board, home: Path, write: Write) -> None:
    with pytest.raises(ArenaError, match="minimax"):
        submit(write(way='spec = "minimax"'), board, home=home)


# --- tampering ----------------------------------------------------------------------------------------------------------


def _records(leaderboard: Leaderboard, run: str) -> Path:
    return leaderboard.edition.run_folder(run) / "records.jsonl"


def _renamed(lines: list[str]) -> list[str]:
    return [line.replace('"mine-1"', '"yours-1"') for line in lines]


def _forged(lines: list[str]) -> list[str]:
    record = json.loads(lines[0])
    record["seats"][0]["return"], record["seats"][1]["return"] = 2.0, -2.0
    return [json.dumps(record, separators=(",", ":")), *lines[1:]]


@pytest.mark.parametrize(
    "change", [_renamed, _forged, lambda lines: lines[1:], lambda lines: [*lines, lines[0]], lambda lines: lines[::-1][:5]]
)
def test_records_that_were_changed_are_refused(board: Board, home: Path, write: Write, change: Callable[[list[str]], list[str]]) -> None:
    with Leaderboard(board, home) as leaderboard:
        leaderboard.submit(write())
        path = _records(leaderboard, "mine-1")
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
        for call in (leaderboard.verify, leaderboard.rebuild):
            with pytest.raises((RecordMismatch, CorruptRecord)):
                call()
        assert "mine-1" in {row.agent for row in leaderboard.rows}  # a refused rebuild leaves the index as it was


def test_another_runs_records_are_refused(board: Board, home: Path, write: Write) -> None:
    """Whose matches they are is in the log: a run's file in another run's place does not count."""
    with Leaderboard(board, home) as leaderboard:
        leaderboard.submit(write())
        leaderboard.submit(write("other", 'spec = "random"'))
        _records(leaderboard, "other-1").write_bytes(_records(leaderboard, "mine-1").read_bytes())
        with pytest.raises(RecordMismatch, match="not those that were signed"):
            leaderboard.verify()


# --- interruption and several processes ---------------------------------------------------------------------------------

_SUBMIT = "import sys; from agentarena.leaderboard.leaderboard import submit; print(submit(sys.argv[1], sys.argv[2], home=sys.argv[3]))"


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path: Path, write: Write) -> None:
    agents = [f"mcts?simulations={count}" for count in (2, 3, 4, 5, 6, 7, 8, 9, 10)] + ["random", "connectfour/tactical"]
    path = tmp_path / "many.toml"
    listed = ", ".join(f'"{agent}"' for agent in agents)
    path.write_text(
        f'name = "many"\nenv = "ConnectFour-v0"\nagents = [{listed}]\n[protocol]\nrounds = 3\nmost_rounds = 3\nseeds = "public"\nopenings = 2\n'
    )
    folder = write(way='spec = "mcts?simulations=11"')
    undisturbed = submit(folder, path, home=tmp_path / "calm")
    command = [sys.executable, "-c", _SUBMIT, str(folder), str(path), str(tmp_path / "home")]
    kills = 0
    while kills < 20:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(1.0 + 0.13 * kills)
        if process.poll() is None:
            kills += 1
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        if process.returncode == 0:
            break
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert kills >= 3
    assert _without_clocks(submit(folder, path, home=tmp_path / "home").rows) == _without_clocks(undisturbed.rows)


def _without_clocks(rows) -> list:
    return [{**row.json(), "ms": None} for row in rows]


def _submit(folder: str, board: Board, home: str) -> None:
    submit(folder, board, home=home)


def test_processes_that_submit_at_once_lose_nothing(board: Board, home: Path, write: Write) -> None:
    context = multiprocessing.get_context("spawn")
    with Leaderboard(board, home) as leaderboard:
        leaderboard.play_references()
    folders = [write(f"agent{number}", 'spec = "random"') for number in range(3)]
    processes = [context.Process(target=_submit, args=(str(folder), board, str(home))) for folder in folders]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with Leaderboard(board, home) as leaderboard:
        assert {f"agent{number}-1" for number in range(3)} <= {row.agent for row in leaderboard.rows}
        dump = leaderboard.store.dump()
        leaderboard.rebuild()
        assert leaderboard.store.dump() == dump
