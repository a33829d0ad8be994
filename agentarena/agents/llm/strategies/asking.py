"""Strategies that ask for a move: once, with thought, after a plan, or several times to vote."""

from __future__ import annotations

from collections import Counter

from agentarena.agents.llm.chat import Prompt
from agentarena.core.agent import View

from .base import Steps, Strategy, draws, legal_move, options, says, with_thought

__all__ = ["direct", "plan", "react", "vote"]


def direct(view: View, prompt: Prompt) -> Steps:
    """Asks once."""
    (completion,) = yield [prompt.ask()]
    return prompt.reply(completion)


@says("Think before you move: write a few sentences on the position and your options, then your move on a line of its own.")
def react(view: View, prompt: Prompt) -> Steps:
    """Reasoning and move in one reply."""
    (completion,) = yield [prompt.ask(options=None)]
    return prompt.reply(completion)


def plan(view: View, prompt: Prompt) -> Steps:
    """First a plan, then a move with the plan in its prompt."""
    (thought,) = yield [prompt.ask("Do not move yet. Write a short plan: what you want, and what the others may do.")]
    (completion,) = yield [prompt.ask(f"Your plan:\n{thought.text}\n\nNow move.", options=options(view, prompt))]
    return with_thought(prompt.reply(completion), thought.text)


def vote(n: int) -> Strategy:
    """Self-consistency: asks `n` times at once and takes the move that most replies name, the earliest of equals."""

    @draws(n, "strategy=vote")
    def decide(view: View, prompt: Prompt) -> Steps:
        completions = yield [prompt.ask() for _ in range(n)]
        moves = [legal_move(view, completion.text) for completion in completions]
        counts = Counter(move for move in moves if move is not None)
        if not counts:
            return prompt.reply(completions[0])
        return prompt.reply(completions[moves.index(counts.most_common(1)[0][0])])

    return decide
