"""What a model is asked when it proposes something to say: the same chat for the small speaker and for a large model.

The user message ends with what was already proposed, so prompts that differ in that alone share all tokens before it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SpeechPrompt", "messages"]

_REQUEST = (
    "Your role: {role}. Say one thing to the others in one or two sentences. "
    "It must differ in strategy from what was already proposed. Reply with these words alone."
)


@dataclass(frozen=True, slots=True)
class SpeechPrompt:
    """A request for one candidate utterance.

    Attributes:
        role: The speaker's role, in the game's word; "player" where roles do not differ.
        view: What the speaker knows, as `View.compact` says it.
        listed: The candidates that were proposed before.
    """

    role: str
    view: str
    listed: tuple[str, ...] = ()

    @property
    def request(self) -> str:
        """The request alone: the same for all prompts of a role."""
        return _REQUEST.format(role=self.role)

    @property
    def user(self) -> str:
        """The view, and what was already proposed."""
        return "\n- ".join([f"{self.view}\nAlready proposed:", *map(_line, self.listed)]) if self.listed else self.view


def _line(words: str) -> str:
    return " ".join(words.split())


def messages(prompt: SpeechPrompt, rules: str = "") -> tuple[dict[str, str], ...]:
    """The prompt as a chat.

    Args:
        prompt: The request.
        rules: The game's rules, for models that do not know them.

    >>> messages(SpeechPrompt("seer", "It is day 1.", ("I pass.",)))[1]["content"]
    'It is day 1.\\nAlready proposed:\\n- I pass.'
    """
    system = f"{rules}\n{prompt.request}" if rules else prompt.request
    return {"role": "system", "content": system}, {"role": "user", "content": prompt.user}
