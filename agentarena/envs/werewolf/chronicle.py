"""The log: what kinds of entries there are, who may see each, and each as an event.

One append-only log holds everything, hidden things too. What a seat is shown (news, text, observation, information key) is
that log filtered by `visible`; nothing is ever copied to a player.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentarena.core.events import Event

from .roles import MASON, NAMES, ROLES
from .speech import Act, sentence_of
from .state import BID, NIGHT, OVER, SHOT, SPEAK, STRAW, VOTE, Draft, Entry, State, seats_in

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["audience", "event", "known_log", "label_of", "phase_shown", "visible"]

(
    NAMED,
    DEALT,
    PACK,
    MASONS,
    NIGHTFALL,
    WHISPER,
    HUNTED,
    PREY,
    CHECK,
    SHIELD,
    VICTIM,
    POTION,
    DAWN,
    ORDER,
    BIDDEN,
    FLOOR,
    SAID,
    STRAWVOTE,
    GUESS,
    VOTED,
    TALLY,
    REVOTE,
    EXILE,
    SENSED,
    SHOTFIRED,
    END,
) = range(26)

_KINDS = {
    NAMED: "names",
    DEALT: "role",
    PACK: "pack",
    MASONS: "lodge",
    NIGHTFALL: "night",
    WHISPER: "whisper",
    HUNTED: "hunt",
    PREY: "prey",
    CHECK: "check",
    SHIELD: "protect",
    VICTIM: "victim",
    POTION: "potion",
    DAWN: "dawn",
    ORDER: "order",
    BIDDEN: "bid",
    FLOOR: "floor",
    SAID: "speech",
    STRAWVOTE: "straw",
    GUESS: "guess",
    VOTED: "vote",
    TALLY: "tally",
    REVOTE: "revote",
    EXILE: "exile",
    SENSED: "sense",
    SHOTFIRED: "shot",
    END: "end",
}
OPEN = frozenset((SHOT, BID, SPEAK, STRAW, VOTE, OVER))
"""Phases that everybody can tell apart."""
_PUBLIC = frozenset((NAMED, NIGHTFALL, DAWN, ORDER, FLOOR, SAID, TALLY, REVOTE, EXILE, SHOTFIRED, END))
_WOLVES = frozenset((PACK, WHISPER, HUNTED, PREY))


def visible(game: Werewolf, state: State, entry: Entry, seat: int) -> bool:
    """Whether `seat` may know of a log entry."""
    kind = entry[0]
    if kind in _PUBLIC:
        return True
    if kind in _WOLVES:
        return bool(state.pack >> seat & 1)
    if kind == VOTED and game.ballots == "public":
        return True
    if kind == MASONS:
        return state.roles[seat] == MASON
    return bool(entry[1] == seat)


def audience(game: Werewolf, state: State, entry: Entry) -> tuple[int, ...] | None:
    """The seats that may know of a log entry; `None` for everybody."""
    kind = entry[0]
    if kind in _PUBLIC or (kind == VOTED and game.ballots == "public"):
        return None
    if kind in _WOLVES:
        return seats_in(state.pack)
    if kind == MASONS:
        return tuple(seat for seat, role in enumerate(state.roles) if role == MASON)
    return (entry[1],)


def known_log(game: Werewolf, state: State, seat: int) -> list[Entry]:
    """The entries that `seat` may know, in order."""
    return [entry for entry in state.log if visible(game, state, entry, seat)]


def phase_shown(state: State, seat: int) -> int:
    """The phase as `seat` sees it: by night all know only that it is night, but for those who are asked."""
    return state.phase if state.phase in OPEN or seat in state.asked else NIGHT


def label_of(state: State | Draft, seat: int) -> str:
    """What a seat is called in this match: its name, or "Player 3" where players go by number."""
    index = state.names[seat]
    return NAMES[index] if index >= 0 else f"Player {seat}"


def event(game: Werewolf, state: State, entry: Entry) -> Event:
    """A log entry as an event. Beside every seat stands the name it goes by, so that an event can be told by itself."""
    kind, *rest = entry
    maker = _MAKERS.get(kind)
    data = maker(game, state, *rest) if maker is not None else dict(zip(_FIELDS[kind], rest, strict=True))
    if kind != NAMED:
        for key, name in (("seat", "name"), ("target", "target_name"), ("seats", "names")):
            who = data.get(key)
            if who is not None:
                data[name] = [label_of(state, seat) for seat in who] if key == "seats" else label_of(state, who)
    return Event(_KINDS[kind], data, audience(game, state, entry))


_FIELDS: dict[int, tuple[str, ...]] = {
    NIGHTFALL: ("day",),
    HUNTED: ("seat", "target"),
    PREY: ("target",),
    SHIELD: ("seat", "target"),
    VICTIM: ("seat", "target"),
    BIDDEN: ("seat", "bid"),
    FLOOR: ("seat",),
}


def revealed(code: int) -> str:
    """What a death told, in a word: a role, "village", "wolves", or "" for nothing."""
    return "" if code < 0 else ROLES[code] if code < len(ROLES) else ("village", "wolves")[code - len(ROLES)]


def _target(game: Werewolf, target: int) -> int | None:
    return target if 0 <= target < game.players else None


def _speech(game: Werewolf, state: State, seat: int, act: Act, words: str, heard: bool, variant: int) -> dict[str, Any]:
    value = ROLES[act.value] if act.kind == "claim" else ("clean", "wolf")[act.value] if act.kind == "result" else None
    return {
        "seat": seat,
        "act": act.kind,
        "target": _target(game, act.target),
        "value": value,
        "words": words or sentence_of(act, lambda other: label_of(state, other), variant),
        "own_words": bool(words),
        "heard": heard,
    }


def _check(game: Werewolf, state: State, seat: int, target: int, result: int) -> dict[str, Any]:
    shown = ROLES[result] if game.seer_sees == "role" else ("not a werewolf", "werewolf")[result]
    return {"seat": seat, "target": target, "result": shown}


_POTIONS = ("nothing", "antidote", "poison")
_MAKERS: dict[int, Any] = {
    NAMED: lambda game, state, *_: {"names": [label_of(state, seat) for seat in range(game.players)]},
    DEALT: lambda game, state, seat, role: {"seat": seat, "role": ROLES[role]},
    PACK: lambda game, state, seats: {"seats": list(seats)},
    MASONS: lambda game, state, seats: {"seats": list(seats)},
    WHISPER: _speech,
    SAID: _speech,
    CHECK: _check,
    POTION: lambda game, state, seat, what, target: {"seat": seat, "potion": _POTIONS[what], "target": _target(game, target)},
    DAWN: lambda game, state, day, deaths: {
        "day": day,
        "deaths": [{"seat": seat, "name": label_of(state, seat), "shown": revealed(code)} for seat, code in deaths],
    },
    ORDER: lambda game, state, seats: {"seats": list(seats)},
    STRAWVOTE: lambda game, state, seat, target: {"seat": seat, "target": _target(game, target)},
    GUESS: lambda game, state, seat, beliefs: {"seat": seat, "wolves": {str(other): chance for other, chance in beliefs}},
    VOTED: lambda game, state, seat, target: {"seat": seat, "target": _target(game, target)},
    TALLY: lambda game, state, counts: {
        "votes": list(counts[:-1]),
        "abstained": counts[-1],
        "names": [label_of(state, seat) for seat in range(game.players)],
    },
    REVOTE: lambda game, state, seats: {"seats": list(seats)},
    EXILE: lambda game, state, seat, code, day: {"seat": _target(game, seat), "shown": revealed(code), "day": day},
    SENSED: lambda game, state, seat, target, wolf: {"seat": seat, "target": target, "wolf": bool(wolf)},
    SHOTFIRED: lambda game, state, seat, target, code, day: {"seat": seat, "target": target, "shown": revealed(code), "day": day},
    END: lambda game, state, winner, roles: {
        "winner": winner,
        "roles": [ROLES[role] for role in roles],
        "names": [label_of(state, seat) for seat in range(game.players)],
    },
}
