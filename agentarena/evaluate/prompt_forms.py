"""One language model under several prompt forms of the same game: `prompt=react`, `verl`, `chat` side by side.

The forms are those of `envs.text_prompts`. Agents whose names are one spec but for `prompt=` are the same model; the first of its forms
is what its others are compared with, over the deals that both played.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from agentarena.agents.llm.prompts import prompts
from agentarena.agents.specs import parse
from agentarena.core.errors import BadOption
from agentarena.core.record import Record
from agentarena.core.replay import steps

from .arguments import check_level
from .pair_contrasts import Contrast, contrasts
from .stats import NO_INTERVAL, Interval, wilson

__all__ = ["FormRow", "prompt_forms"]


@dataclass(frozen=True, slots=True)
class FormRow:
    """A model under one prompt form.

    Attributes:
        agent: Its name in the records.
        model: The same without the form.
        form: The form.
        matches: How many it played.
        success: Share of its matches that reached the game's greatest return.
        success_interval: Wilson's interval of it.
        mean_return: Mean return, in the game's unit.
        valid: Share of its commands that were admissible; nan where the game does not say.
        chars: Mean characters of a prompt at the first step, and at the last one of each match; nan where none can be built.
        difference: Mean return less that under the model's first form; nan for the first.
        interval: Interval of the difference, paired where both played the same deals; nan where there is none.
        p: Two-sided p value of it, by Holm's method among all pairs of agents.
        reason: Why there is no interval; "" where there is one, and for the first form.
    """

    agent: str
    model: str
    form: str
    matches: int
    success: float
    success_interval: Interval
    mean_return: float
    valid: float
    chars: tuple[float, float]
    difference: float = math.nan
    interval: Interval = NO_INTERVAL
    p: float = math.nan
    reason: str = ""


def prompt_forms(records: Iterable[Record], *, level: float = 0.95, sample: int = 20) -> tuple[FormRow, ...]:
    """The prompt forms of each model that played under two or more, models in the order of the records.

    Args:
        records: Matches of one game of one seat.
        level: Coverage of the intervals.
        sample: Matches of an agent whose prompts are built again for their length.

    Returns:
        `()` where no model played under two forms, or the game has more seats.

    Raises:
        UsageError: The level is out of range.
    """
    check_level(level)
    by_agent: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if len(record.seats) == 1:
            by_agent[record.seats[0].agent].append(record)
    models: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for agent in by_agent:
        model, form = _named(agent)
        if form:
            models[model].append((form, agent))
    chosen = {model: forms for model, forms in models.items() if len({form for form, _ in forms}) > 1}
    if not chosen:
        return ()
    pairs = {
        frozenset((one.first, one.second)): one for one in contrasts([one for played in by_agent.values() for one in played], level=level)
    }
    return tuple(
        _row(agent, model, form, by_agent[agent], pairs.get(frozenset((agent, forms[0][1]))), level, sample)
        for model, forms in chosen.items()
        for form, agent in forms
    )


def _named(agent: str) -> tuple[str, str]:
    """The model behind an agent's name and its prompt form; no form where the name does not say one.

    >>> _named("hf:m?temperature=0.4&prompt=verl")
    ('hf:m?temperature=0.4', 'verl')
    """
    try:
        head, parameters = parse(agent)
    except BadOption:
        return agent, ""
    form = parameters.pop("prompt", "")
    rest = "&".join(f"{name}={value}" for name, value in parameters.items())
    return (f"{head}?{rest}" if rest else head), form if isinstance(form, str) else ""


def _row(agent: str, model: str, form: str, records: Sequence[Record], gap: Contrast | None, level: float, sample: int) -> FormRow:
    returns = [record.seats[0].return_ for record in records]
    greatest = records[0].game().info.high
    won = sum(value >= greatest for value in returns)
    row = FormRow(
        agent,
        model,
        form,
        len(records),
        won / len(records),
        wilson(won, len(records), level),
        fmean(returns),
        _valid(records),
        _chars(records[:sample]),
    )
    if gap is None:
        return row
    sign = 1.0 if gap.first == agent else -1.0
    low, high = sorted((sign * gap.interval.low, sign * gap.interval.high))
    values = (row.agent, model, form, row.matches, row.success, row.success_interval, row.mean_return, row.valid, row.chars)
    return FormRow(*values, sign * gap.difference, Interval(low, high), gap.p_holm, gap.reason)


def _valid(records: Iterable[Record]) -> float:
    """Share of the commands that the game calls valid."""
    verdicts: list[bool] = []
    for record in records:
        played = 0
        for match, actions in steps(record):
            diagnostics = getattr(match.config.game, "diagnostics", None)
            if diagnostics is None:
                return math.nan
            if played:
                facts: dict[str, Any] = diagnostics(match.episode.state, 0)
                if "action_valid" not in facts:
                    return math.nan
                verdicts.append(bool(facts["action_valid"]))
            played = len(actions)
    return fmean(verdicts) if verdicts else math.nan


def _chars(records: Iterable[Record]) -> tuple[float, float]:
    """Mean characters of the first and of the last prompt of each match."""
    lengths = []
    for record in records:
        sent = [sum(len(message["content"]) for message in one.messages) for one in prompts(record) if one.messages and not one.attempt]
        if sent:
            lengths.append((sent[0], sent[-1]))
    return (fmean(first for first, _ in lengths), fmean(last for _, last in lengths)) if lengths else (math.nan, math.nan)
