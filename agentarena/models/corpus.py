"""What `tiny` is taught: decisions of scripted and solver players, prompts as the games' text faces write them.

A decision is a prompt (rules and view, as an agent without memory sees them) and the reply its teacher gave. Matches are
walked by a mixture: each seat follows its teacher or, with probability `wander`, plays at random, so that positions off the
teacher's own path are taught too; the reply kept is always the teacher's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.core.agent import Agent, View
from agentarena.core.episode import Episode
from agentarena.core.legal import sample
from agentarena.core.rng import CHANCE, stream

__all__ = ["LESSONS", "Decision", "Lesson", "corpus", "decisions"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """How one environment is taught.

    Attributes:
        teacher: Spec string of the player whose moves are the replies.
        share: Part of the corpus, relative to the other lessons.
        wander: Probability that a seat plays a random move instead of the teacher's.
        options: Options of the environment.
    """

    teacher: str
    share: float
    wander: float = 0.3
    options: Mapping[str, Any] | None = None


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


LESSONS: dict[str, Lesson] = {
    "TicTacToe-v0": Lesson("tictactoe/perfect", 10, 0.5),
    "ConnectFour-v0": Lesson("connectfour/tactical", 22, 0.5),
    "KuhnPoker-v0": Lesson("kuhnpoker/nash", 4),
    "LeducPoker-v0": Lesson("cfr?iterations=300", 8),
    "Dhumbal-v0": Lesson("dhumbal/aggressive", 26, 0.15),
    "MiniHanabi-v0": Lesson("hanabi/cautious", 5),
    "SimpleHanabi-v0": Lesson("hanabi/cautious", 5),
    "FullHanabi-v0": Lesson("hanabi/cautious", 6),
    "RockPaperScissors-v0": Lesson("rockpaperscissors/fictitious", 2),
    "BiasedRockPaperScissors-v0": Lesson("biasedrockpaperscissors/fictitious", 2),
    "RockPaperScissorsSpockLizard-v0": Lesson("rockpaperscissorsspocklizard/fictitious", 2),
    "PrisonersDilemma-v0": Lesson("prisonersdilemma/titfortat", 2),
    "StagHunt-v0": Lesson("staghunt/titfortat", 2),
    "BattleOfTheSexes-v0": Lesson("battleofthesexes/fictitious", 2),
    "LevineHats-v0": Lesson("levinehats/optimal", 2),
}
"""Environment -> how it is taught. A game joins the corpus by its line here."""


def decisions(env: str, lesson: Lesson, seed: int) -> Iterator[Decision]:
    """The decisions of one environment, match after match, without end."""
    game = registry.game(env, **dict(lesson.options or {}))
    teacher = agent(lesson.teacher)
    match = 0
    while True:
        rng = stream(seed, CHANCE, match)
        yield from _match(env, Episode(game, rng), teacher, lesson.wander, rng, seed, match)
        match += 1


def _match(
    env: str, episode: Episode, teacher: Agent, wander: float, rng: np.random.Generator, seed: int, match: int
) -> Iterator[Decision]:
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
            move = teacher.act([view])[0]
            yield Decision(env, view.rules, view.text, f"<answer>{game.text.write(move)}</answer>")
            actions[seat] = sample(view.legal, rng) if rng.random() < wander else move
        episode.step(actions)


def corpus(size: int, seed: int, lessons: Mapping[str, Lesson] = LESSONS) -> list[Decision]:
    """`size` decisions, each environment by its share, shuffled by `seed`."""
    total = sum(lesson.share for lesson in lessons.values())
    out: list[Decision] = []
    for number, (env, lesson) in enumerate(lessons.items()):
        source = decisions(env, lesson, seed * 1000 + number)
        out.extend(next(source) for _ in range(round(size * lesson.share / total)))
    order = stream(seed).permutation(len(out))
    return [out[index] for index in order]
