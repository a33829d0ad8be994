"""A run as one HTML page that needs nothing else: figures by iteration, clusters, policies, pairs, settings."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentarena.core.display import shown

from .inspect import ClusterRow, Inspection, IterationView, PairRow, PolicyRow, figure_text

__all__ = ["render", "write"]

_STYLE = """:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--rule:#c3cbd5;--page:#f6f7f9;--panel:#fff;
--accent:#0b6e75;--accent-soft:#9fd0d2;--theirs:#b0560f}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3adba;--line:#2a323d;--rule:#3a4450;--page:#11151a;--panel:#181e25;
--accent:#4cc2c4;--accent-soft:#28666a;--theirs:#f0a35e}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
.wrap{max-width:1180px;margin:0 auto;padding:0 20px 40px}h1{overflow-wrap:anywhere;margin:34px 0 4px;font-size:30px;letter-spacing:-.018em}
.sub{margin:0;color:var(--soft)}section,details{margin:20px 0;padding:18px 22px;background:var(--panel);border:1px solid var(--line);
border-radius:10px}h2{margin:0 0 4px;font-size:19px}h3{margin:20px 0 4px;font-size:15px}summary{cursor:pointer;font-size:19px;font-weight:650}
.lead{margin:0 0 10px;color:var(--soft);font-size:14px;max-width:80ch}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:left;font-size:12.5px;color:var(--soft);padding:6px 14px 6px 0;border-bottom:1.5px solid var(--rule);vertical-align:bottom}
td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}tr:last-child td{border-bottom:0}
.n{text-align:right;white-space:nowrap}.words{min-width:22em}.words p{margin:0 0 2px}.view{white-space:pre-line;min-width:20em;color:var(--soft)}
.warn{color:var(--theirs);font-weight:600}.chosen{color:var(--accent)}.rejected{color:var(--theirs)}small{color:var(--soft)}
svg{display:block}.bars td{vertical-align:middle}pre{overflow-x:auto;font-size:13px}
nav{display:flex;gap:16px;flex-wrap:wrap;margin:14px 0 0}a{color:var(--accent)}"""


def write(path: str | Path, inspection: Inspection) -> None:
    """Write the page; it appears whole or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_text(render(inspection), encoding="utf-8")
    part.replace(target)


def render(inspection: Inspection) -> str:
    """The page as HTML. The same run gives the same bytes."""
    settings = inspection.settings
    title = f"LSPO on {settings['env']}"
    last = len(inspection.iterations) - 1
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_words(title)}</title><style>{_STYLE}</style><div class=wrap><h1>{_words(title)}</h1>",
        f"<p class=sub>{_words(_facts(inspection))}</p>",
        "<nav>" + "".join(f'<a href="#iteration-{one.number}">Iteration {one.number}</a>' for one in inspection.iterations) + "</nav>",
        _figures(inspection.iterations),
        *(_iteration(one, is_open=one.number == last) for one in inspection.iterations),
        f"<details><summary>Settings</summary><pre>{_words(json.dumps(settings, indent=1, ensure_ascii=False))}</pre></details></div></html>",
    ]
    return "\n".join(parts) + "\n"


def _facts(inspection: Inspection) -> str:
    settings = inspection.settings
    game = (
        f"preset {settings['preset']}"
        if settings["preset"]
        else (f"options {shown(settings['options'], 120)}" if settings["options"] else "options by default")
    )
    spoken = "utterances" if settings["speech"] == "turns" else "spoken moves"
    return f"{game}; {spoken} of the model {settings['speaker']}; pairs by {settings['pairs']['rule']}; seed {settings['seed']}"


def _words(text: Any) -> str:
    return html.escape(str(text))


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and math.isnan(value)):
        return "–" if value is None or isinstance(value, float) else _words(value)
    return figure_text(value).replace("-", "−")


def _table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> str:
    """A table; columns are a name and a class, cells are HTML."""
    head = "".join(f'<th class="{kind}">{_words(name)}</th>' for name, kind in columns)
    body = "".join(
        "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for (_, kind), cell in zip(columns, row, strict=True)) + "</tr>" for row in rows
    )
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _figures(iterations: Sequence[IterationView]) -> str:
    """Every figure by iteration, with a line of its course."""
    flat = [{name: value for stage in one.figures.values() for name, value in stage.items()} for one in iterations]
    names = list(dict.fromkeys(name for one in flat for name in one))
    columns = [("figure", ""), *((f"{one.number}", "n") for one in iterations), ("course", "")]
    rows = [
        [_words(name.replace("_", " ")), *(_number(one.get(name)) for one in flat), _line([one.get(name) for one in flat])]
        for name in names
    ]
    seconds = [sum(one.seconds.values()) for one in iterations]
    rows.append(["seconds", *(f"{value:,.1f}" for value in seconds), _line(seconds)])
    lead = "A column an iteration. Iteration 0 is the model before it was tuned."
    return f"<section><h2>Figures</h2><p class=lead>{lead}</p>{_table(columns, rows)}</section>"


def _line(values: Sequence[Any]) -> str:
    """A line of values from 0 (or the least) to the greatest; nothing where there are fewer than two."""
    points = [(place, float(value)) for place, value in enumerate(values) if isinstance(value, int | float) and math.isfinite(value)]
    if len(points) < 2:
        return ""
    low, high = min(0.0, min(value for _, value in points)), max(value for _, value in points)
    if high == low:
        return ""
    width, height = 110.0, 24.0
    xy = [
        (4 + place / (len(values) - 1) * (width - 8), height - 3 - (value - low) / (high - low) * (height - 6)) for place, value in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="var(--accent)"/>' for x, y in xy)
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return f'<svg {size} role="img" aria-label="course"><polyline points="{line}" fill="none" stroke="var(--accent-soft)" stroke-width="2"/>{dots}</svg>'


def _iteration(one: IterationView, is_open: bool) -> str:
    problems = "".join(f"<p class=warn>{_words(stage)} is not done: {_words(reason)}</p>" for stage, reason in one.problems)
    parts = [f'<details id="iteration-{one.number}"{" open" if is_open else ""}><summary>Iteration {one.number}</summary>{problems}']
    if one.clusters:
        lead = (
            "What the model proposed, by what it says. Upper bar: the share of the model's first candidates. Lower bar: the latent policy's "
            "probability, a mean over the turns of the iteration. Others hear the symbol alone."
        )
        parts.append(f"<h3>Clusters</h3><p class=lead>{lead}</p>{_clusters(one.clusters)}")
    if one.policies:
        lead = "Situations met most often, with the likeliest moves by cluster."
        parts.append(f"<h3>Policies</h3><p class=lead>{lead}</p>{_policies(one.policies, one.clusters)}")
    if one.pairs:
        lead = f"{len(one.pairs)} of {one.count_of_pairs:,}, spread over all. Below each: its cluster and the policy's probability of it."
        parts.append(f"<h3>Preference pairs</h3><p class=lead>{lead}</p>{_pairs(one.pairs)}")
    return "".join(parts) + "</details>"


def _clusters(rows: Sequence[ClusterRow]) -> str:
    roles = len({row.role for row in rows}) > 1
    columns = [*([("role", "")] if roles else []), ("cluster", "n"), ("heard as", "n"), ("about a seat", ""), ("sentences", "n")]
    columns += [("proposed", "n"), ("model and policy", ""), ("examples", "words")]
    cells = [
        [
            *([_words(row.role)] if roles else []),
            str(row.number),
            str(row.symbol),
            "yes" if row.about else "no",
            f"{row.sentences:,}",
            f"{row.proposed:,}",
            _bars(row.model, row.policy),
            "".join(f"<p>{_words(text)}</p>" for text in row.examples),
        ]
        for row in rows
    ]
    return _table(columns, cells)


def _bars(model: float, policy: float) -> str:
    """Two shares as bars, the model's above the policy's."""
    rows = []
    for y, value, color in ((0, model, "theirs"), (16, policy, "accent")):
        length = 0.0 if math.isnan(value) else 90 * min(1.0, value)
        rows.append(f'<rect x="0" y="{y + 3}" width="{length:.1f}" height="9" rx="2" fill="var(--{color})"/>')
        rows.append(
            f'<text x="{length + 5:.1f}" y="{y + 12}" font-size="11" fill="var(--soft)">{"–" if math.isnan(value) else f"{value:.3f}"}</text>'
        )
    return f'<svg width="140" height="32" role="img" aria-label="model {model:.3f}, policy {policy:.3f}">{"".join(rows)}</svg>'


def _policies(rows: Sequence[PolicyRow], clusters: Sequence[ClusterRow]) -> str:
    example = {(row.role, row.number): row.examples[0] if row.examples else "" for row in clusters}
    cells = []
    for row in rows:
        moves = "".join(
            f"<p><b>{probability:.3f}</b> cluster {cluster}{f' about {_words(name)}' if name else ''} <small>{_words(example.get((row.role, cluster), ''))}</small></p>"
            for cluster, name, probability in row.moves
        )
        cells.append([_words(row.role), f"{row.visits:,}", _words(row.view), moves])
    return _table([("role", ""), ("met", "n"), ("situation", "view"), ("policy", "words")], cells)


def _pairs(rows: Sequence[PairRow]) -> str:
    cells = [
        [
            _words(row.role),
            _words(row.view),
            f"<p class=chosen>{_words(row.chosen)}</p><small>cluster {row.chosen_cluster}, {row.chosen_probability:.3f}</small>",
            f"<p class=rejected>{_words(row.rejected)}</p><small>cluster {row.rejected_cluster}, {row.rejected_probability:.3f}</small>",
        ]
        for row in rows
    ]
    return _table([("role", ""), ("situation", "view"), ("chosen", "words"), ("rejected", "words")], cells)
