"""What a side sees, in words: the field, its own team, the other side's team as far as it knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentarena.core.charset import fold
from agentarena.envs.pokemon_vgc.teams.building import Offer

__all__ = ["field_line", "foe_lines", "offer_lines", "own_lines", "short_name"]

_View = Mapping[str, Any]
_SLOTS = ("left", "right")
_STATS = ("atk", "def", "spa", "spd", "spe")
_UNKNOWN = "?"


def short_name(mon: _View) -> str:
    """The species, in ASCII."""
    return fold(str(mon["species"])) or "unknown"


def field_line(view: _View) -> str:
    """Weather, terrain and what lies on the field and the two sides; "" where there is nothing."""
    parts = [_timed(view[name]) for name in ("weather", "terrain") if view.get(name)]
    parts += [_timed(one) for one in view.get("pseudo", ())]
    for whose, name in (("own", "your side"), ("foe", "their side")):
        if conditions := [_timed(one) for one in view.get(whose, {}).get("side", ())]:
            parts.append(f"{name}: {', '.join(conditions)}")
    return f"Field: {'; '.join(parts)}." if parts else ""


def _timed(effect: _View) -> str:
    layers = f" x{effect['layers']}" if (effect.get("layers") or 1) > 1 else ""
    turns = f" ({effect['turns']} left)" if effect.get("turns") else ""
    return f"{fold(str(effect['id']))}{layers}{turns}"


def own_lines(view: _View) -> list[str]:
    """The own team by number, those in battle with their place."""
    return [_own(number, mon) for number, mon in enumerate(view.get("own", {}).get("team", ()), 1)]


def _own(number: int, mon: _View) -> str:
    if mon.get("brought") is False:
        return f"{number} {short_name(mon)}: not brought"
    if mon.get("fainted"):
        return f"{number} {short_name(mon)}: fainted"
    parts = [f"{mon['hp']}/{mon['maxhp']} hp" if mon.get("hp") is not None else f"{mon['percent']}%", *_condition(mon), *_kit(mon)]
    if stats := mon.get("stats"):
        parts.append("stats " + "/".join(str(stats[name]) for name in _STATS if name in stats))
    if mon.get("slot") is None:
        parts.append(_moves(mon))
    return f"{number} {short_name(mon)}{_place(mon)}: {', '.join(filter(None, parts))}"


def foe_lines(view: _View) -> list[str]:
    """The other side's team: what it showed, or what its sheet says."""
    return [_foe(mon, bool(view.get("turn"))) for mon in view.get("foe", {}).get("team", ())]


def _foe(mon: _View, started: bool) -> str:
    if mon.get("fainted"):
        return f"{short_name(mon)}: fainted"
    presence = "" if mon.get("brought") or not started else "not seen yet" if mon.get("brought") is None else "not brought"
    hp = f"{mon['percent']}%" if mon.get("percent") is not None and not presence and started else ""
    parts = [presence, hp, *_condition(mon), *_kit(mon), _moves(mon)]
    return f"{short_name(mon)}{_place(mon)}: {', '.join(filter(None, parts)) or 'nothing known'}"


def _place(mon: _View) -> str:
    slot = mon.get("slot")
    return "" if slot is None else f" [{_SLOTS[slot]}]"


def _condition(mon: _View) -> list[str]:
    boosts = [f"{name}{value:+d}" for name, value in (mon.get("boosts") or {}).items() if value]
    tera = ["Terastallized"] if mon.get("terastallized") else []
    return [str(mon.get("status") or ""), *tera, *boosts, *map(str, mon.get("volatile") or ())]


def _kit(mon: _View) -> list[str]:
    item = mon.get("item")
    names = ["/".join(map(str, mon.get("types") or ())), str(mon.get("ability") or ""), "no item" if item == "" else str(item or "")]
    if mon.get("tera"):
        names.append(f"tera {mon['tera']}")
    return [fold(name) for name in names]


def _moves(mon: _View) -> str:
    moves = "/".join(fold(str(move["name"])) for move in mon.get("moves") or ())
    return f"moves {moves}" if moves else ""


def offer_lines(offer: Sequence[Offer], picked: Sequence[int]) -> list[str]:
    """The offered sets by number, those that were taken marked."""
    return [f"{number}{' (taken)' if number in picked else ''} {_set(one.packed)}" for number, one in enumerate(offer, 1)]


def _set(packed: str) -> str:
    """A packed set in a few words: species, item, ability, moves.

    >>> _set("Pikachu||lightball|static|fakeout,volttackle|Jolly|||||50|")
    'Pikachu: lightball, static, fakeout/volttackle'
    """
    words = packed.split("|")
    species = words[1] or words[0]
    return fold(f"{species}: {', '.join(filter(None, (words[2], words[3], words[4].replace(',', '/'))))}")
