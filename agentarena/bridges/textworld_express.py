"""TextWorldExpress (arXiv 2208.01174): eight quick kinds of text games. Needs the extra "textworldexpress" and Java.

game = aa.game("agentarena.bridges.textworld_express:TextWorldExpressGame", kind="cookingworld", parameters="numIngredients=2")
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.errors import BadOption, MissingExtra
from agentarena.core.game import option

from . import jvm
from .text_game import Answer, EngineGame, Opened

__all__ = ["KINDS", "TextWorldExpressGame"]

KINDS = ("cookingworld", "twc", "coin", "mapreader", "arithmetic", "sorting", "simonsays", "peckingorder")
_NAME = "TextWorldExpress"
_NO_LIMIT = 10**9


def _start() -> Any:
    from textworld_express import TextWorldExpressEnv

    return TextWorldExpressEnv(envStepLimit=_NO_LIMIT)


def _lend() -> Any:
    try:
        import textworld_express  # noqa: F401
    except ImportError as error:
        raise MissingExtra("textworld-express", "textworldexpress") from error
    return jvm.lend(_NAME, _start)


@functools.lru_cache(maxsize=64)
def _seeds(kind: str, parameters: str, split: str) -> tuple[int, ...]:
    """The seeds of a split."""
    engine = _Engine(_NAME, _lend())
    try:
        engine.load(kind, parameters)
        return engine.seeds(split)
    finally:
        engine.close()


class _Engine(jvm.Engine):
    """One game of TextWorldExpress under way."""

    def load(self, kind: str, parameters: str) -> None:
        with self.calling(BadOption):
            try:
                self.env.load(kind, parameters)
            except ValueError as error:
                raise BadOption(f"TextWorldExpressGame: option 'parameters' is {parameters!r}; {str(error).strip()}") from None

    def seeds(self, split: str) -> tuple[int, ...]:
        """The seeds of a split of what is loaded."""
        with self.calling():
            of = {"train": self.env.getValidSeedsTrain, "dev": self.env.getValidSeedsDev, "test": self.env.getValidSeedsTest}
            return tuple(map(int, of[split]()))

    def begin(self, seed: int, split: str) -> tuple[Answer, str, dict[str, Any]]:
        """The first answer, the task in words, and what the game was generated with."""
        with self.calling():
            text, info = self.env.reset(seed=seed, gameFold=split)
            properties = {str(name): value for name, value in dict(self.env.getGenerationProperties()).items()}
            return _answer(text, info), str(info["taskDescription"]).strip(), properties

    def act(self, command: str) -> Answer:
        with self.calling():
            text, _, _, info = self.env.step(command)
            return _answer(text, info)


def _answer(text: str, info: dict[str, Any]) -> Answer:
    score = max(-1.0, min(1.0, float(info["score"])))
    won, lost = bool(info["tasksuccess"]), bool(info["taskfailure"])
    look, held = str(info["look"]), str(info["inventory"])
    place = f"{look or text}\n{held}\n{score}"
    admissible = tuple(sorted(set(map(str, info["validActions"]))))
    return Answer(str(text), admissible, score, won, won or lost or score >= 1.0, not text.startswith("Unknown action"), place)


@dataclass(frozen=True)
class TextWorldExpressGame(EngineGame):
    """TextWorldExpress's games under their own score, 0 to 1."""

    kind: str = option("cookingworld", "Which kind of game.", choices=KINDS)
    split: str = option("train", "Which seeds, and with them which objects.", choices=("train", "dev", "test"))
    parameters: str = option("", 'What games are generated with, e.g. "numLocations=3,numIngredients=2".')

    about: ClassVar[str] = "You act in a small world of words and have a task."

    def count(self) -> int:
        return len(_seeds(self.kind, self.parameters, self.split))

    def open(self, number: int) -> Opened:
        seed = _seeds(self.kind, self.parameters, self.split)[number]
        engine = _Engine(_NAME, _lend())
        try:
            engine.load(self.kind, self.parameters)
            first, task, properties = engine.begin(seed, self.split)
        except BaseException:
            engine.close()
            raise
        return Opened(engine, first, number, f"{self.kind}/{self.split}/{seed}", task, self.kind, difficulty=properties)
