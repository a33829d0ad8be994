"""From words to speech acts: how a seat that plays by numbers hears one that speaks freely. Pluggable by the option `reader`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agentarena.core.actions import Spoken
from agentarena.core.errors import BadOption
from agentarena.core.registry import load

from .roles import ROLES
from .speech import Act

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["Reader", "beliefs_in", "keywords", "named_in", "nothing", "objection", "reader_named"]

Reader = Callable[[str, tuple[str, ...]], Act]
"""From an utterance and the players' names, by seat, to the one act it is heard as."""

_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_ROLE = "|".join(ROLES) + "|wolf"
_CLAIM = re.compile(rf"\b(?:i am|i'm|im|my role is)\s+(?:really\s+)?(?:the|a|an)?\s*({_ROLE})\b", re.IGNORECASE)
_DENIAL = re.compile(r"\b(?:not|isn't|isnt|never|no)\b[^,;]*\b(?:wolf|werewolf|evil|suspicious|guilty)\b", re.IGNORECASE)
_CHECKED = re.compile(r"\b(?:check|checked|tested|investigated|inspected|looked|saw|divined|result|vision)\b", re.IGNORECASE)
_GUILTY = re.compile(
    r"\b(?:wolf|werewolf|evil|guilty|suspicious|suspect|suspicion|lying|liar|lies|vote for|vote out|eliminate|exile)\b", re.IGNORECASE
)
_CLEAN = re.compile(r"\b(?:clean|innocent|clear|cleared|good|village|villager|human|trust|honest|town)\b", re.IGNORECASE)
_AGREE = re.compile(r"\b(?:agree|agreed|right|makes sense|support|am with|i'm with)\b", re.IGNORECASE)


def keywords(words: str, names: tuple[str, ...]) -> Act:
    """The most telling act that simple patterns find: a reported result, else a claim, an accusation, a defence, agreement, a question.

    A plain reader that never asks a model; words it does not understand are silence.

    >>> keywords("I am the seer. I checked Ben last night: he is a werewolf!", ("Ada", "Ben", "Cy"))
    Act(kind='result', target=1, value=1)
    >>> keywords("Ben is not a wolf, I trust him.", ("Ada", "Ben", "Cy")).kind
    'defend'
    """
    found = [act for sentence in _SENTENCE.findall(words) for act in _acts_in(sentence, names)]
    return min(found, key=lambda act: _WEIGHT[act.kind], default=Act("silent"))


_WEIGHT = {kind: at for at, kind in enumerate(("result", "claim", "accuse", "defend", "agree", "question"))}


def _acts_in(sentence: str, names: tuple[str, ...]) -> list[Act]:
    acts = []
    claim = _CLAIM.search(sentence)
    if claim:
        role = claim[1].lower()
        acts.append(Act("claim", value=ROLES.index("werewolf" if role == "wolf" else role)))
    named = named_in(sentence, names)
    if not named:
        return acts
    target = (named & -named).bit_length() - 1
    denied = bool(_DENIAL.search(sentence))
    rest = _CLAIM.sub("", sentence)
    guilty, clean = bool(_GUILTY.search(rest)) and not denied, bool(_CLEAN.search(rest)) or denied
    if _CHECKED.search(rest) and guilty != clean:
        acts.append(Act("result", target, int(guilty)))
    elif "?" in sentence or "hear from" in sentence.lower():
        acts.append(Act("question", target))
    elif guilty:
        acts.append(Act("accuse", target))
    elif clean:
        acts.append(Act("defend", target))
    elif _AGREE.search(rest):
        acts.append(Act("agree", target))
    return acts


def nothing(words: str, names: tuple[str, ...]) -> Act:
    """The reader that understands nothing: words are silence to seats that play by numbers."""
    return Act("silent")


_READERS: dict[str, Reader] = {"keywords": keywords, "nothing": nothing}


def reader_named(name: str) -> Reader:
    """The reader of the option's value: "keywords", "nothing" or "package.module:function".

    Raises:
        BadOption: There is none of that name.
    """
    found = _READERS.get(name) or (load(name) if ":" in name else None)
    if not callable(found):
        raise BadOption(f"Werewolf: option 'reader' is {name!r}; allowed: {', '.join(_READERS)}, or 'package.module:function'")
    made: Reader = found
    return made


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)


def named_in(words: str, names: tuple[str, ...] | list[str]) -> int:
    """The seats whose names occur as whole words, as a bit set.

    >>> bin(named_in("Ann, not ANNABEL.", ("Ann", "Bel", "Annabel")))
    '0b101'
    """
    return sum(1 << seat for seat, name in enumerate(names) if _pattern(name).search(words))


def objection(game: Werewolf, action: Spoken) -> str | None:
    """Why the words or notes on an action cannot be taken; `None` when they can."""
    if not isinstance(action.words, str):
        return f"its words are {action.words!r:.60}, expected a string"
    if len(action.words) > game.words:
        return f"its words are {len(action.words)} characters long, at most {game.words} are heard; say it shorter"
    beliefs = action.notes.get("wolves", {})
    if not isinstance(beliefs, Mapping):
        return "notes['wolves'] must give a probability for each seat named, e.g. {'3': 0.7}"
    for seat, chance in beliefs.items():
        fits = str(seat).isdecimal() and int(seat) < game.players
        if not fits or isinstance(chance, bool) or not isinstance(chance, int | float) or not (math.isfinite(chance) and 0 <= chance <= 1):
            return f"notes['wolves'] holds {seat!r}: {chance!r}; expected a seat below {game.players} and a probability"
    return None


def beliefs_in(notes: Mapping[str, Any]) -> tuple[tuple[int, float], ...]:
    """The stated probabilities that seats are werewolves, by seat."""
    return tuple(sorted((int(seat), float(chance)) for seat, chance in notes["wolves"].items()))
