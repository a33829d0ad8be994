"""Strategies in which a policy chooses among moves that the model proposes: `candidates`, and `sla` with deductions before them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentarena.agents.llm.chat import Prompt
from agentarena.agents.llm.engine import Completion
from agentarena.core.agent import Agent, AsyncAgent, HasPolicy, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .base import Steps, Strategy, draws, excerpt, legal_move, options, with_thought

__all__ = ["candidates", "check_policy", "choose", "deductions", "sla"]


def check_policy(policy: Agent) -> None:
    """Refuse a policy that cannot choose within a decision.

    Raises:
        BadOption: It answers in its own time, as language models do.
    """
    if isinstance(policy, AsyncAgent):
        raise BadOption(
            f"policy={shown(policy.name)} answers in its own time, as language models and agents in other processes do; candidates are "
            "chosen by an agent that answers at once, e.g. mcts or a bot of the game"
        )


def choose(view: View, policy: Agent, completions: Sequence[Completion]) -> Completion:
    """The completion whose move the policy prefers.

    A policy that can say its probabilities (`HasPolicy`) takes the likeliest move; of another, the move it would play itself, where
    that is among them. The first completion with a legal move settles the rest; the very first one where none has one.
    """
    proposed = {move: one for one in reversed(completions) if (move := legal_move(view, one.text)) is not None}
    if not proposed:
        return completions[0]
    ordered = list(reversed(proposed))
    if isinstance(policy, HasPolicy):
        chances = policy.policy(view)
        return proposed[max(ordered, key=lambda move: chances.get(view.read(move), 0.0))]
    own = policy.act([view])[0]
    return proposed[next((move for move in ordered if view.read(move) == own), ordered[0])]


def candidates(n: int, policy: Agent) -> Strategy:
    """The model proposes moves in `n` replies, a policy chooses among them (`choose`).

    The policy is asked in the back-end's own thread, so it must answer at once.

    Raises:
        BadOption: See `check_policy`.
    """
    check_policy(policy)

    @draws(n, "strategy=candidates")
    def decide(view: View, prompt: Prompt) -> Steps:
        completions = yield [prompt.ask() for _ in range(n)]
        return prompt.reply(choose(view, policy, completions))

    decide.chooser = policy  # type: ignore[attr-defined]
    return decide


# --- SLA ----------------------------------------------------------------------------------------------------------------

_DEDUCE = (
    "Do not move yet. First deduce: for every other player write one line NAME: ROLE, confidence C - REASON. ROLE is the role or "
    "intention you think they have, or uncertain; C is a whole number from 5 (a guess) to 10 (certain)."
)
_DEDUCTION = re.compile(
    r"\s*[-*]?\s*(?P<who>[^:\n]{1,60}):\s*(?P<role>[^,\n]{1,60}),\s*confidence\s*:?\s*(?P<sure>10|[5-9])\b(?P<why>[^\n]{0,300})"
)
_MOST_DEDUCTIONS = 32
_LISTED = 300
"""Longest candidate that is listed for the next one, in characters."""


def deductions(text: str) -> str:
    """The lines of a completion that are deductions, the most confident first; the whole of it, cut, where none is.

    >>> deductions("Let me think.\\nAnn: seer, confidence 6 - she reported\\nBob: werewolf, confidence 9")
    'Bob: werewolf, confidence 9\\nAnn: seer, confidence 6 - she reported'
    """
    lines = [match for line in text[:20_000].splitlines() if (match := _DEDUCTION.match(line))]
    lines.sort(key=lambda match: -int(match["sure"]))
    reading = [f"{one['who'].strip()}: {one['role'].strip()}, confidence {one['sure']}{one['why'].rstrip()}" for one in lines]
    return excerpt("\n".join(reading[:_MOST_DEDUCTIONS]) or text)


def sla(n: int, policy: Agent) -> Strategy:
    """Deductions on each other player, `n` candidates one after another, each to differ from those before, a policy chooses.

    After SLA (Z. Xu and others, arXiv 2310.18940, read second-hand). Its deductions number the statements that they rest on and its
    policy is a network over embeddings of text; here deductions are lines of role, confidence and reason, and the policy is any
    agent that answers at once: a trained one, a bot, or one that can say its probabilities. It chooses as in `choose`.

    Raises:
        BadOption: See `check_policy`.
    """
    check_policy(policy)

    def decide(view: View, prompt: Prompt) -> Steps:
        (deduced,) = yield [prompt.ask(_DEDUCE, options=None)]
        thought = deductions(deduced.text)
        proposed: list[Completion] = []
        for _ in range(n):
            (completion,) = yield [prompt.ask(*_differing(thought, proposed), options=options(view, prompt))]
            proposed.append(completion)
        return with_thought(prompt.reply(choose(view, policy, proposed)), thought)

    decide.chooser = policy  # type: ignore[attr-defined]
    return decide


def _differing(thought: str, proposed: Sequence[Completion]) -> list[str]:
    """What the model reads before its next candidate."""
    parts = [f"Your deductions:\n{thought}"]
    if proposed:
        listed = "\n".join(f"{number}. {excerpt(one.text, _LISTED)}" for number, one in enumerate(proposed, 1))
        parts.append(f"Moves already proposed:\n{listed}\n\nNow move, with a strategy that differs from these.")
    else:
        parts.append("Now move.")
    return parts
