"""Utterances without names: who is speaking, who is meant and who else is mentioned become the same three words everywhere.

"Ada, I think Bob is lying" and "Cleo, I think Dan is lying" are one thing to say. Before sentences are compared, the speaker's name
becomes ME, the first seat named that an utterance may be about NAME, every other OTHER.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["LONGEST", "ME", "NAME", "OTHER", "Normal", "named", "normal"]

NAME, ME, OTHER = "NAME", "ME", "OTHER"
LONGEST = 4000
"""Characters of an utterance that are looked at."""


class Normal(NamedTuple):
    """An utterance as it is compared.

    Attributes:
        text: The words with NAME, ME and OTHER for the seats' names, on one line.
        target: The seat that it is about; -1 where it names nobody it may be about.
    """

    text: str
    target: int


def normal(words: str, names: Sequence[str], speaker: int = -1, targets: Collection[int] | None = None) -> Normal:
    """The utterance with the names of seats replaced.

    Args:
        words: The utterance; what is beyond `LONGEST` characters is left out.
        names: What each seat is called; `()` where nobody has a name.
        speaker: The seat that speaks, -1 for none of them.
        targets: Seats that it may be about; by default all but the speaker.

    >>> normal("Bob lies,  says Ada. Ask Cy!", ("Ada", "Bob", "Cy"), speaker=0)
    Normal(text='NAME lies, says ME. Ask OTHER!', target=1)
    """
    text = " ".join(words[:LONGEST].split())
    if not any(names):
        return Normal(text, -1)
    pattern, seats = _pattern(tuple(names))
    allowed = set(range(len(names))) - {speaker} if targets is None else set(targets) - {speaker}
    target = next((seat for seat in (seats[match[0].casefold()] for match in pattern.finditer(text)) if seat in allowed), -1)

    def word(match: re.Match[str]) -> str:
        seat = seats[match[0].casefold()]
        return ME if seat == speaker else NAME if seat == target else OTHER

    return Normal(pattern.sub(word, text), target)


def named(text: str, names: Sequence[str], speaker: int, target: int, other: int | None = None) -> str:
    """The inverse of `normal` for one target: NAME becomes the target's name, ME the speaker's.

    >>> named("NAME lies, says ME.", ("Ada", "Bob"), speaker=0, target=1)
    'Bob lies, says Ada.'
    """
    words = {ME: names[speaker] if speaker >= 0 else "me", NAME: names[target] if target >= 0 else "somebody"}
    words[OTHER] = names[other] if other is not None and other >= 0 else "somebody"
    return re.sub(rf"\b(?:{NAME}|{ME}|{OTHER})\b", lambda match: words[match[0]], text)


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, int]]:
    seats = {name.casefold(): seat for seat, name in enumerate(names) if name}
    longest_first = sorted(seats, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE), seats
