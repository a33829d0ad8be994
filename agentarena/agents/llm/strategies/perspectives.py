"""ReCon-style thinking: one's own view first, then how the others will take what one is about to do."""

from __future__ import annotations

from agentarena.agents.llm.chat import Prompt
from agentarena.core.agent import View

from .base import Steps, excerpt, options, with_thought

__all__ = ["recon"]

_FIRST = (
    "Do not move yet. First perspective, your own: what do you know, what do you infer of each other player's role and intentions, "
    "and who may deceive you? Then write a draft of your move."
)
_SECOND = (
    "Do not move yet. Second perspective, the others': what will each of them conclude about you from this draft, and does that serve "
    "your goal? Say what to change."
)


def recon(view: View, prompt: Prompt) -> Steps:
    """Thinks from the own perspective and drafts, reconsiders the draft with the others' eyes, then moves.

    After ReCon (S. Wang and others, "Avalon's game of thoughts", arXiv 2310.01320, read second-hand), whose formulation and refinement
    are two prompts each; here each perspective is one, and the move a third.
    """
    (first,) = yield [prompt.ask(_FIRST, options=None)]
    draft = f"Your thoughts and draft:\n{excerpt(first.text)}"
    (second,) = yield [prompt.ask(draft, _SECOND, options=None)]
    revised = f"How the others will take it:\n{excerpt(second.text)}"
    (completion,) = yield [prompt.ask(draft, revised, "Now make your final move.", options=options(view, prompt))]
    return with_thought(prompt.reply(completion), first.text, second.text)
