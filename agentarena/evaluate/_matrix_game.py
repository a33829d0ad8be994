"""The simplex method in whole numbers: matrix games solved without rounding, whatever the scale of their payoffs.

Floats are fractions with a power of two below, so a table of them is a table of integers in one unit. Pivots keep every
entry an integer over the last pivot (J. Edmonds, "Systems of distinct representatives and linear algebra", 1967).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

__all__ = ["MatrixGameTableau"]


class MatrixGameTableau:
    """The column player's program of a matrix game, solved:  max sum y  subject to  M y <= 1, y >= 0,  M the payoffs made positive.

    Each basic variable is  right side - sum of (entry x nonbasic variable); entries are `_rows` over `_divisor`. Variables are
    numbered: 0 to C - 1 the columns of the game, C to C + R - 1 the slacks of its rows.

    Args:
        payoffs: The row player's, finite. Shape (R, C).
    """

    def __init__(self, payoffs: np.ndarray) -> None:
        exact = [[Fraction(value) for value in row] for row in payoffs.tolist()]
        self._low = min(map(min, exact))
        above = [[value - self._low for value in row] for row in exact]
        denominator = max(value.denominator for row in above for value in row)  # all are powers of two
        whole = [[int(value * denominator) for value in row] for row in above]
        divisor = math.gcd(*(value for row in whole for value in row)) or 1
        whole = [[value // divisor for value in row] for row in whole]
        self._unit = Fraction(divisor, denominator)
        self._lift = max(1, max(map(max, whole)))  # the least payoff becomes as large as the range, and 1 where all are equal
        self._size = len(whole), len(whole[0])
        self._rows = [[value + self._lift for value in row] + [1] for row in whole]
        self._rows.append([-1] * self._size[1] + [0])
        self._divisor = 1
        rows, columns = self._size
        self._basic = list(range(columns, columns + rows))
        self._nonbasic = list(range(columns))
        self._solve()

    @property
    def value(self) -> Fraction:
        """What the row player gets."""
        total = Fraction(self._rows[-1][-1], self._divisor)
        return (1 / total - self._lift) * self._unit + self._low

    def row(self) -> list[Fraction]:
        """The row player's strategy, from the dual. Shape (R,)."""
        rows, columns = self._size
        prices = [0] * rows
        for price, variable in zip(self._rows[-1], self._nonbasic, strict=False):
            if variable >= columns:
                prices[variable - columns] = price
        return [Fraction(price, self._rows[-1][-1]) for price in prices]

    def column(self) -> list[Fraction]:
        """The column player's strategy. Shape (C,)."""
        amounts = [0] * self._size[1]
        for row, variable in zip(self._rows, self._basic, strict=False):
            if variable < len(amounts):
                amounts[variable] = row[-1]
        return [Fraction(amount, self._rows[-1][-1]) for amount in amounts]

    def maximise(self, column: int) -> None:
        """Move to an equilibrium in which the column player plays `column` as often as in any."""
        while True:
            row = self._rows[self._basic.index(column)] if column in self._basic else None
            entering = [
                (variable, place)
                for place, variable in enumerate(self._nonbasic)
                if self._rows[-1][place] == 0 and (variable == column if row is None else row[place] < 0)  # keeps the value
            ]
            if not entering:
                return
            self._pivot(min(entering)[1])

    def _solve(self) -> None:
        patience = 5 * sum(self._size)
        while True:
            costs = self._rows[-1][:-1]
            if min(costs) >= 0:
                return
            patience -= 1
            if patience > 0:  # the steepest column is fast; the first one (Bland's rule) cannot go in circles
                place = costs.index(min(costs))
            else:
                place = min((variable, place) for place, variable in enumerate(self._nonbasic) if costs[place] < 0)[1]
            self._pivot(place)

    def _pivot(self, place: int) -> None:
        """Exchange the nonbasic variable at `place` with the basic one that bounds it first, of several the lowest."""
        limits = [
            (Fraction(row[-1], row[place]), variable, number)
            for number, (row, variable) in enumerate(zip(self._rows, self._basic, strict=False))
            if row[place] > 0
        ]
        leaving = min(limits)[2]
        pivot_row, divisor = self._rows[leaving], self._divisor
        pivot = pivot_row[place]
        for number, row in enumerate(self._rows):
            if number != leaving:
                factor = row[place]
                if factor:
                    changed = [(entry * pivot - factor * other) // divisor for entry, other in zip(row, pivot_row, strict=True)]
                    changed[place] = -factor
                else:
                    changed = [entry * pivot // divisor for entry in row]
                self._rows[number] = changed
        pivot_row[place] = divisor
        self._divisor = pivot
        self._basic[leaving], self._nonbasic[place] = self._nonbasic[place], self._basic[leaving]
