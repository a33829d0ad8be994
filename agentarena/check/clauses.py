"""The table of checks, and what a check calls: `contract` enters a function, `expect` fails it, `NotApplicable` skips it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .subject import Subject

__all__ = ["CHECKS", "Check", "CheckFailed", "NotApplicable", "contract", "expect"]


class CheckFailed(Exception):
    """A clause of the contract does not hold; the message says where and how."""


class NotApplicable(Exception):
    """The check has nothing to test in this game; the message says why."""


def expect(holds: bool, message: str) -> None:
    """Fail the running check unless `holds`."""
    if not holds:
        raise CheckFailed(message)


@dataclass(frozen=True, slots=True)
class Check:
    """One clause of the contract.

    Attributes:
        name: Its name in reports.
        test: Raises `CheckFailed` or `NotApplicable`, or returns.
        forkable: Whether it steps a state twice and so needs a forkable game.
        presets: Whether it runs under every preset as well.
    """

    name: str
    test: Callable[[Subject], None]
    forkable: bool = False
    presets: bool = False


CHECKS: list[Check] = []
"""Every check, in order; filled by the modules that `suite` imports."""


def contract(
    name: str, *, forkable: bool = False, presets: bool = False
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """Enter a function into the table of checks."""

    def enter(test: Callable[[Subject], None]) -> Callable[[Subject], None]:
        CHECKS.append(Check(name, test, forkable, presets))
        return test

    return enter
