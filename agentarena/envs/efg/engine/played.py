"""A tree prepared for play: actions by number, what each seat has done, what it cannot tell apart, and what endings pay."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from agentarena.core.charset import fold
from agentarena.core.display import printable

from .form import CHANCE, ExtensiveForm, InfoSet

__all__ = ["Played", "Slot", "plain"]

_LONGEST_NAME = 60
_LONGEST_KEY = 400


def plain(text: str, limit: int = _LONGEST_NAME) -> str:
    """A name of a file as players are shown it: one line of plain characters.

    >>> plain("  K,\\tbet <b> ")
    'K, bet (b)'
    """
    words = " ".join(fold(text[: 4 * limit]).split()).replace("<", "(").replace(">", ")")
    return printable(words, limit)


@dataclass(frozen=True, slots=True)
class Slot:
    """A choice that a player made.

    Attributes:
        info_set: The set at which it was made.
        action: Index of the action there.
        before: The player's choice before it, an index of `Played.slots`; -1 for none.
        key: The choices up to here, as text; a digest of them where they are many.
        count: How many they are.
    """

    info_set: int
    action: int
    before: int
    key: str
    count: int


class Played:
    """A tree prepared for play.

    Attributes:
        form: The tree.
        actions: The names of all actions of players; equal names of different sets are one action.
        moves: For each set, the numbers of its actions in the order of its children; `()` for chance.
        slots: Choices with their pasts.
        past: For each node and seat, the seat's last choice on the way there, an index of `slots`; -1 for none.
        returns: What each seat has been paid in all on the way to each node.
        depth: Most decisions on a way through the tree.
    """

    def __init__(self, form: ExtensiveForm) -> None:
        self.form = form
        self.seats = len(form.players)
        numbers: dict[str, int] = {}
        moves = []
        for info_set in form.sets:
            names = _names(info_set) if info_set.player != CHANCE else ()
            moves.append(tuple(numbers.setdefault(name, len(numbers)) for name in names))
        self.actions = tuple(numbers)
        self.moves = tuple(moves)
        self.legal = tuple(tuple(sorted(row)) for row in moves)
        self.child = tuple({number: at for at, number in enumerate(row)} for row in moves)
        self.slots: list[Slot] = []
        self._walk()

    def _walk(self) -> None:
        nodes, sets = self.form.nodes, self.form.sets
        self.past: list[tuple[int, ...]] = [(-1,) * self.seats] * len(nodes)
        self.returns: list[tuple[float, ...]] = [(0.0,) * self.seats] * len(nodes)
        totals: list[tuple[Fraction, ...]] = [(Fraction(0),) * self.seats] * len(nodes)
        steps, self.depth = [0] * len(nodes), 0
        known: dict[tuple[int, int, int], int] = {}
        for index, node in enumerate(nodes):
            if node.payoffs:
                totals[index] = tuple(a + b for a, b in zip(totals[index], node.payoffs, strict=True))
            self.returns[index] = tuple(map(float, totals[index]))
            self.depth = max(self.depth, steps[index])
            player = sets[node.info_set].player if node.children else CHANCE
            for action, child in enumerate(node.children):
                totals[child] = totals[index]
                steps[child] = steps[index] + (player != CHANCE)
                past = self.past[index]
                if player != CHANCE:
                    slot = self._slot(known, node.info_set, action, past[player])
                    past = (*past[:player], slot, *past[player + 1 :])
                self.past[child] = past

    def _slot(self, known: dict[tuple[int, int, int], int], info_set: int, action: int, before: int) -> int:
        slot = known.setdefault((info_set, action, before), len(self.slots))
        if slot == len(self.slots):
            earlier = self.slots[before] if before >= 0 else None
            key = f"{earlier.key if earlier else ''}{info_set}.{action} "
            if len(key) > _LONGEST_KEY:  # of a long past a digest, so that keys do not grow with the square of its length
                key = f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()} "
            self.slots.append(Slot(info_set, action, before, key, earlier.count + 1 if earlier else 1))
        return slot

    def mover(self, node: int) -> int | None:
        """The seat to move at a node that is no draw; `None` at an ending."""
        at = self.form.nodes[node].info_set
        return self.form.sets[at].player if at >= 0 else None

    def key(self, node: int, seat: int) -> str:
        """What a seat knows at a node: its own choices, and its information set, that it waits, or what it was paid in the end."""
        past = self.past[node][seat]
        own = self.slots[past].key if past >= 0 else ""
        mover = self.mover(node)
        here = f"end {self.returns[node][seat]!r}" if mover is None else str(self.form.nodes[node].info_set) if mover == seat else "-"
        return f"{seat}:{own}{here}"

    def draws(self, node: int) -> Sequence[tuple[float, int]]:
        """Where a match may stand once it came to a node: the node itself, or what chance may draw, with probabilities."""
        if self._is_decision_or_ending(node):
            return ((1.0, node),)
        return self._draws(node)

    def _is_decision_or_ending(self, node: int) -> bool:
        at = self.form.nodes[node].info_set
        return at < 0 or self.form.sets[at].player != CHANCE

    def _draws(self, node: int) -> Sequence[tuple[float, int]]:
        drawn, stack = [], [(Fraction(1), node)]
        while stack:
            p, at = stack.pop()
            if self._is_decision_or_ending(at):
                drawn.append((float(p), at))
                continue
            probabilities = self.form.sets[self.form.nodes[at].info_set].probabilities
            rows = zip(probabilities, self.form.nodes[at].children, strict=True)
            stack.extend(reversed([(p * q, child) for q, child in rows if q > 0]))
        return tuple(drawn)

    @cached_property
    def alike(self) -> dict[str, tuple[tuple[float, int], ...]]:
        """For each key, the nodes where it holds, with weights: chance's probability, and others' choices as if drawn uniformly."""
        groups: dict[str, list[tuple[float, int]]] = {}
        nodes, sets = self.form.nodes, self.form.sets
        weights: list[tuple[float, ...]] = [(1.0,) * self.seats] * len(nodes)
        for index, node in enumerate(nodes):
            if self._is_decision_or_ending(index):
                for seat, weight in enumerate(weights[index]):
                    if weight > 0:
                        groups.setdefault(self.key(index, seat), []).append((weight, index))
            if not node.children:
                continue
            player, count = sets[node.info_set].player, len(node.children)
            for action, child in enumerate(node.children):
                share = float(sets[node.info_set].probabilities[action]) if player == CHANCE else 1.0 / count
                weights[child] = tuple(w if seat == player else w * share for seat, w in enumerate(weights[index]))
        return {key: tuple(rows) for key, rows in groups.items()}


def _names(info_set: InfoSet) -> tuple[str, ...]:
    """The names of the actions as players write them: all different, none empty."""
    names = [plain(action) for action in info_set.actions]
    if all(names) and len({name.lower() for name in names}) == len(names):
        return tuple(names)
    return tuple(f"{at + 1} {name}".strip() for at, name in enumerate(names))
