"""Chat templates in tokens: rendering in which no player's words become control tokens, and continuing without rendering anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from .chat_form import ChatForm, Message, check_form, form_of
from .thinking import marks_thinking, opening_at_end, split_thinking

__all__ = ["Message", "Template"]

K = TypeVar("K")
V = TypeVar("V")

_FRAMES = 1024
_TEXTS = 2048
_SHORT = 256
"""Entries of the stores, and tokens of the longest text that is stored: some 20 MB at most."""

_HARMONY = frozenset({"<|start|>", "<|end|>", "<|return|>", "<|call|>", "<|message|>", "<|constrain|>"})
"""Control tokens between the marks of harmony's channels, which their headers are read by."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a template writes around a user message: `head`, whose tokens are `ids`, ends before the last control token."""

    head: str
    ids: tuple[int, ...]
    before: str
    after: str


class Template:
    """A tokenizer's chat template.

    Strings in a message that look like one of the tokenizer's own control tokens are encoded character by character, so
    that they stay words.

    Args:
        tokenizer: A `transformers` tokenizer with a chat template.
        settings: Further arguments of the template, e.g. `enable_thinking=False`.
    """

    def __init__(self, tokenizer: Any, **settings: Any) -> None:
        self.tokenizer = tokenizer
        self._settings = settings
        self._frames: dict[str, _Frame | None] = {}
        self._openings: dict[tuple[int, ...], str] = {}
        self._encoded: dict[str, tuple[int, ...]] = {}
        self._decoded: dict[tuple[int, ...], str] = {}

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The tokens of a chat up to where the assistant's next reply begins."""
        frame = self._frame(messages[0]["content"]) if messages and messages[0]["role"] == "system" else None
        if frame is not None and len(messages) == 2 and messages[1]["role"] == "user":
            words = messages[1]["content"]
            if _plain(words) and not self._control[0].search(words):
                return (*frame.ids, *self._encode(frame.before + words + frame.after, {}))
        marked, hidden = self._disarmed(messages)
        text = self._render(marked, generate=True)
        if frame is not None and not hidden and text.startswith(frame.head):
            return (*frame.ids, *self._encode(text[len(frame.head) :], hidden))
        return self._encode(text, hidden)

    def _frame(self, system: str) -> _Frame | None:
        """What stands around a first user message under a system message; worked out once."""
        if system not in self._frames:
            if len(self._frames) >= _FRAMES:
                self._frames.clear()
            self._frames[system] = None if self._control[0].search(system) else self._framed(system)
        return self._frames[system]

    def _framed(self, system: str) -> _Frame | None:
        sign = _unused(system)
        text = self._render([{"role": "system", "content": system}, {"role": "user", "content": sign}], generate=True)
        if text.count(sign) != 1:
            return None
        head, after = text.split(sign)
        starts = [match.start() for match in self._control[1].finditer(head)]
        cut = starts[-1] if starts else 0
        ids = self._encode(head[:cut], {})
        if (*ids, *self._encode(text[cut:], {})) != self._encode(text, {}):  # the tokenizer looks across control tokens
            return _Frame("", (), head, after)
        return _Frame(head[:cut], ids, head[cut:], after)

    def suffix(self, messages: Sequence[Message], reply_ids: Sequence[int]) -> tuple[int, ...]:
        """The tokens between the model's last reply and its next one: the end of that reply, a user message, a new beginning.

        Args:
            messages: The whole chat; the last reply is the last message of the assistant.
            reply_ids: The tokens of that reply, as sampled.

        Raises:
            ValueError: No message of the assistant is followed by another.
        """
        last = max((i for i, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
        if not 0 <= last < len(messages) - 1:
            raise ValueError("there is no reply of the assistant that a message follows")
        sign = _unused("".join(message["content"] for message in messages))
        chat = [*messages[:last], {**messages[last], "content": sign}, *messages[last + 1 :]]
        marked, hidden = self._disarmed(chat)
        _, separator, after = self._render(marked, generate=True).rpartition(sign)
        if not separator:
            raise ValueError("the chat template leaves out earlier replies, so a chat cannot be continued")
        ids = self._encode(after, hidden)
        ended = len(reply_ids) > 0 and len(ids) > 0 and reply_ids[-1] == ids[0]
        return ids[1:] if ended else ids

    def prefix(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The tokens that all chats share that begin with the same system message; `()` when there is none."""
        if not messages or messages[0]["role"] != "system":
            return ()
        sign = _unused(messages[0]["content"])
        marked, hidden = self._disarmed([messages[0], {"role": "user", "content": sign}])
        before, separator, _ = self._render(marked, generate=True).partition(sign)
        return self._encode(before, hidden) if separator else ()

    def text(self, ids: Sequence[int]) -> str:
        """The words of sampled tokens, without control tokens but those that mark thinking."""
        sampled = tuple(ids)
        words = self._decoded.get(sampled)  # looked up once: another thread may empty the store
        if words is None:
            marked = not self._thinking_ids.isdisjoint(sampled)
            words = str(self.tokenizer.decode(list(sampled), skip_special_tokens=not marked, clean_up_tokenization_spaces=False))
            if marked:
                words = self._control[1].sub(lambda token: token[0] if token[0] in _HARMONY or marks_thinking(token[0]) else "", words)
            _keep(self._decoded, sampled, words, len(sampled))
        return words

    def reply(self, prompt_ids: Sequence[int], written: str) -> tuple[str, str]:
        """Reply and thinking of what was written after a prompt, which may have opened the thinking itself."""
        return split_thinking(self._opening(prompt_ids) + written)

    def _opening(self, prompt_ids: Sequence[int]) -> str:
        """The mark of thinking that ends a prompt, as some templates begin every reply."""
        last = tuple(prompt_ids[-12:])
        if last not in self._openings:
            if len(self._openings) >= _FRAMES:
                self._openings.clear()
            self._openings[last] = opening_at_end(str(self.tokenizer.decode(list(last), skip_special_tokens=False)))
        return self._openings[last]

    def check(self, name: str) -> None:
        """Raise `BadOption` where a model would not see the whole chat (see `check_form`)."""
        check_form(lambda messages: self._render(messages, generate=True), name)

    @cached_property
    def _form(self) -> ChatForm:
        """How chats must be put for this template."""
        return form_of(lambda messages: self._rendered(messages, generate=True))

    def _render(self, messages: Sequence[Message], *, generate: bool) -> str:
        return self._rendered(self._form.of(messages), generate=generate)

    def _rendered(self, messages: Sequence[Message], *, generate: bool) -> str:
        return str(
            self.tokenizer.apply_chat_template(
                [dict(message) for message in messages], tokenize=False, add_generation_prompt=generate, **self._settings
            )
        )

    @cached_property
    def _thinking_ids(self) -> frozenset[int]:
        """The control tokens that mark thinking."""
        added = self.tokenizer.added_tokens_decoder.items()
        return frozenset(token_id for token_id, token in added if token.special and marks_thinking(str(token.content)))

    @cached_property
    def _control(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Finds control tokens: all of them; those marked special alone."""
        added = self.tokenizer.added_tokens_decoder.values()
        every = sorted({str(token.content) for token in added} | set(self.tokenizer.all_special_tokens), key=len, reverse=True)
        special = sorted(
            {str(token.content) for token in added if token.special} | set(self.tokenizer.all_special_tokens), key=len, reverse=True
        )
        return _any_of(every), _any_of(special)

    def _disarmed(self, messages: Sequence[Message]) -> tuple[list[Message], dict[str, str]]:
        """The messages with a sign in the place of each control token, and what the signs stand for.

        Messages of the assistant may hold tokens that are no special ones, such as `<think>`: templates look for them.
        """
        every, special = self._control
        hidden: dict[str, str] = {}
        text = "".join(message["content"] for message in messages)
        if not every.search(text):
            return list(messages), hidden
        base = _unused(text)
        signs: dict[str, str] = {}

        def sign(match: re.Match[str]) -> str:
            replacement = signs.setdefault(match[0], f"{base}{len(signs)}{base}")
            hidden[replacement] = match[0]
            return replacement

        out: list[Message] = []
        for message in messages:
            wanted = special if message["role"] == "assistant" else every
            out.append({**message, "content": wanted.sub(sign, message["content"])})
        return out, hidden

    def _encode(self, text: str, hidden: dict[str, str]) -> tuple[int, ...]:
        if not hidden:
            return self._tokens(text)
        ids: list[int] = []
        for part in re.split("(" + "|".join(map(re.escape, hidden)) + ")", text):
            for piece in hidden.get(part, "") if part in hidden else (part,):
                if piece:
                    ids.extend(self._tokens(piece))
        return tuple(ids)

    def _tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of a text. Matches of a small game, and the beginnings of all, show the same views again and again."""
        ids = self._encoded.get(text)
        if ids is None:
            core = getattr(self.tokenizer, "backend_tokenizer", None)
            if core is None or core.padding is not None or core.truncation is not None:
                ids = tuple(self.tokenizer(text, add_special_tokens=False).input_ids)
            else:
                ids = tuple(core.encode(text, add_special_tokens=False).ids)  # the same without the general front: half the time
            _keep(self._encoded, text, ids, len(ids))
        return ids


def _keep(store: dict[K, V], key: K, value: V, tokens: int) -> None:
    if tokens > _SHORT:
        return
    if len(store) >= _TEXTS:
        store.clear()
    store[key] = value


def _plain(text: str) -> bool:
    """Whether every template puts a message in as it stands: some strip white space, or look for tags at the edges."""
    return text != "" and not (text[0].isspace() or text[-1].isspace() or text[0] == "<" or text[-1] == ">")


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)) or r"(?!)")


def _unused(text: str) -> str:
    """A short string that does not occur in `text`: characters for private use, which no word is written with."""
    sign = "\ue000"
    while sign in text:
        sign += "\ue000"
    return sign
