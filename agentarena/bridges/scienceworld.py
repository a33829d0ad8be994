"""ScienceWorld (arXiv 2203.07540): 30 kinds of experiments of elementary school, 7,207 variations. Needs the extra "scienceworld" and Java.

    game = aa.game("agentarena.bridges.scienceworld:ScienceWorldGame", task="boil", split="dev")

A step takes a tenth of a second and more: the engine lists every valid command, of which there are hundreds to thousands.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.errors import BadOption, MissingExtra, UnknownName
from agentarena.core.game import option

from . import jvm
from .text_game import Answer, EngineGame, Opened

__all__ = ["ScienceWorldGame"]

_KIND = "ScienceWorld"
_UNKNOWN = "No known action matches"
_NO_LIMIT = 10**9
"""The engine's own limit of steps; ours counts."""


def _start() -> Any:
    from scienceworld import ScienceWorldEnv

    return ScienceWorldEnv(envStepLimit=_NO_LIMIT)


def _lend() -> Any:
    try:
        import scienceworld  # noqa: F401
    except ImportError as error:
        raise MissingExtra("scienceworld", "scienceworld") from error
    return jvm.lend(_KIND, _start)


@functools.lru_cache(maxsize=256)
def _variations(task: str, split: str, simplifications: str) -> tuple[tuple[str, int], ...]:
    """Every game: task and variation."""
    engine = _Engine(_KIND, _lend())
    try:
        return tuple(engine.games(task, split, simplifications))
    finally:
        engine.close()


class _Engine(jvm.Engine):
    """One game of ScienceWorld under way."""

    def games(self, task: str, split: str, simplifications: str) -> list[tuple[str, int]]:
        """Task and variation of every game of a split."""
        with self.calling():
            known = self.env.get_task_names()
        if task != "all" and task not in known:
            raise UnknownName("task of ScienceWorld", task, known)
        return [
            (name, number) for name in (known if task == "all" else [task]) for number in self._variations(name, split, simplifications)
        ]

    def _variations(self, task: str, split: str, simplifications: str) -> list[int]:
        with self.calling(BadOption):
            try:
                self.env.load(task, 0, simplifications)
            except ValueError as error:
                raise BadOption(f"ScienceWorldGame: {error}") from None
            of = {"train": self.env.get_variations_train, "dev": self.env.get_variations_dev, "test": self.env.get_variations_test}
            return [int(number) for number in of[split]()]

    def begin(self, task: str, variation: int, simplifications: str) -> tuple[Answer, str]:
        """The first answer and the task in words."""
        with self.calling():
            self.env.load(task, variation, simplifications)
            text, info = self.env.reset()
            return _answer(text, info), str(info["taskDesc"]).removeprefix("Task Description:\n").strip()

    def act(self, command: str) -> Answer:
        with self.calling():
            text, _, _, info = self.env.step(command)
            return _answer(text, info)


def _answer(text: str, info: dict[str, Any]) -> Answer:
    score = max(-100, min(100, int(info["score"])))
    place = f"{info['look']}\n{info['inv']}\n{score}"
    if text.startswith("Ambiguous request"):
        place += text
    won, over = score == 100, score == 100 or score < 0
    admissible = tuple(sorted(set(map(str, info["valid"]))))
    return Answer(str(text), admissible, score / 100, won, over, not text.startswith(_UNKNOWN), place)


@dataclass(frozen=True)
class ScienceWorldGame(EngineGame):
    """ScienceWorld's tasks under its own score: its subgoals add up to 1, and a fatal mistake ends the match at -1."""

    task: str = option("all", 'Name of a task, e.g. "boil"; "all" draws one.')
    split: str = option("test", "Which variations.", choices=("train", "dev", "test"))
    simplifications: str = option("", 'Names of simplifications with commas between, e.g. "easy".')

    about: ClassVar[str] = "You are a scientist in a house with a workshop, a kitchen, a greenhouse and more, and have a task."
    forms: ClassVar[str] = (
        "Commands are: open, close, activate, deactivate, eat, flush, focus on, go, look at, look in, mix, pick up, put down, read (object); "
        "connect (object) to (object), disconnect (object), dunk (object) in (object), move (object) to (object), pour (object) in (object), "
        "use (object) on (object); look around, inventory, task, wait, wait1. Where a command is ambiguous, answer with a number."
    )

    def count(self) -> int:
        return len(_variations(self.task, self.split, self.simplifications))

    def open(self, number: int) -> Opened:
        task, variation = _variations(self.task, self.split, self.simplifications)[number]
        engine = _Engine(_KIND, _lend())
        try:
            first, words = engine.begin(task, variation, self.simplifications)
        except BaseException:
            engine.close()
            raise
        difficulty = {"commands": len(first.admissible), "simplifications": self.simplifications}
        return Opened(engine, first, number, f"{task}/{variation}", words, task, difficulty=difficulty)
