"""What `tiny` is taught: decisions of scripted and solver players, prompts as the games' text faces write them.

A decision is a prompt (rules and view, as an agent without memory sees them) and the reply its teacher gave. Matches are
walked by a mixture: each seat follows its teacher or, with probability `wander`, plays at random, so that positions off the
teacher's own path are taught too; the reply is always the teacher's. A reply has a space before the move, so that its
tokens are those of the list of legal moves and can be copied.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.core.actions import sample
from agentarena.core.agent import Agent, View
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream

__all__ = ["LESSONS", "Decision", "Lesson", "corpus", "decisions"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """How one environment is taught.

    Attributes:
        env: The environment's id.
        teacher: Spec string of the player whose moves are the replies.
        share: Part of the corpus, relative to the other lessons.
        wander: Probability that a seat plays a random move instead of the teacher's.
        options: Options of the environment.
        seats: Seats whose decisions are taught; all by default.
        sure: Whether the teacher's dice always show the same, so that equal positions get equal replies. A teacher that
            chooses among equals at random teaches little of what is legal; where mixing is the point (poker) it may.
    """

    env: str
    teacher: str
    share: float
    wander: float = 0.3
    options: Mapping[str, Any] = field(default_factory=dict)
    seats: tuple[int, ...] | None = None
    sure: bool = True


class Sure(np.random.Generator):
    """Draws without chance: the least integer, a half, the median of a weighted choice."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def random(self, *_: Any, **__: Any) -> Any:
        return 0.5

    def integers(self, low: Any, high: Any = None, *_: Any, **__: Any) -> Any:
        return 0 if high is None else low

    def choice(self, a: Any, *_: Any, p: Any = None, **__: Any) -> Any:
        options = np.arange(a) if isinstance(a, int) else a
        return options[0 if p is None else int(np.searchsorted(np.cumsum(p), 0.5))]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as a conversation of three messages.

    Attributes:
        env: The environment's id.
        rules: The system message.
        view: The user message.
        reply: The assistant message.
    """

    env: str
    rules: str
    view: str
    reply: str


LESSONS: tuple[Lesson, ...] = (
    Lesson("TicTacToe-v0", "tictactoe/tactical", 12, 0.5),
    Lesson("ConnectFour-v0", "connectfour/tactical", 8, 0.5),
    Lesson("KuhnPoker-v0", "kuhnpoker/nash?alpha=0.3333", 2, sure=False),
    Lesson("LeducPoker-v0", "leducpoker/heuristic", 3),
    Lesson("Dhumbal-v0", "dhumbal/aggressive", 18, 0.35),
    Lesson("MiniHanabi-v0", "hanabi/cautious", 6, 0.5),
    Lesson("SimpleHanabi-v0", "hanabi/cautious", 6, 0.5),
    Lesson("FullHanabi-v0", "hanabi/cautious", 28, 0.5),
    Lesson("Werewolf-v0", "werewolf/bayes", 32, 0.5),
    Lesson("MatrixGame-v0", "matrixgame/fictitious", 0.7),
    Lesson("RockPaperScissors-v0", "rockpaperscissors/fictitious", 0.7),
    Lesson("BiasedRockPaperScissors-v0", "biasedrockpaperscissors/fictitious", 0.7),
    Lesson("RockPaperScissorsSpockLizard-v0", "rockpaperscissorsspocklizard/fictitious", 0.7),
    Lesson("PrisonersDilemma-v0", "prisonersdilemma/titfortat", 0.7),
    Lesson("StagHunt-v0", "staghunt/titfortat", 0.7),
    Lesson("BattleOfTheSexes-v0", "battleofthesexes/fictitious", 0.7),
    Lesson("LevineHats-v0", "levinehats/optimal", 0.7),
    Lesson("Economist-v0", "economist/grid", 0.7, 0.3, {"population": 20, "years": 12, "weeks": 1}, seats=(0,)),
    Lesson("Economist-v0", "economist/grid", 0.7, 0.3, {"population": 100, "years": 12, "weeks": 1, "brackets": "us"}, seats=(0,)),
)
"""How each environment is taught. A game joins the corpus by a line here."""


def decisions(lesson: Lesson, seed: int) -> Iterator[Decision]:
    """The decisions of one lesson, match after match, without end."""
    game = registry.game(lesson.env, **lesson.options)
    teacher = agent(lesson.teacher)
    match = 0
    while True:
        rng = stream(seed, CHANCE, match)
        yield from _match(lesson, Episode(game, rng), teacher, rng, seed, match)
        match += 1


def _match(lesson: Lesson, episode: Episode, teacher: Agent, rng: np.random.Generator, seed: int, match: int) -> Iterator[Decision]:
    game, seats = episode.game, episode.game.info.seats
    memories: list[dict[str, object]] = [{} for _ in range(seats)]
    turns = [0] * seats
    while not episode.over:
        actions = {}
        for seat in episode.to_move:
            view = View(
                game, episode.state, seat, news=episode.unread(seat), seed=seed, match=match, turn=turns[seat], memory=memories[seat]
            )
            episode.mark_read(seat)
            turns[seat] += 1
            if lesson.sure:
                view.__dict__["rng"] = Sure()
            move = teacher.act([view])[0]
            if lesson.seats is None or seat in lesson.seats:
                yield Decision(lesson.env, view.rules, view.text, f"<answer> {_named(view, move)}</answer>")
            actions[seat] = sample(view.legal, rng) if rng.random() < lesson.wander else move
        episode.step(actions)


def _named(view: View, move: Any) -> str:
    """The move in the words that the view lists it in, where it lists moves."""
    _, listed, names = view.text.rpartition("Legal: ")
    for name in names.split(", ") if listed else ():
        if view.read(f"<answer>{name}</answer>") == move:
            return name
    return view.write(move)


def corpus(size: int, seed: int, lessons: Sequence[Lesson] = LESSONS, workers: int = 1) -> list[Decision]:
    """`size` decisions, each lesson by its share, shuffled by `seed`; the same on any number of processes."""
    total = sum(lesson.share for lesson in lessons)
    counts = [round(size * lesson.share / total) for lesson in lessons]
    seeds = [seed * 1000 + number for number in range(len(lessons))]
    if workers == 1:
        parts = list(map(_part, lessons, seeds, counts))
    else:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            parts = list(pool.map(_part, lessons, seeds, counts))
    out = [decision for part in parts for decision in part]
    order = stream(seed).permutation(len(out))
    return [out[index] for index in order]


def _part(lesson: Lesson, seed: int, count: int) -> list[Decision]:
    return list(islice(decisions(lesson, seed), count))
