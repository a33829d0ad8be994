"""The memory of a seat in words: its last weeks, the best so far, and hints, from its own figures and public ones.

Axis letters: N workers.
"""

from __future__ import annotations

import numpy as np

from agentarena.envs.economist.rules.society import Society
from agentarena.envs.economist.rules.taxes import bracket_of, tax_due, taxes
from agentarena.envs.economist.rules.welfare import gini
from agentarena.envs.economist.state import DECREE, OVER, State, Week

from .phrases import dollars, percents

__all__ = ["planner_lines", "worker_lines"]

_BEST = 5
_LAST_TENTH = 0.9


def worker_lines(society: Society, state: State, seat: int) -> list[str]:
    """A worker's last week, memory, best weeks and cues."""
    if not state.past:
        return ["No week has been worked yet.", *_cue(society, state, seat)]
    worker, last = seat - 1, state.past[-1]
    income = float(last.income[worker])
    tax = tax_due(income, society.edges, tuple(rate / 100.0 for rate in last.rates))
    lines = [
        f"Last week: you worked {_hours(state, last, worker)} hours, earned {dollars(income)}, paid {dollars(tax)} tax, "
        f"got a rebate of {dollars(last.rebate)}, kept {dollars(income - tax + last.rebate)}; utility {dollars(float(last.utility[worker]))}."
    ]
    recent = state.past[-society.memory :] if society.memory else ()
    if len(recent) > 1:
        lines.append("Your last weeks (year.week: rates; hours; your result):")
        lines += [_line(society, state, week, worker) for week in recent]
    if len(state.past) > 1 and society.memory:
        lines.append("Your best weeks so far:")
        lines += [_line(society, state, week, worker) for week in _best_weeks(society, state, worker)]
    return lines + _hint(society, state, worker) + _cue(society, state, seat)


def _best_weeks(society: Society, state: State, worker: int) -> list[Week]:
    """The weeks with a worker's best results, of those with the same rates and income the latest one; of equal results the earliest."""
    distinct = {(week.rates, round(float(week.income[worker]), 2)): week for week in state.past}
    return sorted(distinct.values(), key=lambda week: (-society.credit(week, worker), week.year, week.week))[:_BEST]


def _hours(state: State, week: Week, worker: int) -> str:
    return f"{float(week.income[worker] / state.skills[worker]):.3g}"


def _line(society: Society, state: State, week: Week, worker: int) -> str:
    result = dollars(society.credit(week, worker))
    return f"- {week.year + 1}.{week.week + 1}: {percents(week.rates)}; {_hours(state, week, worker)} hours; {result}"


def _hint(society: Society, state: State, worker: int) -> list[str]:
    """Which way the last change of hours led, under the same rates."""
    if society.cues == "none" or len(state.past) < 2 or state.past[-1].rates != state.past[-2].rates:
        return []
    now, before = state.past[-1], state.past[-2]
    moved = float(now.income[worker] - before.income[worker]) / float(state.skills[worker])
    gained = society.credit(now, worker) - society.credit(before, worker)
    if abs(moved) < 0.05 or gained == 0.0:
        return []
    change, effect = ("more" if moved > 0 else "fewer"), ("raised" if gained > 0 else "lowered")
    verdict = "few" if (moved > 0) == (gained > 0) else "many"
    return [f"Working {change} hours {effect} your result: your hours were perhaps too {verdict}."]


def _cue(society: Society, state: State, seat: int) -> list[str]:
    """Try something new, or settle: to settle is asked for in a year's last week and in the last tenth of the match."""
    if society.cues == "none" or state.phase == OVER:
        return []
    late = len(state.past) >= _LAST_TENTH * society.years * society.weeks
    if seat == 0:
        late = late or state.year == society.years - 1
    settle = late or (seat > 0 and state.week == society.weeks - 1)
    if settle and society.cues in ("both", "exploit"):
        return ["Now choose what has been best so far."]
    if not settle and society.cues in ("both", "explore"):
        return ["It may pay to try something that you have not tried yet."]
    return []


def planner_lines(society: Society, state: State) -> list[str]:
    """Last week's economy, the years so far, the best rates and cues."""
    if not state.past:
        return ["No week has been worked yet.", *_cue(society, state, 0)]
    last = state.past[-1]
    income = last.income
    tax = taxes(income, society.edges, np.array(last.rates) / 100.0)
    counts = np.bincount(bracket_of(income, society.edges), minlength=len(society.edges))
    lines = [
        f"Last week: welfare {dollars(last.welfare)}, rebate {dollars(last.rebate)}; incomes: mean {dollars(float(income.mean()))}, "
        f"median {dollars(float(np.median(income)))}, standard deviation {dollars(float(income.std()))}; Gini coefficient "
        f"{float(gini(income)):.3f} before and {float(gini(income - tax + last.rebate)):.3f} after tax and rebate.",
        "Workers by bracket: "
        + ", ".join(f"{count} from {dollars(edge)}" for edge, count in zip(society.edges, counts, strict=True))
        + ".",
    ]
    if society.bounded:
        lines.append(f"Satisfied with the taxes: {int(last.satisfied.sum())} of {society.population}.")
    if not society.has_hidden:
        lines.append(_spread(last.utility))
    years = _years(state)
    if len(years) > 1 and society.memory:
        lines.append("Tax years so far (rates; mean welfare of a week):")
        lines += [f"- year {year + 1}: {percents(rates)}; {dollars(welfare)}" for year, rates, welfare in years[-society.memory :]]
        lines.append("Best rates so far:")
        best = sorted(years, key=lambda entry: (-entry[2], entry[0]))[:_BEST]
        lines += [f"- {percents(rates)}; {dollars(welfare)}" for _, rates, welfare in best]
    return lines + _direction(society, state, years) + _cue(society, state, 0)


def _spread(utility: np.ndarray) -> str:
    """Utilities as a histogram of ten equal bins."""
    counts, edges = np.histogram(utility, bins=10)
    return f"Utilities from {dollars(float(edges[0]))} to {dollars(float(edges[-1]))} in ten equal steps: {' '.join(map(str, counts))} workers."


def _years(state: State) -> list[tuple[int, tuple[float, ...], float]]:
    """Number, rates and mean welfare of each tax year so far."""
    weeks_by_year: dict[int, list[Week]] = {}
    for week in state.past:
        weeks_by_year.setdefault(week.year, []).append(week)
    return [(year, weeks[-1].rates, float(np.mean([week.welfare for week in weeks]))) for year, weeks in weeks_by_year.items()]


def _direction(society: Society, state: State, years: list[tuple[int, tuple[float, ...], float]]) -> list[str]:
    """Which way welfare went when a rate was last changed."""
    if society.cues == "none" or len(years) < 2 or state.phase not in (DECREE, OVER):
        return []
    (_, before, old), (_, now, new) = years[-2], years[-1]
    changes = [
        f"{'raised' if b > a else 'lowered'} from {dollars(edge)}" for edge, a, b in zip(society.edges, before, now, strict=True) if a != b
    ]
    if not changes or new == old:
        return []
    return [
        f"When rates were last changed ({', '.join(changes)}) welfare {'rose' if new > old else 'fell'} from {dollars(old)} to {dollars(new)}."
    ]
