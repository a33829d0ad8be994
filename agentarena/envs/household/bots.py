"""Reference players. They read the news as data and choose commands; none of them reads prose.

`household/expert` sees everything (through the hints of `hints=True`), `household/searcher` only what it has seen itself and knows where
things tend to be, `household/rule` goes through the receptacles in the order of the list and remembers nothing that lies behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.errors import BadOption
from agentarena.core.game import Game

from .engine.tables import APPLIANCES, FITS, OPENABLE
from .engine.words import verb_of_put

__all__ = ["BOTS", "Expert", "Rule", "Searcher"]

_HOLDS = {place.lower(): frozenset(thing.lower() for thing in things) for place, things in FITS.items()}
_CLOSED = frozenset(kind.lower() for kind in OPENABLE)
_TOOLS = {kind: place.lower() for kind, place in APPLIANCES.items()}


def _kind(name: str) -> str:
    """The type in a name.

    >>> _kind("cabinet 3")
    'cabinet'
    """
    return name.rpartition(" ")[0]


class Expert(Agent):
    """Does what the expert that sees everything would do: the shortest way. It needs `hints=True`."""

    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if game.options.get("hints") else "it follows the hints of the expert; make the game with hints=True"

    def choose(self, view: View) -> Decision:
        hints = [event.data["command"] for event in view.news if event.kind == "hint"]
        return str(hints[-1]) if hints else "look"


class Searcher(Agent):
    """Looks for what it needs where such things are kept, remembers what it has seen, and then does the task.

    Args:
        order: "likely" looks first where the object fits and nothing must be opened; "listed" goes by the list of receptacles.
        remember: Whether it remembers objects that it has walked past.
    """

    def __init__(self, order: str = "likely", remember: bool = True) -> None:
        if order not in ("likely", "listed"):
            raise BadOption(f"household/searcher: order is {order!r:.100}; allowed: 'likely', 'listed'")
        self.order, self.remember = order, bool(remember)

    def choose(self, view: View) -> Decision:
        memory = view.memory
        self._learn(view, memory)
        command = self._command(view, memory)
        if view.game.options["admissible"] and command not in _listed(view):
            command = "look"
        memory["last"] = command
        return command

    # --- what it knows --------------------------------------------------------------------------------------------------

    def _learn(self, view: View, memory: dict[str, Any]) -> None:
        for event in view.news:
            if event.kind == "task":
                memory.update(task=dict(event.data), where={}, seen=[], treated=[], last="", here=[], held=[], closed=[])
            elif event.kind == "answer":
                self._update(memory, event.data)

    def _update(self, memory: dict[str, Any], data: Any) -> None:
        where: dict[str, str] = memory["where"] if self.remember else {}
        words = memory["last"].split(" ")
        if data["valid"] and words[0] in APPLIANCES:
            memory["treated"] = [*memory["treated"], *memory["held"]]
        memory["here"] = [one["name"] for one in data["here"]]
        memory["closed"] = [one["name"] for one in data["here"] if one["open"] is False]
        memory["held"] = list(data["held"])
        for one in data["here"]:
            if one["open"] is not False:
                where = {thing: place for thing, place in where.items() if place != one["name"]}
                where |= dict.fromkeys(one["objects"], one["name"])
                if one["name"] not in memory["seen"]:
                    memory["seen"] = [*memory["seen"], one["name"]]
        memory["where"] = {thing: place for thing, place in where.items() if thing not in memory["held"]}

    # --- what it does -----------------------------------------------------------------------------------------------------

    def _command(self, view: View, memory: dict[str, Any]) -> str:
        task, held = memory["task"], memory["held"]
        if held:
            return self._with(view, memory, task, held[0])
        for thing in self._wanted(memory, task):
            place = memory["where"][thing]
            return self._at(memory, place) or f"take {thing} from {place}"
        return self._explore(memory, task, task["object"])

    def _wanted(self, memory: dict[str, Any], task: Any) -> Iterator[str]:
        """Objects that it knows of and has a use for, the nearest first."""
        treats = task["kind"] in _TOOLS
        fitting = [thing for thing in memory["where"] if _kind(thing) == task["object"]]
        fitting = [one for one in fitting if treats or _kind(memory["where"][one]) != task["receptacle"] or task["kind"] == "look"]
        fitting = [thing for thing in fitting if thing not in memory["treated"] or _kind(memory["where"][thing]) != task["receptacle"]]
        return iter(sorted(fitting, key=lambda thing: memory["where"][thing] not in memory["here"]))

    def _with(self, view: View, memory: dict[str, Any], task: Any, thing: str) -> str:
        """What to do with an object in hand."""
        kind = task["kind"]
        if kind == "look":
            lamps = [one for one in memory["where"] if _kind(one) == task["lamp"]]
            if not lamps:
                return self._explore(memory, task, task["lamp"])
            return self._at(memory, memory["where"][lamps[0]], opened=False) or f"use {lamps[0]}"
        if kind in _TOOLS and thing not in memory["treated"]:
            tool = next((place for place in task["receptacles"] if _kind(place) == _TOOLS[kind]), "")
            return self._at(memory, tool, opened=False) or f"{kind} {thing} with {tool}"
        put, into = verb_of_put(view.game.options["profile"])
        goals = [place for place in task["receptacles"] if _kind(place) == task["receptacle"]]
        begun = [place for other, place in memory["where"].items() if place in goals and _kind(other) == task["object"]]
        if kind == "two" and memory.get("goal"):
            begun = [memory["goal"]]
        place = next(iter([*(begun if kind == "two" else ()), *(one for one in goals if one in memory["here"]), *goals]), "")
        memory["goal"] = place
        return self._at(memory, place) or f"{put} {thing} {into} {place}"

    def _explore(self, memory: dict[str, Any], task: Any, wanted: str) -> str:
        """To the next receptacle that it has not seen into."""
        for place in memory["here"]:
            if place in memory["closed"] and place not in memory["seen"]:
                return f"open {place}"
        unseen = [place for place in task["receptacles"] if place not in memory["seen"]]
        if self.order == "likely":
            unseen.sort(key=lambda place: (wanted not in _HOLDS.get(_kind(place), ()), _kind(place) in _CLOSED))
        return f"go to {unseen[0]}" if unseen else "look"

    def _at(self, memory: dict[str, Any], place: str, opened: bool = True) -> str:
        """The next command on the way to a receptacle that must be reached, and open; `""` when it is."""
        if place not in memory["here"]:
            return f"go to {place}"
        return f"open {place}" if opened and place in memory["closed"] else ""


class Rule(Searcher):
    """The plain rule: receptacle after receptacle in the order of the list, with no memory of what it walked past."""

    def __init__(self) -> None:
        super().__init__(order="listed", remember=False)


def _listed(view: View) -> tuple[str, ...]:
    legal = view.legal
    return legal if isinstance(legal, tuple) else legal.suggestions


BOTS: dict[str, Any] = {"household/expert": Expert, "household/searcher": Searcher, "household/rule": Rule}
"""Name -> class."""
