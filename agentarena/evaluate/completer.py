"""A language model as a function from a chat to a reply, for what asks a model to write something.

with Completer("hf:Qwen/Qwen3-4B") as complete:
    result = game_from_words(rules, complete)
"""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import Any, Self

from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.specs import agent
from agentarena.core.display import shown
from agentarena.core.errors import ArenaError, BadOption, NotSupported

__all__ = ["Completer", "CutShort", "NotWritten", "Unusable"]

Message = dict[str, str]


class CutShort(ValueError):
    """A reply that ends in its middle.

    Attributes:
        text: What there is of it.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(reason)
        self.text = text


class Unusable(ValueError):
    """What a model wrote cannot be used.

    Attributes:
        problems: Why, one sentence each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class NotWritten(ArenaError):
    """A model did not write what was asked for, repairs included.

    Attributes:
        stage: What it was asked for last, e.g. "information sets" or "tree".
        problems: Why its last reply cannot be used.
        replies: All its replies, in order.
    """

    def __init__(self, stage: str, problems: Sequence[str], replies: Sequence[str], tries: int) -> None:
        self.stage, self.problems, self.replies = stage, tuple(problems), tuple(replies)
        reasons = "\n".join(f"- {problem}" for problem in problems)
        super().__init__(f"stage {stage!r}: no reply of {tries} could be used; problems of the last:\n{reasons}")


class Completer:
    """Asks a language model for one reply at a time, without a game. A context manager: leaving it lets go of the model.

    Args:
        model: A spec string: "tiny", "hf:MODEL", "vllm:MODEL", "openai:MODEL?base_url=..."; or a language agent, which its owner closes.
        max_tokens: Greatest number of tokens of a reply.
        temperature: 0 is greedy.
        seed: Of the samples; each reply has a stream of its own.

    Raises:
        NotSupported: The spec names no language model.
        BadOption: A number is out of range.
    """

    def __init__(self, model: Any, *, max_tokens: int = 4096, temperature: float = 0.0, seed: int = 0) -> None:
        if max_tokens < 1 or temperature < 0:
            raise BadOption(f"completer: max_tokens must be at least 1 and temperature at least 0, got {max_tokens!r} and {temperature!r}")
        self._owned = isinstance(model, str)
        self._agent: Any = agent(model) if self._owned else model
        if not hasattr(self._agent, "engine"):
            raise NotSupported(f"{shown(model, 200)} is no language model; name tiny, hf:MODEL, vllm:MODEL or openai:MODEL")
        self.name = str(self._agent.name)
        self._max_tokens, self._temperature, self._seed = max_tokens, temperature, seed

    def __call__(self, messages: Sequence[Message]) -> str:
        """The reply to a chat.

        Raises:
            CutShort: It reached `max_tokens`, or the model or its provider would not answer.
            ArenaError: There is no reply: the service is gone, or the chat is too long for the model.
        """
        answers: queue.SimpleQueue[Completion | Exception] = queue.SimpleQueue()
        request = Request(tuple(dict(one) for one in messages), max_tokens=self._max_tokens, temperature=self._temperature, seed=self._seed)
        self._seed += 1
        self._agent.engine.submit(request, answers.put)
        answer = answers.get()
        if isinstance(answer, Exception):
            raise answer
        if answer.finish == "length":
            raise CutShort(answer.text, f"the reply was cut short at {answer.completion_tokens or self._max_tokens} tokens; be shorter")
        if answer.finish == "refusal":
            raise CutShort(answer.text, "the model would not answer")
        return answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of a model that a spec string named."""
        if self._owned:
            self._agent.close()
