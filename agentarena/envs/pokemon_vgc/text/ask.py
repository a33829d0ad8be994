"""The question to a side: what each of its two slots may do, with the numbers of the choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentarena.core.charset import fold
from agentarena.envs.pokemon_vgc.actions import FIRST_MOVE, GIMMICK, MEGA_Y, PASS, choice

from .look import short_name

__all__ = ["preview_question", "slot_lines"]

_View = Mapping[str, Any]
_TARGETS = ("", " left foe", " right foe", " ally")


def preview_question(pick: int, chosen: Sequence[int]) -> str:
    """The question at the team preview."""
    if not chosen:
        return f"Choose two of the {pick} that you bring: those who start, A on the left and B on the right, by their numbers in your team."
    return f"You start with {chosen[0]} and {chosen[1]}. Choose two more to bring, A and B, by their numbers in your team."


def slot_lines(view: _View, slot: int, legal: Sequence[int]) -> list[str]:
    """What one slot may do, a line a move."""
    letter = "AB"[slot]
    team = view.get("own", {}).get("team", ())
    active = next((mon for mon in team if mon.get("slot") == slot), None)
    name = short_name(active) if active is not None else "empty place"
    if tuple(legal) == (PASS,):
        return [f"{letter} ({name}): 0 pass"]
    plain = [number for number in legal if FIRST_MOVE <= number < GIMMICK]
    lines = [f"{letter} ({name}):", *_move_lines(active, plain)]
    others = [f"{number} {short_name(team[choice(number).member])}" for number in legal if PASS < number < FIRST_MOVE]
    if others:
        lines.append(f" switch to {', '.join(others)}")
    if PASS in legal:
        lines.append(" 0 pass")
    for first, label in ((GIMMICK, _gimmick(view, active)), (MEGA_Y, "Mega Y")):
        boosted = [number for number in legal if first <= number < first + 16]
        if boosted:
            lines.append(_boosted(label, boosted, plain, first - FIRST_MOVE))
    return lines


def _gimmick(view: _View, active: _View | None) -> str:
    if (view.get("gimmick") or {}).get("kind") == "mega":
        return "Mega Evolution"
    return f"Tera {fold(str(active['tera']))}" if active is not None and active.get("tera") else "Tera"


def _boosted(label: str, boosted: Sequence[int], plain: Sequence[int], distance: int) -> str:
    if boosted == [number + distance for number in plain]:
        return f" with {label}: add {distance} to a move's number"
    return f" with {label}: {', '.join(map(str, boosted))}"


def _move_lines(active: _View | None, plain: Sequence[int]) -> list[str]:
    moves = () if active is None else active.get("moves", ())
    by_move: dict[int, list[str]] = {}
    for number in plain:
        what = choice(number)
        by_move.setdefault(what.move, []).append(f"{number}{_TARGETS[what.target]}")
    return [
        f" {_move(moves[index]) if index < len(moves) else f'move {index + 1}'}: {', '.join(numbers)}" for index, numbers in by_move.items()
    ]


def _move(move: _View) -> str:
    """Name, type, power, accuracy and uses left: "Fake Out (Normal 40, 16/16)"."""
    power = f" {move['power']}" if move.get("power") else " status" if str(move.get("category")).lower() == "status" else ""
    accuracy = move.get("accuracy")
    sure = f" {accuracy}%" if isinstance(accuracy, int) and not isinstance(accuracy, bool) and accuracy < 100 else ""
    left = f", {move['pp']} left" if isinstance(move.get("pp"), int) and move["pp"] <= 4 else ""
    return fold(f"{move['name']} ({move.get('type') or '?'}{power}{sure}{left})")
