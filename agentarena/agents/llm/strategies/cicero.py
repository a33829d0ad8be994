"""Cicero-style play: a policy decides what to do and what to say, the model finds the words."""

from __future__ import annotations

from collections.abc import Callable

from agentarena.agents.llm.chat import Prompt
from agentarena.agents.llm.engine import Completion
from agentarena.core.actions import Action, Spoken, violation
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import AgentNonsense
from agentarena.core.text import Unreadable, words_in

from .base import Steps, Strategy, excerpt
from .choosing import check_policy

__all__ = ["Acts", "cicero", "worded"]

Acts = Callable[[View, int], str | None]
"""What a move says, as an instruction to whoever words it, e.g. "Accuse seat 3 of being a werewolf."; `None` where the move as the
game writes it says enough."""

_WORDS = 300
"""Longest wording, in characters."""
_SAMPLE = "yes"
_FIXED = (
    "You have decided: {intent}\nSay just that to the others, in one or two sentences of your own. Write them as <say>WORDS</say> "
    "and nothing else."
)


def cicero(policy: Agent, acts: Acts | None = None) -> Strategy:
    """A policy chooses the move; where words may go with it, the model words the intent, and both are played.

    After the Cicero-like baseline of LSPO (arXiv 2502.04686, read second-hand): predefined speech acts, one chosen by a policy and
    worded by the model. The policy sees the view alone, so its probabilities over moves are those of a bot, a search or a trained
    agent. Moves without words, and words that the game does not take, cost the words and never the move.

    Args:
        policy: Who decides; it must answer at once.
        acts: The game's own list of speech acts in words.

    Raises:
        BadOption: See `check_policy`.
    """
    check_policy(policy)

    def decide(view: View, prompt: Prompt) -> Steps:
        action = _decided(view, policy)
        if not _speaks(view, action):
            return prompt.reply(Completion(view.write(action)))
        intent = (acts(view, int(action)) if acts else None) or view.write(int(action))
        (completion,) = yield [prompt.ask(_FIXED.format(intent=intent), options=None)]
        return prompt.reply(Completion(worded(view, action, completion.text), completion.thinking))

    decide.chooser = policy  # type: ignore[attr-defined]
    return decide


def worded(view: View, action: Action, text: str) -> str:
    """The reply that plays `action` with a completion's words, or without them where they cannot be said."""
    words = words_in(text)
    if isinstance(words, Unreadable) or not words:
        words = text
    words = excerpt(" ".join(words.replace("<", " ").replace(">", " ").split()), _WORDS)
    reply = view.write(Spoken(action, words, getattr(action, "notes", None)))
    return view.write(action) if view.read(reply) != action else reply


def _decided(view: View, policy: Agent) -> Action:
    """The policy's move."""
    decision = policy.act([view])[0]
    action = view.read(decision.text) if isinstance(decision, Reply) else decision
    reason = action.reason if isinstance(action, Unreadable) else violation(view.legal, action)
    if reason:
        raise AgentNonsense(f"the policy {policy.name} of strategy=cicero chose a move that cannot be played: {reason}")
    return action


def _speaks(view: View, action: Action) -> bool:
    """Whether words can go with the move: a game writes them only where they are heard."""
    if not isinstance(action, int):
        return False
    return isinstance(spoken := view.read(view.write(Spoken(int(action), _SAMPLE))), Spoken) and spoken.words == _SAMPLE
