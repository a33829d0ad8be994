"""What servers of OpenAI's protocol send back, as the parts of a reply: whole answers and streams, in every spelling met so far.

Whatever a server sends, the outcome is parts of bounded size or `NoCompletion`, which is the service's fault.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentarena.core.display import printable
from agentarena.core.limits import REPLY, THINKING

__all__ = ["NoCompletion", "Parts", "Streamed", "parts_of"]

_DEEPEST = 4
_MOST_TOKENS = 10**9
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks", "thoughts")
"""Fields of a message that hold its thinking; the first that says something counts, since some servers send it twice."""
_FINISHES = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
    "safety": "refusal",
}
"""What servers write -> `Completion.finish`; everything else is "stop"."""


class NoCompletion(Exception):
    """The server answered with something that is no completion.

    Attributes:
        status_code: The status that it names inside of an answer of status 200; `None` where it names none.
        code: The code of its error.
    """

    def __init__(self, message: str, status_code: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status_code, self.code = status_code, code


@dataclass(frozen=True, slots=True)
class Parts:
    """A reply as a server sent it.

    Attributes:
        text: Its words.
        thinking: What the server set apart.
        finish: As in `Completion`.
        prompt_tokens: Tokens read; 0 where unknown.
        completion_tokens: Tokens written; 0 where unknown.
    """

    text: str
    thinking: str = ""
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0


def parts_of(body: bytes) -> Parts:
    """The reply in a whole answer.

    Raises:
        NoCompletion: It is none.
    """
    data = _json(body)
    message = _choice(data).get("message")
    if not isinstance(message, dict):
        raise NoCompletion("the answer is no chat completion: its choice has no message")
    reply = Streamed()
    reply.take(data, "message")
    return reply.parts()


class Streamed:
    """A reply that arrives in pieces.

    Attributes:
        ended: Whether the server said that it is complete.
        full: Whether it is as long as replies may be; what follows is left out.
    """

    def __init__(self) -> None:
        self._words: dict[str, list[str]] = {"text": [], "thinking": [], "refusal": []}
        self._sizes = {"text": 0, "thinking": 0, "refusal": 0}
        self._finish = ""
        self._usage: tuple[int, int] = (0, 0)
        self.ended = self.full = False

    def take_line(self, line: str) -> None:
        """Take a line of a stream of events; those that hold no data are ignored.

        Raises:
            NoCompletion: Its data are no piece of a completion.
        """
        field, colon, content = line.partition(":")
        if not colon or field.strip() != "data":
            return
        if content.strip() == "[DONE]":
            self.ended = self.ended or bool(self._finish or any(self._sizes.values()))
            return
        data = _json(content.encode("utf-8", "replace"))
        if data.get("choices") or not isinstance(data.get("usage"), dict):
            self.take(data, "delta")
        self._usage = _counts(data.get("usage")) or self._usage

    def take(self, data: Mapping[str, Any], key: str) -> None:
        """Take the first choice of an answer, whose message is under `key`.

        Raises:
            NoCompletion: It says that something went wrong.
        """
        if key == "delta" and not data.get("choices"):
            return
        choice = _choice(data)
        if choice.get("error"):
            raise _error(choice["error"])
        message = choice.get(key)
        if isinstance(message, dict):
            self._take_message(message)
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            if finish.lower() == "error":
                raise NoCompletion("the server broke off the reply with an error")
            self._finish, self.ended = finish.lower(), True
        self._usage = _counts(data.get("usage")) or self._usage

    def _take_message(self, message: Mapping[str, Any]) -> None:
        for kind, words in _spoken(message.get("content"), "text", 0):
            self._add(kind, words)
        for name in _REASONING:
            spoken = [words for _, words in _spoken(message.get(name), "thinking", 0)]
            if any(spoken):
                for words in spoken:
                    self._add("thinking", words)
                break
        for _, words in _spoken(message.get("refusal"), "refusal", 0):
            self._add("refusal", words)

    def _add(self, kind: str, words: str) -> None:
        room = (THINKING if kind == "thinking" else REPLY) - self._sizes[kind]
        self._words[kind].append(words[:room])
        self._sizes[kind] += len(words[:room])
        self.full = self.full or len(words) > room

    def parts(self) -> Parts:
        """The reply so far."""
        text, thinking, refusal = ("".join(self._words[kind]) for kind in ("text", "thinking", "refusal"))
        finish = "refusal" if refusal else "length" if self.full else _FINISHES.get(self._finish, "stop")
        return Parts(text or refusal, thinking, finish, *self._usage)


def _json(body: bytes) -> dict[str, Any]:
    """An answer that is a JSON object and no error."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:200].decode("utf-8", "replace").strip()
        what = "a web page" if start[:1] == "<" else "no JSON"
        raise NoCompletion(f"the answer is {what}: {printable(start, 100)!r}; is this the address of an API?") from error
    if not isinstance(data, dict):
        raise NoCompletion(f"the answer is no chat completion but JSON of type {type(data).__name__}")
    if data.get("error"):
        raise _error(data["error"])
    if data.get("object") == "error":
        raise _error(data)
    return data


def _error(error: Any) -> NoCompletion:
    """The error that a server reports inside of an answer of status 200."""
    fields = error if isinstance(error, dict) else {"message": error}
    code = fields.get("code") or fields.get("type") or ""
    number = (
        code
        if isinstance(code, int)
        else int(code)
        if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) == 3
        else 0
    )
    message = fields.get("message")
    words = printable(message if isinstance(message, str) else json.dumps(message, default=str)[:300], 300)
    status = number if 400 <= number <= 599 else None
    return NoCompletion(
        f"an error in place of an answer{f' ({status})' if status else ''}: {words}", status, code[:100] if isinstance(code, str) else ""
    )


def _choice(data: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise NoCompletion("the answer is no chat completion: it has no choices")
    return choices[0]


def _spoken(content: Any, kind: str, depth: int) -> list[tuple[str, str]]:
    """Words with their kind ("text", "thinking", "refusal") in a content: a string, or parts in lists of lists."""
    if isinstance(content, str):
        return [(kind, content)]
    if depth > _DEEPEST:
        return []
    if isinstance(content, list):
        return [spoken for part in content for spoken in _spoken(part, kind, depth + 1)]
    if not isinstance(content, dict):
        return []
    name = content.get("type")
    name = name if isinstance(name, str) else ""
    if kind != "thinking":
        kind = "thinking" if name.startswith(("reasoning", "thinking", "thought")) else "refusal" if name == "refusal" else kind
    fields = ("text", "thinking", "reasoning", "summary", "refusal", "content")
    return next((spoken for field in fields if (spoken := _spoken(content.get(field), kind, depth + 1))), [])


def _counts(usage: Any) -> tuple[int, int] | None:
    """Tokens read and written; `None` where nothing is said."""
    if not isinstance(usage, dict):
        return None
    return _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))


def _count(value: Any) -> int:
    """A number of tokens; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= _MOST_TOKENS:
        return 0
    return int(value)
