"""A run in figures and examples: what `agentarena lspo inspect` prints and its page shows, as plain data."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agentarena.core.display import printable

from .agent import load_run
from .artefacts import STAGES, Iteration, read_lines
from .clusters import Clusters
from .config import LSPOConfig
from .domain import Domain
from .policy import load_policy
from .stages import domain_of, load_clusters, load_turns, policy_rows
from .turns import Decision, Turn

__all__ = ["ClusterRow", "Inspection", "IterationView", "PairRow", "PolicyRow", "figure_text", "inspect_run"]

_LONGEST = 300
"""Characters of a sentence or a situation that are shown."""


class ClusterRow(NamedTuple):
    """A cluster.

    Attributes:
        role: Of whom.
        number: Of the cluster.
        about: Whether it names a seat.
        symbol: What it is heard as.
        sentences: Different sentences in it.
        proposed: How often one of them was proposed, all iterations it is made of together.
        model: Share of the model's first candidates in this iteration that fall in it; nan where it was not asked.
        policy: The latent policy's probability of it, over all targets, a mean over the turns of this iteration.
        examples: The sentences proposed most often.
    """

    role: str
    number: int
    about: bool
    symbol: int
    sentences: int
    proposed: int
    model: float
    policy: float
    examples: tuple[str, ...]


class PolicyRow(NamedTuple):
    """What the policy does in one situation.

    Attributes:
        role: Of whom.
        visits: Turns at which it was met.
        view: The situation in words, of one of these turns.
        moves: The likeliest moves: cluster, name of the seat meant ("" for none), probability.
    """

    role: str
    visits: int
    view: str
    moves: tuple[tuple[int, str, float], ...]


class PairRow(NamedTuple):
    """A preference pair; probabilities are the policy's."""

    role: str
    view: str
    chosen: str
    rejected: str
    chosen_cluster: int
    rejected_cluster: int
    chosen_probability: float
    rejected_probability: float


class IterationView(NamedTuple):
    """An iteration.

    Attributes:
        number: Of the iteration.
        problems: Stages that are not done, with the reason.
        figures: Stage -> figures.
        seconds: Stage -> seconds.
        clusters: All of them.
        policies: The situations met most often.
        pairs: Some of them.
        count_of_pairs: Of all.
    """

    number: int
    problems: tuple[tuple[str, str], ...]
    figures: dict[str, dict[str, Any]]
    seconds: dict[str, float]
    clusters: tuple[ClusterRow, ...]
    policies: tuple[PolicyRow, ...]
    pairs: tuple[PairRow, ...]
    count_of_pairs: int


class Inspection(NamedTuple):
    """A run.

    Attributes:
        folder: Where it lies.
        settings: As JSON has them.
        iterations: In order.
    """

    folder: str
    settings: dict[str, Any]
    iterations: tuple[IterationView, ...]


def figure_text(value: Any) -> str:
    """A figure as it is printed: whole numbers without decimals, others with four; what is no number as it is.

    >>> figure_text(1847460.0), figure_text(0.36444), figure_text(None)
    ('1,847,460', '0.3644', 'None')
    """
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:,.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def inspect_run(folder: str | Path, *, examples: int = 3, situations: int = 8, pairs: int = 8) -> Inspection:
    """Look at a run.

    Args:
        folder: Of the run.
        examples: Sentences of each cluster.
        situations: Information sets of each iteration.
        pairs: Pairs of each iteration.

    Raises:
        UsageError: There is no run there.
    """
    config, folders = load_run(folder)
    domain = domain_of(config.speech, config.game())
    views = [_iteration(config, domain, number, one, examples, situations, pairs) for number, one in enumerate(folders)]
    return Inspection(str(folder), asdict(config), tuple(views))


def _iteration(
    config: LSPOConfig, domain: Domain, number: int, folder: Iteration, examples: int, situations: int, pairs: int
) -> IterationView:
    stages = STAGES if number < config.iterations else STAGES[:3]
    problems = tuple((stage, reason) for stage in stages if (reason := folder.why_not_done(stage)))
    broken = {stage for stage, _ in problems}
    entries = {stage: entry for stage in STAGES if (entry := folder.entry(stage)) is not None}
    cluster_rows: tuple[ClusterRow, ...] = ()
    policy_table: tuple[PolicyRow, ...] = ()
    if not broken & {"generate", "cluster"}:
        turns, clusters = load_turns(folder), load_clusters(folder)
        decisions = domain.decisions(clusters, turns)
        policy = None if "solve" in broken else load_policy(folder.path / "policy")
        rows = None if policy is None else policy_rows(policy, decisions)
        cluster_rows = _clusters(domain, clusters, turns, decisions, rows, examples)
        policy_table = () if rows is None else _policies(domain, clusters, turns, decisions, rows, situations)
    some, count = ((), 0) if "pairs" in broken or "pairs" not in entries else _pairs(folder, pairs)
    return IterationView(
        number,
        problems,
        {stage: dict(entry.figures) for stage, entry in entries.items()},
        {stage: entry.seconds for stage, entry in entries.items()},
        cluster_rows,
        policy_table,
        some,
        count,
    )


def _clusters(
    domain: Domain,
    clusters: Clusters,
    turns: Sequence[Turn],
    decisions: Sequence[Decision],
    rows: Sequence[np.ndarray] | None,
    examples: int,
) -> tuple[ClusterRow, ...]:
    first: Counter[tuple[str, int]] = Counter()
    weight: dict[tuple[str, int], float] = defaultdict(float)
    turns_of: Counter[str] = Counter()
    for place, (turn, decision) in enumerate(zip(turns, decisions, strict=True)):
        turns_of[turn.role] += 1
        if decision.actions and decision.actions[0] >= 0 and (move := domain.move_of(clusters, turn, decision.actions[0])):
            first[turn.role, move[0]] += 1
        for action in np.flatnonzero(rows[place] > 0).tolist() if rows is not None else ():
            if move := domain.move_of(clusters, turn, action):
                assert rows is not None
                weight[turn.role, move[0]] += float(rows[place][action])
    out = []
    for role, one in clusters.roles.items():
        for number in range(one.count):
            members = list(one.members(number))
            model, likely = (value[role, number] / turns_of[role] if turns_of[role] else float("nan") for value in (first, weight))
            words = tuple(printable(sentence.text, _LONGEST) for sentence in members[:examples])
            proposed = sum(sentence.count for sentence in members)
            out.append(ClusterRow(role, number, one.names_seat[number], one.symbols[number], len(members), proposed, model, likely, words))
    return tuple(out)


_MOST_MOVES = 6
"""Moves of a situation that are listed."""


def _policies(
    domain: Domain, clusters: Clusters, turns: Sequence[Turn], decisions: Sequence[Decision], rows: Sequence[np.ndarray], count: int
) -> tuple[PolicyRow, ...]:
    """The information sets met most often, those of equal number in order of appearance."""
    places: dict[tuple[str, bytes], list[int]] = {}
    for place, decision in enumerate(decisions):
        key = decision.role, np.ascontiguousarray(decision.observation, np.float32).tobytes()
        places.setdefault(key, []).append(place)
    out = []
    for (role, _), met in sorted(places.items(), key=lambda one: -len(one[1]))[:count]:
        turn, row = turns[met[0]], rows[met[0]]
        moves = []
        for action in np.argsort(-row, kind="stable")[:_MOST_MOVES].tolist():
            move = domain.move_of(clusters, turn, action) if row[action] > 0 else None
            if move is not None:
                name = turn.names[move[1]] if move[1] >= 0 and turn.names else ""
                moves.append((move[0], name, float(row[action])))
        out.append(PolicyRow(role, len(met), turn.view[:2000], tuple(moves)))
    return tuple(out)


def _pairs(folder: Iteration, most: int) -> tuple[tuple[PairRow, ...], int]:
    """Pairs spread over the file, and how many there are."""
    lines = list(read_lines(folder.path / "pairs.jsonl"))
    picked = (
        [lines[place] for place in np.unique(np.linspace(0, len(lines) - 1, min(most, len(lines))).round().astype(int))] if lines else []
    )
    return tuple(PairRow(*(one[name] for name in PairRow._fields)) for one in picked), len(lines)
