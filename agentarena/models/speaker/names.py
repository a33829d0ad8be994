"""Names that a small model knows, in place of those at the table: the speaker is always the first of them.

A model that was taught few names need not learn to copy fifty. Names are replaced in the order in which a view mentions them, which
begins with the speaker, and put back into what the model says. A folder whose model wants this has a file `names.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from .prompts import SpeechPrompt

__all__ = ["Names", "swap"]

FILE = "names.json"


@dataclass(frozen=True)
class Names:
    """Which names are replaced, and by which.

    Attributes:
        pool: The names that may stand in a view.
        known: The names that the model was taught, in order; the first is the speaker's.
    """

    pool: tuple[str, ...]
    known: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Names | None:
        """Those of a model folder; `None` where its model takes names as they are."""
        path = folder / FILE
        if not path.exists():
            return None
        lists = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(map(str, lists["pool"])), tuple(map(str, lists["known"])))

    def write(self, folder: Path) -> None:
        """Writes the file into a model folder."""
        (folder / FILE).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _any_of(self.pool)

    @cached_property
    def _known(self) -> re.Pattern[str]:
        return _any_of(self.known)

    def table(self, view: str) -> dict[str, str]:
        """The names in a view -> the known ones, in the order of mention; what is beyond the known ones stays as it is.

        >>> Names(("Ann", "Bob", "Cy"), ("Ada", "Ben")).table("You are Cy. Alive: Ann, Cy.")
        {'Cy': 'Ada', 'Ann': 'Ben'}
        """
        mentioned = dict.fromkeys(self._pattern.findall(view))
        return dict(zip(mentioned, self.known, strict=False))

    def hide(self, prompt: SpeechPrompt) -> tuple[SpeechPrompt, dict[str, str]]:
        """The prompt with known names, and the table of the names in it."""
        table = self.table(prompt.view)
        return SpeechPrompt(prompt.role, swap(prompt.view, table), tuple(swap(words, table) for words in prompt.listed)), table

    def strangers(self, words: str, present: Collection[str]) -> int:
        """How many known names in what the model says stand for nobody: they are not `present`.

        >>> Names(("Ann", "Bob"), ("Ada", "Ben")).strangers("I trust Ben, not Ada.", {"Ada": "Ann"})
        1
        """
        return sum(name not in present for name in self._known.findall(words))


def swap(text: str, table: Mapping[str, str]) -> str:
    """The text with every name of the table replaced, all at once.

    >>> swap("Ann or Ben, not Annabel.", {"Ann": "Ben", "Ben": "Ann"})
    'Ben or Ann, not Annabel.'
    """
    return _any_of(tuple(table)).sub(lambda match: table[match[0]], text) if table else text


@lru_cache(maxsize=4096)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})\b")
