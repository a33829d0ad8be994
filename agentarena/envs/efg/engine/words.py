"""A tree in words: an indented outline that a reader or a language model can follow."""

from __future__ import annotations

from fractions import Fraction

from .form import CHANCE
from .played import Played, plain

__all__ = ["outline", "set_name"]


def set_name(played: Played, info_set: int) -> str:
    """How players are told which information set they are at, e.g. `1 "K, bet"`; numbers count all sets from 1."""
    label = plain(played.form.sets[info_set].label)
    return f'{info_set + 1} "{label}"' if label else str(info_set + 1)


def outline(played: Played) -> str:
    """The whole tree, one line a node, those below a node indented."""
    lines, stack = [], [(0, 0, "")]
    while stack:
        index, depth, before = stack.pop()
        node = played.form.nodes[index]
        lines.append("  " * depth + before + _node(played, index))
        names = _action_names(played, node.info_set)
        stack.extend((child, depth + 1, f"{name}: ") for name, child in reversed(list(zip(names, node.children, strict=True))))
    return "\n".join(lines)


def _node(played: Played, index: int) -> str:
    node = played.form.nodes[index]
    if not node.children:
        return "end, " + ", ".join(f"player {seat} gets {value:g}" for seat, value in enumerate(played.returns[index]))
    player = played.form.sets[node.info_set].player
    return "chance" if player == CHANCE else f"player {player} at information set {set_name(played, node.info_set)}"


def _action_names(played: Played, at: int) -> list[str]:
    if at < 0:
        return []
    info_set = played.form.sets[at]
    if info_set.player != CHANCE:
        return [played.actions[number] for number in played.moves[at]]
    return [f"{plain(name)} ({_share(p)})" for name, p in zip(info_set.actions, info_set.probabilities, strict=True)]


def _share(p: Fraction) -> str:
    return str(p) if p.denominator <= 1000 else f"{float(p):.6g}"
