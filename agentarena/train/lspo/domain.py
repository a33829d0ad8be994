"""What the pipeline asks of a game in which one speaks; `talk` and `spoken_moves` answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from agentarena.core.agent import Decision as Answer
from agentarena.core.agent import View
from agentarena.core.game import Game

from .clusters import Clusters
from .policy import LatentPolicy
from .turns import Decision, Turn
from .words import Normal

__all__ = ["Domain"]


class Domain(Protocol):
    """A game, and what is an utterance in it."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that speak."""
        ...

    def sight(self, view: View) -> tuple[Turn, bool]:
        """What a seat sees, as a turn without candidates, and whether it is to speak now."""
        ...

    def meanings(self, view: View, words: Sequence[str]) -> tuple[int, ...]:
        """The move that each utterance names where moves are spoken, -1 for none; else `()`."""
        ...

    def answer(self, view: View, turn: Turn, place: int) -> Answer | None:
        """The decision that utters a candidate; `None` where it cannot be uttered here."""
        ...

    def normals(self, turn: Turn) -> tuple[Normal, ...]:
        """The candidates without names."""
        ...

    def decisions(self, clusters: Clusters, turns: Sequence[Turn]) -> list[Decision]:
        """The turns in the latent game."""
        ...

    def signature(self, clusters: Clusters) -> Game[Any]:
        """The game in which a policy of these clusters plays: equal for games that differ in how one speaks alone."""
        ...

    def latent_game(self, clusters: Clusters, turns: Sequence[Turn]) -> Game[Any]:
        """The game in which the clusters take the place of words."""
        ...

    def solve(
        self, clusters: Clusters, turns: Sequence[Turn], settings: Mapping[str, Any], seed: int
    ) -> tuple[LatentPolicy, dict[str, float]]:
        """A policy of the latent game, and figures of the solver."""
        ...

    def move_of(self, clusters: Clusters, turn: Turn, action: int) -> tuple[int, int] | None:
        """The cluster and the seat named (-1 for none) of a latent action; `None` where it is no speech."""
        ...

    def figures(self, clusters: Clusters, corpus: Sequence[Turn], turns: Sequence[Turn], policy: LatentPolicy) -> dict[str, float]:
        """What can be said of clusters, policy and model beside the solver's figures; `turns` are those of the model as it is now."""
        ...
