"""What a model's chat template takes, tried out once: whether it knows a system message, and what it shows of a chat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agentarena.core.display import printable
from agentarena.core.errors import BadOption

__all__ = ["ChatForm", "check_form", "fold_system", "form_of"]

Message = Mapping[str, str]
Render = Callable[[Sequence[Message]], str]

_PARTS = {
    "the system message": {"role": "system", "content": "sentinel-rules"},
    "earlier messages of the user": {"role": "user", "content": "sentinel-question"},
    "the model's earlier replies": {"role": "assistant", "content": "sentinel-reply"},
    "the last message": {"role": "user", "content": "sentinel-next"},
}
"""A chat in which every message can be told apart, by what each is."""


@dataclass(frozen=True, slots=True)
class ChatForm:
    """How chats must be put for a template.

    Attributes:
        system: Whether it takes a system message; else the words of one go before those of the first user message.
        repeats: Whether it takes messages of one role in a row; else they become one.
    """

    system: bool = True
    repeats: bool = True

    def of(self, messages: Sequence[Message]) -> Sequence[Message]:
        """A chat in this form."""
        if not self.system:
            messages = fold_system(messages)
        return messages if self.repeats else _joined(messages)


def form_of(render: Render) -> ChatForm:
    """The form that a template takes; where it refuses every form, the plain one."""
    for system in (True, False):
        for repeats in (True, False):
            form = ChatForm(system, repeats)
            if all(_renders(render, form.of(chat)) for chat in (list(_PARTS.values()), _REPEATED)):
                return form
    return ChatForm()


def check_form(render: Render, name: str) -> None:
    """Refuse a template under which a model would not see the whole chat.

    Args:
        render: Renders a chat, in the form of the template.
        name: The model, for the message.

    Raises:
        BadOption: The template cannot be rendered, or leaves out or reorders messages.
    """
    advice = "take another model, or give its tokenizer a template that shows the whole chat"
    try:
        text = render(list(_PARTS.values()))
    except Exception as error:  # templates are programs of the model's makers
        raise BadOption(
            f"the chat template of {name} cannot be rendered ({printable(f'{type(error).__name__}: {error}', 300)}); {advice}"
        ) from error
    places = [text.find(part["content"]) for part in _PARTS.values()]
    for what, place in zip(_PARTS, places, strict=True):
        if place < 0:
            raise BadOption(f"the chat template of {name} leaves out {what}, so the model could not follow a match; {advice}")
    if places != sorted(places):
        raise BadOption(f"the chat template of {name} changes the order of messages; {advice}")


def fold_system(messages: Sequence[Message]) -> list[Message]:
    """A chat without a system message: its words stand before those of the first message of the user.

    >>> fold_system([{"role": "system", "content": "Rules."}, {"role": "user", "content": "Move."}])
    [{'role': 'user', 'content': 'Rules.\\n\\nMove.'}]
    """
    if not messages or messages[0]["role"] != "system":
        return list(messages)
    system, *rest = messages
    if rest and rest[0]["role"] == "user":
        return [{**rest[0], "content": "\n\n".join(part for part in (system["content"], rest[0]["content"]) if part)}, *rest[1:]]
    return [{"role": "user", "content": system["content"]}, *rest]


_REPEATED = [
    {"role": "system", "content": "sentinel-rules"},
    {"role": "user", "content": "sentinel-question"},
    {"role": "user", "content": "sentinel-next"},
]


def _joined(messages: Sequence[Message]) -> list[Message]:
    """A chat in which messages of one role in a row have become one."""
    out: list[Message] = []
    for message in messages:
        if out and out[-1]["role"] == message["role"]:
            out[-1] = {**out[-1], "content": f"{out[-1]['content']}\n\n{message['content']}"}
        else:
            out.append(message)
    return out


def _renders(render: Render, messages: Sequence[Message]) -> bool:
    try:
        render(messages)
    except Exception:
        return False
    return True
