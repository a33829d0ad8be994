"""Log entries as events: facts in words, the names beside the seats, and who may know.

The name a seat goes by stands beside every seat, so that an event is complete by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from agentarena.core.events import Event
from agentarena.core.speech import Remark

from .actions import named_in, sentence_of
from .options import MASON, ROLES, Options
from .state import AUDIENCES, WINNERS, Act, Entry, State, seats_in

__all__ = ["audience", "event", "names_in_news", "remarks", "reveal_name", "sentence"]


def event(options: Options, state: State, entry: Entry, names: tuple[str, ...]) -> Event:
    """A log entry as an event; `names` are the `state.labels` of the seats."""
    return Event(entry.kind, _FACTS[entry.kind](options, names, entry), audience(options, state, entry))


def audience(options: Options, state: State, entry: Entry) -> tuple[int, ...] | None:
    """The seats that may know of a log entry; `None` for everybody."""
    who = AUDIENCES[entry.kind]
    if who == "all" or (who == "ballots" and options.ballots == "public"):
        return None
    if who == "wolves":
        return seats_in(state.deal.wolves)
    if who == "masons":
        return tuple(seat for seat, role in enumerate(state.deal.roles) if role == MASON)
    return (entry.seat,)


def reveal_name(code: int) -> str:
    """What a death revealed (see `options.revealed`), in a word: a role, "village", "wolves", or "" for nothing."""
    return "" if code < 0 else ROLES[code] if code < len(ROLES) else ("village", "wolves")[code - len(ROLES)]


@lru_cache(maxsize=1 << 14)
def sentence(act: Act, names: tuple[str, ...], variant: int) -> str:
    """The standard sentence of a speech act."""
    return sentence_of(act, names.__getitem__, variant)


# --- speeches among what a seat was told ---------------------------------------------------------------------------------------


def names_in_news(news: Iterable[Event]) -> tuple[str, ...]:
    """What the seats are called, from what a seat was told since the match began; empty before it was told."""
    return next((tuple(event.data["names"]) for event in news if event.kind == "names"), ())


def remarks(options: Options, news: Iterable[Event]) -> tuple[Remark, ...]:
    """All public speeches among what a seat was told since the match began."""
    news = tuple(news)
    names = names_in_news(news)
    day, order, speeches = 0 if options.opening == "night" else 1, 0, []
    for event in news:
        if event.kind == "night":
            day, order = event.data["day"], 0
        elif event.kind == "speech":
            words = event.data["words"]
            speeches.append(Remark(day, order, event.data["seat"], words, seats_in(named_in(words, names))))
            order += 1
    return tuple(speeches)


# --- the facts of each kind of entry -------------------------------------------------------------------------------------------

Names = tuple[str, ...]


def _names(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"names": list(names)}


def _role(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"seat": entry.seat, "role": ROLES[entry.value], "name": names[entry.seat]}


def _seats(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"seats": list(entry.items), "names": [names[seat] for seat in entry.items]}


def _night(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"day": entry.day}


def _speech(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    assert entry.speech is not None
    act, words, heard, variant = entry.speech
    facts = {
        "seat": entry.seat,
        "act": act.kind,
        "target": act.target if act.target >= 0 else None,
        "value": _value(act),
        "words": words or sentence(act, names, variant),
        "own_words": bool(words),
        "heard": heard,
        "name": names[entry.seat],
    }
    if act.target >= 0:
        facts["target_name"] = names[act.target]
    return facts


def _value(act: Act) -> str | int | None:
    """The role claimed, the result reported, the symbol of latent talk."""
    if act.kind == "claim":
        return ROLES[act.value]
    if act.kind == "result":
        return ("clean", "wolf")[act.value]
    return act.value if act.value >= 0 else None


def _move(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"seat": entry.seat, "move": entry.value, "name": names[entry.seat]}


def _choice(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    """A seat and its target, which is `None` where it named nobody."""
    facts: dict[str, Any] = {"seat": entry.seat, "target": None, "name": names[entry.seat]}
    if 0 <= entry.target < len(names):
        facts["target"], facts["target_name"] = entry.target, names[entry.target]
    return facts


def _attack(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"target": entry.target, "target_name": names[entry.target]}


def _check(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    result = ROLES[entry.value] if options.seer_sees == "role" else ("not a werewolf", "werewolf")[entry.value]
    return {**_choice(options, names, entry), "result": result}


def _potion(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {**_choice(options, names, entry), "potion": ("nothing", "antidote", "poison")[entry.value]}


def _dawn(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {
        "day": entry.day,
        "deaths": [{"seat": seat, "name": names[seat], "shown": reveal_name(code)} for seat, code in entry.items],
    }


def _bid(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"seat": entry.seat, "bid": entry.value, "name": names[entry.seat]}


def _floor(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"seat": entry.seat, "name": names[entry.seat]}


def _guess(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"seat": entry.seat, "wolves": {str(seat): chance for seat, chance in entry.items}, "name": names[entry.seat]}


def _tally(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"votes": list(entry.items[:-1]), "abstained": entry.items[-1], "names": list(names)}


def _exile(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    facts: dict[str, Any] = {"seat": None, "shown": reveal_name(entry.value), "day": entry.day}
    return facts if entry.seat < 0 else {**facts, "seat": entry.seat, "name": names[entry.seat]}


def _sense(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {**_choice(options, names, entry), "wolf": bool(entry.value)}


def _shot(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {**_choice(options, names, entry), "shown": reveal_name(entry.value), "day": entry.day}


def _end(options: Options, names: Names, entry: Entry) -> dict[str, Any]:
    return {"winner": WINNERS[entry.value], "roles": [ROLES[role] for role in entry.items], "names": list(names)}


_FACTS: dict[str, Callable[[Options, Names, Entry], dict[str, Any]]] = {
    "names": _names,
    "role": _role,
    "pack": _seats,
    "masons": _seats,
    "night": _night,
    "whisper": _speech,
    "hunt": _choice,
    "prey": _attack,
    "check": _check,
    "protect": _choice,
    "victim": _choice,
    "potion": _potion,
    "dawn": _dawn,
    "order": _seats,
    "bid": _bid,
    "floor": _floor,
    "speech": _speech,
    "move": _move,
    "straw": _choice,
    "guess": _guess,
    "vote": _choice,
    "tally": _tally,
    "revote": _seats,
    "exile": _exile,
    "sense": _sense,
    "shot": _shot,
    "end": _end,
}
