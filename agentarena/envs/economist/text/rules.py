"""The rules in words, as configured."""

from __future__ import annotations

from agentarena.core.text import REPLY
from agentarena.envs.economist.rules.society import Society

from .phrases import dollars

__all__ = ["rules"]

_OBJECTIVE = {
    "inverse_income": "the mean of the workers' utilities, each weighted by 1 / income before tax (incomes below 1 dollar count as 1)",
    "reference_income": "the mean of the workers' utilities, each weighted by 1 / the income it would earn without any tax",
    "utilitarian": "the sum of the workers' utilities",
    "isoelastic": "the sum over workers of a concave function of utility, so that gains of the poor count more",
    "rawls": "the utility of the worst-off worker",
    "equality_productivity": "total income before tax times the equality of incomes after tax and rebate (1 minus the scaled Gini coefficient)",
    "paper_raw": "the sum over workers of utility / income before tax (incomes below 1 dollar count as 1)",
}

_CHANGES = ("+10", "0", "-20", "0", "0", "0", "0")
_RATES = ("10", "20", "35", "40", "45", "50", "55")


def rules(society: Society, seat: int) -> str:
    """The rules for one seat."""
    parts = [
        f"An economy of {society.population} workers (worker 1 to worker {society.population}) over {society.years} tax years of "
        f"{society.weeks} weeks. You are {'the planner' if seat == 0 else f'worker {seat}'}.",
        "Each week every worker chooses its hours of work, from 0 to 100, all at the same time. Its income is its skill times its hours. "
        "Amounts are dollars a year. Income tax is due by brackets: a bracket's rate applies to the part of an income inside it. "
        "All tax of the week is given back in equal shares, the rebate.",
        f"The brackets begin at {', '.join(dollars(edge) for edge in society.edges)} dollars.",
        f"A worker's utility is {_utility(society)}, where C is its income after tax and rebate and hours are its hours of work.",
        _government(society),
        _goal(society, seat),
        _moves(society, seat),
        REPLY,
    ]
    return "\n".join(part for part in parts if part)


def _utility(society: Society) -> str:
    tastes = society.tastes
    effort = f"{tastes.cost:.6g} x hours^{tastes.curvature:g}"
    if tastes.eta == 0.0:
        return f"C - {effort}"
    if tastes.eta == 1.0:
        return f"ln(C) - {effort}"
    return f"(C^{1 - tastes.eta:.6g} - 1) / {1 - tastes.eta:.6g} - {effort}"


def _government(society: Society) -> str:
    how = "as percentages" if not society.deltas else "by changing each rate by -20, -10, 0, +10 or +20 points"
    until = f" In the first {society.warmup} tax years the rates stay as they are at the start." if society.warmup else ""
    if society.government == "planner":
        return f"Before the first week of each tax year the planner sets the rates {how}.{until}"
    if society.government == "election":
        return (
            f"Before each tax year the workers elect one of them by plurality (ties by lot); the winner sets the rates {how}. If nobody gets "
            f"a vote the rates stay.{until}"
        )
    return (
        f"Before each tax year workers may stand for election with a platform of rates, written {how}; then all vote for one who stands. "
        f"The platform with most votes (ties by lot) becomes law. If nobody stands or gets a vote the rates stay.{until}"
    )


def _goal(society: Society, seat: int) -> str:
    goal = _OBJECTIVE[society.objective]
    if seat == 0:
        idle = "" if society.government == "planner" else " In this society you are never asked; you only watch."
        return f"Your result is the sum over all weeks of social welfare: {goal}.{idle}"
    motive = int(society.motives[seat - 1])
    if motive:
        sense = "of social welfare" if motive > 0 else "of minus social welfare: you want the others to fare badly"
        return f"Your result is the sum over all weeks {sense}. Social welfare is {goal}."
    if not society.bounded:
        return "Your result is the sum over all weeks of your utility."
    loss = "is halved" if society.satisfaction == "paper" else "is lowered by half its size"
    return (
        "Each week you also say whether you are satisfied with the tax policy, speaking as the person you are. "
        f"Your result is the sum over all weeks of your utility, which {loss} in weeks in which you are not satisfied."
    )


def _moves(society: Society, seat: int) -> str:
    kind, word, numbers = ("changes", "changes", _CHANGES) if society.deltas else ("percentages", "rates", _RATES)
    count = len(society.edges)
    example = ", ".join(numbers[:count])
    if seat == 0:
        return f"A move is {count} {kind} from lowest to highest bracket, such as {example}."
    if not society.bounded and society.government == "planner":
        return "A move is a number of hours, such as 37.5."
    lines = ["A move in a week of work is written like: work 37.5" + ("; satisfied yes" if society.bounded else "")]
    if society.government != "planner":
        lines.append("A vote is written like: vote 3 (vote 0 is for nobody).")
    if society.government == "election":
        lines.append(f"Rates of an elected worker are written like: {word} {example}")
    if society.government == "platforms":
        lines.append(f"To stand with a platform write: stand yes; {word} {example} (or: stand no)")
    return "\n".join(lines)
