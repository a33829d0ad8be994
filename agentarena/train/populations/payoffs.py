"""An empirical payoff table: who gets what on average when policies of some populations meet, with intervals, kept in a file.

Players' populations are lists of spec strings. Either every seat has its own (`shared=False`), and a cell is one policy a seat; or all
seats draw from one (`shared=True`), and a cell is a set of policies at a table that plays every deal in all rotations of the seats.
Deals are the units of the intervals.

Results are JSON lines, appended as they come, in an order that depends on the arguments alone: what was played is read back, a torn
last line is dropped, and a run that was killed anywhere ends with the same bytes. Axis letters: K seats, S_k policies of seat k, D deals.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from agentarena.core import registry
from agentarena.core.display import shown
from agentarena.core.errors import RecordMismatch, UsageError
from agentarena.core.game import Game
from agentarena.core.rng import stream
from agentarena.evaluate.deals import Sample, t_interval, uncertainty
from agentarena.matches.api import run
from agentarena.matches.seating import Fixture

from .exact import ExactGame
from .journal import Journal

__all__ = ["Cell", "PayoffTable"]

FORMAT = 1
CELL = 21
"""First step of the path of the stream that seeds a cell: `stream(seed, CELL, *cell)`."""
BATCH = 64
"""Deals of a cell that are played, and written, at once."""

Cell = tuple[int, ...]
"""The policy in each seat, by its place in its population."""
Progress = Callable[[int, int], None]
"""Called as `progress(deals, of)` after every batch."""


class PayoffTable:
    """See the module. It is empty at first: `add` policies, then fill the cells.

    Args:
        game: The rules.
        path: The file of results; one that is there already is continued. Without it nothing is written.
        shared: Whether all seats draw from one population.
        seed: Of the matches.

    Attributes:
        populations: The policies of each seat as spec strings; one list for all seats where it is shared.
        exact: Cell -> exact payoffs of the seats.
        results: Cell -> one array a batch, in order, shape (D, R, K): deals, rotations, payoff of each position.
        batches: The cells of the batches in the order in which they were played.

    Raises:
        RecordMismatch: The file is of another table.
        CorruptRecord: A line of it is damaged.
    """

    def __init__(self, game: Game[Any], path: str | os.PathLike[str] | None = None, *, shared: bool = False, seed: int = 0) -> None:
        self.game, self.shared, self.seed = game, bool(shared), seed
        self.seats = game.info.seats
        self.populations: list[list[str]] = [[] for _ in range(1 if shared else self.seats)]
        self.exact: dict[Cell, tuple[float, ...]] = {}
        self.results: dict[Cell, list[np.ndarray]] = {}
        self.batches: list[Cell] = []
        self._recorded: list[tuple[int, str]] = []  # policies that the file names and `add` has not named yet
        header = {"format": FORMAT, "env": registry.env_id_of(game), "options": game.options, "shared": self.shared, "seed": seed}
        self._journal = Journal(path, header)
        self._read()

    # --- the file ---------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for number, data in enumerate(self._journal.lines, 2):
            try:
                self._take(data)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise self._journal.damaged(number, error) from None

    def _take(self, data: dict[str, Any]) -> None:
        if "member" in data:
            population, spec = int(data["population"]), data["member"]
            if not 0 <= population < len(self.populations) or not isinstance(spec, str):
                raise ValueError(f"it names {shown(data)}")
            self._recorded.append((population, spec))
            return
        cell = tuple(int(place) for place in data["cell"])
        if len(cell) != self.seats:
            raise ValueError(f"cell {cell} is not one of {self.seats} seats")
        if "exact" in data:
            self.exact[cell] = tuple(float(value) for value in data["exact"])
        else:
            self._append(cell, np.array(data["returns"], np.float64))

    def _append(self, cell: Cell, returns: np.ndarray) -> None:
        if returns.ndim != 3 or returns.shape[1:] != (self.rotations, self.seats) or not np.isfinite(returns).all():
            raise ValueError(f"returns of cell {cell} have shape {returns.shape}, expected (D, {self.rotations}, {self.seats})")
        self.results.setdefault(cell, []).append(returns)
        self.batches.append(cell)

    # --- policies and cells -----------------------------------------------------------------------------------------------

    @property
    def rotations(self) -> int:
        """Matches of a deal."""
        return self.seats if self.shared else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of policies of each seat."""
        return tuple(len(self.population(seat)) for seat in range(self.seats))

    def population(self, seat: int) -> list[str]:
        """The policies of a seat."""
        return self.populations[0 if self.shared else seat]

    def add(self, spec: str, seat: int = 0) -> int:
        """Put a policy at the end of a seat's population; one that is there already stays where it is.

        Args:
            spec: Its spec string.
            seat: The seat; any where the population is shared.

        Returns:
            Its place in the population.

        Raises:
            RecordMismatch: The file goes on with another policy there.
        """
        index = 0 if self.shared else seat
        population = self.populations[index]
        if spec in population:
            return population.index(spec)
        if self._recorded:
            recorded = self._recorded.pop(0)
            if recorded != (index, spec):
                raise RecordMismatch(
                    f"{self._journal.path} goes on with policy {shown(recorded[1])} of population {recorded[0]}, not {shown(spec)}"
                )
        else:
            self._journal.append({"member": spec, "population": index})
        population.append(spec)
        return len(population) - 1

    def add_recorded(self) -> None:
        """Put every policy that the file names into its population: for readers of a table."""
        for index, spec in self._recorded:
            self.populations[index].append(spec)
        self._recorded.clear()

    def cells(self) -> Iterator[Cell]:
        """Every cell, in order; where the population is shared, one for each set of rotations."""
        for cell in itertools.product(*map(range, self.shape)):
            if self.canonical(cell) == cell:
                yield cell

    def canonical(self, cell: Cell) -> Cell:
        """The cell that holds the results of a choice of policies: the least of its rotations where the population is shared."""
        return min(cell[shift:] + cell[:shift] for shift in range(len(cell))) if self.shared else cell

    def deals(self, cell: Cell) -> int:
        """How many deals of a cell have been played."""
        return sum(map(len, self.results.get(self.canonical(cell), ())))

    # --- filling ----------------------------------------------------------------------------------------------------------

    def fill_exact(self, exact: ExactGame) -> None:
        """Compute every cell that is empty.

        Raises:
            NotSupported: An agent does not say its probabilities.
        """
        missing = [cell for cell in self.cells() if cell not in self.exact]
        if not missing:
            return
        tensor = exact.payoffs([self.population(seat) for seat in range(self.seats)])
        for cell in missing:
            values = [float(v) for v in self._rotated_means(tensor, cell)]
            self.exact[cell] = tuple(values)
            self._journal.append({"cell": list(cell), "exact": values})

    def _rotated_means(self, tensor: np.ndarray, cell: Cell) -> np.ndarray:
        """Payoff of each position of a cell, averaged over the rotations of the seats."""
        seats = range(self.seats)
        by_cell = np.moveaxis(tensor, 0, -1)
        rows = [np.roll(by_cell[tuple(cell[(s + r) % self.seats] for s in seats)], r) for r in range(self.rotations)]
        return np.asarray(np.mean(rows, axis=0))

    def fill(self, deals: int, *, workers: int | None = None, progress: Progress | None = None) -> None:
        """Play every cell until it has so many deals. Cells that follow from symmetry are not played.

        Args:
            deals: Deals of each cell.
            workers: Processes; this one alone when left out.
            progress: Called with the deals that are played and wanted, over all cells.
        """
        todo = [cell for cell in self.cells() if self.known(cell) is None]
        total = deals * len(todo)
        for cell in todo:
            while (count := self.deals(cell)) < deals:
                self.play(cell, min(BATCH, deals - count), workers=workers)
                if progress is not None:
                    progress(sum(min(deals, self.deals(one)) for one in todo), total)

    def known(self, cell: Cell) -> tuple[float, ...] | None:
        """The payoffs of a cell that needs no matches: it is exact, or one policy sits in every seat and the payoffs have one sum."""
        info = self.game.info
        if self.shared and len(set(cell)) == 1 and info.sum in ("zero", "constant"):
            return (info.total / self.seats,) * self.seats
        return self.exact.get(cell)

    def play(self, cell: Cell, deals: int, *, workers: int | None = None) -> np.ndarray:
        """Play so many more deals of a cell.

        Returns:
            Shape (D, R, K): payoff of each position in each rotation.
        """
        first, specs = self.deals(cell), [self.population(seat)[place] for seat, place in enumerate(cell)]
        agents = list(dict.fromkeys(specs))
        holders = [agents.index(spec) for spec in specs]
        turns, seats = self.rotations, self.seats
        fixtures = [
            Fixture(deal * turns + r, deal, tuple(holders[(s + r) % seats] for s in range(seats)))
            for deal in range(first, first + deals)
            for r in range(turns)
        ]
        seed = int(stream(self.seed, CELL, *cell).integers(2**62))
        played = run(self.game, agents, fixtures, seed=seed, workers=workers).returns.reshape(deals, turns, seats)
        returns = np.stack([np.roll(played[:, r], r, axis=1) for r in range(turns)], axis=1)
        self._append(cell, returns)
        self._journal.append({"cell": list(cell), "returns": returns.tolist()})
        return returns

    # --- what it says -----------------------------------------------------------------------------------------------------

    def tensor(self) -> np.ndarray:
        """Mean payoffs. Shape (K, S_1, ..., S_K); nan where nothing was played."""
        return self._spread(self._means)

    def intervals(self, level: float = 0.95) -> np.ndarray:
        """Intervals of the mean payoffs, each by itself. Shape (K, S_1, ..., S_K, 2).

        Exact cells have both ends alike; cells without enough deals, or in which nothing varies, have nan.
        """
        return self._spread(lambda cell: self._ends(cell, level))

    def variances(self) -> np.ndarray:
        """Variance of the payoff of one match within each cell, 0 where it is not known. Shape (K, S_1, ..., S_K)."""
        return self._spread(
            lambda cell: self._joined(cell).reshape(-1, self.seats).var(axis=0) if self.deals(cell) else np.zeros(self.seats)
        )

    def counts(self) -> np.ndarray:
        """Deals of each cell, 0 where it is exact. Shape (S_1, ..., S_K)."""
        counts = np.zeros(self.shape, np.int64)
        for cell in itertools.product(*map(range, self.shape)):
            counts[cell] = self.deals(cell)
        return counts

    def _spread(self, of: Callable[[Cell], np.ndarray]) -> np.ndarray:
        """Values (K, ...) of each cell as an array (K, S_1, ..., S_K, ...)."""
        values: dict[Cell, np.ndarray] = {}
        out: np.ndarray | None = None
        for choice in itertools.product(*map(range, self.shape)):
            cell = self.canonical(choice)
            if cell not in values:
                values[cell] = np.asarray(of(cell), np.float64)
            if out is None:
                out = np.zeros((*self.shape, *values[cell].shape))
            shift = next((s for s in range(self.seats) if choice[s:] + choice[:s] == cell), 0)
            out[choice] = np.roll(values[cell], shift, axis=0)
        if out is None:
            raise UsageError("the table has no policies in some seat; add them first")
        return np.moveaxis(out, self.seats, 0)

    def _joined(self, cell: Cell) -> np.ndarray:
        return np.concatenate(self.results[cell])

    def _means(self, cell: Cell) -> np.ndarray:
        known = self.known(cell)
        if known is not None:
            return np.array(known)
        return self._joined(cell).mean(axis=(0, 1)) if cell in self.results else np.full(self.seats, math.nan)

    def _ends(self, cell: Cell, level: float) -> np.ndarray:
        known = self.known(cell)
        if known is not None:
            return np.stack([known] * 2, axis=1)
        if cell not in self.results:
            return np.full((self.seats, 2), math.nan)
        values = self._joined(cell).mean(axis=1)
        info, deals = self.game.info, np.arange(len(values))
        ends = [t_interval(float(v.mean()), uncertainty(Sample.of(v, deals)), level, info.low, info.high) for v in values.T]
        return np.array([[end.low, end.high] for end in ends])
