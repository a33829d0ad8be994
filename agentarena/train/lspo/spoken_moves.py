"""Games in which every move is a sentence that names it: "I throw the rock" is rock.

A reader finds the move that a sentence names. A cluster is then a mixture of moves: choosing it means uttering one of its sentences.
The latent game has the clusters as actions and draws the move of each; it is solved exactly. It is made of any game whose moves are
listed, and whose seats forget nothing of their own past by hearing moves instead of clusters: in practice one in which each seat
moves once.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import gymnasium
import numpy as np

from agentarena.agents.search import cfr
from agentarena.agents.search.tree import tree_of
from agentarena.core.actions import Action, Legal
from agentarena.core.agent import Decision as Answer
from agentarena.core.agent import PolicyAgent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.events import Event
from agentarena.core.game import Chance, Game, GameInfo, Information
from agentarena.core.text import TextFace
from agentarena.evaluate.exact import exploitability

from .clusters import Clusters, purity
from .policy import LatentPolicy, TablePolicy
from .turns import Decision, Turn
from .words import Normal, normal

__all__ = ["ROLE", "SpokenMoves", "move_named"]

ROLE = "player"
"""Every seat's role: whoever moves speaks alike."""
_ITERATIONS = 2000

Mixture = tuple[tuple[float, ...], ...]
"""Of each cluster, with what probability a sentence of it names each move."""


def move_named(words: str, names: Mapping[int, str]) -> int:
    """The move that a sentence names: the only one whose name is in it as a whole word; -1 where it names none or several.

    >>> move_named("I throw the Rock, hard.", {0: "rock", 1: "paper"}), move_named("rock or paper?", {0: "rock", 1: "paper"})
    (0, -1)
    """
    text = words.casefold()
    named = [move for move, name in names.items() if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text)]
    return named[0] if len(named) == 1 else -1


@dataclass(frozen=True)
class LatentMoves(Game[Any]):
    """A game in which a seat chooses among mixtures of moves.

    Attributes:
        inner: The game.
        mixtures: Of each cluster, the probabilities of the moves.
    """

    inner: Any = None
    mixtures: Mixture = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.inner, Game) or not isinstance(self.inner, Information) or not isinstance(self.inner, Chance):
            raise NotSupported("lspo: spoken moves need a game with information keys and known chances, to be solved exactly")

    @cached_property
    def info(self) -> GameInfo:
        return replace(self.inner.info, chance=True)

    @cached_property
    def text(self) -> TextFace[Any]:
        text: TextFace[Any] = self.inner.text
        return text

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(len(self.mixtures))

    def observation_space(self, seat: int) -> gymnasium.Space[Any]:
        space: gymnasium.Space[Any] = self.inner.observation_space(seat)
        return space

    def start(self, rng: np.random.Generator) -> Any:
        return self.inner.start(rng)

    def to_move(self, state: Any) -> tuple[int, ...]:
        seats: tuple[int, ...] = self.inner.to_move(state)
        return seats

    def mixed(self, state: Any, seat: int) -> dict[int, dict[int, float]]:
        """Cluster -> legal move -> probability, of the clusters that name a legal move."""
        return mixed(self.mixtures, self.inner.legal(state, seat))

    def legal(self, state: Any, seat: int) -> Legal:
        clusters = tuple(self.mixed(state, seat))
        if not clusters:
            raise UsageError(f"lspo: no cluster names a legal move of seat {seat}; propose more, or make more clusters")
        return clusters

    def step(self, state: Any, actions: Mapping[int, Action], rng: np.random.Generator) -> Any:
        self.check(state, actions)
        moves = {}
        for seat, cluster in sorted(actions.items()):
            row = self.mixed(state, seat)[int(cluster)]
            moves[seat] = list(row)[int(rng.choice(len(row), p=list(row.values())))]
        return self.inner.step(state, moves, rng)

    def chance(self, state: Any, actions: Mapping[int, Action] | None) -> tuple[tuple[float, Any], ...]:
        """Every outcome of the mixtures, and of the game's own chance."""
        if state is None or actions is None:
            outcomes: tuple[tuple[float, Any], ...] = tuple(self.inner.chance(None, None))
            return outcomes
        seats = sorted(actions)
        rows = [self.mixed(state, seat)[int(actions[seat])].items() for seat in seats]
        out = []
        for combination in itertools.product(*rows):
            weight = float(np.prod([p for _, p in combination]))
            moves = {seat: move for seat, (move, _) in zip(seats, combination, strict=True)}
            out += [(weight * p, after) for p, after in self.inner.chance(state, moves)]
        return tuple(out)

    def rewards(self, state: Any) -> tuple[float, ...]:
        rewards: tuple[float, ...] = self.inner.rewards(state)
        return rewards

    def observe(self, state: Any, seat: int) -> Any:
        return self.inner.observe(state, seat)

    def news(self, state: Any) -> tuple[Event, ...]:
        news: tuple[Event, ...] = self.inner.news(state)
        return news

    def information(self, state: Any, seat: int) -> str:
        key: str = self.inner.information(state, seat)
        return key


def mixed(mixtures: Mixture, legal: Any) -> dict[int, dict[int, float]]:
    """Cluster -> legal move -> probability given that a legal move is named; clusters that name none are left out."""
    out = {}
    for cluster, row in enumerate(mixtures):
        total = sum(row[move] for move in legal)
        if total > 0:
            out[cluster] = {move: row[move] / total for move in legal if row[move] > 0}
    return out


class SpokenMoves:
    """The domain in which every move is spoken.

    Raises:
        NotSupported: The game's moves are not listed, or it has no information keys or known chances.
    """

    def __init__(self, game: Game[Any]) -> None:
        if not all(isinstance(game.action_space(seat), gymnasium.spaces.Discrete) for seat in range(game.info.seats)):
            raise NotSupported(f"lspo: the moves of {type(game).__name__} are not listed, so sentences cannot name them")
        self.game = game

    @property
    def roles(self) -> tuple[str, ...]:
        return (ROLE,)

    def sight(self, view: View) -> tuple[Turn, bool]:
        observation = tuple(np.asarray(view.observation, np.float64).ravel().tolist())
        return Turn(view.match, view.turn, view.seat, ROLE, view.compact, (), (), observation, tuple(view.choices), (), (), (), -1), True

    def meanings(self, view: View, words: Sequence[str]) -> tuple[int, ...]:
        names = {move: view.write(move) for move in view.choices}
        return tuple(move_named(one, names) for one in words)

    def answer(self, view: View, turn: Turn, place: int) -> Answer | None:
        return turn.moves[place] if turn.moves[place] >= 0 else None

    def normals(self, turn: Turn) -> tuple[Normal, ...]:
        return tuple(normal(words, ()) for words in turn.candidates)

    def mixtures(self, clusters: Clusters, turns: Sequence[Turn]) -> Mixture:
        """How often sentences of each cluster named each move, as shares; zeros where none named any."""
        counts = np.zeros((clusters.roles[ROLE].count, self._most))
        labels = clusters.assign(ROLE, [one for turn in turns for one in self.normals(turn)])
        for label, move in zip(labels.tolist(), (move for turn in turns for move in turn.moves), strict=True):
            if move >= 0:
                counts[label, move] += 1
        totals = counts.sum(axis=1, keepdims=True)
        return tuple(map(tuple, (counts / np.where(totals > 0, totals, 1)).tolist()))

    def signature(self, clusters: Clusters) -> Game[Any]:
        return self.game

    def latent_game(self, clusters: Clusters, turns: Sequence[Turn]) -> LatentMoves:
        return LatentMoves(self.game, self.mixtures(clusters, turns))

    def decisions(self, clusters: Clusters, turns: Sequence[Turn]) -> list[Decision]:
        normals = [self.normals(turn) for turn in turns]
        labels = iter(clusters.assign(ROLE, [one for of_turn in normals for one in of_turn]).tolist())
        mask = np.ones(clusters.roles[ROLE].count, bool)
        out = []
        for turn in turns:
            named = zip(itertools.islice(labels, len(turn.candidates)), turn.moves, strict=True)
            actions = tuple(label if move in turn.legal else -1 for label, move in named)
            out.append(Decision(ROLE, np.array(turn.observation), mask, actions, turn.view))
        return out

    def solve(
        self, clusters: Clusters, turns: Sequence[Turn], settings: Mapping[str, Any], seed: int
    ) -> tuple[LatentPolicy, dict[str, float]]:
        """The average policy of CFR+, exact up to its iterations; the only setting is `iterations`."""
        unknown = [name for name in settings if name != "iterations"]
        if unknown:
            raise BadOption(f"lspo: spoken moves are solved by CFR+, which has no setting {shown(unknown[0])}; it has iterations")
        game, width = self.latent_game(clusters, turns), clusters.roles[ROLE].count
        solution = cfr.solve(game, int(settings.get("iterations", _ITERATIONS)), variant="plus")
        rows: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        for seat, side in enumerate(tree_of(game).sides):
            for one in side.sets:
                observation = np.asarray(one.view(game, seat).observation, np.float64).ravel()
                row = np.zeros(width)
                for action, probability in solution.policies[seat][one.key].items():
                    row[action] = probability
                rows[observation.tobytes()] = observation, row
        nash_conv = next(reversed(solution.nash_conv.values()))
        return TablePolicy({ROLE: list(rows.values())}), {"latent_exploitability": nash_conv / self.game.info.seats}

    def move_of(self, clusters: Clusters, turn: Turn, action: int) -> tuple[int, int] | None:
        return action, -1

    def figures(self, clusters: Clusters, corpus: Sequence[Turn], turns: Sequence[Turn], policy: LatentPolicy) -> dict[str, float]:
        """Exploitability of the latent policy and of the model itself in the game of moves, purity of the clusters, and the
        policy that each of them plays where only one decision is met."""
        names = {move: _name(self.game, move) for move in range(self._most)}
        spoken = self.mixtures(clusters, corpus)
        latent, model = _LatentAgent(spoken, policy), _ModelAgent(turns)
        figures = {
            "exploitability": exploitability(self.game, latent),
            "model_exploitability": exploitability(self.game, model),
            "purity": purity(clusters.roles[ROLE], partial(_meaning, names)),
            "unread": float(np.mean([move < 0 for turn in turns for move in turn.moves])),
        }
        if len({turn.view for turn in turns}) == 1:
            overall = _shares(turns, self._most)
            rows = latent.row(turns[0].observation, turns[0].legal)
            figures |= {f"model {names[move]}": float(overall[move]) for move in names}
            figures |= {f"policy {names[move]}": float(rows.get(move, 0.0)) for move in names}
        return figures

    @property
    def _most(self) -> int:
        return max(int(self.game.action_space(seat).n) for seat in range(self.game.info.seats))  # type: ignore[attr-defined]


def _name(game: Game[Any], move: int) -> str:
    state = game.start(np.random.default_rng(0))
    return game.text.write(state, game.to_move(state)[0], move)


def _meaning(names: Mapping[int, str], text: str) -> int | None:
    move = move_named(text, names)
    return None if move < 0 else move


def _shares(turns: Sequence[Turn], most: int) -> np.ndarray:
    """How often the model named each move when it was asked once, as shares."""
    counts = Counter(turn.moves[0] for turn in turns if turn.moves and turn.moves[0] >= 0)
    total = sum(counts.values())
    return np.array([counts[move] / total if total else 1.0 / most for move in range(most)])


class _LatentAgent(PolicyAgent):
    """The latent policy with the moves that its clusters amount to."""

    def __init__(self, mixtures: Mixture, policy: LatentPolicy) -> None:
        self._mixtures, self._policy = mixtures, policy

    def row(self, observation: Any, legal: Sequence[int]) -> dict[int, float]:
        rows = mixed(self._mixtures, legal)
        mask = np.array([[cluster in rows for cluster in range(len(self._mixtures))]])
        weights = self._policy.probabilities(ROLE, np.asarray(observation, np.float64).reshape(1, -1), mask)[0]
        out = dict.fromkeys(legal, 0.0)
        for cluster, row in rows.items():
            for move, probability in row.items():
                out[move] += float(weights[cluster]) * probability
        return out

    def policy(self, view: View) -> Mapping[int, float]:
        return self.row(view.observation, view.choices)


class _ModelAgent(PolicyAgent):
    """What the model said first in each situation, as a policy; uniform where it was never asked or named no legal move."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._counts: dict[str, Counter[int]] = {}
        for turn in turns:
            if turn.moves:
                self._counts.setdefault(turn.view, Counter())[turn.moves[0]] += 1

    def policy(self, view: View) -> Mapping[int, float]:
        counts = self._counts.get(view.compact, Counter())
        total = sum(counts[move] for move in view.choices)
        return {move: counts[move] / total if total else 1.0 / len(view.choices) for move in view.choices}
