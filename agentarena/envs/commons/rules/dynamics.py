"""The arithmetic of common pools, on numbers and on arrays: growth, harvest, allocation, steady states, group returns.

Every function takes one society or B of them at once. Axis letters: B societies, N seats. Stocks and harvests are in units
of the resource, efforts in [0, 1], money in cents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.envs.commons.options import Order

__all__ = [
    "allocate",
    "extinction_effort",
    "group_return",
    "grow",
    "harvest_and_regrow",
    "highest_stock",
    "laboratory_pay",
    "msy",
    "proportional",
    "rent",
    "share",
    "steady_state",
    "threshold",
]  # fmt: skip


def grow(stock: Any, rate: float, capacity: float) -> Any:
    """The stock after one round of logistic growth without harvest.

        R' = R + r R (1 - R / K)

    >>> grow(500.0, 0.5, 1000.0)
    625.0
    """
    return stock + rate * stock * (1.0 - stock / capacity)


def harvest_and_regrow(
    stock: np.ndarray | float, efforts: np.ndarray, *, alpha: float, rate: float, capacity: float, order: Order = "simultaneous"
) -> tuple[Any, np.ndarray]:
    """One round of a fishery: everybody's catch and the stock of the next round.

    The order matters: the effort of the greatest sustainable yield is r / 2 where growth is worked out from the stock before the
    harvest, and r / (2 + r) where it comes before or after the harvest.

        simultaneous         h_i = alpha e_i R,       R' = max(0, R + r R (1 - R/K) - H)
        harvest_then_grow    h_i = alpha e_i R,       S = max(0, R - H),  R' = max(0, S + r S (1 - S/K))
        grow_then_harvest    G = R + r R (1 - R/K),   h_i = alpha e_i G,  R' = max(0, G - H)          H = sum_i h_i

    Args:
        stock: R, shape (B,) or a number; at least 0.
        efforts: e, shape (B, N) or (N,), each in [0, 1].
        alpha: Catchability of one seat at full effort; alpha N <= 1 keeps H <= R.
        rate: r, growth a round of a small stock.
        capacity: K.
        order: Which of the three.

    Returns:
        (R', h): the shapes of `stock` and `efforts`; R' >= 0.

    >>> stock, catch = harvest_and_regrow(1000.0, np.ones(8), alpha=0.05, rate=0.2, capacity=1000.0)
    >>> round(stock, 6), round(float(catch.sum()), 6)
    (600.0, 400.0)
    """
    base = np.maximum(grow(stock, rate, capacity), 0.0) if order == "grow_then_harvest" else stock
    catch = efforts * np.asarray(alpha * base)[..., None]
    left = base - catch.sum(axis=-1)
    if order == "simultaneous":
        left = left + rate * base * (1.0 - base / capacity)
    elif order == "harvest_then_grow":
        left = grow(np.maximum(left, 0.0), rate, capacity)
    left = np.maximum(left, 0.0)
    return (left if np.ndim(stock) else float(left)), catch


def steady_state(total_effort: float, rate: float, capacity: float, order: Order = "simultaneous") -> tuple[float, float]:
    """The stock that stays as it is under a constant effort, and the harvest it gives for ever.

        simultaneous         R* = K (1 - E / r),                     Y = E R*
        harvest_then_grow    S* = K (1 - E / ((1 - E) r)),  R* = S* / (1 - E),  Y = E R*
        grow_then_harvest    R* = S* after the harvest,              Y = E S* / (1 - E)

    Args:
        total_effort: E = alpha sum_i e_i, in [0, 1).
        rate: r > 0.
        capacity: K > 0.
        order: Which of the three; R* is the stock at the beginning of a round.

    Returns:
        (R*, Y); (0, 0) at and beyond `extinction_effort`.

    >>> steady_state(0.05, 0.2, 100.0)
    (75.0, 3.75)
    >>> tuple(round(x, 4) for x in steady_state(0.1, 0.2, 100.0, "harvest_then_grow"))
    (49.3827, 4.9383)
    """
    e = total_effort
    if e >= extinction_effort(rate, order):
        return 0.0, 0.0
    if order == "simultaneous":
        stock = capacity * (1.0 - e / rate)
        return stock, e * stock
    left = capacity * (1.0 - e / (1.0 - e) / rate)
    before = left / (1.0 - e)
    return (before if order == "harvest_then_grow" else left), e * before


def msy(rate: float, capacity: float, order: Order = "simultaneous") -> tuple[float, float]:
    """The effort of the greatest sustainable yield, and that yield: r K / 4 under every order.

        simultaneous  E = r / 2         otherwise  E = r / (2 + r)

    >>> msy(0.5, 1000.0), msy(0.5, 1000.0, "harvest_then_grow")
    ((0.25, 125.0), (0.2, 125.0))
    """
    return (rate / 2.0 if order == "simultaneous" else rate / (2.0 + rate)), rate * capacity / 4.0


def extinction_effort(rate: float, order: Order = "simultaneous") -> float:
    """The least constant effort that no stock survives: r, or r / (1 + r). At exactly this effort the stock decays like 1 / t.

    >>> extinction_effort(0.2), round(extinction_effort(0.2, "harvest_then_grow"), 6)
    (0.2, 0.166667)
    """
    return rate if order == "simultaneous" else rate / (1.0 + rate)


def highest_stock(rate: float, capacity: float) -> float:
    """The greatest stock that growth can reach from 0 to K: K, or K (1 + r)^2 / (4 r) where r > 1 overshoots.

    >>> highest_stock(0.5, 100.0), highest_stock(3.0, 90.0)
    (100.0, 120.0)
    """
    return capacity if rate <= 1.0 else capacity * (1.0 + rate) ** 2 / (4.0 * rate)


# --- whole units: doubling pools ---------------------------------------------------------------------------------------


def threshold(stock: int, factor: int = 2, capacity: int | None = None) -> int:
    """The most units that can be taken so that growth brings the stock back: f = max{x : min(K, g (h - x)) >= h}.

    >>> [threshold(h) for h in (100, 90, 45, 9, 0)]
    [50, 45, 22, 4, 0]
    """
    assert capacity is None or stock <= capacity
    return stock - -(-stock // factor)


def share(stock: int, seats: int, factor: int = 2) -> int:
    """One seat's equal part of `threshold`, in whole units: what the universalization sentence names.

    >>> [share(h, 5) for h in (100, 90, 70, 50, 40, 10, 9)]
    [10, 9, 7, 5, 4, 1, 0]
    """
    return threshold(stock, factor) // seats


def allocate(requests: np.ndarray, stock: int, rng: np.random.Generator) -> np.ndarray:
    """Units handed out one at a time, each to a uniformly random seat that still wants one, until nobody does or none are left.

    Args:
        requests: Units wanted, shape (N,), integers of at least 0.
        stock: Units there are.
        rng: Source of the draws; untouched when everybody can be served.

    Returns:
        Units got, shape (N,): at most the requests, adding up to min(stock, sum of requests).

    >>> allocate(np.array([3, 4]), 10, np.random.default_rng(0)).tolist()
    [3, 4]
    """
    wanted = np.asarray(requests, np.int64)
    if int(wanted.sum()) <= stock:
        return wanted.copy()
    got = np.zeros_like(wanted)
    waiting = [seat for seat, units in enumerate(wanted.tolist()) if units > 0]
    for _ in range(int(stock)):
        place = int(rng.integers(len(waiting)))
        seat = waiting[place]
        got[seat] += 1
        if got[seat] == wanted[seat]:
            waiting.pop(place)
    return got


def proportional(requests: np.ndarray, stock: np.ndarray | int) -> np.ndarray:
    """Units in proportion to the requests where there are too few: whole parts first, then one each by largest remainder.

    Equal remainders are served in seat order.

    Args:
        requests: Units wanted, shape (B, N) or (N,), integers of at least 0.
        stock: Units there are, shape (B,) or a number.

    Returns:
        Units got, of the shape of `requests`: at most the requests, adding up to min(stock, sum of requests).

    >>> proportional(np.array([60, 30, 30]), 100).tolist()
    [50, 25, 25]
    >>> proportional(np.array([1, 1, 1]), 2).tolist()
    [1, 1, 0]
    """
    wanted = np.asarray(requests, np.int64)
    total = wanted.sum(axis=-1, keepdims=True)
    there = np.minimum(np.asarray(stock, np.int64)[..., None], total)
    whole, rest = np.divmod(wanted * there, np.maximum(total, 1))
    missing = there - whole.sum(axis=-1, keepdims=True)
    rank = np.argsort(np.argsort(-rest, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.asarray(whole + (rank < missing))


# --- the laboratory: group return on invested tokens --------------------------------------------------------------------


def group_return(tokens: Any, a: float = 23.0, b: float = 0.25) -> Any:
    """What the whole group earns from X tokens invested in the common pool, in cents: a X - b X^2.

    >>> group_return(36), group_return(64), group_return(80)
    (504.0, 448.0, 240.0)
    """
    return a * tokens - b * tokens * tokens


def rent(tokens: Any, a: float = 23.0, b: float = 0.25, outside: float = 5.0) -> Any:
    """What X tokens earn in the common pool beyond what they would earn outside, in cents: a X - b X^2 - w X.

    >>> rent(36), rent(64), rent(80), f"{rent(64) / rent(36):.3%}"
    (324.0, 128.0, -160.0, '39.506%')
    """
    return group_return(tokens, a, b) - outside * tokens


def laboratory_pay(invested: np.ndarray, endowment: float, a: float = 23.0, b: float = 0.25, outside: float = 5.0) -> np.ndarray:
    """Each seat's pay of a round: its tokens outside at a fixed price, and its share of the group return.

        pay_i = w (T - x_i) + (x_i / X) (a X - b X^2) = w (T - x_i) + x_i (a - b X)

    Args:
        invested: x, shape (B, N) or (N,), in tokens.
        endowment: T, tokens a seat has.
        a: Return of the first token of the group, in cents.
        b: How fast returns fall.
        outside: w, cents a token earns outside.

    >>> laboratory_pay(np.full(8, 8), 10).tolist()[0], laboratory_pay(np.full(8, 4.5), 25).tolist()[0]
    (66.0, 165.5)
    """
    x = np.asarray(invested, np.float64)
    return np.asarray(outside * (endowment - x) + x * (a - b * x.sum(axis=-1, keepdims=True)))
