"""What an agent may use in a run, in tokens, money and time, and what it has used."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from agentarena.core.errors import BadOption, BudgetSpent

from .engine import Completion

__all__ = ["Budget", "Meter", "usage"]


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one agent, counted from when it was made; `None` is without limit.

    Attributes:
        tokens: Tokens read and written.
        money: US dollars; needs known prices.
        seconds: Seconds since the first question.
    """

    tokens: int | None = None
    money: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "money", "seconds"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
                raise BadOption(f"budget of {name} must be greater than 0, got {value!r}")


class Meter:
    """Counts against a budget. Any thread may count."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._began: float | None = None
        self.tokens, self.money = 0, 0.0

    def start(self) -> None:
        """The first question begins the time."""
        if self._began is None:
            self._began = time.monotonic()

    def add(self, completion: Completion) -> None:
        """Count a reply."""
        with self._lock:
            self.tokens += completion.prompt_tokens + completion.completion_tokens
            self.money += completion.cost or 0.0

    def spent(self) -> BudgetSpent | None:
        """What ends the run, if a limit is reached."""
        budget = self._budget
        if budget.tokens is not None and self.tokens >= budget.tokens:
            return BudgetSpent(f"the budget of {budget.tokens} tokens is spent ({self.tokens})")
        if budget.money is not None and self.money >= budget.money:
            return BudgetSpent(f"the budget of ${budget.money:g} is spent (${self.money:.4f})")
        if budget.seconds is not None and self._began is not None and time.monotonic() - self._began >= budget.seconds:
            return BudgetSpent(f"the budget of {budget.seconds:g} seconds is spent")
        return None


def usage(completion: Completion) -> dict[str, float]:
    """What a reply used, as the ledger sums it. An unknown cost is left out, never 0.

    >>> usage(Completion("4", prompt_tokens=80, completion_tokens=3))
    {'calls': 1, 'prompt_tokens': 80, 'completion_tokens': 3, 'retries': 0}
    """
    counts: dict[str, float] = {
        "calls": 1,
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "retries": completion.retries,
    }
    return counts if completion.cost is None else {**counts, "cost": completion.cost}
