"""What a model is shown at a decision: rules, what it remembers of the match, the view, and why its last reply failed.

A chat is kept in `view.memory` as questions with their attempts, and, for engines that take tokens, as the tokens of the
last prompt and reply: the next prompt is these and the tokens that follow, never the chat rendered anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core.agent import Reply, View
from agentarena.core.limits import THINKING

from .budget import usage
from .engine import Completion, Message, Request
from .settings import Prompting, Sampling
from .template import Template

__all__ = ["Chat", "Prompt"]

_LONGEST = 20_000
_KEY = "chat"


@dataclass(frozen=True, slots=True)
class Chat:
    """How an agent makes prompts.

    Attributes:
        prompting: What they show.
        sampling: How replies are generated.
        context: Tokens that prompt and reply may take together; 0 without limit.
        template: The chat template, for engines that take tokens.
    """

    prompting: Prompting
    sampling: Sampling
    context: int = 0
    template: Template | None = None

    def prompt(self, view: View, system: str = "") -> Prompt:
        """The prompt of a decision.

        Args:
            view: The question.
            system: Words of a strategy, after the rules in the system message.
        """
        memory = view.memory.setdefault(_KEY, {"turns": [], "ids": None})
        if not view.attempt:
            memory["turns"].append({"view": view.text if self.prompting.choices else view.text_without_choices, "replies": []})
        elif memory["turns"] and memory["turns"][-1]["replies"]:
            memory["turns"][-1]["replies"][-1]["retry_reason"] = view.retry_reason
        depth = self.prompting.depth
        if depth is not None and len(memory["turns"]) > depth + 1:
            memory["turns"] = memory["turns"][-depth - 1 :]  # what will never be shown again is not stored either
            memory["ids"] = None
        parts = [part for part in (str(self.prompting.system), view.rules, system) if part]
        return Prompt(self, view, memory, "\n\n".join(parts))


class Prompt:
    """What a strategy works with at one decision.

    Attributes:
        messages: The chat as it is shown, oldest decisions left out where the context is short.
        fits: Whether it leaves room for a reply.
    """

    def __init__(self, chat: Chat, view: View, memory: dict[str, Any], system: str) -> None:
        self._chat, self._view, self._memory, self._system = chat, view, memory, system
        self._ids: tuple[int, ...] | None = None
        turns = memory["turns"]
        self.messages = self._shown(turns)
        self.fits = self._fit(self.messages)
        left_out = 0
        while not self.fits and left_out < len(turns) - 1:
            left_out += 1
            self.messages = self._shown(turns[left_out:])
            self.fits = self._fit(self.messages)
        if left_out:
            memory["turns"] = turns[left_out:]

    @property
    def constrained(self) -> bool:
        """Whether the agent decodes under the legal replies."""
        return self._chat.sampling.constrain

    def ask(self, *more: str, **changes: Any) -> Request:
        """A request for a reply.

        Args:
            more: Words added to the last message, e.g. what a strategy wants to know first.
            changes: Fields of `Request` that differ from the agent's own, e.g. `temperature=1.0`.
        """
        chat = self._chat
        messages, ids = self.messages, self._ids
        if more:
            messages = (*messages[:-1], {**messages[-1], "content": "\n\n".join([messages[-1]["content"], *more])})
            ids = self._continued(chat.template, messages) if chat.template is not None else None
        fields: dict[str, Any] = {"messages": messages, "prompt_ids": ids, "seed": int(self._view.rng.integers(2**31))}
        if chat.sampling.constrain and not more:
            fields["options"] = self._view.options
        return dataclasses.replace(chat.sampling.request(), **{**fields, **changes})

    def reply(self, completion: Completion) -> Reply:
        """The reply to give for a completion; it becomes part of the chat.

        Later prompts continue the tokens of the chat as it is shown and of the reply as it was sampled: words that a strategy
        added for this decision alone are not among them.
        """
        text, thinking, finish = completion.text, completion.thinking[:THINKING], completion.finish
        if len(text) > _LONGEST:
            text, finish = text[:_LONGEST], "length"
        keep_thinking = self._chat.prompting.keep_thinking
        content = f"<think>\n{thinking}\n</think>\n\n{text}" if keep_thinking and thinking else text
        self._memory["turns"][-1]["replies"].append({"text": content})
        whole = (keep_thinking or not thinking) and text == completion.text and thinking == completion.thinking
        exact = self._ids is not None and completion.token_ids and whole
        self._memory["ids"] = (self._ids, completion.token_ids) if exact else None
        return Reply(text, thinking, usage(completion), finish=finish if finish in ("length", "refusal") else "stop")  # type: ignore[arg-type]  # one of the three

    def overflow(self) -> Reply:
        """The reply of a decision whose rules and view leave no room for one."""
        self._memory["ids"] = None
        return Reply("", extra={"overflow": self._chat.context}, finish="length")

    def _shown(self, turns: Sequence[dict[str, Any]]) -> tuple[Message, ...]:
        messages: list[Message] = [{"role": "system", "content": self._system}]
        for turn in turns:
            if not turn["replies"] and turn is not turns[-1]:
                continue  # a decision that was never answered
            messages.append({"role": "user", "content": turn["view"]})
            for attempt in turn["replies"]:
                messages.append({"role": "assistant", "content": attempt["text"]})
                if "retry_reason" in attempt:
                    messages.append({"role": "user", "content": attempt["retry_reason"]})
        return tuple(messages)

    def _fit(self, messages: tuple[Message, ...]) -> bool:
        chat = self._chat
        if chat.template is not None:
            self._ids = self._continued(chat.template, messages)
        if not chat.context:
            return True
        count = len(self._ids) if self._ids is not None else estimate(messages)
        return count + min(chat.sampling.max_tokens, chat.context // 2) <= chat.context

    def _continued(self, template: Template, messages: tuple[Message, ...]) -> tuple[int, ...]:
        """The tokens of a chat: those of the last prompt and reply and what follows, or rendered where that is not one chat."""
        before = self._memory["ids"]
        if before is not None and len(messages) == 2 * sum(map(_exchanges, self._memory["turns"])):
            prompt, reply = before
            return (*prompt, *reply, *template.suffix(messages, reply))
        return template.prompt(messages)


def _exchanges(turn: dict[str, Any]) -> int:
    """User messages of a decision."""
    return 1 + sum("retry_reason" in attempt for attempt in turn["replies"])


def estimate(messages: Sequence[Message]) -> int:
    """About how many tokens a chat has, a little too many: one for three characters and eight a message."""
    return sum(len(message["content"]) // 3 + 8 for message in messages)
