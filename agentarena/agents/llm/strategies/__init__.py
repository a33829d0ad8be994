"""Ways to come to a decision, on top of any back-end: generators that ask for completions and return a reply.

    def direct(view, prompt):
        (completion,) = yield [prompt.ask()]
        return prompt.reply(completion)

A strategy yields a list of requests and is sent their completions, all of which are under way at once. What it says in
`system` is added to the system message. A third party's strategy is any such callable, named "package.module:function"
in a spec string.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentarena.agents.llm.settings import check_number, check_text
from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UnknownName

from .asking import direct, plan, react, vote
from .base import Steps, Strategy
from .choosing import candidates, sla
from .cicero import cicero
from .perspectives import recon
from .recall import recall, remembered

__all__ = [
    "STRATEGIES",
    "Steps",
    "Strategy",
    "candidates",
    "check_strategy",
    "cicero",
    "default_n",
    "direct",
    "plan",
    "react",
    "recall",
    "recon",
    "sla",
    "strategy",
    "vote",
]

_PLAIN: dict[str, Strategy] = {"direct": direct, "plan": plan, "react": react, "recon": recon}
STRATEGIES = tuple(sorted([*_PLAIN, "candidates", "cicero", "recall", "sla", "vote"]))
"""Names of the strategies of this package."""


def default_n(name: Any) -> int:
    """Votes, candidates or examples where `n` is not given."""
    return 3 if name == "sla" else 5


def check_strategy(name: Any, n: Any) -> None:
    """Refuse what names no strategy, before anything is loaded for it; arguments are those of `strategy`."""
    check_number("n", n, 1, 1000, whole=True)
    if callable(name):
        return
    check_text("strategy", name)
    if name not in STRATEGIES and ":" not in name:
        raise UnknownName("strategy", name, STRATEGIES)


def strategy(
    name: str | Strategy, *, n: int = 5, policy: str | Agent | None = None, past: str | None = None, acts: str | None = None
) -> Strategy:
    """The strategy of that name; a callable stands for itself.

    Args:
        name: One of `STRATEGIES`, or "package.module:function".
        n: Votes, candidates, or decisions recalled; `default_n` is what spec strings take.
        policy: Who decides, or chooses among candidates: a spec string or an agent.
        past: Record file to recall from.
        acts: "package.module:function", a game's speech acts in words, for `cicero`.

    Raises:
        UnknownName: No such strategy.
        BadOption: It lacks what it needs.
    """
    check_strategy(name, n)
    if callable(name):
        return name
    if name in _PLAIN:
        return _PLAIN[name]
    if name == "vote":
        return vote(n)
    if name == "candidates":
        return _with_policy(name, policy, lambda chooser: candidates(n, chooser))
    if name == "sla":
        return _with_policy(name, policy, lambda chooser: sla(n, chooser))
    if name == "cicero":
        words = None if acts is None else _function("acts", acts)
        return _with_policy(name, policy, lambda chooser: cicero(chooser, words))
    if name == "recall":
        if not isinstance(past, str) or not past:
            raise BadOption("strategy=recall needs past=FILE, a record file to recall from")
        return recall(n, remembered(past))
    loaded: Strategy = _function("strategy", name)
    return loaded


def _with_policy(name: str, policy: str | Agent | None, make: Callable[[Agent], Strategy]) -> Strategy:
    """A strategy in which an agent decides; an agent that does not fit is closed again."""
    if not isinstance(policy, str | Agent):
        raise BadOption(f"strategy={name} needs policy=SPEC, the agent that chooses among the candidates")
    from agentarena.agents.specs import agent

    chooser = agent(policy)
    try:
        return make(chooser)
    except BadOption:
        chooser.close()
        raise


def _function(parameter: str, name: Any) -> Callable[..., Any]:
    """What "package.module:function" names."""
    check_text(parameter, name)
    loaded: Callable[..., Any] = registry.load(name)
    if not callable(loaded):
        raise BadOption(
            f"{parameter}={name} is {shown(loaded)}; expected a function of a view and a {'prompt' if parameter == 'strategy' else 'move'}"
        )
    return loaded
