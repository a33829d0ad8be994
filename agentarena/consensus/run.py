"""Scores the candidates of questions with a language model, question by question, into a file that a broken run goes on from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from agentarena.agents.llm.scoring import Continuations, Score, Scorer, scorer
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported, UsageError

from .candidates import Sampling, candidates_of, correct_places, sampled_replies
from .prompts import VALUES, Wording
from .questions import Question
from .scored import Scored, ScoredFile, digest, rounded

__all__ = ["engine_of", "score_questions"]

_AT_ONCE = 16
"""Questions that are under way together."""


def engine_of(spec: str) -> Any:
    """The language agent that a spec string names, whose engine scores: "tiny", "hf:...", "vllm:...", "openai:...".

    Raises:
        NotSupported: It names no language model.
    """
    from agentarena.agents.specs import agent

    player = agent(spec)
    if not hasattr(player, "engine"):
        raise NotSupported(f"{shown(spec, 200)} is no language model; name tiny, hf:MODEL, vllm:MODEL or openai:MODEL")
    return player


def score_questions(
    questions: Sequence[Question],
    model: Any,
    *,
    wording: Wording | None = None,
    form: str = "auto",
    sampling: Sampling | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Scored]:
    """What a model gives the candidates of each question.

    Args:
        questions: The questions; their keys differ.
        model: A language agent, with `engine` and `name`, as `engine_of` gives it.
        wording: How questions are put.
        form: How prompts reach the model; see `agentarena.agents.llm.scoring.FORMS`.
        sampling: How candidates are sampled; needed where a question has none.
        out: The file; one of the same run is continued.
        progress: Called with questions done and all of them.

    Raises:
        UsageError: A question has no candidates and none are sampled.
        NotSupported: The model gives no log-probabilities in that form.
        RecordMismatch: The file is of another run.
    """
    wording, sampling = wording or Wording(), sampling or Sampling()
    free = next((question for question in questions if not question.candidates), None)
    if free is not None and sampling.samples < 2:
        raise UsageError(f"question {shown(free.key, 60)} has no candidates; sample some, e.g. --samples 8")
    judge = scorer(model.engine, form)
    _check_style(judge, wording)
    head = {
        "questions": digest(questions),
        "count": len(questions),
        "model": model.name,
        "version": str(model.version),
        "form": judge.name,
        "wording": asdict(wording),
        "sampling": asdict(sampling),
    }
    with ScoredFile(out, head) as file:
        _expect_beginning(file.rows, questions)
        if progress is not None:
            progress(len(file.rows), len(questions))
        for start in range(len(file.rows), len(questions), _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, len(questions)))
            for row in _scored(numbers, questions, model.engine, judge, wording, sampling):
                file.add(row)
            if progress is not None:
                progress(len(file.rows), len(questions))
        return file.rows


def _check_style(judge: Scorer, wording: Wording) -> None:
    if judge.name == "first-token" and wording.style != "letters":
        raise NotSupported("form first-token scores replies of one token; add --style letters")


def _expect_beginning(rows: Sequence[Scored], questions: Sequence[Question]) -> None:
    for row, question in zip(rows, questions, strict=False):
        if row.key != question.key:
            raise UsageError(f"the file holds question {shown(row.key, 60)} where {shown(question.key, 60)} is expected; give another path")


def _scored(
    numbers: range, questions: Sequence[Question], engine: Any, judge: Scorer, wording: Wording, sampling: Sampling
) -> Iterator[Scored]:
    """Some questions, in order; each in a batch of its own where the engine's batches are known to change the last bits."""
    part = [questions[number] for number in numbers]
    plain = judge.name == "text"
    replies = sampled_replies(engine, part, list(numbers), wording, sampling, plain=plain) if sampling.samples else [[] for _ in part]
    pairs = [candidates_of(question, samples) for question, samples in zip(part, replies, strict=True)]
    items = [_items(question, candidates, wording) for question, (candidates, _) in zip(part, pairs, strict=True)]
    if judge.alone:
        scores = (judge.scores(one) for one in items)  # each is written before the next is asked for
    else:
        flat = iter(judge.scores([item for one in items for item in one]))
        scores = ([next(flat) for _ in one] for one in items)
    for question, (candidates, counts), rows in zip(part, pairs, scores, strict=True):
        yield _row(question, candidates, counts if sampling.samples else (), rows)


def _items(question: Question, candidates: Sequence[str], wording: Wording) -> list[Continuations]:
    """The generator's prompts for both values, then the discriminator's, one a candidate; none without candidates."""
    if not candidates:
        return []
    generator = [wording.generator(question, candidates, value) for value in range(len(VALUES))]
    return generator + [wording.discriminator(question, text) for text in candidates]


def _row(question: Question, candidates: tuple[str, ...], counts: tuple[int, ...], scores: Sequence[Sequence[Score]]) -> Scored:
    rows = scores[:2] if scores else ((), ())
    odds = [correct.logprob - incorrect.logprob for correct, incorrect in scores[2:]]
    return Scored(
        question.key,
        candidates,
        correct_places(question, candidates),
        (_logprobs(rows[0]), _logprobs(rows[1])),
        (_tokens(rows[0]), _tokens(rows[1])),
        rounded(odds),
        counts,
        question.topic,
    )


def _logprobs(scores: Sequence[Score]) -> tuple[float, ...]:
    return rounded([score.logprob for score in scores])


def _tokens(scores: Sequence[Score]) -> tuple[int, ...]:
    return tuple(score.tokens for score in scores)
