"""A game as a JSON document: what a language model writes instead of code. The builder copies and substitutes, and runs nothing.

    {"title": "...", "players": ["Ann", "Bob"],
     "sets": [{"id": "{card}", "for": {"card": ["J", "Q", "K"]}, "player": "Ann", "actions": ["pass", "bet"]}, ...],
     "parts": {"hand": {"parameters": ["card", "sign"], "node": NODE}},
     "root": NODE}

    NODE is {"chance": [{"name": "J Q", "probability": "1/6", "then": NODE}, ...]}
         or {"at": "J", "then": {"pass": NODE, "bet": NODE}}
         or {"payoffs": [1, "-1"]}
         or {"use": "hand", "with": {"card": "J", "sign": "1"}}

Texts inside a part may hold parameters in braces. Payoffs and probabilities may be sums and products of numbers.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from .arithmetic import exact_number
from .form import CHANCE, MOST_PLAYERS, ExtensiveForm, InfoSet, Node, forgetful_sets

__all__ = ["DOCUMENT_SCHEMA", "SETS_SCHEMA", "DocumentError", "GameBuilder"]

MOST_BUILT = 50_000
"""Most nodes that a document may unfold to."""
_MOST_PROBLEMS = 20
_DEEPEST = 100
_MOST_SETS = 5000
_LONGEST = 200
_PARAMETER = re.compile(r"\{(\w{1,40})\}")

_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_SET = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "for": {"type": "object", "additionalProperties": _TEXTS},
        "player": {"type": "string"},
        "actions": _TEXTS,
    },
    "required": ["id", "player", "actions"],
    "additionalProperties": False,
}
SETS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "players": _TEXTS, "sets": {"type": "array", "items": _SET, "minItems": 1}},
    "required": ["title", "players", "sets"],
    "additionalProperties": False,
}
"""JSON schema of the first stage: players and information sets."""
_NUMBER = {"type": ["number", "string"]}
_NODE = {"$ref": "#/$defs/node"}


def _record(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_NAMED: dict[str, Any] = {"type": "object", "additionalProperties": _NODE, "minProperties": 1}
_DRAW = _record(name={"type": "string"}, probability=_NUMBER, then=_NODE)
_PART = _record(parameters={"type": "array", "items": {"type": "string"}}, node=_NODE)
DOCUMENT_SCHEMA: dict[str, Any] = {
    **SETS_SCHEMA,
    "properties": {**SETS_SCHEMA["properties"], "parts": {"type": "object", "additionalProperties": _PART}, "root": _NODE},
    "required": ["title", "players", "sets", "root"],
    "$defs": {
        "node": {
            "anyOf": [
                _record(chance={"type": "array", "items": _DRAW, "minItems": 1}),
                _record(at={"type": "string"}, then=_NAMED),
                _record(payoffs={"type": "array", "items": _NUMBER, "minItems": 1}),
                _record(use={"type": "string"}, **{"with": {"type": "object", "additionalProperties": {"type": "string"}}}),
            ]
        }
    },
}
"""JSON schema of a whole document."""


class DocumentError(UsageError):
    """A document is no game.

    Attributes:
        problems: One sentence each, at most twenty.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("the document is no game:\n" + "\n".join(f"- {problem}" for problem in problems))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.problems,))


class _Enough(Exception):
    """There are as many problems as are reported."""


@dataclass(slots=True)
class _Visit:
    """A node that is still to be built: the JSON, the parameters there, where it stands, its parent, and the uses around it."""

    data: Any
    values: Mapping[str, str]
    where: str
    parent: int
    depth: int


@dataclass
class GameBuilder:
    """Builds the tree of a document.

        GameBuilder(json.loads(reply)).form()

    Attributes:
        document: Parsed JSON.
        complete: Whether every declared set must occur in the tree.
    """

    document: Any
    complete: bool = True
    problems: list[str] = field(default_factory=list, init=False)

    def form(self) -> ExtensiveForm:
        """The tree.

        Raises:
            DocumentError: With everything that is wrong, up to twenty problems.
        """
        try:
            form = self._form()
        except _Enough:
            form = None
        if self.problems or form is None:
            raise DocumentError(self.problems)
        return form

    def check_sets(self) -> list[str]:
        """What is wrong with the first stage of a document: players and information sets."""
        with contextlib.suppress(_Enough):
            self._head()
        return self.problems

    # --- the parts of a document ----------------------------------------------------------------------------------

    def _problem(self, where: str, reason: str) -> None:
        self.problems.append(f"{where}: {reason}")
        if len(self.problems) >= _MOST_PROBLEMS:
            raise _Enough

    def _head(self) -> tuple[str, tuple[str, ...], dict[str, int]]:
        document = self.document
        self.sets: list[InfoSet] = []
        if not isinstance(document, dict):
            self._problem("document", f"is {shown(document, 60)}, expected an object with title, players, sets and root")
            raise _Enough
        for key in document:
            if key not in DOCUMENT_SCHEMA["properties"]:
                self._problem(shown(key, 40), "is no part of a document; it has title, players, sets, parts and root")
        title, players = document.get("title", ""), document.get("players", [])
        if not _is_text(title):
            self._problem("title", f"is {shown(title, 60)}, expected a text")
        if not _are_texts(players) or not 1 <= len(players) <= MOST_PLAYERS or len(set(players)) < len(players):
            self._problem("players", f"is {shown(players, 60)}, expected a list of 1 to {MOST_PLAYERS} different names")
            raise _Enough
        return str(title), tuple(players), self._sets(tuple(players), document.get("sets"))

    def _sets(self, players: tuple[str, ...], rows: Any) -> dict[str, int]:
        numbers: dict[str, int] = {}
        if not isinstance(rows, list) or not rows:
            self._problem("sets", f"is {shown(rows, 60)}, expected a list of information sets")
            raise _Enough
        for at, row in enumerate(rows):
            where = f"sets[{at}]"
            if not isinstance(row, dict) or not {"id", "player", "actions"} <= set(row) <= {"id", "for", "player", "actions"}:
                self._problem(where, 'expected {"id": text, "player": name, "actions": [names]}, and "for" where it is a family')
                continue
            if row["player"] not in players:
                self._problem(where, f"player is {shown(row['player'], 60)}, expected one of {', '.join(players)}")
                continue
            if not _is_text(row["id"]) or not _are_texts(row["actions"]) or len(set(row["actions"])) < len(row["actions"]):
                self._problem(where, "expected an id of at most 200 characters and a list of different actions")
                continue
            for name in self._family(where, row):
                if name in numbers:
                    self._problem(where, f"the information set {shown(name, 60)} is declared twice")
                numbers[name] = len(self.sets)
                self.sets.append(InfoSet(players.index(row["player"]), name, tuple(row["actions"])))
        return numbers

    def _family(self, where: str, row: Mapping[str, Any]) -> Iterator[str]:
        """The names of a family of sets."""
        values = row.get("for", {})
        if not isinstance(values, dict) or not all(_are_texts(v) for v in values.values()):
            self._problem(where, '"for" is an object of lists of texts')
            return
        if math.prod(map(len, values.values())) + len(self.sets) > _MOST_SETS:
            self._problem(where, f"there are more than {_MOST_SETS} information sets")
            raise _Enough
        for combination in itertools.product(*values.values()):
            yield self._filled(where, row["id"], dict(zip(values, combination, strict=True)))

    def _filled(self, where: str, text: str, values: Mapping[str, str]) -> str:
        """A text with its parameters put in."""
        for name in _PARAMETER.findall(text):
            if name not in values:
                self._problem(where, f"the parameter {{{name}}} has no value here; known: {', '.join(values) or 'none'}")
        return _PARAMETER.sub(lambda match: values.get(match[1], match[0]), text)[:_LONGEST]

    # --- the tree ---------------------------------------------------------------------------------------------------

    def _form(self) -> ExtensiveForm:
        title, players, numbers = self._head()
        parts = self.document.get("parts", {})
        if not isinstance(parts, dict):
            self._problem("parts", f"is {shown(parts, 60)}, expected an object")
            parts = {}
        self.players, self.numbers, self.parts = players, numbers, parts
        self.nodes: list[tuple[int, list[int], tuple[Fraction, ...], str]] = []
        stack = [_Visit(self.document.get("root"), {}, "root", -1, 0)]
        while stack:
            if len(self.nodes) >= MOST_BUILT:
                self._problem("root", f"the tree has more than {MOST_BUILT} nodes")
                break
            stack.extend(reversed(self._node(stack.pop())))
        nodes = tuple(Node(label, at, tuple(children), payoffs) for at, children, payoffs, label in self.nodes)
        form = ExtensiveForm(title, players, tuple(self.sets), nodes)
        if not self.problems:
            self._check_whole(form)
        return form

    def _check_whole(self, form: ExtensiveForm) -> None:
        used = {node.info_set for node in form.nodes}
        for at, info_set in enumerate(form.sets):
            if self.complete and at not in used:
                self._problem("sets", f"no node is at the information set {shown(info_set.label, 60)}; use it or leave it out")
        for sentence in forgetful_sets(form):
            self._problem("sets", f"{sentence}; give the set different ids for different pasts")
        if all(info_set.player == CHANCE for info_set in form.sets) or form.nodes[0].info_set < 0:
            self._problem("root", "no player ever moves")

    def _add(self, visit: _Visit, info_set: int, payoffs: tuple[Fraction, ...] = ()) -> int:
        index = len(self.nodes)
        self.nodes.append((info_set, [], payoffs, ""))
        if visit.parent >= 0:
            self.nodes[visit.parent][1].append(index)
        return index

    def _node(self, visit: _Visit) -> list[_Visit]:
        """Adds one node; what is to be built below it."""
        data = visit.data
        keys = set(data) if isinstance(data, dict) else set()
        if keys == {"use", "with"} or keys == {"use"}:
            return self._use(visit)
        if keys == {"payoffs"}:
            self._add(visit, -1, self._payoffs(visit))
        elif keys == {"chance"}:
            return self._chance(visit)
        elif keys == {"at", "then"}:
            return self._decision(visit)
        else:
            self._problem(
                visit.where, f'is {shown(data, 60)}, expected a node: "chance", "at" with "then", "payoffs", or "use" with "with"'
            )
        return []

    def _use(self, visit: _Visit) -> list[_Visit]:
        name, values = visit.data["use"], visit.data.get("with", {})
        name = self._filled(visit.where, name, visit.values) if isinstance(name, str) else name
        part = self.parts.get(name) if isinstance(name, str) else None
        if not isinstance(part, dict) or set(part) != {"parameters", "node"} or not isinstance(part["parameters"], list):
            self._problem(visit.where, f"uses {shown(name, 60)}, expected one of the parts {shown(list(self.parts), 100)}")
            return []
        if not isinstance(values, dict) or set(values) != set(map(str, part["parameters"])):
            self._problem(visit.where, f"part {shown(name, 40)} needs values of {part['parameters']}, got {shown(values, 60)}")
            return []
        if visit.depth >= _DEEPEST:
            self._problem(visit.where, f"parts use parts more than {_DEEPEST} deep; the game must be finite")
            raise _Enough
        filled = {key: self._filled(visit.where, str(value)[:_LONGEST], visit.values) for key, value in values.items()}
        return [_Visit(part["node"], filled, f"{visit.where[-300:]} > {name}", visit.parent, visit.depth + 1)]

    def _payoffs(self, visit: _Visit) -> tuple[Fraction, ...]:
        rows = visit.data["payoffs"]
        if not isinstance(rows, list) or len(rows) != len(self.players):
            self._problem(visit.where, f"payoffs are {shown(rows, 60)}, expected a list of {len(self.players)} numbers, one a player")
            return ()
        return tuple(self._number(visit, row) for row in rows)

    def _number(self, visit: _Visit, value: Any) -> Fraction:
        try:
            return exact_number(self._filled(visit.where, value, visit.values) if isinstance(value, str) else value)
        except ValueError as error:
            self._problem(visit.where, str(error))
            return Fraction(0)

    def _chance(self, visit: _Visit) -> list[_Visit]:
        rows = visit.data["chance"]
        whole = isinstance(rows, list) and rows and all(isinstance(r, dict) and set(r) == {"name", "probability", "then"} for r in rows)
        if not whole or not all(isinstance(row["name"], str) for row in rows):
            self._problem(visit.where, 'chance is a list of {"name": text, "probability": number, "then": node}')
            return []
        names = tuple(self._filled(visit.where, row["name"], visit.values) for row in rows)
        shares = tuple(self._number(visit, row["probability"]) for row in rows)
        if min(shares) <= 0 or sum(shares) != 1:
            self._problem(visit.where, f"the probabilities are {', '.join(map(str, shares))}; expected numbers above 0 that add up to 1")
            return []
        self.sets.append(InfoSet(CHANCE, "", names, shares))
        node = self._add(visit, len(self.sets) - 1)
        return [self._below(visit, row["then"], name, node) for row, name in zip(rows, names, strict=True)]

    def _decision(self, visit: _Visit) -> list[_Visit]:
        name = visit.data["at"]
        name = self._filled(visit.where, name, visit.values) if isinstance(name, str) else name
        at = self.numbers.get(name) if isinstance(name, str) else None
        then = visit.data["then"]
        if at is None:
            self._problem(visit.where, f"the information set {shown(name, 60)} is not declared in sets")
            return []
        actions = self.sets[at].actions
        if not isinstance(then, dict) or set(then) != set(actions):
            got = list(then) if isinstance(then, dict) else then
            self._problem(visit.where, f"at {shown(name, 60)} the actions are {', '.join(actions)}; got {shown(got, 100)}")
            return []
        node = self._add(visit, at)
        return [self._below(visit, then[action], action, node) for action in actions]

    def _below(self, visit: _Visit, data: Any, name: str, node: int) -> _Visit:
        return _Visit(data, visit.values, f"{visit.where[-300:]} > {name[:40]}", node, visit.depth)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(item) and item for item in value)
