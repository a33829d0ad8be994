"""The comparison of rankers as one HTML file that needs nothing else: accuracies, all differences, topics, how it was made."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.display import printable
from agentarena.evaluate.stats import Interval

from .rankers import RANKERS
from .results import Comparison, Difference
from .scored import Scored

__all__ = ["difference_rows", "percent", "render", "rows_of", "write"]

BASELINE = "generative"
"""The ranker that the others are compared with in tables."""
_SAMPLES = 20
"""Questions that are shown."""

_STYLE = """body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1d2733}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #dfe4ea}
th:first-child,td:first-child{text-align:left}td.words{text-align:left}.right{font-weight:600;color:#0b6e75}
svg{max-width:100%;height:auto}pre{background:#f4f6f8;padding:1rem;overflow:auto}"""


def percent(value: float) -> str:
    """A share with one decimal."""
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def points(value: float) -> str:
    """A difference of shares in points, with its sign."""
    return "–" if math.isnan(value) else f"{round(100 * value, 1) + 0.0:+.1f}".replace("-", "−")


def _interval(interval: Interval, write: Any) -> str:
    return "no interval" if math.isnan(interval.low) else f"{write(interval.low)} to {write(interval.high)}"


def rows_of(comparison: Comparison) -> list[tuple[str, str, str, str, str, str]]:
    """The table of rankers: name, accuracy, interval, difference from the generative ranking, its interval, p after Holm."""
    out = []
    for one in comparison.accuracies:
        row = (one.ranker, percent(one.accuracy), _interval(one.interval, percent))
        if one.ranker == BASELINE:
            out.append((*row, "", "", ""))
            continue
        gap = comparison.difference(one.ranker, BASELINE)
        out.append((*row, points(gap.difference), _interval(gap.interval, points), _p(gap)))
    return out


def _p(gap: Difference) -> str:
    return "< 0.0001" if gap.p_holm < 1e-4 else f"{gap.p_holm:.4f}"


def difference_rows(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Every pair of rankers: names, difference, interval, p after Holm."""
    return [
        (f"{gap.first} less {gap.second}", points(gap.difference), _interval(gap.interval, points), _p(gap))
        for gap in comparison.differences
    ]


def write(path: str | Path, comparison: Comparison, head: Mapping[str, Any], rows: Sequence[Scored], settings: Mapping[str, Any]) -> None:
    """Write the report; it appears whole or not at all. Arguments are those of `render`."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    partial.write_text(render(comparison, head, rows, settings), encoding="utf-8")
    partial.replace(target)


def render(comparison: Comparison, head: Mapping[str, Any], rows: Sequence[Scored], settings: Mapping[str, Any]) -> str:
    """The report as HTML. The same input gives the same bytes.

    Args:
        comparison: What is reported.
        head: The head of the run's file.
        rows: The questions.
        settings: Of the ranking: eta, lam, iterations, length, seeds.
    """
    level = f"{comparison.level:.0%}"
    title = f"Rankings of candidates by {printable(str(head.get('model', 'a model')), 100)}"
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_words(title)}</title><style>{_STYLE}</style><h1>{_words(title)}</h1>",
        f"<p>{comparison.questions:,} questions; a random order is right at {percent(comparison.chance)} %, a perfect one at "
        f"{percent(comparison.possible)} %. Intervals have {level} coverage; differences are paired over questions.</p>",
        "<h2>Accuracy</h2>",
        _bars(comparison),
        _table(("ranker", "correct, %", level, f"less {BASELINE}, points", level, "p (Holm)"), rows_of(comparison)),
        _table(("ranker", "score of a candidate"), [(one.ranker, RANKERS[one.ranker]) for one in comparison.accuracies]),
        "<h2>All differences</h2>",
        _table(("pair", "points", level, "p (Holm)"), difference_rows(comparison)),
    ]
    if comparison.topics:
        names = [one.ranker for one in comparison.accuracies]
        topics = [(topic, f"{count:,}", *(percent(shares[name]) for name in names)) for topic, (count, shares) in comparison.topics.items()]
        parts += ["<h2>By topic</h2>", _table(("topic", "questions", *names), topics)]
    parts += ["<h2>First questions</h2>", _examples(rows[:_SAMPLES])]
    settings_json = json.dumps({"run": dict(head), "ranking": dict(settings)}, indent=1, ensure_ascii=False)
    parts += ["<h2>How it was made</h2>", f"<pre>{_words(settings_json)}</pre></html>\n"]
    return "\n".join(parts)


def _words(text: Any) -> str:
    return html.escape(str(text))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_words(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_words(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _bars(comparison: Comparison) -> str:
    """Accuracies as points with their intervals, and chance as a line."""
    width, left, line = 760, 170, 26
    height = line * len(comparison.accuracies) + 34

    def x(share: float) -> str:
        return f"{left + share * (width - left - 20):.1f}"

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Accuracy of each ranker">']
    parts.append(
        f'<line x1="{x(comparison.chance)}" x2="{x(comparison.chance)}" y1="4" y2="{height - 24}" stroke="#8b95a3" stroke-dasharray="4 3"/>'
    )
    for number, one in enumerate(comparison.accuracies):
        y = 18 + line * number
        parts.append(f'<text x="{left - 10}" y="{y + 5}" text-anchor="end">{_words(one.ranker)}</text>')
        parts.append(f'<line x1="{x(one.interval.low)}" x2="{x(one.interval.high)}" y1="{y}" y2="{y}" stroke="#9fd0d2" stroke-width="6"/>')
        parts.append(f'<circle cx="{x(one.accuracy)}" cy="{y}" r="5" fill="#0b6e75"/>')
    parts += [
        f'<text x="{x(share)}" y="{height - 6}" text-anchor="middle" fill="#5b6675">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return "".join(parts) + "</svg>"


def _examples(rows: Sequence[Scored]) -> str:
    lines = []
    for row in rows:
        for place, text in enumerate(row.candidates):
            style = ' class="words right"' if place in row.answers else ' class="words"'
            cells = f"{row.generator[0][place]:.2f}", f"{row.generator[1][place]:.2f}", f"{row.discriminator[place]:.2f}"
            numbers = "".join(f"<td>{cell}</td>" for cell in cells)
            lines.append(
                f"<tr><td>{_words(printable(row.key, 60)) if place == 0 else ''}</td><td{style}>{_words(printable(text, 200))}</td>{numbers}</tr>"
            )
    head = (
        "<tr><th>question</th><th>candidate</th><th>log P(y | correct)</th><th>log P(y | incorrect)</th><th>log-odds of correct</th></tr>"
    )
    return f"<table>{head}{''.join(lines)}</table>"
