"""Ways to come to a decision, on top of any back-end: generators that ask for completions and return a reply.

    def direct(view, prompt):
        (completion,) = yield [prompt.ask()]
        return prompt.reply(completion)

A strategy yields a list of requests and is sent their completions, all of which are under way at once. What it says in
`system` is added to the system message. A third party's strategy is any such callable, named "package.module:function"
in a spec string.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agentarena.core import registry
from agentarena.core.actions import violation
from agentarena.core.agent import Agent, AsyncAgent, Decision, HasPolicy, Reply, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UnknownName
from agentarena.core.limits import THINKING
from agentarena.core.record import Record
from agentarena.core.replay import steps
from agentarena.core.text import Unreadable

from .chat import Prompt
from .engine import Completion, Request
from .settings import check_number, check_text

__all__ = ["STRATEGIES", "Steps", "Strategy", "candidates", "check_strategy", "direct", "plan", "react", "recall", "strategy", "vote"]

Steps = Generator[Sequence[Request], Sequence[Completion], Decision]
Strategy = Callable[[View, Prompt], Steps]


def _says(system: str) -> Callable[[Strategy], Strategy]:
    """Words that a strategy adds to the system message."""

    def mark(strategy: Strategy) -> Strategy:
        strategy.system = system  # type: ignore[attr-defined]  # functions take attributes
        return strategy

    return mark


def _draws(n: int, name: str) -> Callable[[Strategy], Strategy]:
    """How many replies to one prompt a strategy compares: at temperature 0 they are all the same."""

    def mark(strategy: Strategy) -> Strategy:
        strategy.draws, strategy.name = n, name  # type: ignore[attr-defined]  # functions take attributes
        return strategy

    return mark


def direct(view: View, prompt: Prompt) -> Steps:
    """Asks once."""
    (completion,) = yield [prompt.ask()]
    return prompt.reply(completion)


@_says("Think before you move: write a few sentences on the position and your options, then your move on a line of its own.")
def react(view: View, prompt: Prompt) -> Steps:
    """Reasoning and move in one reply."""
    (completion,) = yield [prompt.ask(options=None)]
    return prompt.reply(completion)


def plan(view: View, prompt: Prompt) -> Steps:
    """First a plan, then a move with the plan in its prompt."""
    (thought,) = yield [prompt.ask("Do not move yet. Write a short plan: what you want, and what the others may do.")]
    (completion,) = yield [prompt.ask(f"Your plan:\n{thought.text}\n\nNow move.", options=_options(view, prompt))]
    return _with_thought(prompt.reply(completion), thought.text)


def vote(n: int) -> Strategy:
    """Self-consistency: asks `n` times at once and takes the move that most replies name, the earliest of equals."""

    @_draws(n, "strategy=vote")
    def decide(view: View, prompt: Prompt) -> Steps:
        completions = yield [prompt.ask() for _ in range(n)]
        moves = [_move(view, completion.text) for completion in completions]
        counts = Counter(move for move in moves if move is not None)
        if not counts:
            return prompt.reply(completions[0])
        return prompt.reply(completions[moves.index(counts.most_common(1)[0][0])])

    return decide


def candidates(n: int, policy: Agent) -> Strategy:
    """The model proposes moves in `n` replies, a policy chooses among them, as in Cicero.

    A policy that can say its probabilities (`HasPolicy`) takes the likeliest candidate; of another, the move it would play
    itself, where that is a candidate. The first candidate settles the rest. It is asked in the back-end's own thread, so it must
    answer at once.

    Raises:
        BadOption: The policy answers in its own time, as language models do.
    """
    if isinstance(policy, AsyncAgent):
        raise BadOption(
            f"policy={shown(policy.name)} answers in its own time, as language models and agents in other processes do; candidates are "
            "chosen by an agent that answers at once, e.g. mcts or a bot of the game"
        )

    @_draws(n, "strategy=candidates")
    def decide(view: View, prompt: Prompt) -> Steps:
        completions = yield [prompt.ask() for _ in range(n)]
        proposed = {move: one for one in reversed(completions) if (move := _move(view, one.text)) is not None}
        if not proposed:
            return prompt.reply(completions[0])
        ordered = list(reversed(proposed))
        if isinstance(policy, HasPolicy):
            chances = policy.policy(view)
            chosen = max(ordered, key=lambda move: chances.get(view.read(move), 0.0))
        else:
            own = policy.act([view])[0]
            chosen = next((move for move in ordered if view.read(move) == own), ordered[0])
        return prompt.reply(proposed[chosen])

    decide.chooser = policy  # type: ignore[attr-defined]
    return decide


class Past(NamedTuple):
    """A decision of a finished match."""

    env: str
    view: str
    words: frozenset[str]
    move: str
    result: float


def recall(n: int, past: Sequence[Past]) -> Strategy:
    """Shows the `n` decisions of finished matches that resemble the present one most, and how those matches ended."""

    def decide(view: View, prompt: Prompt) -> Steps:
        like = nearest(past, _env(view.game), view.text_without_choices, n)
        examples = [f"You saw:\n{one.view}\nYou moved {one.move}; your return in the end was {one.result:g}." for one in like]
        before = ["From earlier matches:\n\n" + "\n\n".join(examples) + "\n\nNow it is your move in this match."] if examples else []
        (completion,) = yield [prompt.ask(*before, options=_options(view, prompt))]
        return prompt.reply(completion)

    return decide


def nearest(past: Sequence[Past], env: str, text: str, n: int) -> list[Past]:
    """The decisions whose words overlap most with `text` (Jaccard index), better results first among equals."""
    words = _words(text)
    own = [one for one in past if one.env == env]
    return sorted(own, key=lambda one: (-len(words & one.words) / len(words | one.words), -one.result, one.view, one.move))[:n]


@functools.lru_cache(maxsize=8)
def remembered(path: str) -> tuple[Past, ...]:
    """Every decision of a record file, as its seat saw it, with the return of that seat.

    Raises:
        BadOption: There is no such file.
        CorruptRecord: A line is no record.
        RecordMismatch: A record cannot be played again.
    """
    results: dict[tuple[str, str, str], list[float]] = {}
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise BadOption(f"past={path!r} is no record file: {error}") from error
    for number, line in enumerate(lines, 1):
        record = Record.parse(line, f"{path}, line {number}")
        for match, actions in steps(record):
            for seat, action in actions.items():
                view = match.view(seat)
                decision = (record.env, view.text_without_choices, view.write(action))
                results.setdefault(decision, []).append(record.returns[seat])
    return tuple(Past(*key[:2], _words(key[1]), key[2], sum(returns) / len(returns)) for key, returns in results.items())


@functools.lru_cache(maxsize=64)
def _env(game: Any) -> str:
    return registry.env_id_of(game)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+|[^\w\s]", text.lower()))


def _move(view: View, reply: str) -> str | None:
    """The legal move that a reply names, as the game writes it."""
    action = view.read(reply)
    if isinstance(action, Unreadable) or violation(view.legal, action):
        return None
    return view.write(action)


def _options(view: View, prompt: Prompt) -> Any:
    return view.options if prompt.constrained else None


def _with_thought(reply: Reply, thought: str) -> Reply:
    return dataclasses.replace(reply, thinking="\n\n".join(part for part in (thought, reply.thinking) if part)[:THINKING])


STRATEGIES = ("candidates", "direct", "plan", "react", "recall", "vote")
"""Names of the strategies of this module."""


def check_strategy(name: Any, n: Any) -> None:
    """Refuse what names no strategy, before anything is loaded for it; arguments are those of `strategy`."""
    check_number("n", n, 1, 1000, whole=True)
    if callable(name):
        return
    check_text("strategy", name)
    if name not in STRATEGIES and ":" not in name:
        raise UnknownName("strategy", name, STRATEGIES)


def strategy(name: str | Strategy, *, n: int = 5, policy: str | Agent | None = None, past: str | None = None) -> Strategy:
    """The strategy of that name; a callable stands for itself.

    Args:
        name: One of `STRATEGIES`, or "package.module:function".
        n: Votes, candidates, or decisions recalled.
        policy: Who chooses among candidates: a spec string or an agent.
        past: Record file to recall from.

    Raises:
        UnknownName: No such strategy.
        BadOption: It lacks what it needs.
    """
    check_strategy(name, n)
    if callable(name):
        return name
    if name in ("direct", "react", "plan"):
        return {"direct": direct, "react": react, "plan": plan}[name]
    if name == "vote":
        return vote(n)
    if name == "candidates":
        if not isinstance(policy, str | Agent):
            raise BadOption("strategy=candidates needs policy=SPEC, the agent that chooses among the candidates")
        from agentarena.agents.specs import agent

        chooser = agent(policy)
        try:
            return candidates(n, chooser)
        except BadOption:
            chooser.close()
            raise
    if name == "recall":
        if not isinstance(past, str) or not past:
            raise BadOption("strategy=recall needs past=FILE, a record file to recall from")
        return recall(n, remembered(past))
    loaded: Strategy = registry.load(name)
    if not callable(loaded):
        raise BadOption(f"strategy={name} is {shown(loaded)}; expected a function of a view and a prompt")
    return loaded
