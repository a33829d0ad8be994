"""The published formats of question sets: one reader each, from a line's JSON to questions.

What a reader takes is checked: a line that does not fit is `Broken`, with the reason. All texts are bounded.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core.display import shown

__all__ = ["FORMATS", "Broken", "Question", "form_of"]

LONGEST_TEXT = 50_000
"""Longest question with its passage, in characters."""
LONGEST_CANDIDATE = 5_000
MOST_CANDIDATES = 64


class Broken(ValueError):
    """A line that holds no question of its format; the message says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, or a dialogue to continue.

    Attributes:
        key: What names it in its file.
        text: The question, after its passage; the lines of a dialogue.
        candidates: The candidate answers; empty where they are to be sampled.
        answers: Places of the correct candidates.
        target: The correct answer of a question without candidates.
        topic: Its subject, for results by topic; may be empty.
        kind: "question" or "dialogue".
    """

    key: str
    text: str
    candidates: tuple[str, ...] = ()
    answers: tuple[int, ...] = ()
    target: str = ""
    topic: str = ""
    kind: str = "question"

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > LONGEST_TEXT:
            raise Broken(f"its question has {len(self.text)} characters; allowed: 1 to {LONGEST_TEXT}")
        if self.candidates:
            if not 2 <= len(self.candidates) <= MOST_CANDIDATES:
                raise Broken(f"it has {len(self.candidates)} candidates; allowed: 2 to {MOST_CANDIDATES}")
            if not all(one.strip() and len(one) <= LONGEST_CANDIDATE for one in self.candidates):
                raise Broken(f"a candidate is empty or longer than {LONGEST_CANDIDATE} characters")
            if not self.answers or not all(0 <= place < len(self.candidates) for place in self.answers):
                raise Broken(f"its answer {shown(self.answers)} names no candidate; allowed: places 0 to {len(self.candidates) - 1}")
        elif not self.target:
            raise Broken("it has neither candidates nor an answer")


def _text(data: Any, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Broken(f"its {name!r} is {shown(value)}; expected a text")
    return value.strip()


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise Broken(f"its {name!r} is {shown(value)}; expected a list of texts")
    return tuple(one.strip() for one in value)


def _place(value: Any, labels: Sequence[str]) -> int:
    """The place that an answer names: a number from 0, or a label."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(labels):
        return value
    if isinstance(value, str) and value.strip() in labels:
        return list(labels).index(value.strip())
    raise Broken(f"its answer is {shown(value)}; expected one of {', '.join(labels[:8])}, or its place from 0")


def _letters(count: int) -> list[str]:
    return list(string.ascii_uppercase[:count])


def _with_passage(passage: str, question: str) -> str:
    return f"{passage}\n\nQuestion: {question}"


def _native(data: Any, key: str) -> Iterator[Question]:
    """Ours: question, choices (may be empty, then target), answer (places from 0)."""
    choices = data.get("choices") or []
    answer = data.get("answer", [])
    places = answer if isinstance(answer, list) else [answer]
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in places):
        raise Broken(f"its 'answer' is {shown(answer)}; expected places from 0")
    words = {name: str(data.get(name) or "") for name in ("target", "topic")}
    kind = data.get("kind", "question")
    if kind not in ("question", "dialogue"):
        raise Broken(f"its 'kind' is {shown(kind)}; allowed: question, dialogue")
    named = str(data.get("id", key))
    yield Question(named, _text(data, "question"), _texts(choices, "choices") if choices else (), tuple(places), kind=kind, **words)


def _mmlu(data: Any, key: str) -> Iterator[Question]:
    """MMLU: question, choices, answer (a place or a letter), subject."""
    choices = _texts(data.get("choices"), "choices")
    place = _place(data.get("answer"), _letters(len(choices)))
    yield Question(key, _text(data, "question"), choices, (place,), topic=str(data.get("subject") or ""))


def _arc(data: Any, key: str) -> Iterator[Question]:
    """ARC: a stem with labelled choices, as published; or question and choices as text and label lists."""
    question, choices = data.get("question"), data.get("choices")
    if isinstance(question, dict):
        stem, listed = _text(question, "stem"), question.get("choices")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise Broken(f"its 'choices' are {shown(listed)}; expected a list of text and label")
        texts, labels = tuple(_text(one, "text") for one in listed), [_text(one, "label") for one in listed]
    elif isinstance(choices, dict):
        stem, texts, labels = _text(data, "question"), _texts(choices.get("text"), "text"), list(_texts(choices.get("label"), "label"))
    else:
        raise Broken(f"its 'question' is {shown(question)}; expected a stem with choices")
    if len(texts) != len(labels):
        raise Broken(f"it has {len(texts)} choices and {len(labels)} labels")
    answer = data.get("answerKey")
    if not isinstance(answer, str) or answer not in labels:  # labels may be digits: a number is no place here
        raise Broken(f"its 'answerKey' is {shown(answer)}; expected one of {', '.join(labels[:8])}")
    yield Question(str(data.get("id", key)), stem, texts, (labels.index(answer),))


def _race(data: Any, key: str) -> Iterator[Question]:
    """RACE: an article with several questions, as published; or one question a line."""
    article = _text(data, "article")
    many = isinstance(data.get("questions"), list)
    rows = (
        (data.get("questions"), data.get("options"), data.get("answers"))
        if many
        else ([data.get("question")], [data.get("options")], [data.get("answer")])
    )
    questions, options, answers = rows
    if not all(isinstance(row, list) for row in rows) or not len(questions) == len(options) == len(answers) > 0:
        raise Broken("its 'questions', 'options' and 'answers' are not lists of one length")
    named = str(data.get("id") or f"{data.get('example_id', '')}#{key}")
    for number, (question, texts, answer) in enumerate(zip(questions, options, answers, strict=True), 1):
        choices = _texts(texts, "options")
        place = _place(answer, _letters(len(choices)))
        yield Question(
            f"{named}/{number}" if many else named, _with_passage(article, _text({"question": question}, "question")), choices, (place,)
        )


def _truthfulqa(data: Any, key: str) -> Iterator[Question]:
    """TruthfulQA: correct and incorrect answers, or the targets of its multiple choice (mc2 before mc1)."""
    question, topic = _text(data, "question"), str(data.get("category") or "")
    targets = data.get("mc2_targets") or data.get("mc1_targets")
    if targets is not None:
        if isinstance(targets, dict) and "choices" in targets:
            texts, labels = _texts(targets["choices"], "choices"), targets.get("labels")
        elif isinstance(targets, dict):
            texts, labels = _texts(list(targets), "targets"), list(targets.values())
        else:
            raise Broken(f"its targets are {shown(targets)}; expected choices and labels")
        if not isinstance(labels, list) or len(labels) != len(texts) or not all(label in (0, 1) for label in labels):
            raise Broken("its labels are not one 0 or 1 a choice")
    else:
        right, wrong = _texts(data.get("correct_answers"), "correct_answers"), _texts(data.get("incorrect_answers"), "incorrect_answers")
        texts, labels = right + wrong, [1] * len(right) + [0] * len(wrong)
    places = {text: place for place, text in reversed(list(enumerate(texts)))}  # a text that is there twice counts once
    first = sorted(places.values())
    yield Question(key, question, tuple(texts[k] for k in first), tuple(n for n, k in enumerate(first) if labels[k]), topic=topic)


_FINAL = re.compile(r"####\s*(\S+)")


def _gsm8k(data: Any, key: str) -> Iterator[Question]:
    """GSM8K: a question, and an answer whose last line is `#### number`; candidates are sampled."""
    final = _FINAL.findall(_text(data, "answer"))
    if not final:
        raise Broken("its 'answer' has no line '#### number'")
    yield Question(key, _text(data, "question"), target=final[-1])


def _hhh(data: Any, key: str) -> Iterator[Question]:
    """HHH: an input and its targets with labels."""
    targets = data.get("targets")
    if not isinstance(targets, dict):
        raise Broken(f"its 'targets' are {shown(targets)}; expected choices and labels")
    texts, labels = _texts(targets.get("choices"), "choices"), targets.get("labels")
    if not isinstance(labels, list) or len(labels) != len(texts):
        raise Broken("its labels are not one a choice")
    yield Question(key, _text(data, "input"), texts, tuple(k for k, label in enumerate(labels) if label == 1), kind="dialogue")


def _dialogue(data: Any, key: str) -> Iterator[Question]:
    """A dialogue: its turns, candidate next turns, and the place of the right one."""
    turns, candidates = _texts(data.get("dialogue"), "dialogue"), _texts(data.get("candidates"), "candidates")
    place = _place(data.get("answer"), _letters(len(candidates)))
    yield Question(str(data.get("id", key)), "\n".join(turns), candidates, (place,), kind="dialogue")


Reader = Callable[[Any, str], Iterator[Question]]
FORMATS: dict[str, Reader] = {
    "native": _native,
    "mmlu": _mmlu,
    "arc": _arc,
    "race": _race,
    "truthfulqa": _truthfulqa,
    "gsm8k": _gsm8k,
    "hhh": _hhh,
    "dialogue": _dialogue,
}
"""Name -> reader of one line."""

_SIGNS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("dialogue", lambda data: "dialogue" in data),
    ("hhh", lambda data: "targets" in data and "input" in data),
    ("race", lambda data: "article" in data),
    ("arc", lambda data: "answerKey" in data),
    ("truthfulqa", lambda data: "correct_answers" in data or "mc1_targets" in data or "mc2_targets" in data),
    ("gsm8k", lambda data: isinstance(data.get("answer"), str) and "####" in data["answer"]),
    ("native", lambda data: isinstance(data.get("answer"), list) or "target" in data),
    ("mmlu", lambda data: "choices" in data and "answer" in data),
)


def form_of(data: Any) -> str:
    """The format that a line seems to have.

    Raises:
        Broken: It is none that is known.
    """
    if not isinstance(data, dict):
        raise Broken("it is no JSON object")
    for name, sign in _SIGNS:
        if sign(data):
            return name
    raise Broken(f"it is in no format that is known (keys {', '.join(sorted(map(str, data)))[:100]}); name one with --format")
