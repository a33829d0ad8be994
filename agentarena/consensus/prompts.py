"""What a model is asked: as a generator for a correct or an incorrect answer, as a discriminator whether an answer is correct."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from agentarena.agents.llm.chat_form import Message
from agentarena.agents.llm.scoring import Continuations
from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .questions import Question

__all__ = ["STYLES", "VALUES", "Wording"]

VALUES = ("correct", "incorrect")
STYLES = ("answers", "letters")
"""Whether a generator's reply is the answer itself, or the letter of a choice that the prompt lists."""

SYSTEM = "You answer questions."
SYSTEM_DIALOGUE = "You continue dialogues."


@dataclass(frozen=True, slots=True)
class Wording:
    """How questions are put.

    Attributes:
        style: One of `STYLES`.
        opening: Text before every question, e.g. worked examples.
    """

    style: str = "answers"
    opening: str = ""

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise BadOption(f"style is {shown(self.style)}; allowed: {', '.join(STYLES)}")

    def generator(self, question: Question, candidates: Sequence[str], value: int) -> Continuations:
        """The generator's prompt for a value (0 correct, 1 incorrect), and its replies, one a candidate."""
        what = "next turn" if question.kind == "dialogue" else "answer"
        article = "an" if value else "a"
        if self.style == "letters":
            letters = string.ascii_uppercase[: len(candidates)]
            listed = "\n".join(f"{letter}. {text}" for letter, text in zip(letters, candidates, strict=True))
            words = f"{self._head(question)}\n{listed}\nGive the letter of {article} {VALUES[value]} {what}."
            return Continuations(self._chat(question, words), tuple(f" {letter}" for letter in letters))
        return Continuations(self._chat(question, self._asking(question, value)), tuple(f" {text}" for text in candidates))

    def discriminator(self, question: Question, candidate: str) -> Continuations:
        """The discriminator's prompt for a candidate, and its two replies."""
        what = "next turn" if question.kind == "dialogue" else "answer"
        words = f"{self._head(question)}\nProposed {what}: {candidate}\nIs it correct or incorrect?"
        return Continuations(self._chat(question, words), tuple(f" {value}" for value in VALUES))

    def asking(self, question: Question) -> tuple[Message, ...]:
        """The chat that asks for a correct answer, to sample candidates from."""
        return self._chat(question, self._asking(question, 0))

    def _asking(self, question: Question, value: int) -> str:
        what = "next turn" if question.kind == "dialogue" else "answer"
        return f"{self._head(question)}\nGive {'an' if value else 'a'} {VALUES[value]} {what}."

    def _head(self, question: Question) -> str:
        head = f"Dialogue:\n{question.text}" if question.kind == "dialogue" else question.text
        return f"{self.opening.rstrip()}\n\n{head}" if self.opening.strip() else head

    def _chat(self, question: Question, words: str) -> tuple[Message, ...]:
        system = SYSTEM_DIALOGUE if question.kind == "dialogue" else SYSTEM
        return ({"role": "system", "content": system}, {"role": "user", "content": words})
