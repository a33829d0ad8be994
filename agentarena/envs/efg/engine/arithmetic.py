"""Numbers in documents: small sums and products of exact fractions, read by a parser of our own; nothing is evaluated as code."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from agentarena.core.display import shown

from .reader import rational

__all__ = ["exact_number"]

_LONGEST = 200
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|[-+*/()])")
_DEEPEST = 20
_GREATEST = 10**12


def exact_number(value: Any) -> Fraction:
    """A JSON number, or a text such as `"-1/6"` or `"2 * (3 + 1)"`, exactly.

    Raises:
        ValueError: It is none, too large, or divides by zero.

    >>> exact_number(0.1), exact_number("-(2 + 1/2) * 4")
    (Fraction(1, 10), Fraction(-10, 1))
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{shown(value, 60)} is no number")
    if isinstance(value, str):
        result = _Expression(value).value()
    else:
        number = rational(repr(value)) if isinstance(value, float) or value.bit_length() < 60 else None
        if number is None:
            raise ValueError(f"{shown(value, 60)} is no number of at most 1e12")
        result = number
    if abs(result) > _GREATEST or result.denominator > _GREATEST:
        raise ValueError(f"{shown(value, 60)} is no number of at most 1e12 in size and denominator")
    return result


class _Expression:
    """Sums of products of numbers and brackets."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise ValueError(f"{shown(text, 60)} has more than {_LONGEST} characters")
        self.text, self.tokens, self.at = text, [], 0
        end = 0
        while end < len(text.rstrip()):
            match = _TOKEN.match(text, end)
            if match is None:
                raise ValueError(f"{shown(text, 60)} is no number; allowed are numbers, + - * / and brackets")
            self.tokens.append(match[1])
            end = match.end()

    def value(self) -> Fraction:
        result = self._sum(0)
        if self.at < len(self.tokens):
            raise self._wrong()
        return result

    def _wrong(self) -> ValueError:
        return ValueError(f"{shown(self.text, 60)} is no complete sum of numbers")

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def _sum(self, depth: int) -> Fraction:
        total = self._product(depth)
        while self._next() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            total += sign * self._product(depth)
        return total

    def _product(self, depth: int) -> Fraction:
        total = self._factor(depth)
        while self._next() in ("*", "/"):
            times = self._take() == "*"
            factor = self._factor(depth)
            if not times and not factor:
                raise ValueError(f"{shown(self.text, 60)} divides by zero")
            total = total * factor if times else total / factor
        return total

    def _factor(self, depth: int) -> Fraction:
        if depth > _DEEPEST:
            raise ValueError(f"{shown(self.text, 60)} is nested deeper than {_DEEPEST} brackets")
        token = self._take()
        if token in ("+", "-"):
            return self._factor(depth + 1) * (1 if token == "+" else -1)
        if token == "(":
            inside = self._sum(depth + 1)
            if self._take() != ")":
                raise self._wrong()
            return inside
        if not token or token in "*/)":
            raise self._wrong()
        return Fraction(token)
