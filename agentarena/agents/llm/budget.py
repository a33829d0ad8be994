"""What an agent has used of its limits, in tokens, money and time."""

from __future__ import annotations

import threading
import time

from agentarena.core.errors import BudgetSpent

from .engine import Completion
from .settings import Limits

__all__ = ["Meter", "usage"]


class Meter:
    """Counts against limits. Any thread may count."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
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
        limits = self._limits
        if limits.budget_tokens is not None and self.tokens >= limits.budget_tokens:
            return BudgetSpent(f"the budget of {limits.budget_tokens} tokens is spent ({self.tokens})")
        if limits.budget_usd is not None and self.money >= limits.budget_usd:
            return BudgetSpent(f"the budget of ${limits.budget_usd:g} is spent (${self.money:.4f})")
        if limits.budget_s is not None and self._began is not None and time.monotonic() - self._began >= limits.budget_s:
            return BudgetSpent(f"the budget of {limits.budget_s:g} seconds is spent")
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
