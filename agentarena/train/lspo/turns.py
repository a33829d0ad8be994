"""What is kept of a turn at which the model was asked: everything that later stages need, as one JSON line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.core.speech import Remark

__all__ = ["Decision", "Turn", "turn_of"]


class Turn(NamedTuple):
    """One turn.

    Attributes:
        match: Number of the match.
        turn: How many decisions the seat had made before.
        seat: Who was to speak.
        role: In the game's word.
        view: What the model was shown.
        names: What each seat is called; `()` where nobody has a name.
        targets: The seats that an utterance may be about.
        observation: What the seat saw as numbers, in the game as it was played.
        legal: The legal actions there.
        remarks: What it had heard so far, in words.
        candidates: What the model proposed, in order; the first before anything was listed.
        moves: In games whose moves are spoken, the action that each candidate names, -1 for none; else `()`.
        played: The place of the candidate that was uttered; -1 for none of them.
    """

    match: int
    turn: int
    seat: int
    role: str
    view: str
    names: tuple[str, ...]
    targets: tuple[int, ...]
    observation: tuple[float, ...]
    legal: tuple[int, ...]
    remarks: tuple[Remark, ...]
    candidates: tuple[str, ...]
    moves: tuple[int, ...]
    played: int

    def json(self) -> dict[str, Any]:
        """As `turn_of` reads it; of the observation only what is not 0."""
        places = [place for place, value in enumerate(self.observation) if value]
        sparse = {"size": len(self.observation), "at": places, "values": [self.observation[place] for place in places]}
        return {**self._asdict(), "remarks": [list(one) for one in self.remarks], "observation": sparse}


class Decision(NamedTuple):
    """A turn in the latent game.

    Attributes:
        role: Whose policy decides.
        observation: What the seat sees there, shape (D,).
        mask: Its legal actions, shape (A,), bool.
        actions: The action of each candidate; -1 for one that is none now.
        situation: What a model's frequencies are counted by: turns with one situation look alike to it.
    """

    role: str
    observation: Any
    mask: Any
    actions: tuple[int, ...]
    situation: str


def turn_of(data: Any) -> Turn:
    """The turn of a line.

    Raises:
        UsageError: It is none.
    """
    try:
        if not isinstance(data, Mapping) or set(data) != set(Turn._fields):
            raise ValueError(f"expected the fields {', '.join(Turn._fields)}")
        remarks = tuple(
            Remark(int(day), int(order), int(who), str(words), tuple(map(int, named))) for day, order, who, words, named in data["remarks"]
        )
        return Turn(
            int(data["match"]),
            int(data["turn"]),
            int(data["seat"]),
            str(data["role"]),
            str(data["view"]),
            tuple(map(str, data["names"])),
            tuple(map(int, data["targets"])),
            _dense(**data["observation"]),
            tuple(map(int, data["legal"])),
            remarks,
            tuple(map(str, data["candidates"])),
            tuple(map(int, data["moves"])),
            int(data["played"]),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"a line is no turn: {shown(str(error), 200)}") from None


_MOST_NUMBERS = 10_000_000


def _dense(size: Any, at: Any, values: Any) -> tuple[float, ...]:
    if not 0 <= int(size) <= _MOST_NUMBERS or len(at) != len(values) or any(not 0 <= int(place) < int(size) for place in at):
        raise ValueError("an observation has other places than its size allows")
    out = [0.0] * int(size)
    for place, value in zip(at, values, strict=True):
        out[int(place)] = float(value)
    return tuple(out)
