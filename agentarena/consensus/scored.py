"""The file of a run: a head that says how it was made, then what the model gives the candidates of each question, in order.

A run that was killed leaves whole lines and at most one cut line; the next one drops the cut line and goes on after the rest.
The file depends on questions, model and settings alone, so a run that was broken off ends with the same bytes, where the model
gives the same numbers again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from agentarena.core.display import printable, shown
from agentarena.core.errors import CorruptRecord, RecordBusy, RecordMismatch
from agentarena.core.jsonl import numbered_lines, parse

from .questions import Question

__all__ = ["Scored", "ScoredFile", "digest", "load_scored"]

FORMAT = "agentarena-consensus/1"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Scored:
    """What a model gives the candidates of one question. Y candidates; probabilities as logs in nats.

    Attributes:
        key: The question's.
        candidates: The candidates.
        answers: Places of the correct ones; empty where no candidate is correct.
        generator: log P(y | correct) and log P(y | incorrect) of the whole reply. Two rows of Y.
        tokens: Tokens of each reply, in the same order.
        discriminator: log-odds of correct against incorrect for each candidate. Y.
        counts: How often each was sampled; empty without samples.
        topic: The question's.
    """

    key: str
    candidates: tuple[str, ...]
    answers: tuple[int, ...]
    generator: tuple[tuple[float, ...], tuple[float, ...]]
    tokens: tuple[tuple[int, ...], tuple[int, ...]]
    discriminator: tuple[float, ...]
    counts: tuple[int, ...] = ()
    topic: str = ""

    def line(self) -> str:
        """As a line of the file."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, ensure_ascii=False, allow_nan=False)

    @classmethod
    def of(cls, data: Any) -> Scored:
        """From a line's JSON.

        Raises:
            ValueError: It is none; the message says what is wrong with "it".
        """
        if not isinstance(data, dict) or set(data) != set(cls.__slots__):
            raise ValueError(
                f"it has the keys {shown(sorted(data) if isinstance(data, dict) else data)}; expected {', '.join(cls.__slots__)}"
            )
        candidates, counts = data["candidates"], data["counts"]
        if not isinstance(candidates, list) or not all(isinstance(one, str) for one in candidates):
            raise ValueError("its candidates are no list of texts")
        size = len(candidates)
        generator, tokens = (_rows(data[name], size, name) for name in ("generator", "tokens"))
        (discriminator,) = _rows([data["discriminator"]], size, "discriminator")
        if not isinstance(counts, list) or len(counts) not in (0, size) or not all(isinstance(one, int) for one in counts):
            raise ValueError("its counts are not one a candidate")
        answers = data["answers"]
        if not isinstance(answers, list) or not all(isinstance(one, int) and 0 <= one < size for one in answers):
            raise ValueError("its answers name no candidates")
        if len(generator) != 2 or len(tokens) != 2 or not isinstance(data["key"], str) or not isinstance(data["topic"], str):
            raise ValueError("it has no two rows of the generator, or no texts for key and topic")
        return cls(
            data["key"],
            tuple(candidates),
            tuple(answers),
            (generator[0], generator[1]),
            (tuple(map(int, tokens[0])), tuple(map(int, tokens[1]))),
            discriminator,
            tuple(counts),
            data["topic"],
        )


def _rows(value: Any, size: int, name: str) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == size for row in value):
        raise ValueError(f"its {name} has not one number a candidate")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for row in value for one in row):
        raise ValueError(f"its {name} holds something that is no finite number")
    return tuple(tuple(float(one) for one in row) for row in value)


def rounded(values: Sequence[float]) -> tuple[float, ...]:
    """Numbers as they are written down: six decimals."""
    return tuple(float(np.round(value, _DIGITS)) for value in values)


def digest(questions: Sequence[Question]) -> str:
    """What tells one set of questions from another."""
    state = hashlib.sha256()
    for question in questions:
        fields = (question.key, question.text, question.candidates, question.answers, question.target, question.kind)
        state.update(json.dumps(fields).encode())
    return state.hexdigest()[:16]


class ScoredFile:
    """An open file of a run with what it holds. A context manager.

    Args:
        path: The file; `None` keeps nothing.
        head: How it is made; a file with another head is refused.

    Raises:
        RecordMismatch: The file is of another run.
        RecordBusy: Another run is writing it.
        CorruptRecord: A line other than a cut last one is damaged.
    """

    def __init__(self, path: str | os.PathLike[str] | None, head: Mapping[str, Any]) -> None:
        self.rows: list[Scored] = []
        self._file: IO[bytes] | None = None
        if path is None:
            return
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        first = {"format": FORMAT, **head}
        self._file = target.open("ab")
        try:
            _lock(self._file, target)
            if not self._resume(target, first):
                self._write(json.dumps(first, ensure_ascii=False, sort_keys=True))
        except BaseException:
            self._file.close()
            raise

    def _resume(self, path: Path, head: Mapping[str, Any]) -> bool:
        """Whether the file has a head; takes its rows and drops a cut last line."""
        where, headed = printable(str(path), 200), False
        for line in numbered_lines(path):
            if not line.whole and not line.too_long:
                os.truncate(path, line.start)
                break
            if line.number == 1:
                _expect_head(line.data, head, where)
                headed = True
            else:
                self.rows.append(_row(line.data, line.number, where))
        return headed

    def __enter__(self) -> ScoredFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: Scored) -> None:
        """Append a question; it is on its way to the disk when this returns."""
        self.rows.append(row)
        if self._file is not None:
            self._write(row.line())

    def _write(self, text: str) -> None:
        assert self._file is not None
        self._file.write(text.encode() + b"\n")
        self._file.flush()


def _lock(file: IO[bytes], path: Path) -> None:
    """Keep other runs from writing the file as long as it is open, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RecordBusy(f"{printable(str(path), 200)} is being written by another run. Wait for it, or give another path") from None


def _expect_head(data: bytes, head: Mapping[str, Any], where: str) -> None:
    try:
        theirs = parse(data)
    except ValueError as error:
        raise CorruptRecord(f"{where}, line 1: {error}") from None
    if theirs != json.loads(json.dumps(head)):
        keys = theirs if isinstance(theirs, dict) else {}
        differ = next((name for name in head if keys.get(name) != json.loads(json.dumps(head[name]))), "format")
        raise RecordMismatch(
            f"{where} is of another run: {differ} {shown(keys.get(differ), 200)} there, {shown(head.get(differ), 200)} here. Give another path, or remove it"
        )


def _row(data: bytes, number: int, where: str) -> Scored:
    try:
        return Scored.of(parse(data))
    except (ValueError, TypeError) as error:
        raise CorruptRecord(f"{where}, line {number}: {error}") from None


def load_scored(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[Scored]]:
    """The head and the rows of a run's file; a cut last line is left out.

    Raises:
        CorruptRecord: It is no such file, or a line is damaged.
    """
    where, head, rows = printable(str(path), 200), {}, []
    for line in numbered_lines(path):
        if line.number == 1:
            try:
                head = parse(line.data)
            except ValueError as error:
                raise CorruptRecord(f"{where}, line 1: {error}") from None
            if not isinstance(head, dict) or head.get("format") != FORMAT:
                raise CorruptRecord(f"{where}, line 1: it is no head of a run of `agentarena consensus rank`")
        elif line.whole:
            rows.append(_row(line.data, line.number, where))
    if not head:
        raise CorruptRecord(f"{where} is empty; expected a file of `agentarena consensus rank --out`")
    return head, rows
