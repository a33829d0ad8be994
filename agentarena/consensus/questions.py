"""Questions with candidate answers: one form for every data set, read from JSON-lines files and written to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agentarena.core.display import printable, shown
from agentarena.core.errors import CorruptRecord, UsageError
from agentarena.core.jsonl import numbered_lines, parse

from .formats import FORMATS, Broken, Question, form_of

__all__ = ["Broken", "Question", "read_questions", "write_questions"]

MOST_QUESTIONS = 1_000_000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that holds no question: its number, from 1, and why."""

    number: int
    reason: str


def read_questions(
    path: str | os.PathLike[str], *, form: str = "auto", limit: int | None = None, skip_broken: bool = False
) -> list[Question]:
    """The questions of a JSON-lines file.

    Args:
        path: The file.
        form: One of `FORMATS`, or "auto": the format that the first line has.
        limit: Most questions; the rest of the file is not read.
        skip_broken: Whether lines without a question are left out; else they are an error.

    Raises:
        UsageError: No such format, no question, or a number out of range.
        CorruptRecord: Lines are broken; the message names the first of them by number and reason.
    """
    if form != "auto" and form not in FORMATS:
        raise UsageError(f"format is {shown(form)}; allowed: auto, {', '.join(FORMATS)}")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise UsageError(f"limit is {shown(limit)}; expected a whole number of at least 1")
    where, most = printable(str(path), 200), min(limit or MOST_QUESTIONS, MOST_QUESTIONS)
    questions: list[Question] = []
    broken: list[BadLine] = []
    keys: set[str] = set()
    for line in numbered_lines(path):
        if len(questions) >= most:
            break
        try:
            if line.too_long:
                raise Broken("it is longer than any line that is read")
            data = parse(line.data)
            if not isinstance(data, dict):
                raise Broken("it is no JSON object")
            form = form if form != "auto" else form_of(data)
            for question in FORMATS[form](data, f"{line.number}"):
                if question.key in keys:
                    raise Broken(f"its id {shown(question.key, 60)} is that of an earlier line")
                keys.add(question.key)
                questions.append(question)
        except (Broken, ValueError) as error:
            broken.append(BadLine(line.number, str(error)))
    if broken and not skip_broken:
        first = "; ".join(f"line {bad.number}: {bad.reason}" for bad in broken[:_SHOWN])
        more = f"; and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
        raise CorruptRecord(f"{where}: {first}{more}. Mend them, or leave them out with --skip-broken")
    if not questions:
        raise UsageError(f"{where} holds no question{f'; line {broken[0].number}: {broken[0].reason}' if broken else ''}")
    return questions[:most]


def write_questions(questions: Iterable[Question], path: str | os.PathLike[str]) -> int:
    """Write questions in our own format, one a line, whole or not at all; how many."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    count = 0
    with partial.open("w", encoding="utf-8") as file:
        for question in questions:
            file.write(json.dumps(_plain(question), ensure_ascii=False) + "\n")
            count += 1
    partial.replace(target)
    return count


def _plain(question: Question) -> dict[str, Any]:
    data = asdict(question)
    out = {"id": data["key"], "question": data["text"], "choices": list(question.candidates), "answer": list(question.answers)}
    return out | {name: data[name] for name in ("target", "topic", "kind") if data[name] and (name != "kind" or data[name] != "question")}
