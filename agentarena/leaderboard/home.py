"""The folder that boards live in: logs, runs, copies of submissions, the signing key and the index.

    HOME/key                                     signing key of the logs
    HOME/index.sqlite                            what pages and tables are read from; rebuilt from the rest at any time
    HOME/submissions/NAME-VERSION-DIGEST/        files of a submission, as they were received
    HOME/boards/BOARD/EDITION/board.json         definition
    HOME/boards/BOARD/EDITION/log.jsonl          what happened, signed (see `log`)
    HOME/boards/BOARD/EDITION/runs/RUN/          records.jsonl, its ledger, and the seed until the run is closed

An edition is one definition of a board, and where the board says so one version of the package: rows are compared within it alone.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from agentarena.core.distribution import version

from .board import Board
from .log import Log, signing_key

__all__ = ["Edition", "Home"]


@dataclass(frozen=True)
class Home:
    """The folder of all boards.

    Attributes:
        path: Where it is.
    """

    path: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str] | None = None) -> Home:
        """The given folder, else the one that the environment variable AGENTARENA_HOME names, else `.agentarena` in the user's home.

        >>> Home.at("runs/boards").path.name
        'boards'
        """
        return cls(Path(path or os.environ.get("AGENTARENA_HOME") or Path.home() / ".agentarena"))

    @property
    def index(self) -> str:
        """Address of the index, as SQLAlchemy takes it."""
        return f"sqlite:///{self.path.resolve() / 'index.sqlite'}"

    @property
    def submissions(self) -> Path:
        """Folder of the submissions' copies."""
        return self.path / "submissions"

    def edition(self, board: Board) -> Edition:
        """A board's edition under the installed version of the package."""
        return Edition(self, board, version() if "package" in board.comparable else "")

    def editions(self) -> list[tuple[str, str, Path]]:
        """Board, edition and folder of everything that is here, sorted."""
        return [(path.parent.parent.name, path.parent.name, path.parent) for path in sorted(self.path.glob("boards/*/*/log.jsonl"))]


@dataclass(frozen=True)
class Edition:
    """A board under one definition, and where it says so under one version of the package.

    Attributes:
        home: Where it is.
        board: The definition.
        package: The version of the package; "" where rows of all versions are compared.
    """

    home: Home
    board: Board
    package: str

    @property
    def name(self) -> str:
        """Beginning of the definition's digest, and the version of the package."""
        return self.board.digest[:12] + (f"-{self.package}" if self.package else "")

    @property
    def key(self) -> str:
        """Board and edition, e.g. "tictactoe/0123456789ab-0.1.0"."""
        return f"{self.board.name}/{self.name}"

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.home.path / "boards" / self.board.name / self.name

    @property
    def log(self) -> Log:
        """What happened on it."""
        return Log(self.folder / "log.jsonl", signing_key(self.home.path / "key"))

    def run_folder(self, run: str) -> Path:
        """The folder of a run."""
        return self.folder / "runs" / run

    def open(self) -> None:
        """Make its folder and begin its log where they are missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        facts = {"board": self.board.name, "title": self.board.title, "digest": self.board.digest, "definition": self.board.definition}
        if self.log.append_if(lambda entries: None if entries else ("board-opened", facts)):
            (self.folder / "board.json").write_text(json.dumps(self.board.definition, indent=2) + "\n", encoding="utf-8")
