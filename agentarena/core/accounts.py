"""What the decisions of a match took: answers, time, and what replies report. Kept beside records, since clocks differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import limits
from .display import is_interrupt
from .errors import AgentFault
from .record import Cost, Fixture
from .reply import usage_of

__all__ = ["Accounts"]


class Accounts:
    """Sums by seat."""

    __slots__ = ("_sums",)

    def __init__(self) -> None:
        self._sums: dict[int, list[Any]] = {}

    def add_time(self, seat: int, seconds: float) -> None:
        """Count one answer of `seat` and how long it took."""
        sums = self._sums.get(seat)
        if sums is None:
            sums = self._sums[seat] = [0, 0.0, {}]
        sums[0] += 1
        sums[1] += seconds

    def add_usage(self, seat: int, usage: Mapping[str, float]) -> None:
        """Add to what the answers of `seat` used, e.g. tokens.

        Raises:
            ValueError: It would be more than `limits.USAGE_NAMES` names; nothing is added.
        """
        if usage:
            sums = self._sums.setdefault(seat, [0, 0.0, {}])[2]
            if len(sums.keys() | usage.keys()) > limits.USAGE_NAMES:
                raise ValueError(f"Reply.usage has more than {limits.USAGE_NAMES} names in one match")
            for name, value in usage.items():
                sums[name] = sums.get(name, 0) + value

    def add_usage_of(self, seat: int, fault: AgentFault) -> None:
        """Add what an answer used that failed, as far as it can be counted."""
        try:
            self.add_usage(seat, usage_of(fault.usage) or {})
        except BaseException as error:
            if is_interrupt(error):
                raise

    def entries(self, fixture: Fixture) -> tuple[Cost, ...]:
        """One ledger entry a seat that answered."""
        return tuple([Cost(fixture.match, seat, fixture.seats[seat], *sums) for seat, sums in sorted(self._sums.items()) if sums[0]])
