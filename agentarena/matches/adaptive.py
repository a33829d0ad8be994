"""Which match next: a scheduler that plays the deals that inform, and stops when a board's question is decided.

It says who should play how many deals; it does not play. Axis letter: P agents.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.evaluate.arguments import check_level, number, whole_number
from agentarena.evaluate.deal_results import DealResults
from agentarena.evaluate.match_table import MatchTable

from .allocation import fill_tables, informative_pairs, opening_tables
from .decision import Decision, Question, check_question, decide

__all__ = ["Pairing", "Scheduler"]


class Pairing(NamedTuple):
    """Deals to play.

    Attributes:
        seats: The agent in each seat, by name. Each deal is played in all its rotations.
        deals: How many deals are to be completed.
    """

    seats: tuple[str, ...]
    deals: int


class Scheduler:
    """Chooses the deals that decide a question about some agents with few matches.

    The answer holds with `level` whenever it stops: evidence for each pair is an e-value, which may be looked at after every
    deal, and all pairs share the error by Holm's method (`evaluate.rank_evidence`, `evaluate.rank_decisions`). So decisions are
    wrong less often than 1 - level says: it pays for any number of looks and for all pairs being close.

    First every agent plays `opening` deals against different opponents. Then each batch goes, in equal parts, to the pairs that
    the answer waits for: for "ranks" open neighbours by rating, for "top" the leader and its open rivals, for "rank" the agent and
    its open rivals, for "graph" all open pairs. At a table of more than two, seats are filled with agents of open pairs.

    Everything follows from `seed` and the table. Batches are counted from the deals that are complete: a table that ends within
    a batch, because a run was interrupted, gives what is missing of that batch, and complete deals beyond it wait until a batch
    asks for them. So an interrupted run ends as an undisturbed one.

    Args:
        agents: Names, at least two.
        question: "ranks": the rank of every agent; "top": the best; "rank": the rank of `agent`; "graph": who beats whom, pair by
            pair, for agents that beat each other in circles.
        agent: Name, for question "rank".
        level: Coverage of everything decided together, at all times.
        batch: Deals of a batch; as many as there are agents when left out. A batch grows to a twentieth of the deals played.
        seed: Of the choices between equals.
        seats: Seats of the game.
        margin_elo: Agents that differ by less are called level; 0 lets two equal agents play on until the budget is spent.
        budget: Most deals; none when left out.
        opening: Deals of each agent at the start.
        matches_per_deal: Matches that complete a deal; one in every rotation of the seats when left out.
        before: Matches that were there before the scheduler began; their deals count from the start.

    Raises:
        UsageError: An argument is out of range.

    >>> scheduler = Scheduler(["a", "b", "c"], "top", opening=2)
    >>> scheduler.next_batch(None)
    (Pairing(seats=('a', 'b'), deals=1), Pairing(seats=('a', 'c'), deals=1), Pairing(seats=('b', 'c'), deals=1))
    """

    def __init__(
        self,
        agents: Sequence[str],
        question: Question = "ranks",
        level: float = 0.95,
        batch: int | None = None,
        seed: int = 0,
        *,
        agent: str | None = None,
        seats: int = 2,
        margin_elo: float = 0.0,
        budget: int | None = None,
        opening: int = 6,
        matches_per_deal: int | None = None,
        before: MatchTable | None = None,
    ) -> None:
        check_level(level)
        check_question(question)
        self.agents, self.question, self.level = tuple(agents), question, level
        if len(self.agents) < 2 or len(set(self.agents)) < len(self.agents):
            raise UsageError(f"agents are {shown(agents)}; expected at least two different names")
        if (question == "rank") != (agent is not None) or (agent is not None and agent not in self.agents):
            raise UsageError(
                f"question is {question!r} and agent {shown(agent)}; question 'rank', and no other, needs the name of an agent"
            )
        self.agent = 0 if agent is None else self.agents.index(agent)
        self.batch = len(self.agents) if batch is None else whole_number("batch", batch, 1)
        self.seed, self.seats = whole_number("seed", seed, 0, 2**128), whole_number("seats", seats, 2, 1000)
        self.margin_elo = number("margin_elo", margin_elo, least=0)
        if question == "graph" and self.margin_elo > 0:
            raise UsageError("margin_elo is a difference of ratings; question 'graph' has none")
        self.budget = None if budget is None else whole_number("budget", budget, 1)
        self.opening = whole_number("opening", opening, 1, 100_000)
        self.matches_per_deal = self.seats if matches_per_deal is None else whole_number("matches_per_deal", matches_per_deal, 1)
        self._start = dict(DealResults.of(before, self.agents, self.matches_per_deal).counts)
        self._checkpoint = (self._start, b"")
        self._looks: dict[bytes, Decision] = {}

    def __repr__(self) -> str:
        return f"<Scheduler of {len(self.agents)} agents, question {self.question!r}, level {self.level:g}>"

    def next_batch(self, table: MatchTable | DealResults | None) -> tuple[Pairing, ...]:
        """What to play next; nothing when the question is decided or the budget is spent.

        Args:
            table: All matches so far, or their results by deal; `None` before the first. Matches of other agents are ignored.
        """
        return self._replay(table)[1]

    def decided(self, table: MatchTable | DealResults | None) -> Decision:
        """What the batches that are complete decide; see `next_batch`."""
        return self._replay(table)[0]

    def _replay(self, table: MatchTable | DealResults | None) -> tuple[Decision, tuple[Pairing, ...]]:
        """Batch after batch from the start, or from where the last call came to, as far as the table goes."""
        results = table if isinstance(table, DealResults) else DealResults.of(table, self.agents, self.matches_per_deal)
        counts, digest = self._checkpoint
        if _digest(results.part(counts)) != digest:
            counts = self._start
        while True:
            visible = results.part(counts)
            digest = _digest(visible)
            decision = self._looks.get(digest) or decide(
                visible, self.question, agent=self.agent, level=self.level, margin_elo=self.margin_elo
            )
            self._looks = {digest: decision}
            self._checkpoint = (counts, digest)
            wanted = self._plan(visible, decision)
            after = {group: counts.get(group, 0) + deals for group, deals in wanted.items()}
            missing = {group: total - results.counts.get(group, 0) for group, total in after.items()}
            if not wanted or any(deals > 0 for deals in missing.values()):
                return decision, tuple(Pairing(self._seats(group), deals) for group, deals in missing.items() if deals > 0)
            counts = {**counts, **after}

    def _plan(self, visible: DealResults, decision: Decision) -> dict[tuple[int, ...], int]:
        """Deals of each set of agents in the batch after some results; none when there is no more to play."""
        played = len(visible.groups)
        left = math.inf if self.budget is None else self.budget - played
        if decision.decided or left <= 0:
            return {}
        rng = np.random.default_rng([self.seed, played])
        size = min(self.seats, len(self.agents))
        tables = opening_tables(visible, size, self.opening, rng)
        if not tables:
            pairs = informative_pairs(decision)
            if not pairs:
                return {}
            tables = fill_tables(pairs, decision, size, max(self.batch, played // 20), rng)
        return dict(Counter(tables[: int(min(left, len(tables)))]))

    def _seats(self, group: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(self.agents[group[seat % len(group)]] for seat in range(self.seats))


def _digest(results: DealResults) -> bytes:
    courses = np.zeros(0) if results.courses is None else results.courses
    columns = (courses, results.first, results.second, np.rint(2 * results.score).astype(np.int64), results.deals, results.units)
    digest = hashlib.blake2b(digest_size=16)
    for column in columns:
        digest.update(np.ascontiguousarray(column, np.int64).tobytes())
    return digest.digest()
