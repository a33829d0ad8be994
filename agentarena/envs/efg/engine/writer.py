"""A tree as Gambit's `.efg` text, numbers exactly as fractions."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from agentarena.core.display import printable

from .form import CHANCE, ExtensiveForm, InfoSet, Node

__all__ = ["write_efg"]

_LONGEST = 500


def write_efg(form: ExtensiveForm) -> str:
    """The text that `read_efg` reads as this tree. Each ending has an outcome of its own.

    Control characters of names are written as escapes, and names of more than 500 characters are cut.
    """
    numbers = _numbers(form.sets)
    lines = [f"EFG 2 R {_quoted(form.title)} {{ {' '.join(map(_quoted, form.players))} }}", _quoted(form.comment), ""]
    outcome, stack = 0, [0]
    while stack:
        node = form.nodes[stack.pop()]
        outcome += bool(node.payoffs) or not node.children
        lines.append(_line(form, node, numbers, outcome))
        stack.extend(reversed(node.children))
    return "\n".join(lines) + "\n"


def _numbers(sets: Iterable[InfoSet]) -> list[int]:
    """The number of each set among those of its player."""
    counts: dict[int, int] = {}
    numbers = []
    for info_set in sets:
        counts[info_set.player] = counts.get(info_set.player, 0) + 1
        numbers.append(counts[info_set.player])
    return numbers


def _line(form: ExtensiveForm, node: Node, numbers: list[int], outcome: int) -> str:
    paid = f'{outcome} "" {{ {", ".join(map(_number, node.payoffs or (Fraction(0),) * len(form.players)))} }}'
    if not node.children:
        return f"t {_quoted(node.label)} {paid}"
    info_set, number = form.sets[node.info_set], numbers[node.info_set]
    paid = paid if node.payoffs else "0"
    if info_set.player == CHANCE:
        draws = " ".join(f"{_quoted(a)} {_number(p)}" for a, p in zip(info_set.actions, info_set.probabilities, strict=True))
        return f"c {_quoted(node.label)} {number} {_quoted(info_set.label)} {{ {draws} }} {paid}"
    actions = " ".join(map(_quoted, info_set.actions))
    return f"p {_quoted(node.label)} {info_set.player + 1} {number} {_quoted(info_set.label)} {{ {actions} }} {paid}"


def _quoted(text: str) -> str:
    plain = printable(text, _LONGEST).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _number(value: Fraction) -> str:
    return str(value)
