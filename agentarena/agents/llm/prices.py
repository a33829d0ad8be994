"""What commercial models cost, in US dollars for a million tokens: read, written.

List prices as their providers published them by the date below, without discounts for cached or batched input. They change:
`price_in` and `price_out` of an agent's spec override them. A model that is not listed has an unknown price, which is
reported as unknown, never as 0; so has every model on a server other than the provider's own.
"""

from __future__ import annotations

__all__ = ["AS_OF", "PRICES", "price"]

AS_OF = "2025-08-31"
"""The date of the table."""

PRICES: dict[str, tuple[float, float]] = {
    "gpt-5": (1.25, 10.0),
    "gpt-5-mini": (0.25, 2.0),
    "gpt-5-nano": (0.05, 0.40),
    "gpt-4.1": (2.0, 8.0),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-4o": (2.50, 10.0),
    "gpt-4o-mini": (0.15, 0.60),
    "o3": (2.0, 8.0),
    "o4-mini": (1.10, 4.40),
}
"""Model -> dollars for a million tokens read, written. Source: the provider's public price list."""


def price(model: str, provider: bool, price_in: float | None, price_out: float | None) -> tuple[float, float] | None:
    """What a model costs, or `None` where that is unknown.

    Args:
        model: Name of the model, perhaps with the date of its version.
        provider: Whether it is asked at its provider's own server.
        price_in: The user's own figure, which counts more.
        price_out: Likewise; both or none.

    >>> price("gpt-4o-mini-2024-07-18", True, None, None)
    (0.15, 0.6)
    >>> price("gpt-4o-mini", False, None, None) is None
    True
    """
    if price_in is not None and price_out is not None:
        return (price_in, price_out)
    if not provider:
        return None
    name, _, date = model.partition("-20")
    return PRICES.get(name if date else model)
