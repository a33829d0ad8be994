"""Gambit's `.efg` text as a tree; what is broken is refused with the line and the reason.

    EFG 2 R "title" { "player" "player" } "comment"
    c "name" SET "set" { "draw" 1/2 "draw" 1/2 } OUTCOME ["outcome" { payoff payoff }]
    p "name" PLAYER SET "set" { "action" "action" } OUTCOME ["outcome" { payoff payoff }]
    t "name" OUTCOME "outcome" { payoff payoff }

The nodes stand depth first. The name and the actions of a set, and the name and the payoffs of an outcome, may be left out where they
stand above. Outcome 0 is none. Numbers are decimal or fractions.

Reference: the page "The extensive game (.efg) file format" of Gambit's documentation, written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from .form import CHANCE, MOST_NODES, MOST_PLAYERS, ExtensiveForm, InfoSet, Node

__all__ = ["LONGEST", "rational", "read_efg"]

LONGEST = 32_000_000
"""Longest text that is read, in characters."""
_LONGEST_NAME = 10_000
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[{},])|(?P<word>[^\s{}",]+)|(?P<open>"))', re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?(?:/[1-9]\d{0,29})?")
_GREATEST = 10**12
_SLACK = Fraction(1, 10_000)
"""How far rounded probabilities may be from adding up to 1; they are divided by their sum."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def rational(text: str) -> Fraction | None:
    """A number as .efg files write it, exactly; `None` for what is none.

    >>> rational("1/6"), rational("-.25"), rational("1e3"), rational("x")
    (Fraction(1, 6), Fraction(-1, 4), Fraction(1000, 1), None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    top, _, bottom = text.partition("/")
    value = Fraction(top) / (int(bottom) if bottom else 1)
    return value if abs(value) <= _GREATEST else None


def _tokens(text: str) -> Iterator[_Token]:
    line, end = 1, 0
    while match := _TOKEN.match(text, end):
        kind = match.lastgroup or ""
        line += text.count("\n", end, match.start(kind))
        if kind == "open":
            raise UsageError(f'line {line}: a text is opened with " and never closed')
        yield _Token(kind, match[kind], line)
        line += match[kind].count("\n")
        end = match.end()
    yield _Token("end", "", line)


class _Reader:
    """Reads token by token; `self.next` is the one ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self.next = next(self._tokens)
        self.sets: list[InfoSet] = []
        self.numbers: dict[tuple[int, int], int] = {}
        self.outcomes: dict[int, tuple[Fraction, ...]] = {}
        self.players: tuple[str, ...] = ()

    # --- tokens -------------------------------------------------------------------------------------------------

    def fail(self, reason: str) -> UsageError:
        return UsageError(f"line {self.next.line}: {reason}")

    def expected(self, what: str) -> UsageError:
        got = "the end of the file" if self.next.kind == "end" else shown(self.next.text, 60)
        return self.fail(f"expected {what}, got {got}")

    def take(self) -> str:
        text = self.next.text
        self.next = next(self._tokens, _Token("end", "", self.next.line))
        return text

    def word(self, *words: str) -> str:
        if self.next.kind != "word" or (words and self.next.text not in words):
            raise self.expected(" or ".join(words))
        return self.take()

    def text(self, what: str) -> str:
        if self.next.kind != "text":
            raise self.expected(f"{what} in quotes")
        if len(self.next.text) > _LONGEST_NAME:
            raise self.fail(f"{what} has more than {_LONGEST_NAME} characters")
        return re.sub(r"\\(.)", r"\1", self.take()[1:-1], flags=re.DOTALL)

    def whole(self, what: str, most: int = 10**9) -> int:
        if self.next.kind != "word" or not re.fullmatch(r"\d{1,9}", self.next.text) or int(self.next.text) > most:
            raise self.expected(f"{what}, a whole number" + (f" from 0 to {most}" if most < 10**9 else ""))
        return int(self.take())

    def number(self, what: str) -> Fraction:
        value = rational(self.next.text) if self.next.kind == "word" else None
        if value is None:
            raise self.expected(f"{what}, a number of at most {_GREATEST:.0e}")
        self.take()
        return value

    def sign(self, sign: str, what: str) -> None:
        if self.next.kind != "sign" or self.next.text != sign:
            raise self.expected(f"{sign} {what}")
        self.take()

    def is_sign(self, sign: str) -> bool:
        return self.next.kind == "sign" and self.next.text == sign

    # --- parts --------------------------------------------------------------------------------------------------

    def form(self) -> ExtensiveForm:
        if self.next.text != "EFG":
            raise self.expected('EFG 2 R "title" { "player" ... }')
        self.take()
        self.word("2")
        self.word("R", "D")
        title = self.text("the title")
        self.players = tuple(self._names("the players"))
        if not 1 <= len(self.players) <= MOST_PLAYERS:
            raise self.fail(f"{len(self.players)} players, allowed 1 to {MOST_PLAYERS}")
        comment = self.text("the comment") if self.next.kind == "text" else ""
        nodes = self._nodes()
        if self.next.kind != "end":
            raise self.expected("the end of the file, as the tree is complete")
        return ExtensiveForm(title, self.players, tuple(self.sets), nodes, comment)

    def _names(self, what: str) -> list[str]:
        self.sign("{", f"before {what}")
        names = []
        while not self.is_sign("}"):
            names.append(self.text(f"a name of {what}"))
        self.take()
        return names

    def _nodes(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        children: list[list[int]] = []
        waiting: list[int] = []  # nodes that lack children, the deepest last
        while True:
            if len(nodes) >= MOST_NODES:
                raise self.fail(f"the tree has more than {MOST_NODES} nodes")
            if waiting:
                children[waiting[-1]].append(len(nodes))
            nodes.append(self._node(f" of the tree; {len(waiting)} nodes lack children" if waiting else ""))
            children.append([])
            if nodes[-1].info_set >= 0:
                waiting.append(len(nodes) - 1)
            while waiting and len(children[waiting[-1]]) == len(self.sets[nodes[waiting[-1]].info_set].actions):
                waiting.pop()
            if not waiting:
                break
        return tuple(Node(n.label, n.info_set, tuple(c), n.payoffs) for n, c in zip(nodes, children, strict=True))

    def _node(self, where: str) -> Node:
        if self.next.text not in ("c", "p", "t") or self.next.kind != "word":
            raise self.expected(f"a node c, p or t{where}")
        kind = self.take()
        label = self.text("the node's name")
        if kind == "t":
            return Node(label, -1, (), self._outcome())
        player = CHANCE if kind == "c" else self.whole("the player", len(self.players)) - 1
        if kind == "p" and player < 0:
            raise self.fail("player 0; players are numbered from 1")
        info_set = self._set(player)
        return Node(label, info_set, (), self._outcome())

    def _set(self, player: int) -> int:
        number = self.whole("the information set")
        known = self.numbers.get((player, number))
        label = self.text("the set's name") if self.next.kind == "text" else None
        if self.is_sign("{"):
            info_set = self._actions(player, label or "")
            if known is None:
                self.numbers[player, number] = known = len(self.sets)
                self.sets.append(info_set)
            elif (self.sets[known].actions, self.sets[known].probabilities) != (info_set.actions, info_set.probabilities):
                raise self.fail(f"information set {number} has other actions here than above")
        if known is None:
            raise self.expected(f"the actions of information set {number} in braces, which stands here first")
        return known

    def _actions(self, player: int, label: str) -> InfoSet:
        self.sign("{", "before the actions")
        names, probabilities = [], []
        while not self.is_sign("}"):
            names.append(self.text("an action"))
            if player == CHANCE:
                probabilities.append(self.number(f"the probability of {shown(names[-1], 40)}"))
                if probabilities[-1] < 0:
                    raise self.fail(f"the probability of {shown(names[-1], 40)} is negative")
        if not names:
            raise self.fail("an information set without actions")
        total = sum(probabilities, Fraction(0))
        if player == CHANCE and abs(total - 1) > _SLACK:
            raise self.fail(f"the probabilities of chance add up to {float(total):g}, expected 1")
        self.take()
        return InfoSet(player, label, tuple(names), tuple(p / total for p in probabilities))

    def _outcome(self) -> tuple[Fraction, ...]:
        number = self.whole("the outcome")
        if self.next.kind == "text":
            self.text("the outcome's name")
        if not self.is_sign("{"):
            if number and number not in self.outcomes:
                raise self.expected(f"the payoffs of outcome {number} in braces, which stands here first")
            return self.outcomes.get(number, ())
        self.take()
        payoffs = []
        while not self.is_sign("}"):
            payoffs.append(self.number("a payoff"))
            if self.is_sign(","):
                self.take()
        if len(payoffs) != len(self.players):
            raise self.fail(f"{len(payoffs)} payoffs for {len(self.players)} players")
        self.take()
        if number == 0:
            raise self.fail("outcome 0 is none and has no payoffs; number outcomes from 1")
        if self.outcomes.setdefault(number, tuple(payoffs)) != tuple(payoffs):
            raise self.fail(f"outcome {number} has other payoffs here than above")
        return tuple(payoffs)


def read_efg(text: str) -> ExtensiveForm:
    """The tree that an `.efg` text describes.

    Raises:
        UsageError: The text is broken or too large; the message names the line and the reason.

    >>> form = read_efg('EFG 2 R "pick" { "Ann" } p "" 1 1 "" { "left" "right" } 0 t "" 1 "" { 1 } t "" 2 "" { 2 }')
    >>> form.players, [node.payoffs for node in form.nodes if not node.children]
    (('Ann',), [(Fraction(1, 1),), (Fraction(2, 1),)])
    """
    if len(text) > LONGEST:
        raise UsageError(f"the text has {len(text)} characters; allowed: up to {LONGEST}")
    return _Reader(text.removeprefix("\ufeff")).form()
