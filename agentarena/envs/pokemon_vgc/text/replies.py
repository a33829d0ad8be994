"""Both slots' choices in one reply, written and read: `A=8 B=3`, by numbers or by names such as `A=fake out left B=switch amoonguss`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentarena.core.charset import quote
from agentarena.core.text import Unreadable, answer_in
from agentarena.envs.pokemon_vgc.actions import PASS, SIZE, choice

from .look import short_name

__all__ = ["names", "read", "write"]

_TARGETS = ("", " left", " right", " ally")
_PART = re.compile(r"\b([ab])\s*[=:]\s*(.*?)\s*(?=\b[ab]\s*[=:]|$)", re.IGNORECASE | re.DOTALL)
_LONGEST_PART = 60
_LISTED = 30


def write(action: Sequence[int]) -> str:
    """The reply for a pair.

    >>> write((8, 3))
    'A=8 B=3'
    """
    return f"A={int(action[0])} B={int(action[1])}"


def read(reply: str, legal: tuple[Sequence[int], Sequence[int]], named: Callable[[int], Mapping[str, int]]) -> tuple[int, int] | Unreadable:
    """The pair that a reply names, legal or not. A slot with one choice may be left out.

    Args:
        reply: The reply.
        legal: What each slot may do by itself.
        named: Gives the names of a slot's choices; asked where a choice is no number.
    """
    answer = answer_in(reply)
    if isinstance(answer, Unreadable):
        return answer
    parts = _parts(answer)
    if isinstance(parts, Unreadable):
        return parts
    chosen = []
    for slot, letter in enumerate("AB"):
        if letter not in parts and len(legal[slot]) == 1 and parts:
            chosen.append(legal[slot][0])
            continue
        if letter not in parts:
            return Unreadable(f"{quote(answer, 60)} says nothing for slot {letter}; write both, as in {write((legal[0][0], legal[1][0]))}")
        number = _number(parts[letter], slot, named)
        if number is None:
            return Unreadable(
                f"{letter}={quote(parts[letter], _LONGEST_PART)} is no choice of slot {letter}; allowed: {_listed(legal[slot], named(slot))}"
            )
        chosen.append(number)
    return chosen[0], chosen[1]


def _parts(answer: str) -> dict[str, str] | Unreadable:
    """What is said for each slot, by its letter."""
    short = answer if len(answer) <= 400 else ""
    matches = list(_PART.finditer(short))
    if not matches or short[: matches[0].start()].strip():
        return Unreadable(f"{quote(answer, 60)} is no pair of choices; write A=NUMBER B=NUMBER")
    letters = [match[1].upper() for match in matches]
    if len(set(letters)) != len(letters):
        return Unreadable(f"{quote(answer, 60)} names a slot twice; write A=NUMBER B=NUMBER once")
    return {match[1].upper(): match[2].strip(" ,;.") for match in matches}


def _number(text: str, slot: int, named: Callable[[int], Mapping[str, int]]) -> int | None:
    if re.fullmatch(r"\d{1,2}", text):
        return int(text) if int(text) < SIZE else None
    return named(slot).get(_key(text)) if len(text) <= _LONGEST_PART else None


def _listed(legal: Sequence[int], named: Mapping[str, int]) -> str:
    by_number = {number: name for name, number in reversed(list(named.items()))}
    words = [f"{number} ({by_number[number]})" if number in by_number else str(number) for number in legal[:_LISTED]]
    return ", ".join(words) + (", ..." if len(legal) > _LISTED else "")


def _key(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text.lower()).split())


def names(view: Mapping[str, Any], slot: int, legal: Sequence[int]) -> dict[str, int]:
    """The names of a slot's choices, in small letters; each stands for one number.

    Moves are called after the move, the target and the gimmick ("fake out left tera"), switches after the species, with or without
    "switch" before it; a name that two choices would share stands for neither.
    """
    team = view.get("own", {}).get("team", ())
    active = next((mon for mon in team if mon.get("slot") == slot), None)
    gimmick = str(view.get("gimmick", {}).get("kind") or "tera")
    table: dict[str, int] = {}
    shared: set[str] = set()
    for number in legal:
        key = _key(_name(number, team, active, gimmick))
        for one in (key, key.removeprefix("switch ")) if key.startswith("switch ") else (key,):
            if one in table:
                shared.add(one)
            table[one] = number
    return {key: number for key, number in table.items() if key and key not in shared}


def _name(number: int, team: Sequence[Any], active: Any, gimmick: str) -> str:
    what = choice(number)
    if number == PASS:
        return "pass"
    if what.kind == "switch":
        return f"switch {short_name(team[what.member])}" if what.member < len(team) else ""
    moves = () if active is None else active.get("moves", ())
    if what.move >= len(moves):
        return ""
    extra = ("", f" {gimmick}", f" {gimmick} y")[what.gimmick]
    return f"{moves[what.move]['name']}{_TARGETS[what.target]}{extra}"
