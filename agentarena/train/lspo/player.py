"""The player of both parts of LSPO: it asks the model for candidates, and chooses among them at random or by the latent policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.agent import Decision as Answer
from agentarena.core.display import printable
from agentarena.core.errors import AgentNonsense, NotSupported
from agentarena.core.game import Game
from agentarena.core.reply import Reply

from .clusters import Clusters
from .domain import Domain
from .policy import LatentPolicy
from .speaker import Speaker, SpeechPrompt
from .turns import Decision, Turn
from .words import named

__all__ = ["Player"]


class Player(Agent):
    """Speaks in the model's words; all pending decisions are asked of the model and of the policy at once.

    Args:
        domain_of: From a game to its domain.
        speaker: The language model; `None` utters sentences of the clusters instead.
        candidates: Utterances to ask for at each turn.
        rounds: How often to ask for as many again while a move that the policy makes is not among them.
        clusters: Of the latent policy.
        policy: The latent policy; `None` chooses a candidate uniformly.
        others: Makes the moves that are not speech where there is no policy.
        uniform: Choose candidates uniformly although there is a policy for the other moves, as when matches are generated.
        on_turn: Called with every turn at which the model was asked.
    """

    def __init__(
        self,
        domain_of: Callable[[Game[Any]], Domain],
        speaker: Speaker | None,
        *,
        candidates: int = 3,
        rounds: int = 1,
        clusters: Clusters | None = None,
        policy: LatentPolicy | None = None,
        others: Agent | None = None,
        uniform: bool = False,
        on_turn: Callable[[Turn], None] | None = None,
    ) -> None:
        self._domain_of, self._speaker, self._candidates, self._rounds = domain_of, speaker, candidates, rounds
        self._clusters, self._policy, self._others = clusters, policy, others
        self._uniform, self._on_turn = uniform or policy is None, on_turn
        self._domains: dict[Game[Any], Domain] = {}

    def cannot_play(self, game: Game[Any]) -> str | None:
        try:
            self._domain(game)
        except NotSupported as error:
            return str(error)
        return None if self._others is None else self._others.cannot_play(game)

    def act(self, views: Sequence[View]) -> Sequence[Answer]:
        """One decision a view, in order."""
        sights = [self._domain(view.game).sight(view) for view in views]
        turns = {place: turn for place, (turn, speaks) in enumerate(sights) if speaks}
        rest = [place for place in range(len(views)) if place not in turns]
        answers: dict[int, Answer] = {}
        if rest and self._policy is None:
            if self._others is None:
                raise NotSupported("lspo: there is no latent policy to make moves that are not speech")
            answers |= dict(zip(rest, self._others.act([views[place] for place in rest]), strict=True))
        elif rest:
            answers |= self._moves(views, {place: sights[place][0] for place in rest})
        answers |= self._utterances(views, turns)
        return [answers[place] for place in range(len(views))]

    def close(self) -> None:
        if self._speaker is not None:
            self._speaker.close()
        if self._others is not None:
            self._others.close()

    def _domain(self, game: Game[Any]) -> Domain:
        if game not in self._domains:
            self._domains[game] = self._domain_of(game)
        return self._domains[game]

    # --- moves that are not speech ------------------------------------------------------------------------------------------

    def _moves(self, views: Sequence[View], turns: dict[int, Turn]) -> dict[int, Answer]:
        """Draws from the latent policy."""
        answers: dict[int, Answer] = {}
        for place, _, row in self._rows(views, turns):
            answers[place] = int(views[place].rng.choice(len(row), p=row))
        return answers

    def _rows(self, views: Sequence[View], turns: dict[int, Turn]) -> list[tuple[int, Decision, np.ndarray]]:
        """For each turn its place, the decision in the latent game, and the policy's probabilities."""
        assert self._clusters is not None
        assert self._policy is not None
        decisions: dict[int, Decision] = {}
        for game in {views[place].game for place in turns}:
            of_game = [place for place in turns if views[place].game == game]
            decisions |= dict(zip(of_game, self._domain(game).decisions(self._clusters, [turns[place] for place in of_game]), strict=True))
        out = []
        for role in sorted({one.role for one in decisions.values()}):
            places = [place for place in turns if decisions[place].role == role]
            observations = np.stack([decisions[place].observation for place in places])
            rows = self._policy.probabilities(role, observations, np.stack([decisions[place].mask for place in places]))
            out += [(place, decisions[place], row) for place, row in zip(places, rows, strict=True)]
        return sorted(out, key=lambda one: one[0])

    # --- utterances -----------------------------------------------------------------------------------------------------------

    def _utterances(self, views: Sequence[View], turns: dict[int, Turn]) -> dict[int, Answer]:
        if not turns:
            return {}
        turns = self._proposed(views, turns)
        rows = {} if self._uniform else {place: (decision, row) for place, decision, row in self._rows(views, turns)}
        if rows:
            for _ in range(self._rounds - 1):
                missing = {place: turns[place] for place, (decision, row) in rows.items() if self._speaker and _missing(decision, row)}
                if not missing:
                    break
                turns |= self._proposed(views, missing)
                rows |= {place: (decision, row) for place, decision, row in self._rows(views, {place: turns[place] for place in missing})}
        return {place: self._uttered(views[place], turn, rows.get(place)) for place, turn in turns.items()}

    def _proposed(self, views: Sequence[View], turns: dict[int, Turn]) -> dict[int, Turn]:
        """The turns with more candidates."""
        if self._speaker is None:
            return turns
        prompts = [SpeechPrompt(turn.role, turn.view, turn.candidates) for turn in turns.values()]
        seeds = [(int(views[place].rng.integers(2**31)) + 7919 * len(turn.candidates)) % 2**31 for place, turn in turns.items()]
        out = {}
        for (place, turn), words in zip(turns.items(), self._speaker.propose(prompts, self._candidates, seeds), strict=True):
            meanings = self._domain(views[place].game).meanings(views[place], words)
            out[place] = _extended(turn, words, meanings)
        return out

    def _uttered(self, view: View, turn: Turn, choice: tuple[Decision, np.ndarray] | None) -> Answer:
        """The answer for one turn, once its candidates are there."""
        domain, rng = self._domain(view.game), view.rng
        usable = [place for place in range(len(turn.candidates)) if domain.answer(view, turn, place) is not None]
        extra: dict[str, Any] = {}
        place = -1
        if choice is None:
            place = usable[int(rng.integers(len(usable)))] if usable else -1
        else:
            decision, row = choice
            action, place = self._chosen(decision, row, usable, rng)
            extra = {"action": action, "probability": round(float(row[action]), 6)} if action >= 0 else {}
            if place < 0:
                turn, place = self._stored(domain, view, turn, row, rng)
        if self._on_turn is not None:
            self._on_turn(turn._replace(played=place))
        answer = domain.answer(view, turn, place) if place >= 0 else None
        if answer is None:
            return int(view.sample()) if isinstance(view.legal, tuple) else view.sample()
        if isinstance(answer, Reply):
            remarks = {"candidates": [printable(words, 300) for words in turn.candidates], **extra}
            return Reply(answer.text, extra={**answer.extra, **remarks})
        return answer

    @staticmethod
    def _chosen(decision: Decision, row: np.ndarray, usable: Sequence[int], rng: np.random.Generator) -> tuple[int, int]:
        """A latent action among those that a candidate makes, by the policy, and one of its candidates; (-1, -1) for none."""
        actions = sorted({decision.actions[place] for place in usable if decision.actions[place] >= 0})
        if not actions:
            return -1, -1
        weights = np.array([row[action] for action in actions])
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(actions), 1 / len(actions))
        action = actions[int(rng.choice(len(actions), p=weights))]
        places = [place for place in usable if decision.actions[place] == action]
        return action, places[int(rng.integers(len(places)))]

    def _stored(self, domain: Domain, view: View, turn: Turn, row: np.ndarray, rng: np.random.Generator) -> tuple[Turn, int]:
        """The turn with a sentence of the cluster that the policy draws, and its place."""
        assert self._clusters is not None
        move = domain.move_of(self._clusters, turn, int(rng.choice(len(row), p=row)))
        if move is None:
            raise AgentNonsense("the latent policy plays what is no speech at a turn of speech")
        cluster, target = move
        of_role = self._clusters.roles[turn.role]
        members = list(of_role.members(cluster)) or list(of_role.sentences)
        counts = np.array([one.count for one in members], float)
        text = members[int(rng.choice(len(members), p=counts / counts.sum()))].text
        words = named(text, turn.names, turn.seat, target) if turn.names else text
        turn = turn._replace(candidates=(*turn.candidates, words), moves=(*turn.moves, *domain.meanings(view, [words])))
        return turn, len(turn.candidates) - 1


def _extended(turn: Turn, words: Sequence[str], meanings: Sequence[int]) -> Turn:
    """The turn with more candidates; where moves are spoken, one that names the move of another differs in nothing and is left out."""
    if not meanings:
        return turn._replace(candidates=(*turn.candidates, *words))
    candidates, moves = list(turn.candidates), list(turn.moves)
    for one, move in zip(words, meanings, strict=True):
        if move < 0 or move not in moves:
            candidates.append(one)
            moves.append(move)
    return turn._replace(candidates=tuple(candidates), moves=tuple(moves))


_WEIGHT = 0.05
"""Moves with less probability than this are not waited for."""


def _missing(decision: Decision, row: np.ndarray) -> bool:
    """Whether a move that the policy makes is not among the candidates'."""
    return any(action not in decision.actions for action in np.flatnonzero(row >= _WEIGHT).tolist())
