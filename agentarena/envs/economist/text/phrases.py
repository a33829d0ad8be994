"""Numbers as small phrases."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["dollars", "percents", "schedule"]


def dollars(amount: float) -> str:
    """An amount of money, or a utility, in words: whole from 1,000 on.

    >>> dollars(38101.53), dollars(17.379), dollars(0.0)
    ('38,102', '17.38', '0')
    """
    if amount == 0:
        return "0"
    return f"{amount:,.0f}" if abs(amount) >= 1000 or amount == int(amount) else f"{amount:.4g}"


def percents(rates: Sequence[float]) -> str:
    """Rates from lowest to highest bracket.

    >>> percents((10.0, 22.5))
    '10 %, 22.5 %'
    """
    return ", ".join(f"{rate:.4g} %" for rate in rates)


def schedule(edges: Sequence[float], rates: Sequence[float]) -> str:
    """A tax law in words.

    >>> schedule((0.0, 90000.0), (10.0, 35.0))
    '10 % from 0, 35 % from 90,000'
    """
    return ", ".join(f"{rate:.4g} % from {dollars(edge)}" for edge, rate in zip(edges, rates, strict=True))
