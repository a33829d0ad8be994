"""Events as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import quote

__all__ = ["a_role", "tell"]


def tell(event: Event, seat: int) -> str:
    """An event as one line for `seat`; "" for what needs no telling."""
    maker = _TELLERS.get(event.kind)
    return maker(event.data, event.data.get("seat") == seat) if maker else ""


def a_role(role: str) -> str:
    """A role with its article.

    >>> a_role("seer"), a_role("werewolf"), a_role("villager")
    ('the seer', 'a werewolf', 'a villager')
    """
    return f"{'a' if role in ('villager', 'werewolf', 'mason') else 'the'} {role}"


def was(shown: str) -> str:
    """What a death told, as the end of a sentence."""
    if shown in ("", None):
        return ""
    return f", who was {'on the side of the ' + shown if shown in ('village', 'wolves') else a_role(shown)}"


Data = Mapping[str, Any]


def _names(names: list[str]) -> str:
    return ", ".join(names)


def _who(data: Data, me: bool) -> str:
    return "You" if me else str(data["name"])


def _dawn(data: Data, me: bool) -> str:
    if not data["deaths"]:
        return f"Day {data['day']} breaks. Nobody was killed in the night."
    dead = " and ".join(death["name"] + was(death["shown"]) for death in data["deaths"])
    return f"Day {data['day']} breaks. Killed in the night: {dead}."


def _exile(data: Data, me: bool) -> str:
    if data["seat"] is None:
        return "The vote exiles nobody."
    return f"The vote exiles {data['name']}{was(data['shown'])}."


def _speech(verb: str) -> Callable[[Data, bool], str]:
    return lambda data, me: f"{_who(data, me)} {verb}: {quote(data['words'])}"


def _vote(what: str) -> Callable[[Data, bool], str]:
    def line(data: Data, me: bool) -> str:
        target = data.get("target_name")
        who = "You cast" if me else f"{data['name']} casts"
        return f"{who} {what} for {target}." if target else f"{who} {what} for nobody."

    return line


def _potion(data: Data, me: bool) -> str:
    if data["potion"] == "nothing":
        return "You leave your potions corked."
    return f"You give the {data['potion']} to {data['target_name']}."


def _tally(data: Data, me: bool) -> str:
    counts = [f"{name} {votes}" for name, votes in zip(data["names"], data["votes"], strict=True) if votes]
    counts += [f"nobody {data['abstained']}"] if data["abstained"] else []
    return f"Votes: {', '.join(counts) or 'none'}."


def _end(data: Data, me: bool) -> str:
    result = {"village": "The village wins.", "wolves": "The werewolves win."}.get(data["winner"], "The last day is over: nobody wins.")
    roles = ", ".join(f"{name} {role}" for name, role in zip(data["names"], data["roles"], strict=True))
    return f"{result} The roles were: {roles}."


_TELLERS: dict[str, Callable[[Data, bool], str]] = {
    "names": lambda data, me: f"The players are, by seat from 0: {_names(data['names'])}.",
    "role": lambda data, me: f"Your name is {data['name']}. Your role: you are {a_role(data['role'])}.",
    "pack": lambda data, me: f"The werewolves: {_names(data['names'])}.",
    "lodge": lambda data, me: f"The masons: {_names(data['names'])}.",
    "night": lambda data, me: f"Night {data['day']} falls.",
    "whisper": _speech("told the wolves"),
    "hunt": lambda data, me: f"{'You want' if me else data['name'] + ' wants'} to attack {data['target_name']}.",
    "prey": lambda data, me: f"The werewolves attack {data['target_name']}.",
    "check": lambda data, me: f"You test {data['target_name']}: {data['result']}.",
    "protect": lambda data, me: f"You protect {data['target_name']}.",
    "victim": lambda data, me: f"Tonight the werewolves attack {data['target_name']}.",
    "potion": _potion,
    "dawn": _dawn,
    "order": lambda data, me: f"Order of speech today: {_names(data['names'])}.",
    "bid": lambda data, me: f"You bid {data['bid']} for the floor.",
    "floor": lambda data, me: f"{'You have' if me else data['name'] + ' has'} the floor.",
    "speech": _speech("said"),
    "straw": _vote("a straw vote"),
    "guess": lambda data, me: "",
    "vote": _vote("a vote"),
    "tally": _tally,
    "revote": lambda data, me: f"The vote is tied between {_names(data['names'])}. They stand in a new ballot.",
    "exile": _exile,
    "sense": lambda data, me: f"You sense that {data['target_name']} was {'a werewolf' if data['wolf'] else 'no werewolf'}.",
    "shot": lambda data, me: f"{data['name']} was the hunter and shoots {data['target_name']}{was(data['shown'])}.",
    "end": _end,
}
