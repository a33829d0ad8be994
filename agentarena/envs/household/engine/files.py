"""Genuine ALFWorld games: files named game.tw-pddl in their official folder tree, read, indexed and played by our engine.

    json_2.1.1/SPLIT/TASK-OBJECT-MOVABLE-RECEPTACLE-SCENE/TRIAL/game.tw-pddl, beside traj_data.json and initial_state.pddl

A file is JSON {pddl_domain, grammar, pddl_problem, solvable, walkthrough}. Of it the problem and the task in the grammar are read, of
traj_data.json the task type; the domain's rules are those of `scene`, and nothing of a file is ever run. What ALFWorld's own scan leaves
out is left out: sliced objects and movable receptacles, other task types, games not known to be solvable, trials without a game file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from agentarena.core.display import printable, shown
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import game as build

from .generator import SPLITS
from .goal import KINDS, goal_of
from .house import House
from .problem import BadProblem, Problem, parse
from .words import task_in

__all__ = ["ALFWorldFiles", "BadGame", "Entry", "read_game"]

SUFFIX = ".tw-pddl"
INDEX = ".agentarena-index.json"
TRAJECTORY = "traj_data.json"
_VERSION = 2
_MOST_BYTES = 20_000_000
_MOST_FILES = 200_000
_DEEPEST = 6
_RULES = re.compile(r'"task"\s*:\s*\[\s*\{\s*"rhs"\s*:\s*("(?:[^"\\]|\\.)*")')


class BadGame(UsageError):
    """A game file that cannot be played; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the index.

    Attributes:
        kind: Task type, a key of `KINDS` or "other"; `""` where the file is not played.
        problem: Why it is not played; `""` where it is.
        skipped: Whether it is sound, but left out as ALFWorld leaves it out: sliced or movable, another task type, or not known to be
            solvable.
        size: Size in bytes, and `changed`, the time of its last change in nanoseconds: an entry holds as long as both are the same.
        changed: See `size`.
    """

    kind: str
    problem: str
    skipped: bool
    size: int
    changed: int


def read_game(folder: str, path: str) -> tuple[Problem, str]:
    """The problem and the task of one file.

    Raises:
        BadGame: It is no such file.
    """
    data = _json_of(_below(folder, path), path)
    try:
        return parse(data["pddl_problem"]), _task(data["grammar"])
    except BadProblem as error:
        raise BadGame(f"{shown(path, 200)}: {error}") from None


def _below(folder: str, path: str) -> Path:
    """The file, known to lie in the folder."""
    root = Path(folder)
    if root.is_file():
        return root
    file = root / path
    if not file.resolve().is_relative_to(root.resolve()):
        raise BadGame(f"{shown(path, 200)}: lies outside of the folder of the games")
    return file


def _json_of(file: Path, name: str) -> dict[str, Any]:
    where = shown(name, 200)
    try:
        size = file.stat().st_size
        if size > _MOST_BYTES:
            raise BadGame(f"{where}: {size:,} bytes, at most {_MOST_BYTES:,} are read")
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadGame(f"{where}: cannot be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, RecursionError) as error:
        raise BadGame(f"{where}: not JSON: {printable(str(error), 150)}") from None
    if not isinstance(data, dict):
        raise BadGame(f"{where}: expected a JSON object, got {type(data).__name__}")
    for key in ("pddl_problem", "grammar"):
        if not isinstance(data.get(key), str):
            raise BadGame(f"{where}: has no text {key!r}")
    return data


def _task(grammar: str) -> str:
    """The task in words; nothing in it is evaluated."""
    match = _RULES.search(grammar)
    if match is None:
        raise BadProblem("the grammar has no rule 'task'")
    try:
        return task_in(str(json.loads(match[1], strict=False)))
    except ValueError:
        raise BadProblem("the rule 'task' of the grammar is no JSON string") from None


class ALFWorldFiles:
    """The game.tw-pddl files under a folder, such as ALFWorld's json_2.1.1, played by the same engine as generated games.

        files = ALFWorldFiles("~/.cache/alfworld/json_2.1.1")
        len(files), files.broken, files.skipped
        game = files.game(split="valid_unseen")            # draws one of these games each match
        game = files.game("valid_unseen/pick_.../trial_.../game.tw-pddl")

    Files are read when they are first needed; the index is kept beside them, so that a second process starts at once. A file that cannot be
    played is named in `broken` with what is wrong with it, and the others are played.

    Args:
        path: The folder, e.g. json_2.1.1 or one split of it; or one file.
        write_index: Whether to keep the index in the folder.

    Raises:
        UsageError: There is no such folder or file.
    """

    def __init__(self, path: str | os.PathLike[str], *, write_index: bool = True) -> None:
        self.root = Path(os.path.expandvars(path)).expanduser()
        if not self.root.exists():
            raise UsageError(f"there is no folder {shown(str(path), 300)}; name the one that the game.tw-pddl files are below")
        self._write = write_index

    @staticmethod
    @lru_cache(maxsize=8)
    def cached(path: str) -> ALFWorldFiles:
        """The files of a folder, indexed once in this process; nothing is written."""
        return ALFWorldFiles(path, write_index=False)

    @cached_property
    def index(self) -> dict[str, Entry]:
        """Every file by its path below the folder, in alphabetical order: read once, and again only where it has changed."""
        known = self._stored()
        index, fresh = {}, False
        for path, size, changed in sorted(self._walk()):
            entry = known.get(path)
            if entry is None or (entry.size, entry.changed) != (size, changed):
                entry, fresh = self._entry(path, size, changed), True
            index[path] = entry
        if self._write and (fresh or len(index) != len(known)):
            self._store(index)
        return index

    @property
    def games(self) -> tuple[str, ...]:
        """The paths of the files that can be played."""
        return tuple(path for path, entry in self.index.items() if not entry.problem)

    @property
    def broken(self) -> dict[str, str]:
        """What is wrong with each file that cannot be played, by path."""
        return {path: entry.problem for path, entry in self.index.items() if entry.problem and not entry.skipped}

    @property
    def skipped(self) -> dict[str, str]:
        """Why each sound file is left out, by path."""
        return {path: entry.problem for path, entry in self.index.items() if entry.skipped}

    def select(self, split: str = "", tasks: str = "all") -> tuple[str, ...]:
        """The playable files of a split and a task type; where the folder has no splits, of all of it.

        Raises:
            BadOption: There is none.
        """
        key = (split, tasks)
        if key not in self._selected:
            games = self.games
            splits = {_split_of(path) for path in games} - {""}
            chosen = [path for path in games if not splits or not split or _split_of(path) == split]
            chosen = [path for path in chosen if tasks in ("all", self.index[path].kind)]
            if not chosen:
                faults = f"; {len(self.broken)} files are broken, e.g. {next(iter(self.broken.values()))}" if self.broken else ""
                raise BadOption(f"{shown(str(self.root), 200)} holds no playable game of split {split!r} and tasks {tasks!r}{faults}")
            self._selected[key] = tuple(chosen)
        return self._selected[key]

    @cached_property
    def _selected(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}

    def game(self, path: str | int | None = None, **options: Any) -> Game[Any]:
        """The environment of these files; of one of them by its path or its number among those of the split, else of all.

        Raises:
            BadOption: An option's value is out of range, or no file fits.
        """
        if isinstance(path, str):
            split = options.get("split") or _split_of(path) or "train"
            if path not in self.select(split):
                raise BadOption(
                    f"{shown(path, 200)} is no playable game of split {split!r}; `broken` and `skipped` say what is wrong with others"
                )
            options = {**options, "split": split, "game": self.select(split).index(path)}
        elif path is not None:
            options = {**options, "game": path}
        else:
            self.select(options.get("split", "train"), options.get("tasks", "all"))
        return build("Household-v0", options={**options, "files": str(self.root)})

    def __len__(self) -> int:
        return len(self.games)

    def __getitem__(self, number: int) -> str:
        return self.games[number]

    def __iter__(self) -> Iterator[str]:
        return iter(self.games)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.root)!r})"

    # --- the index --------------------------------------------------------------------------------------------------------

    def _walk(self) -> Iterator[tuple[str, int, int]]:
        """Path, size and time of change of every game file, without reading any."""
        if self.root.is_file():
            stat = self.root.stat()
            yield self.root.name, stat.st_size, stat.st_mtime_ns
            return
        count = 0
        pending = [("", 0)]
        while pending:
            folder, depth = pending.pop()
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    count += 1
                    if count > _MOST_FILES:
                        raise UsageError(f"{shown(str(self.root), 200)} holds more than {_MOST_FILES:,} files; name a folder of games")
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
                        pending.append((path, depth + 1))
                    elif entry.name.endswith(SUFFIX) and entry.is_file():
                        stat = entry.stat()
                        yield path, stat.st_size, stat.st_mtime_ns

    def _entry(self, path: str, size: int, changed: int) -> Entry:
        if "movable" in path or "Sliced" in path:
            return Entry("", f"{path}: sliced objects and movable receptacles are left out, as in ALFWorld", True, size, changed)
        try:
            data = _json_of(_below(str(self.root), path), path)
            problem, _ = parse(data["pddl_problem"]), _task(data["grammar"])
            House(problem, path, _never, task="", profile="0.4")
        except (BadGame, BadProblem) as error:
            message = str(error) if isinstance(error, BadGame) else f"{path}: {error}"
            return Entry("", message, False, size, changed)
        if not data.get("solvable"):
            return Entry("", f"{path}: not known to be solvable", True, size, changed)
        kind, named = goal_of(problem.goal).kind, self._task_type(path)
        if named and named not in KINDS.values():
            return Entry("", f"{path}: {TRAJECTORY} names the task type {shown(named, 60)}, which is none of the six", True, size, changed)
        if kind == "other" and named:
            kind = next(short for short, name in KINDS.items() if name == named)
        return Entry(kind, "", False, size, changed)

    def _task_type(self, path: str) -> str:
        """The task type that the trial's traj_data.json names; "" where there is none that can be read."""
        if self.root.is_file():
            return ""
        file = self.root / Path(path).with_name(TRAJECTORY)
        try:
            if file.stat().st_size > _MOST_BYTES:
                return ""
            data = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):  # a game can be played without it
            return ""
        named = data.get("task_type") if isinstance(data, dict) else None
        return named if isinstance(named, str) else ""

    def _stored(self) -> dict[str, Entry]:
        """The index that an earlier process left; `{}` where there is none that can be read."""
        try:
            data = json.loads((self.root / INDEX).read_text(encoding="utf-8"))
            if data["version"] != _VERSION:
                return {}
            entries = {path: Entry(*entry) for path, entry in data["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
        sound = all(
            entry.kind in (*KINDS, "other", "") and isinstance(entry.problem, str) and bool(entry.kind) != bool(entry.problem)
            for entry in entries.values()
        )
        return entries if sound else {}

    def _store(self, index: dict[str, Entry]) -> None:
        if not self.root.is_dir():
            return
        files = {path: [entry.kind, entry.problem, entry.skipped, entry.size, entry.changed] for path, entry in index.items()}
        scratch = self.root / f"{INDEX}.{os.getpid()}"
        try:
            scratch.write_text(json.dumps({"version": _VERSION, "files": files}), encoding="utf-8")
            os.replace(scratch, self.root / INDEX)
        except OSError:  # a folder that cannot be written to is indexed by every process anew
            scratch.unlink(missing_ok=True)


def _never(key: object) -> House:
    raise NotImplementedError("this house only shows that its file is sound")


def _split_of(path: str) -> str:
    """The split that a path belongs to; `""` where no folder of it is named like one."""
    return next((part for part in path.split("/") if part in SPLITS), "")
