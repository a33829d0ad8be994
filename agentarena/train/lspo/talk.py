"""Games with turns of speech (`core.speech`): an utterance is a latent move, all else stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.core.agent import Decision as Answer
from agentarena.core.agent import View
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game
from agentarena.core.reply import Reply
from agentarena.core.speech import Heard, LatentMove, Remark, Speech
from agentarena.train.settings import known_fields

from .clusters import Clusters
from .policy import LatentPolicy
from .turns import Decision, Turn
from .words import Normal, normal

__all__ = ["Talk", "latent_moves_of"]

_NEWS = "lspo news"
"""Where an agent keeps what it was told, in `View.memory`."""


def latent_moves_of(clusters: Clusters) -> dict[str, tuple[LatentMove, ...]]:
    """Role -> its clusters as moves of the latent game."""
    return {
        role: tuple(LatentMove(symbol, about) for symbol, about in zip(one.symbols, one.names_seat, strict=True))
        for role, one in clusters.roles.items()
    }


class Talk:
    """The domain of games in which one speaks.

    Args:
        game: The game in which one speaks in words.

    Raises:
        NotSupported: One does not speak in it.
    """

    def __init__(self, game: Game[Any]) -> None:
        if not isinstance(game, Speech):
            raise NotSupported(f"lspo: nobody speaks in {type(game).__name__}; its moves can be spoken instead: speech = 'moves'")
        self.game: Any = game
        self._latent: dict[int, tuple[Clusters, Any]] = {}
        self._naming: Any = game.with_latent(
            {role: (LatentMove(0, True),) for role in game.speech_roles()}
        )  # every utterance may name a seat

    @property
    def roles(self) -> tuple[str, ...]:
        roles: tuple[str, ...] = self.game.speech_roles()
        return roles

    def sight(self, view: View) -> tuple[Turn, bool]:
        news = view.memory.setdefault(_NEWS, [])
        if not view.attempt:
            news.extend(view.news)
        observation = np.asarray(view.observation, np.float64)
        role, speaks = self.game.speech_seat(view.observation, view.seat)
        targets: tuple[int, ...] = ()
        if speaks:
            mask = self._naming.latent_mask(view.observation, view.choices, self.game, view.seat)
            targets = tuple(sorted({self._naming.latent_move(role, int(action))[1] for action in np.flatnonzero(mask)} - {-1}))
        return (
            Turn(
                view.match,
                view.turn,
                view.seat,
                role,
                view.compact if speaks else "",
                tuple(self.game.names_in_news(news)),  # whoever votes must know whom the speeches were about
                targets,
                tuple(observation.tolist()),
                tuple(map(int, view.choices)),
                tuple(self.game.remarks(news)),
                (),
                (),
                -1,
            ),
            speaks,
        )

    def meanings(self, view: View, words: Sequence[str]) -> tuple[int, ...]:
        return ()

    def answer(self, view: View, turn: Turn, place: int) -> Answer | None:
        return Reply(self.game.speech_reply(turn.candidates[place]))

    def normals(self, turn: Turn) -> tuple[Normal, ...]:
        return tuple(normal(words, turn.names, turn.seat, turn.targets) for words in turn.candidates)

    def signature(self, clusters: Clusters) -> Game[Any]:
        game: Game[Any] = self.latent_game(clusters)
        return game

    def latent_game(self, clusters: Clusters, turns: Sequence[Turn] = ()) -> Any:
        known = self._latent.get(id(clusters))
        if known is None or known[0] is not clusters:
            known = self._latent[id(clusters)] = clusters, self.game.with_latent(latent_moves_of(clusters))
        return known[1]

    def decisions(self, clusters: Clusters, turns: Sequence[Turn]) -> list[Decision]:
        latent = self.latent_game(clusters)
        heard = _hear(clusters, turns)
        return [self._decision(clusters, latent, turn, signals) for turn, signals in zip(turns, heard, strict=True)]

    def _decision(self, clusters: Clusters, latent: Any, turn: Turn, heard: Sequence[Heard]) -> Decision:
        observation = np.asarray(turn.observation, np.float32)
        own = latent.latent_observation(observation, heard, self.game, turn.seat)
        mask = latent.latent_mask(observation, turn.legal, self.game, turn.seat)
        actions = []
        if turn.candidates:
            normals = self.normals(turn)
            for label, one in zip(clusters.assign(turn.role, normals).tolist(), normals, strict=True):
                target = one.target if label >= 0 and clusters.names_seat(turn.role, label) else -1
                action = -1 if label < 0 else latent.latent_action(turn.role, label, target)
                actions.append(action if action >= 0 and mask[action] else -1)
        return Decision(turn.role, own, mask, tuple(actions), turn.view)

    def move_of(self, clusters: Clusters, turn: Turn, action: int) -> tuple[int, int] | None:
        cluster, target = self.latent_game(clusters).latent_move(turn.role, action)
        return (cluster, target) if cluster >= 0 else None

    def solve(
        self, clusters: Clusters, turns: Sequence[Turn], settings: Mapping[str, Any], seed: int
    ) -> tuple[LatentPolicy, dict[str, float]]:
        from .solving import SolveConfig, solve

        return solve(self.latent_game(clusters), SolveConfig(**known_fields(SolveConfig, {"seed": seed, **settings}, "solve.")))

    def figures(self, clusters: Clusters, corpus: Sequence[Turn], turns: Sequence[Turn], policy: LatentPolicy) -> dict[str, float]:
        return {}


def _hear(clusters: Clusters, turns: Sequence[Turn]) -> list[list[Heard]]:
    """What was said before each turn, as symbols; each utterance is compared with the clusters once."""
    about = {symbol for one in clusters.roles.values() for symbol, names in zip(one.symbols, one.names_seat, strict=True) if names}
    utterances: dict[tuple[Remark, tuple[str, ...]], Normal] = {}
    for turn in turns:
        for speech in turn.remarks:
            utterances.setdefault((speech, turn.names), normal(speech.words, turn.names, speech.speaker))
    symbols = dict(zip(utterances, clusters.hear(list(utterances.values())).tolist(), strict=True))
    return [
        [
            Heard(
                speech.day,
                speech.order,
                speech.speaker,
                symbol := symbols[speech, turn.names],
                utterances[speech, turn.names].target if symbol in about else -1,
            )
            for speech in turn.remarks
        ]
        for turn in turns
    ]
