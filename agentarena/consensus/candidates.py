"""Candidates by sampling: answers drawn from a model, normalised, the same ones counted together."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.agents.llm.engine import Completion, Request
from agentarena.core.rng import stream

from .formats import LONGEST_CANDIDATE, Question
from .prompts import Wording

__all__ = ["Sampling", "candidates_of", "correct_places", "normalised", "sampled_replies"]

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")
_FINAL = re.compile(r"####\s*([^\n]+)")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How candidates are sampled.

    Attributes:
        samples: Replies a question; 0 samples none.
        temperature: Of the samples.
        top_p: Nucleus threshold.
        max_tokens: Longest reply.
        seed: Equal seeds give equal samples, where the engine can.
    """

    samples: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int = 0


def normalised(reply: str) -> str:
    """The answer in a reply, so that equal answers are equal texts: what follows `####`, else its last number, else its words.

    >>> normalised("So 6 * 7 = 42 apples.\\n#### 42"), normalised("It is 1,200.50"), normalised("The  Red fox."), normalised("007")
    ('42', '1200.5', 'red fox', '7')
    """
    final = _FINAL.findall(reply)
    text = (final[-1] if final else reply).strip()
    numbers = _NUMBER.findall(text)
    if numbers:
        return _plain_number(numbers[-1])
    words = _ARTICLES.sub(" ", re.sub(r"[^\w\s]", " ", text.lower()))
    return " ".join(words.split())


def _plain_number(text: str) -> str:
    whole, point, fraction = text.replace(",", "").partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    digits = digits.lstrip("0") or "0"
    fraction = fraction.rstrip("0") if point else ""
    return (sign if digits != "0" or fraction else "") + digits + (f".{fraction}" if fraction else "")


def sampled_replies(
    engine: Any, questions: Sequence[Question], numbers: Sequence[int], wording: Wording, sampling: Sampling, *, plain: bool = False
) -> list[list[str]]:
    """Replies to some questions, all under way at once; one list a question. A reply that failed ends the run with its error.

    Args:
        engine: A back-end of `agentarena.agents.llm`.
        questions: The questions.
        numbers: Their places in the file, which the seeds of the samples depend on.
        wording: How they are put.
        sampling: How replies are drawn.
        plain: Whether prompts are plain text and not chats, at engines that work on tokens.
    """
    answers: list[list[Completion | Exception | None]] = [[None] * sampling.samples for _ in questions]
    done = threading.Semaphore(0)
    for row, question in enumerate(questions):
        messages = wording.asking(question)
        prompt_ids = (
            tuple(engine.template.tokenizer("\n".join(one["content"] for one in messages)).input_ids) if plain and engine.tokens else None
        )
        for k in range(sampling.samples):
            seed = int(stream(sampling.seed, numbers[row], k).integers(2**31))

            def take(answer: Completion | Exception, row: int = row, k: int = k) -> None:
                answers[row][k] = answer
                done.release()

            engine.submit(
                Request(
                    messages,
                    prompt_ids,
                    max_tokens=sampling.max_tokens,
                    temperature=sampling.temperature,
                    top_p=sampling.top_p,
                    seed=seed,
                ),
                take,
            )
    for _ in range(len(questions) * sampling.samples):
        done.acquire()
    for answer in (one for row in answers for one in row):
        if isinstance(answer, Exception):
            raise answer
    return [[one.text.strip() for one in row if isinstance(one, Completion)] for row in answers]


def candidates_of(question: Question, replies: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The candidates of a question and how often each was sampled.

    Of a question with choices these stay the candidates, and a reply counts for the choice of the same normalised text. Else the
    distinct normalised answers are the candidates, each shown by the first reply that gave it, in the order they came.

    >>> candidates_of(Question("1", "2 + 2?", target="4"), ["It is 4", "5", "#### 4"])
    (('It is 4', '5'), (2, 1))
    """
    if question.candidates:
        names = [normalised(text) for text in question.candidates]
        counts = [0] * len(names)
        for reply in replies:
            if normalised(reply) in names:
                counts[names.index(normalised(reply))] += 1
        return question.candidates, tuple(counts)
    shown: dict[str, str] = {}
    count: dict[str, int] = {}
    for reply in replies:
        answer = normalised(reply)
        if answer and len(reply) <= LONGEST_CANDIDATE:
            shown.setdefault(answer, reply)
            count[answer] = count.get(answer, 0) + 1
    return tuple(shown.values()), tuple(count.values())


def correct_places(question: Question, candidates: Sequence[str]) -> tuple[int, ...]:
    """Places of the correct candidates: those of the question, or the answers equal to its target."""
    if question.candidates:
        return question.answers
    wanted = normalised(question.target)
    return tuple(place for place, text in enumerate(candidates) if normalised(text) == wanted)
