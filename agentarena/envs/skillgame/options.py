"""The options of skill games: the world, how hard its games are, and how much they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.errors import BadOption
from agentarena.core.game import option

from .engine.generator import SPLITS, split_size
from .engine.world import Key

__all__ = ["SkillOptions", "key_of"]


@dataclass(frozen=True)
class SkillOptions:
    """One configuration."""

    world: str = option("cooking", "A world of the package, the path of a specification in JSON, or its text.")
    split: str = option("train", "Which games are drawn.", choices=tuple(SPLITS))
    game: int = option(-1, "Number of the one game to play; -1 draws one of the split.", low=-1, high=999_999)
    rooms: int = option(-1, "Rooms of a game, more where the task needs them; -1 draws 2 to 8.", low=-1, high=60)
    goals: int = option(-1, "Objects that the task asks for; -1 draws 1 or 2.", low=-1, high=10)
    depth: int = option(-1, "Most skills that one object of the task needs; -1 for any.", low=-1, high=20)
    distractors: int = option(-1, "Objects that the task does not need; -1 draws 0 to 6.", low=-1, high=100)
    max_steps: int = option(100, "Commands after which the match ends; every game can be done within them.", low=5, high=1000)
    feedback: str = option("plain", "What is said of a command that does nothing; explain adds why.", choices=("plain", "explain"))
    admissible: bool = option(True, "Whether the admissible commands are listed.", choices=(True, False))
    commands: str = option(
        "free", "Whether any words may be said and do nothing, or only admissible commands are legal.", choices=("free", "admissible")
    )
    reward: str = option(
        "sparse", "1 when the task is done, or a part of it for each rewarded skill on the way.", choices=("sparse", "dense")
    )
    hints: bool = option(False, "Whether the news carry the next command of a plan, for imitation.", choices=(True, False))

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "coins": {"world": "coins"},
        "treasure": {"world": "treasure"},
        "easy": {"rooms": 3, "goals": 1, "depth": 2, "distractors": 2},
        "hard": {"rooms": 8, "goals": 3, "distractors": 12, "max_steps": 200},
        "search": {"commands": "admissible"},
        "expert": {"hints": True},
    }

    def check_combination(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            BadOption: Two options cannot go together.
        """
        if self.commands == "admissible" and not self.admissible:
            raise BadOption("SkillGame: commands='admissible' makes the list of admissible commands the legal actions; it cannot be hidden")
        if self.game >= split_size(self.split):
            raise BadOption(f"SkillGame: game is {self.game}; {self.split} has the games 0 to {split_size(self.split) - 1}")


def key_of(options: SkillOptions, number: int) -> Key:
    """What the game with this number is made from."""
    sizes = (options.rooms, options.goals, options.depth, options.distractors)
    return Key(options.split, number, *sizes, longest=options.max_steps)
