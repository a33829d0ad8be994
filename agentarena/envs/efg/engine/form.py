"""A finite game as a tree: players, information sets, nodes. What `.efg` texts, JSON documents and exports have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["CHANCE", "MOST_NODES", "MOST_PLAYERS", "ExtensiveForm", "InfoSet", "Node", "forgetful_sets"]

CHANCE = -1
"""The player of a chance node."""
MOST_NODES = 200_000
"""Most nodes of a tree that is read, built or written."""
MOST_PLAYERS = 16


@dataclass(frozen=True, slots=True)
class InfoSet:
    """Decisions that their player cannot tell apart; or one draw of chance.

    Attributes:
        player: 0, 1, ..., or `CHANCE`.
        label: Its name; may be empty.
        actions: The names of the actions, or of what chance may draw.
        probabilities: Of what chance may draw, adding up to 1; `()` for a player.
    """

    player: int
    label: str
    actions: tuple[str, ...]
    probabilities: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A point of the game.

    Attributes:
        label: Its name; may be empty. No player is shown it.
        info_set: Index of its information set in `ExtensiveForm.sets`; -1 at an ending.
        children: Indices of the nodes behind its actions, in their order; `()` at an ending.
        payoffs: What each player is paid for coming here; `()` for nothing.
    """

    label: str
    info_set: int
    children: tuple[int, ...] = ()
    payoffs: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class ExtensiveForm:
    """A game tree.

    Attributes:
        title: Name of the game.
        players: Names of the players.
        sets: Information sets and draws of chance.
        nodes: The nodes, the root first and every node before those below it.
        comment: Words about the game; may be empty.
    """

    title: str
    players: tuple[str, ...]
    sets: tuple[InfoSet, ...]
    nodes: tuple[Node, ...]
    comment: str = ""

    def player_at(self, node: int) -> int | None:
        """Who moves at a node: a player, `CHANCE`, or `None` at an ending."""
        at = self.nodes[node].info_set
        return self.sets[at].player if at >= 0 else None

    def endings(self) -> Iterator[int]:
        """The nodes at which the game is over."""
        return (index for index, node in enumerate(self.nodes) if not node.children)


def forgetful_sets(form: ExtensiveForm) -> list[str]:
    """The information sets whose player cannot tell apart different pasts of its own: none in a game of perfect recall.

    Returns:
        One sentence a set, in the order of the sets.
    """
    last: list[dict[int, tuple[int, int]]] = [{} for _ in form.nodes]
    pasts: dict[int, set[tuple[int, int] | None]] = {}
    for index, node in enumerate(form.nodes):
        if not node.children:
            continue
        player = form.sets[node.info_set].player
        if player != CHANCE:
            pasts.setdefault(node.info_set, set()).add(last[index].get(player))
        for action, child in enumerate(node.children):
            last[child] = last[index] if player == CHANCE else {**last[index], player: (node.info_set, action)}
    return [
        f"{form.players[form.sets[at].player]} comes to information set {form.sets[at].label or at + 1!r} by different moves of its own, "
        "which it would have to forget"
        for at, seen in sorted(pasts.items())
        if len(seen) > 1
    ]
