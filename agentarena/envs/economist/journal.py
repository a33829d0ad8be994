"""What a seat remembers in words: its last weeks, the best so far, and hints. Made from the state, of its own figures and public ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .state import DECREE, OVER, State, Week
from .taxes import bracket_of, taxes
from .welfare import gini
from .words import dollars, percents

if TYPE_CHECKING:
    from .game import Economist

__all__ = ["planner_lines", "worker_lines"]

_BEST = 5
_LAST_TENTH = 0.9


def worker_lines(game: Economist, state: State, seat: int) -> list[str]:
    """A worker's last week, memory, best weeks and cues."""
    if not state.past:
        return ["No week has been worked yet.", *_cue(game, state, seat)]
    i, last = seat - 1, state.past[-1]
    tax = float(taxes(last.income[i : i + 1], game.edges, np.array(last.rates) / 100.0)[0])
    after = float(last.income[i]) - tax + last.rebate
    lines = [
        f"Last week: you worked {_hours(game, state, last, i)} hours, earned {dollars(float(last.income[i]))}, paid {dollars(tax)} tax, "
        f"got a rebate of {dollars(last.rebate)}, kept {dollars(after)}; utility {dollars(float(last.utility[i]))}."
    ]
    shown = state.past[-game.memory :] if game.memory else ()
    if len(shown) > 1:
        lines.append("Your last weeks (year.week: rates; hours; your result):")
        lines += [_line(game, state, week, i) for week in shown]
    if len(state.past) > 1 and game.memory:
        lines.append("Your best weeks so far:")
        best = sorted(
            {_key(game, week, i): week for week in state.past}.values(), key=lambda week: (-float(game.felt(week)[i]), week.year, week.week)
        )
        lines += [_line(game, state, week, i) for week in best[:_BEST]]
    return lines + _hint(game, state, i) + _cue(game, state, seat)


def _key(game: Economist, week: Week, i: int) -> tuple[tuple[float, ...], float]:
    return week.rates, round(float(week.income[i]), 2)


def _hours(game: Economist, state: State, week: Week, i: int) -> str:
    return f"{float(week.income[i] / state.skills[i]):.3g}"


def _line(game: Economist, state: State, week: Week, i: int) -> str:
    felt = dollars(float(game.felt(week)[i]))
    return f"- {week.year + 1}.{week.week + 1}: {percents(week.rates)}; {_hours(game, state, week, i)} hours; {felt}"


def _hint(game: Economist, state: State, i: int) -> list[str]:
    """Which way the last change of hours led, under the same rates."""
    if game.cues == "none" or len(state.past) < 2 or state.past[-1].rates != state.past[-2].rates:
        return []
    now, before = state.past[-1], state.past[-2]
    moved = float(now.income[i] - before.income[i]) / float(state.skills[i])
    gained = float(game.felt(now)[i] - game.felt(before)[i])
    if abs(moved) < 0.05 or gained == 0.0:
        return []
    change, effect = ("more" if moved > 0 else "fewer"), ("raised" if gained > 0 else "lowered")
    verdict = "few" if (moved > 0) == (gained > 0) else "many"
    return [f"Working {change} hours {effect} your result: your hours were perhaps too {verdict}."]


def _cue(game: Economist, state: State, seat: int) -> list[str]:
    """Try something new, or settle: to settle is asked for in a year's last week and in the last tenth of the match."""
    if game.cues == "none" or state.phase == OVER:
        return []
    late = len(state.past) >= _LAST_TENTH * game.years * game.weeks
    if seat == 0:
        late = late or state.year == game.years - 1
    settle = late or (seat > 0 and state.week == game.weeks - 1)
    if settle and game.cues in ("both", "exploit"):
        return ["Now choose what has been best so far."]
    if not settle and game.cues in ("both", "explore"):
        return ["It may pay to try something that you have not tried yet."]
    return []


def planner_lines(game: Economist, state: State) -> list[str]:
    """Last week's economy, the years so far, the best rates and cues."""
    if not state.past:
        return ["No week has been worked yet.", *_cue(game, state, 0)]
    last = state.past[-1]
    income = last.income
    tax = taxes(income, game.edges, np.array(last.rates) / 100.0)
    counts = np.bincount(bracket_of(income, game.edges), minlength=len(game.edges))
    lines = [
        f"Last week: welfare {dollars(last.welfare)}, rebate {dollars(last.rebate)}; incomes: mean {dollars(float(income.mean()))}, "
        f"median {dollars(float(np.median(income)))}, standard deviation {dollars(float(income.std()))}; Gini coefficient "
        f"{float(gini(income)):.3f} before and {float(gini(income - tax + last.rebate)):.3f} after tax and rebate.",
        "Workers by bracket: " + ", ".join(f"{count} from {dollars(edge)}" for edge, count in zip(game.edges, counts, strict=True)) + ".",
    ]
    if game.bounded:
        lines.append(f"Satisfied with the taxes: {int(last.satisfied.sum())} of {game.population}.")
    if not game.info.hidden:
        lines.append(_spread(last.utility))
    years = _years(state)
    if len(years) > 1 and game.memory:
        lines.append("Tax years so far (rates; mean welfare of a week):")
        lines += [f"- year {year + 1}: {percents(rates)}; {dollars(welfare)}" for year, rates, welfare in years[-game.memory :]]
        lines.append("Best rates so far:")
        best = sorted(years, key=lambda entry: (-entry[2], entry[0]))[:_BEST]
        lines += [f"- {percents(rates)}; {dollars(welfare)}" for _, rates, welfare in best]
    return lines + _direction(game, state, years) + _cue(game, state, 0)


def _spread(utility: np.ndarray) -> str:
    """Utilities as a histogram of ten equal bins."""
    counts, edges = np.histogram(utility, bins=10)
    return f"Utilities from {dollars(float(edges[0]))} to {dollars(float(edges[-1]))} in ten equal steps: {' '.join(map(str, counts))} workers."


def _years(state: State) -> list[tuple[int, tuple[float, ...], float]]:
    """Number, rates and mean welfare of each tax year so far."""
    out: list[tuple[int, tuple[float, ...], float]] = []
    for number in sorted({week.year for week in state.past}):
        weeks = [week for week in state.past if week.year == number]
        out.append((number, weeks[-1].rates, float(np.mean([week.welfare for week in weeks]))))
    return out


def _direction(game: Economist, state: State, years: list[tuple[int, tuple[float, ...], float]]) -> list[str]:
    """Which way welfare went when a rate was last changed."""
    if game.cues == "none" or len(years) < 2 or state.phase not in (DECREE, OVER):
        return []
    (_, before, old), (_, now, new) = years[-2], years[-1]
    moved = [
        f"{'raised' if b > a else 'lowered'} from {dollars(edge)}" for edge, a, b in zip(game.edges, before, now, strict=True) if a != b
    ]
    if not moved or new == old:
        return []
    return [
        f"When rates were last changed ({', '.join(moved)}) welfare {'rose' if new > old else 'fell'} from {dollars(old)} to {dollars(new)}."
    ]
