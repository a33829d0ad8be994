"""What a seat knows now, in lines: who it is, who lives, what it learned, what was claimed, how votes went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import chronicle as c
from .roles import ROLES
from .state import BREW, HUNT, NIGHT, OVER, PHASES, SHOT, SPEAK, TALK, Entry, State, seats_in
from .telling import a_role, was

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["summary"]


def summary(game: Werewolf, state: State, seat: int) -> str:
    """The lines, made from the log as `seat` may know it."""
    known = c.known_log(game, state, seat)
    name = [c.label_of(state, other) for other in range(game.players)]
    alive = ", ".join(f"{name[other]} (seat {other})" for other in seats_in(state.alive)) or "nobody"
    dead = "" if state.alive >> seat & 1 else " You are dead."
    lines = [
        f"You are {name[seat]} (seat {seat}), {a_role(ROLES[state.roles[seat]])}.{dead}",
        _time(game, state, seat),
        f"Alive: {alive}.",
        *_deaths(known, name),
        *_learned(game, state, known, name),
        *_claims(known, name),
        *_votes(known, name),
    ]
    return "\n".join(line for line in lines if line)


def _time(game: Werewolf, state: State, seat: int) -> str:
    if state.phase == OVER:
        result = {"village": "the village has won", "wolves": "the werewolves have won"}.get(state.winner, "nobody has won")
        return f"The match is over: {result}."
    if state.phase in (TALK, HUNT, NIGHT, BREW):
        return f"It is night {state.day}."
    if state.phase == SHOT:
        return f"It is day {state.day}. A hunter dies and shoots."
    if state.phase == SPEAK and game.discussion in ("random", "round_robin"):
        return f"It is day {state.day}, speech {state.turn + 1} of {game.rounds * len(state.order)}."
    return f"It is day {state.day}: {'discussion' if PHASES[state.phase] in ('bid', 'speak', 'straw') else 'vote'}."


def _deaths(known: list[Entry], name: list[str]) -> list[str]:
    lines = []
    for kind, *rest in known:
        if kind == c.DAWN:
            lines += [f"{name[who]} was killed in night {rest[0]}{was(c.revealed(code))}." for who, code in rest[1]]
        elif kind == c.EXILE and rest[0] >= 0:
            lines.append(f"{name[rest[0]]} was exiled on day {rest[2]}{was(c.revealed(rest[1]))}.")
        elif kind == c.SHOTFIRED:
            lines.append(f"{name[rest[0]]} was the hunter and shot {name[rest[1]]}{was(c.revealed(rest[2]))}.")
    return lines


def _learned(game: Werewolf, state: State, known: list[Entry], name: list[str]) -> list[str]:
    """What only this seat or its fellows know; of tonight's entries all, of earlier nights what lasts."""
    tonight = max((at for at, entry in enumerate(known) if entry[0] == c.NIGHTFALL), default=-1)
    lines, shield, potions = [], "", 3 if any(kind == c.DEALT and ROLES[rest[1]] == "witch" for kind, *rest in known) else 0
    for at, (kind, *rest) in enumerate(known):
        if kind == c.PACK:
            lines.append(f"The werewolves are {', '.join(name[who] for who in rest[0])}.")
        elif kind == c.MASONS:
            lines.append(f"The masons are {', '.join(name[who] for who in rest[0])}.")
        elif kind == c.CHECK:
            result = ROLES[rest[2]] if game.seer_sees == "role" else ("not a werewolf", "werewolf")[rest[2]]
            lines.append(f"You tested {name[rest[1]]}: {result}.")
        elif kind == c.SENSED:
            lines.append(f"You sensed that {name[rest[1]]} was {'a werewolf' if rest[2] else 'no werewolf'}.")
        elif kind == c.SHIELD:
            shield = f"You last protected {name[rest[1]]}."
        elif kind == c.POTION and rest[1]:
            potions &= ~rest[1]
        elif kind == c.VICTIM and at > tonight and state.phase == BREW:
            lines.append(f"Tonight the werewolves attack {name[rest[1]]}.")
        elif kind == c.HUNTED and at > tonight and state.phase in (HUNT, NIGHT):
            lines.append(f"{name[rest[0]]} wants to attack {name[rest[1]]}.")
    if potions:
        lines.append(f"You still have the {('antidote', 'poison', 'antidote and the poison')[potions - 1]}.")
    return [*lines, shield]


def _claims(known: list[Entry], name: list[str]) -> list[str]:
    claims: dict[str, None] = {}
    for kind, *rest in known:
        if kind == c.SAID:
            who, act = name[rest[0]], rest[1]
            if act.kind == "claim":
                claims[f"{who} claims to be {a_role(ROLES[act.value])}"] = None
            elif act.kind == "result":
                claims[f"{who} reports that {name[act.target]} is {'a werewolf' if act.value else 'no werewolf'}"] = None
    return [f"Claimed so far: {'; '.join(claims)}."] if claims else []


def _votes(known: list[Entry], name: list[str]) -> list[str]:
    """Every vote that was seen, a line a day; a later ballot of a day replaces the earlier one."""
    days: dict[int, dict[int, int]] = {}
    day = 1
    for kind, *rest in known:
        if kind == c.NIGHTFALL:
            day = rest[0]
        elif kind == c.VOTED:
            days.setdefault(day, {})[rest[0]] = rest[1]
    named = [*name, "nobody"]
    return [
        f"Votes on day {day}: {', '.join(f'{name[voter]} for {named[target]}' for voter, target in votes.items())}."
        for day, votes in days.items()
    ]
