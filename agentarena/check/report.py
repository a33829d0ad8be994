"""What came of checking a game: a list of named results, as data and as lines to print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agentarena.core.errors import ContractError

__all__ = ["Report", "Result", "Status"]

Status = Literal["pass", "fail", "n/a"]
_NAMED = 3
"""How many results of one reason are named after the first."""
_SIGNS = {"pass": "ok  ", "fail": "FAIL", "n/a": "n/a "}


@dataclass(frozen=True, slots=True)
class Result:
    """One check of one configuration.

    Attributes:
        name: The check's name, e.g. "illegal actions are refused".
        status: "pass", "fail", or "n/a" where the check has nothing to test; that is not a pass.
        reason: Why it failed or does not apply; `""` for a pass.
        preset: The preset it ran under; `""` for the default configuration.
    """

    name: str
    status: Status
    reason: str = ""
    preset: str = ""

    def line(self) -> str:
        """The result on one line (longer reasons keep their line breaks, indented)."""
        name = f"{self.name} [{self.preset}]" if self.preset else self.name
        reason = self.reason.replace("\n", "\n       ")
        return f"{_SIGNS[self.status]} {name}" + (f": {reason}" if reason else "")


def _lines_of(results: list[Result]) -> str:
    """The first result in full, and the names of those that say the same."""
    names = [f"{result.name} [{result.preset}]" if result.preset else result.name for result in results[1:]]
    if not names:
        return results[0].line()
    return (
        results[0].line()
        + f"\n       The same: {', '.join(names[:_NAMED])}"
        + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    )


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all checks of one game.

    Attributes:
        subject: Id or reference of the game.
        results: One a check and configuration, in order.
    """

    subject: str
    results: tuple[Result, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that failed."""
        return tuple(result for result in self.results if result.status == "fail")

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def lines(self, *, verbose: bool = True) -> list[str]:
        """The report as lines of text. A reason that several failures share is written once.

        Args:
            verbose: Whether to list what passed and what does not apply, too; else failures alone.
        """
        results = self.results if verbose else self.failures
        count = {status: sum(result.status == status for result in self.results) for status in _SIGNS}
        summary = f"{self.subject}: {count['pass']} passed, {count['fail']} failed, {count['n/a']} not applicable"
        first: dict[tuple[str, str], list[Result]] = {}
        for result in results:
            first.setdefault((result.status, result.reason) if result.status == "fail" else (result.name, result.preset), []).append(result)
        return [*(_lines_of(group) for group in first.values()), summary]

    def raise_for_failures(self) -> None:
        """Raise when anything failed.

        Raises:
            ContractError: Names every failure and its reason.
        """
        if self.failures:
            raise ContractError("\n".join(self.lines(verbose=False)))
