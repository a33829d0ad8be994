"""The options of the household: which games are drawn, how they are worded, and how much they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import option

from .engine.generator import SPLITS, split_size
from .engine.goal import KINDS
from .engine.words import PROFILES

__all__ = ["HouseholdOptions"]


@dataclass(frozen=True)
class HouseholdOptions:
    """One configuration. The defaults are ALFWorld's: 50 steps, the wording of version 0.4, admissible commands listed."""

    split: str = option(
        "train", "Which games are drawn: layouts and object-receptacle pairs of valid_unseen occur in no other.", choices=SPLITS
    )
    tasks: str = option("all", "Which task type is drawn.", choices=("all", *KINDS))
    game: int = option(-1, "Number of the one game to play; -1 draws one of the split.", low=-1, high=10_000_000)
    files: str = option("", "Folder of genuine game.tw-pddl files to play instead of generated games, e.g. json_2.1.1.")
    profile: str = option("0.4", "Wording of commands and answers: that of ALFWorld 0.4 or of 0.3.", choices=PROFILES)
    max_steps: int = option(50, "Commands after which the match ends, undone.", low=1, high=1000)
    feedback: str = option(
        "plain", "What is said of a command that does nothing: ALFWorld's words, or also why.", choices=("plain", "explain")
    )
    admissible: bool = option(True, "Whether the admissible commands are listed.", choices=(True, False))
    commands: str = option(
        "free", "Whether any words may be said and do nothing, or only admissible commands are legal.", choices=("free", "admissible")
    )
    shuffle_numbers: bool = option(False, "Whether the numbers in names are drawn at random, game by game.", choices=(True, False))
    distractors: int = option(-1, "Objects of a generated game that the task does not ask for; -1 draws 12 to 32.", low=-1, high=200)
    reward: str = option("sparse", "1 when the task is done, or the share of its conditions as they are met.", choices=("sparse", "dense"))
    hints: bool = option(
        False, "Whether the news carry the next command of the expert that sees everything, for imitation.", choices=(True, False)
    )

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "alfworld": {},
        "seen": {"split": "valid_seen"},
        "unseen": {"split": "valid_unseen"},
        "search": {"commands": "admissible"},
        "expert": {"hints": True},
    }

    def check_combination(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            BadOption: Two options cannot go together.
        """
        if self.commands == "admissible" and not self.admissible:
            raise BadOption("Household: commands='admissible' makes the list of admissible commands the legal actions; it cannot be hidden")
        if self.files and self.distractors != -1:
            raise BadOption("Household: distractors are of generated games; leave it at -1 with files")
        if self.files and not Path(self.files).expanduser().exists():
            raise BadOption(f"Household: there is no folder {shown(self.files, 300)}; name the one that the game.tw-pddl files are below")
        if not self.files and self.game >= split_size(self.split):
            raise BadOption(f"Household: game is {self.game}; {self.split} has the games 0 to {split_size(self.split) - 1}")
        if self.game >= 0 and self.tasks != "all":
            raise BadOption("Household: tasks choose among drawn games; leave it at 'all' where game names one")
