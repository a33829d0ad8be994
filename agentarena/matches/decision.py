"""What the results so far decide of a board's question. Axis letter: P agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.evaluate.deal_results import DealResults
from agentarena.evaluate.rank_decisions import decide_pairs, decide_top, ranks_of
from agentarena.evaluate.rank_evidence import Evidence, direct_evidence, rating_evidence
from agentarena.evaluate.rank_intervals import alpharank_bounds

__all__ = ["REPEATS", "Decision", "Question", "check_question", "decide", "repeated_tables"]

Question = Literal["ranks", "top", "rank", "graph"]
"""The rank of every agent; who is best; the rank of one agent; who beats whom, pair by pair."""
REPEATS = 5
"""Deals of one and the same course after which two agents are taken to play alike always."""


def check_question(question: Any) -> None:
    """Refuse a question that there is not."""
    if question not in get_args(Question):
        raise UsageError(f"question is {question!r}; allowed: {', '.join(map(repr, get_args(Question)))}")


@dataclass(frozen=True, eq=False)
class Decision:
    """What is decided. All of it holds at once, at all times, with the level asked for.

    Attributes:
        question: "ranks", "top", "rank" or "graph".
        decided: Whether the question has its answer.
        reason: The answer, or what is open, in words.
        agents: Names.
        elo: Shape (P,), Bradley-Terry ratings.
        ahead: Shape (P, P), bool: the row agent is surely ahead of the column agent.
        level: Shape (P, P), bool: the two surely differ by less than the margin.
        ranks: Shape (P, 2), best and worst rank; for "graph" by number of agents beaten one by one.
        open: Pairs of agents on which the answer still waits.
        contradictory: Whether results contradict any single order of strengths; then "graph" is the question to put.
        deals: Complete deals behind it.
        shares: Shape (P, 2), for "graph": least and largest alpha-Rank share at infinite alpha; else `None`.
        repeated: Tables of agents from which no further deal is news, as they play the same games over again.
    """

    question: Question
    decided: bool
    reason: str
    agents: tuple[str, ...]
    elo: np.ndarray
    ahead: np.ndarray
    level: np.ndarray
    ranks: np.ndarray
    open: tuple[tuple[int, int], ...]
    contradictory: bool
    deals: int
    shares: np.ndarray | None = None
    repeated: frozenset[tuple[int, ...]] = frozenset()

    def __repr__(self) -> str:
        return f"<Decision after {self.deals} deals: {self.reason}>"

    @property
    def order(self) -> tuple[int, ...]:
        """Agents from the highest rating to the lowest; equal ones by number."""
        return tuple(np.argsort(-self.elo, kind="stable").tolist())


def decide(results: DealResults, question: Question, *, agent: int = 0, level: float = 0.95, margin_elo: float = 0.0) -> Decision:
    """What some complete deals decide.

    Args:
        results: Complete deals.
        question: See `Question`.
        agent: Number of the agent of question "rank".
        level: Simultaneous coverage over all times.
        margin_elo: Agents that differ by less are level; 0 for no such thing. Not for "graph".

    Raises:
        UsageError: There is no such question.

    >>> none = np.zeros(0, np.int64)
    >>> decide(DealResults(("a", "b"), none, none, np.zeros(0), none, none, ()), "top")
    <Decision after 0 deals: open: a and b>
    """
    check_question(question)
    repeated = repeated_tables(results)
    results = results.distinct
    size = len(results.agents)
    evidence = rating_evidence(results, margin_elo)
    claims = ~np.eye(size, dtype=bool)
    if question == "rank":
        claims &= (np.arange(size) == agent)[:, None] | (np.arange(size) == agent)
    tied = np.zeros((size, size), bool)
    if question == "graph":
        ahead = decide_pairs(direct_evidence(results), level, claims=claims, transitive=False)
    elif question == "top" and margin_elo == 0:
        ahead = np.zeros((size, size), bool)
        best = decide_top(evidence.log_e, level)
        if best is not None:
            ahead[best, np.arange(size) != best] = True
    else:
        # a pair has at most two true claims of three (ahead, behind, level), also where one is decided: no steps with a margin
        ahead = decide_pairs(evidence.log_e, level, claims=claims, stepwise=margin_elo == 0)
        tied = claims & (evidence.level_log_e >= np.log(claims.sum() / (1 - level)))
    return _decision(results, question, agent, evidence, ahead, tied, repeated)


def repeated_tables(results: DealResults) -> frozenset[tuple[int, ...]]:
    """Sets of agents from which no further deal is news: all they played, `REPEATS` deals at least, are the same games."""
    return frozenset(group for group, deals in results.single_courses.items() if deals >= REPEATS)


def _decision(
    results: DealResults,
    question: Question,
    agent: int,
    evidence: Evidence,
    ahead: np.ndarray,
    tied: np.ndarray,
    repeated: frozenset[tuple[int, ...]],
) -> Decision:
    both = ahead & ahead.T
    sure = ahead & ~both
    settled = sure | sure.T | tied | np.eye(len(sure), dtype=bool)
    waiting = ~settled
    if question == "top":
        done = settled & ~sure.T
        waiting = np.zeros_like(waiting) if done.all(1).any() else waiting
    elif question == "rank":
        waiting[np.arange(len(sure)) != agent] = False
    first, second = np.nonzero(np.triu(waiting | waiting.T, 1))
    pairs = tuple(zip(first.tolist(), second.tolist(), strict=True))
    shares = alpharank_bounds(*_margins(sure)) if question == "graph" else None
    return Decision(
        question,
        not pairs,
        _reason(results.agents, question, agent, pairs, sure, tied, bool(both.any())) + _copies(results.agents, pairs, repeated),
        results.agents,
        evidence.elo,
        sure,
        tied,
        ranks_of(sure),
        pairs,
        bool(both.any()),
        evidence.deals,
        shares,
        repeated,
    )


def _copies(agents: tuple[str, ...], pairs: tuple[tuple[int, int], ...], repeated: frozenset[tuple[int, ...]]) -> str:
    names = [f"{agents[i]} and {agents[j]}" for i, j in pairs if (i, j) in repeated]
    return f"; {names[0]} play the same games over again: use random openings" if names else ""


def _margins(ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of the margins' signs."""
    low = np.where(ahead, 1.0, -1.0)
    np.fill_diagonal(low, 0.0)
    return low, -low.T


def _reason(
    agents: tuple[str, ...],
    question: Question,
    agent: int,
    pairs: tuple[tuple[int, int], ...],
    ahead: np.ndarray,
    tied: np.ndarray,
    contradictory: bool,
) -> str:
    if contradictory:
        return "results contradict any single order of strengths; put the question 'graph'"
    if pairs:
        names = ", ".join(f"{agents[i]} and {agents[j]}" for i, j in pairs[:3])
        return f"open: {names}{f' and {len(pairs) - 3} more pairs' if len(pairs) > 3 else ''}"
    ranks = ranks_of(ahead)
    if question == "top":
        level = (ahead | tied | np.eye(len(ahead), dtype=bool)).all(1)
        return f"best: {', '.join(agents[i] for i in np.flatnonzero(level))}"
    if question == "rank":
        low, high = ranks[agent].tolist()
        return f"rank of {agents[agent]}: {low if low == high else f'{low} to {high}, level with others'}"
    if question == "graph":
        return f"all {len(agents) * (len(agents) - 1) // 2} pairs decided"
    order = np.lexsort((ranks[:, 1], ranks[:, 0])).tolist()
    return "order: " + " ".join(
        name + ("" if nxt is None else " =" if tied[here, nxt] else " >")
        for here, nxt, name in ((i, j, agents[i]) for i, j in zip(order, [*order[1:], None], strict=True))
    )
