"""Which houses there are, and making each when it is needed: generated ones by split and number, others from files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from .files import read_game
from .generator import generate
from .house import House

__all__ = ["Key", "house_of"]


@dataclass(frozen=True, slots=True)
class Key:
    """What a house is made from.

    Attributes:
        source: `""` for a generated game, else the folder that the game's file is in.
        game: Number of a generated game, or the path of a file below its folder.
        split: Split of a generated game; `""` for a file.
        profile: The wording, "0.3" or "0.4".
        shuffle: Whether the numbers of objects and receptacles are drawn at random (by the game, so they stay the same).
        distractors: See `generator.generate`.
    """

    source: str
    game: int | str
    split: str = ""
    profile: str = "0.4"
    shuffle: bool = False
    distractors: int = -1


@lru_cache(maxsize=1024)
def house_of(key: Key) -> House:
    """The house of a key; made once while it is in use.

    Raises:
        BadGame: The file cannot be read.
    """
    shuffle = Random(f"household numbers {key.split} {key.game}") if key.shuffle else None
    if key.source:
        problem, task = read_game(key.source, str(key.game))
    else:
        problem, task = generate(key.split, int(key.game), key.distractors)
    return House(problem, key, house_of, task=task, profile=key.profile, shuffle=shuffle)
