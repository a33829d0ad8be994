"""Folders of submissions: what is read, copied and refused. Nothing of them is run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentarena.core.errors import ArenaError, BadOption, UsageError
from agentarena.leaderboard import submission as submissions
from agentarena.leaderboard.submission import Submission, prepare

Write = Callable[..., Path]


def test_a_prepared_folder_is_a_submission(tmp_path: Path) -> None:
    written = prepare(tmp_path / "my agent!")
    assert [path.name for path in written] == ["agent.toml", "agent.py"]
    assert Submission.load(tmp_path / "my agent!").name == "my-agent-1.0"
    assert prepare(tmp_path / "my agent!") == []


def test_nothing_is_run(write: Write) -> None:
    folder = write(way='entry = "agent:act"', agent="raise SystemExit(3)")
    assert Submission.load(folder).own_code


def test_the_digest_covers_names_and_contents(write: Write) -> None:
    folder = write(way='entry = "agent:act"', agent="x = 1")
    first = Submission.load(folder).digest
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "agent.pyc").write_bytes(b"x")
    assert Submission.load(folder).digest == first
    (folder / "agent.py").rename(folder / "other.py")
    (folder / "agent.py").write_text("x = 1")
    assert Submission.load(folder).digest != first


def test_a_copy_is_read_only_and_compared(write: Write, tmp_path: Path) -> None:
    original = Submission.load(write(way='entry = "agent:act"', agent="x = 1"))
    copy = original.copy_to(tmp_path / "copy")
    assert copy.digest == original.digest
    assert not os.access(tmp_path / "copy" / "agent.py", os.W_OK) or os.geteuid() == 0
    (tmp_path / "copy" / "agent.py").chmod(0o644)
    (tmp_path / "copy" / "agent.py").write_text("x = 2")
    with pytest.raises(UsageError, match="was changed"):
        original.copy_to(tmp_path / "copy")


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("", "exactly one of entry, spec and command"),
        ('spec = "random"\ncommand = ["x"]', "got spec and command"),
        ('entry = "agent"', "line 4, entry"),
        ('entry = "../../etc/passwd:x"', "line 4, entry"),
        ('entry = "missing:act"', "names the file missing.py"),
        ('spec = "random"\nextra = 1', "line 5, extra"),
        ('spec = "mcts?simulations"', "is not name=value"),
    ],
)
def test_wrong_manifests_name_the_line(write: Write, way: str, words: str) -> None:
    with pytest.raises(ArenaError) as caught:
        Submission.load(write(way=way))
    assert words in str(caught.value)
    assert "agent.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["..", "a/b", "a b", "-x", "x" * 49, "ä", "a\\nb"])
def test_names_are_plain(write: Write, tmp_path: Path, name: str) -> None:
    folder = write()
    (folder / "agent.toml").write_text(f'name = "{name}"\nversion = "1"\nauthors = ["x"]\nspec = "random"\n')
    with pytest.raises(BadOption, match="line 1, name"):
        Submission.load(folder)


def test_links_and_pipes_are_refused(write: Write) -> None:
    folder = write()
    link = folder / "data"
    link.symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="a link or a special file"):
        Submission.load(folder)
    link.unlink()
    link.symlink_to("/etc")
    with pytest.raises(UsageError, match="a link or a special file"):
        Submission.load(folder)
    link.unlink()
    os.mkfifo(link)
    with pytest.raises(UsageError, match="a link or a special file"):
        Submission.load(folder)


def test_too_many_files_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "MOST_FILES", 3)
    folder = write()
    for number in range(3):
        (folder / f"{number}.txt").write_text("x")
    with pytest.raises(UsageError, match="more than 3 files"):
        Submission.load(folder)


def test_no_folder_and_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        Submission.load(tmp_path / "nothing")
    with pytest.raises(UsageError, match="submit prepare"):
        Submission.load(tmp_path)
