"""TextWorld (arXiv 1806.11532): games that `tw-make` generates, as files. Needs the extra "textworld" and a Python before 3.13.

    make_games("games", "tw-cooking", 3, settings=("--recipe", "1", "--take", "1"))
    game = aa.game("agentarena.bridges.textworld:TextWorldGame", path="games")

A game is a pair of files: `.z8` speaks in TextWorld's own prose; `.json` is the same world without prose, several times as fast where
worlds are small, and described here in plain sentences of what is in sight.
"""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, UsageError
from agentarena.core.game import option

from .text_game import Answer, EngineGame, Opened

__all__ = ["TextWorldGame", "make_games"]

_BANNER = re.compile(r"[\s\\|$_/<>]+")
_PROMPT = re.compile(r"\n\s*>[^\n]*\Z")
_UNKNOWN = (
    "That's not a verb",
    "I beg your pardon",
    "I only understood",
    "I didn't understand",
    "You can't see any such",
    "Invalid command",
)
_MOST_SEEDS = 20
_PATIENCE_S = 120.0


def make_games(folder: str | Path, kind: str = "tw-simple", count: int = 1, *, seed: int = 1, settings: Sequence[str] = ()) -> list[Path]:
    """Generate games with TextWorld's `tw-make`; a seed that it fails at is passed over.

    Args:
        folder: Where the files go; made if need be.
        kind: "tw-simple", "tw-cooking", "tw-coin_collector", "tw-treasure_hunter" or "custom".
        count: How many games.
        seed: The first seed that is tried.
        settings: More arguments of `tw-make`, e.g. ("--level", "5").

    Returns:
        The `.z8` files; the `.json` files are beside them.

    Raises:
        MissingExtra: TextWorld is not installed.
        UsageError: `tw-make` fails at many seeds in a row.
    """
    _textworld()
    if kind == "tw-simple" and not settings:
        settings = ("--rewards", "dense", "--goal", "detailed")
    Path(folder).mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    failed = 0
    while len(files) < count:
        file = Path(folder) / f"{kind}-{seed}.z8"
        command = [sys.executable, str(_script()), kind, "--seed", str(seed), "--output", str(file), *settings]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        seed += 1
        if done.returncode == 0 and file.is_file():
            files.append(file)
            failed = 0
            continue
        failed += 1
        if failed >= _MOST_SEEDS or "usage:" in done.stderr:
            raise UsageError(f"tw-make {kind} {' '.join(settings)} fails: {shown(done.stderr[-300:], 300)}")
    return files


def _script() -> Path:
    """The script of `tw-make`, beside this Python or beside TextWorld's own packages."""
    own = Path(_textworld().__file__).resolve()
    places = [Path(sys.executable).parent, *(parent / "bin" for parent in own.parents)]
    for place in places:
        if (place / "tw-make").is_file():
            return place / "tw-make"
    raise UsageError("tw-make, which is installed with TextWorld, is not found")


def _textworld() -> Any:
    try:
        if sys.version_info >= (3, 13):
            raise ImportError("TextWorld fails on Python 3.13")
        import textworld
    except ImportError as error:
        raise MissingExtra("textworld (which needs a Python before 3.13)", "textworld") from error
    return textworld


# --- files ------------------------------------------------------------------------------------------------------------------


def _files(path: str, backend: str) -> tuple[Path, ...]:
    """The games at a path, in the order of their names.

    Raises:
        BadOption: There are none.
    """
    place = Path(path)
    if not path or not place.exists():
        raise BadOption(f"TextWorldGame: option 'path' is {shown(path)}, where there is nothing; give a game or a folder of games")
    stems = _in_folder(place, place.stat().st_mtime_ns) if place.is_dir() else (place.with_suffix(""),)
    games = tuple(stem.parent / f"{stem.name}.{backend}" for stem in stems)
    for game in games:
        if not game.is_file() or not game.with_suffix(".json").is_file():
            raise BadOption(f"TextWorldGame: a game needs {game.name!r} and its .json side by side, which {shown(path)} lacks")
    if not games:
        raise BadOption(f"TextWorldGame: option 'path' is {shown(path)}, a folder without .json games; make some with make_games")
    return games


@functools.lru_cache(maxsize=16)
def _in_folder(folder: Path, changed: int) -> tuple[Path, ...]:
    return tuple(sorted(file.with_suffix("") for file in folder.glob("*.json")))


# --- play -------------------------------------------------------------------------------------------------------------------


class _Engine:
    """One game of TextWorld under way."""

    def __init__(self, file: Path) -> None:
        textworld = _textworld()
        wanted = ("feedback", "description", "inventory", "admissible_commands", "score", "max_score", "won", "lost", "objective", "facts")
        infos = textworld.EnvInfos(**dict.fromkeys(wanted, True), extras=["walkthrough"])
        self._prose = file.suffix == ".z8"
        try:
            self._env = textworld.start(str(file), infos)
        except Exception as error:
            raise BadOption(f"TextWorldGame: {file.name!r} is no game: {type(error).__name__}: {shown(str(error), 200)}") from error

    def begin(self) -> tuple[Answer, Any]:
        """The first answer, and TextWorld's state."""
        state = self._env.reset()
        return self._answer(state), state

    def act(self, command: str) -> Answer:
        state, _, _ = self._env.step(command)
        return self._answer(state)

    def close(self) -> None:
        self._env.close()

    def _answer(self, state: Any) -> Answer:
        facts = tuple(state["facts"] or ())
        feedback = _clean(state["feedback"] or "")
        unknown = feedback.startswith(_UNKNOWN)
        text = feedback if self._prose or unknown else describe(facts)
        won, lost = bool(state["won"]), bool(state["lost"])
        score = min(1.0, (state.get("score") or 0) / max(1, state.get("max_score") or 1))
        admissible = tuple(sorted(set(state["admissible_commands"] or ())))
        place = "\n".join(sorted(map(str, facts)))
        return Answer(text, () if won or lost else admissible, score, won, won or lost, not unknown, f"{place}\n{score}")


def _clean(feedback: str) -> str:
    """What a game says, without its banner and the prompt that follows."""
    lines = _PROMPT.sub("", feedback.rstrip()).splitlines()
    text = "\n".join(line.rstrip() for line in lines if not line.strip() or not _BANNER.fullmatch(line))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


_BESIDE = {"north_of": "south", "south_of": "north", "east_of": "west", "west_of": "east"}
"""Fact of a place X and the one where the agent is -> where X lies; `north_of(here, X)` puts X in the south."""


def describe(facts: Iterable[Any]) -> str:
    """What is in sight, of the facts of a world: the room, what stands in it, what lies open, exits, and what is carried."""
    of: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for fact in facts:
        of[fact.name].append(tuple(str(one.name) for one in fact.arguments))
    here = next((place for thing, place in of["at"] if thing == "P"), "nowhere")
    shut = {thing for name in ("closed", "locked") for (thing, *_) in of[name]}
    sentences = [f"You are in the {here}."]
    for thing in sorted(thing for thing, place in of["at"] if place == here and thing != "P"):
        inside = sorted(one for one, holder in (*of["in"], *of["on"]) if holder == thing)
        seen = f" with {', '.join(inside)}" if inside and thing not in shut else ""
        sentences.append(f"There is {thing}{' (closed)' if thing in shut else ''}{seen}.")
    for name, way in sorted(_BESIDE.items(), key=lambda pair: pair[1]):
        for place, other in of[name]:
            if place == here:
                door = next((link[1] for link in of["link"] if len(link) == 3 and link[0] == here and link[2] == other), None)
                through = f" through {door}{' (closed)' if door in shut else ''}" if door else ""
                sentences.append(f"An exit leads {way}{through}.")
    held = sorted(one for one, holder in of["in"] if holder == "I")
    sentences.append(f"You carry {', '.join(held) or 'nothing'}.")
    return "\n".join(sentences)


@dataclass(frozen=True)
class TextWorldGame(EngineGame):
    """TextWorld's games under their own score, as a share of the greatest."""

    path: str = option("", "A game, or a folder of games, as tw-make writes them.")
    backend: str = option("z8", "The files that are played: with TextWorld's prose, or without.", choices=("z8", "json"))

    about: ClassVar[str] = "You act in a world of words and have a task: look around, open, take, put, go, cook and eat."
    low: ClassVar[float] = 0.0

    def count(self) -> int:
        return len(_files(self.path, self.backend))

    def open(self, number: int) -> Opened:
        file = _files(self.path, self.backend)[number]
        engine = _Engine(file)
        try:
            first, state = engine.begin()
        except BaseException:
            engine.close()
            raise
        walkthrough = state.get("extra.walkthrough")
        length = len(walkthrough) if walkthrough else -1
        rooms = {str(one.name) for fact in state["facts"] or () for one in fact.arguments if one.type == "r"}
        difficulty = {"rooms": len(rooms), "max_score": int(state["max_score"] or 0)}
        kind = file.stem.rpartition("-")[0] or "textworld"
        return Opened(engine, first, number, file.stem, str(state["objective"] or "").strip(), kind, length, difficulty)
