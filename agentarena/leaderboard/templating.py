"""Templates of the report and of the page: one Jinja environment, with the filters and figures that both use."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

__all__ = ["TEMPLATES", "environment", "number", "script_json", "signed"]

TEMPLATES = Path(__file__).parent / "templates"
"""Templates, style sheets and scripts."""


def environment(**filters: Callable[..., Any]) -> Any:
    """A Jinja environment that escapes everything, with the filters percent, plain, ms, count, p, and those given."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=number(".1%"), plain=number(",.0f"), ms=_ms, count=_count, p=_p_value, signed_d=number(".2f"), **filters
    )
    environment.globals["isnan"] = math.isnan
    return environment


def number(form: str) -> Callable[[float], str]:
    """A filter that writes a number in a format, with a true minus; "–" for nan.

    >>> number("+.1f")(-0.25)
    '−0.2'
    """

    def write_number(value: float) -> str:
        return "–" if math.isnan(value) else f"{value:{form}}".replace("-", "−")

    return write_number


def signed(halves: Iterable[float]) -> Callable[[float], str]:
    """A filter for returns: as many decimals as their intervals are worth, the same throughout a page.

    Args:
        halves: Half the width of each interval; nan and infinite ones are left out.

    >>> signed([0.04, 0.05])(0.1234)
    '+0.1234'
    """
    known = sorted(half for half in halves if math.isfinite(half) and half > 0)
    digits = 2 - math.floor(math.log10(known[len(known) // 2])) if known else 2
    return number(f"+,.{min(6, max(0, digits))}f")


def script_json(data: Any) -> Any:
    """JSON that can stand inside a script element whatever words it carries."""
    import markupsafe

    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return markupsafe.Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _ms(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}{plural if number != 1 else ''}"


def _p_value(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
