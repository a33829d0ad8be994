"""Drawings of populations as inline SVG: a heat map of payoffs with their intervals, and alpha-Rank's response graph.

Each is one string that needs nothing else; every word in it is escaped. Axis letters: R rows, C columns, P policies.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

from agentarena.evaluate.alpha_rank import AlphaRank

__all__ = ["heat_map", "response_graph"]

MOST = 40
"""Policies a side that are drawn; of more, the newest."""
_CELL, _LEFT, _TOP = 46, 132, 24
_COLD, _WARM, _MIDDLE = (31, 95, 168), (176, 86, 15), (246, 247, 249)
_RADIUS = 230


def heat_map(payoffs: np.ndarray, intervals: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, what: str) -> str:
    """Mean payoffs of the row player, blue below the middle of the table and orange above; intervals where there is room, and as titles.

    Args:
        payoffs: Shape (R, C); nan where nothing was played.
        intervals: Shape (R, C, 2); nan where there is none.
        rows: Names of the rows.
        columns: Names of the columns.
        what: What the numbers are.
    """
    rows, columns = list(rows)[-MOST:], list(columns)[-MOST:]
    payoffs, intervals = payoffs[-len(rows) :, -len(columns) :], intervals[-len(rows) :, -len(columns) :]
    cell = _CELL if max(len(rows), len(columns)) <= 16 else 20
    width, height = max(480, _LEFT + cell * len(columns) + 100), _TOP + cell * len(rows) + 100
    low, high = (float(f(payoffs)) if np.isfinite(payoffs).any() else 0.0 for f in (np.nanmin, np.nanmax))
    parts = [_svg(width, height, what)]
    for r, name in enumerate(rows):
        parts.append(_text(_LEFT - 6, _TOP + cell * (r + 0.5) + 4, _short(name), "end"))
        for c, other in enumerate(columns):
            x, y, value = _LEFT + cell * c, _TOP + cell * r, float(payoffs[r, c])
            title = f"{name} against {other}: {_number(value)}{_ends(intervals[r, c])}"
            parts.append(
                f'<g><title>{html.escape(title)}</title><rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="{_colour(value, low, high)}"/>'
            )
            if cell == _CELL:
                parts.append(_text(x + cell / 2, y + cell / 2, f"{value:.2f}" if math.isfinite(value) else "", "middle", 11, "#1d2733"))
                half = float(intervals[r, c, 1] - intervals[r, c, 0]) / 2
                if math.isfinite(half) and half > 0:
                    parts.append(_text(x + cell / 2, y + cell / 2 + 13, f"±{half:.2f}", "middle", 9, "#3c4856"))
            parts.append("</g>")
    for c, name in enumerate(columns):
        place, below = _LEFT + cell * (c + 0.5), _TOP + cell * len(rows) + 10
        parts.append(
            f'<text x="{place:g}" y="{below:g}" font-size="11" fill="var(--soft, #5b6675)" transform="rotate(40 {place:g} {below:g})">{html.escape(_short(name))}</text>'
        )
    return "".join([*parts, _text(_LEFT, 12, f"{what}, from {_number(low)} (blue) to {_number(high)} (orange)"), "</svg>"])


def response_graph(ranking: AlphaRank, gains: Sequence[tuple[int, int]], names: Sequence[str]) -> str:
    """Profiles on a circle, as large as their long-run share, with an arrow wherever a switch pays; recurrent classes in colour.

    Args:
        ranking: alpha-Rank of the table.
        gains: Pairs (from, to) of profiles for which a switch pays.
        names: Name of each profile.
    """
    keep = sorted(ranking.ranking[:24])
    places = {profile: number for number, profile in enumerate(keep)}
    angle = {p: 2 * math.pi * n / len(keep) - math.pi / 2 for p, n in places.items()}
    middle = (380, _RADIUS + 60)
    point = {p: (middle[0] + _RADIUS * math.cos(a), middle[1] + _RADIUS * math.sin(a)) for p, a in angle.items()}
    recurrent = {profile for group in ranking.recurrent_classes for profile in group}
    parts = [_svg(760, 2 * _RADIUS + 120, "response graph")]
    parts.append(
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8793a3"/></marker></defs>'
    )
    for start, end in gains:
        if start in places and end in places:
            (x1, y1), (x2, y2) = point[start], point[end]
            length = math.hypot(x2 - x1, y2 - y1) or 1.0
            inset = (_size(ranking, end) + 3) / length
            parts.append(
                f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2 - (x2 - x1) * inset:.1f}" y2="{y2 - (y2 - y1) * inset:.1f}" stroke="#8793a3" '
                'stroke-width="1" opacity="0.55" marker-end="url(#tip)"/>'
            )
    for profile in keep:
        (x, y), share = point[profile], float(ranking.distribution[profile])
        fill = "#b0560f" if profile in recurrent else "#0b6e75"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_size(ranking, profile):.1f}" fill="{fill}"><title>{html.escape(names[profile])}: {share:.4f}</title></circle>'
        )
        cosine, sine = math.cos(angle[profile]), math.sin(angle[profile])
        reach = _size(ranking, profile) + 8
        label = f"{_short(names[profile])} {share:.2f}" if share >= 0.005 else _short(names[profile])
        anchor = "middle" if abs(cosine) < 0.1 else "start" if cosine > 0 else "end"
        parts.append(_text(x + reach * cosine, y + (reach + 4) * sine + 4, label, anchor))
    return "".join([*parts, "</svg>"])


def _size(ranking: AlphaRank, profile: int) -> float:
    return 5 + 16 * math.sqrt(float(ranking.distribution[profile]))


def _svg(width: float, height: float, what: str) -> str:
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{html.escape(what)}" style="width:100%;max-width:{width:g}px;height:auto;font:12px system-ui,sans-serif">'


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12, fill: str = "var(--soft, #5b6675)") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{html.escape(text)}</text>'


def _colour(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return "#ffffff"
    half = (high - low) / 2 or 1.0
    place = (value - (low + high) / 2) / half
    end = _WARM if place > 0 else _COLD
    mixed = [round(m + 0.75 * min(1.0, abs(place)) * (e - m)) for m, e in zip(_MIDDLE, end, strict=True)]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "not played"


def _ends(interval: np.ndarray) -> str:
    low, high = map(float, interval)
    return "" if not math.isfinite(low + high) or low == high else f" [{low:.3f}, {high:.3f}]"


def _short(name: str) -> str:
    return name if len(name) <= 20 else name[:9] + "…" + name[-10:]
