"""The consensus game in words: candidates as quotations by number, the generator's move a number, the discriminator's a word."""

from __future__ import annotations

from typing import Any

from agentarena.core.charset import quote
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, TextFace, Unreadable, answer_in

from .options import VALUES

__all__ = ["ConsensusText"]


class ConsensusText(TextFace[Any]):
    """Text face. The seats are called generator and discriminator."""

    def rules(self, seat: int) -> str:
        game = self.game
        question = f"The question: {quote(game.question)}\n" if game.question.strip() else ""
        listed = "\n".join(f"{number}. {quote(text)}" for number, text in enumerate(game.candidates, 1))
        own = (
            f"You are the generator. A move is the number of a candidate, 1 to {len(game.candidates)}."
            if seat == 0
            else "You are the discriminator. A move is one of the two words correct and incorrect."
        )
        return (
            "You play the consensus game with a partner. A fair coin decides whether a correct or an incorrect answer to the question is "
            "wanted. The generator alone sees which, and picks one of the candidates below. The discriminator sees the pick, but not "
            "what was wanted, and guesses it. Both get 1 when the guess is right, otherwise both get 0. No other word is exchanged.\n"
            f"{question}Candidates:\n{listed}\n{own} {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        value = self.game.known_value(state, seat)
        lines = [f"Wanted: {self._wanted(value)}."] if value >= 0 else ["What is wanted is hidden from you."]
        lines.append(f"Picked: candidate {state.pick + 1}." if state.pick >= 0 else "Nothing is picked yet.")
        if state.guess >= 0:
            lines.append(f"Guessed: {self._wanted(state.guess)}. {'Both win.' if state.guess == state.value else 'Both lose.'}")
        return "\n".join(lines)

    def _wanted(self, value: int) -> str:
        return f"{'an' if value else 'a'} {VALUES[value]} answer"

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        if event.kind == "draw":
            return f"The coin asks for {self._wanted(data['value'])}."
        if event.kind == "pick":
            return f"{'You' if seat == 0 else 'The generator'} picked candidate {data['candidate'] + 1}."
        return f"{'You' if seat == 1 else 'The discriminator'} guessed {self._wanted(data['guess'])}; it was {self._wanted(data['value'])}."

    def _name(self, seat: int, action: int) -> str:
        return VALUES[action] if seat else str(action + 1)

    def options(self, state: Any, seat: int) -> Choices:
        return Choices(tuple(self._name(seat, action) for action in self.game.legal(state, seat)))

    def write(self, state: Any, seat: int, action: Any) -> str:
        return self._name(seat, action)

    def read(self, state: Any, seat: int, reply: str) -> int | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        word = answer.strip().lower() if len(answer) <= 100 else ""
        names = VALUES if seat else self._numbers
        if word in names:
            return names.index(word)
        wanted = "one of the words correct and incorrect" if seat else f"a number from 1 to {len(self._numbers)}"
        return Unreadable(f"the answer is not exactly one move of this game; expected {wanted}")

    @property
    def _numbers(self) -> tuple[str, ...]:
        return tuple(str(number + 1) for number in range(len(self.game.candidates)))
