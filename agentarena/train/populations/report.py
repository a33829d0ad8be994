"""One page about a run of PSRO or a league: its policies, payoffs with intervals, response graph and curves. It needs nothing beside it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core import registry
from agentarena.core.display import printable, shown
from agentarena.core.errors import NotSupported, UsageError
from agentarena.core.jsonl import numbered_lines, parse
from agentarena.evaluate.alpha_rank import AlphaRank, alpharank
from agentarena.plots import lines

from .drawings import MOST, heat_map, response_graph
from .payoffs import PayoffTable

__all__ = ["write"]

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1d2733;background:#fff}
table{border-collapse:collapse}td,th{padding:.25rem .8rem;text-align:left;border-bottom:1px solid #dfe4ea}td.n{text-align:right;
font-variant-numeric:tabular-nums}td.s{max-width:34rem;overflow-wrap:anywhere}figure{margin:1rem 0;overflow-x:auto}p{max-width:46rem}
pre{background:#f4f6f8;padding:1rem;overflow:auto}</style>
<h1>{{ title }}</h1>
<p>{{ lead }}</p>
<h2>Policies</h2>
<table><tr><th>seat</th><th>policy</th><th>spec</th><th>mixture</th><th>alpha-Rank</th><th>mean payoff</th></tr>
{% for row in rows %}<tr><td>{{ row[0] }}</td><td>{{ row[1] }}</td><td class="s">{{ row[2] }}</td>{% for cell in row[3:] %}<td class="n">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>{% if left_out %}<p>{{ left_out }} older policies are left out.</p>{% endif %}
{% for title, words, drawing in figures %}<h2>{{ title }}</h2><p>{{ words }}</p><figure>{{ drawing | safe }}</figure>
{% endfor %}<details><summary>Settings</summary><pre>{{ settings }}</pre></details></html>
"""
_GRAPH = 400
"""Most profiles of a response graph that is drawn."""
_RANKED = 2500
"""Most profiles that are ranked."""
_HEADERS = ("responses.jsonl", "checkpoints.jsonl")


def write(folder: str | Path, out: str | Path, *, trust: bool = False) -> None:
    """Write the page.

    Args:
        folder: Folder of a run of `psro` or `league`.
        out: The HTML file.
        trust: Whether the files may name a game of other code, "module:Class", which is then run.

    Raises:
        UsageError: The folder holds no such run.
        UntrustedRecord: Its files name code and are not trusted.
    """
    from jinja2 import Environment

    base = Path(folder)
    header, table = _load(base, trust)
    names = [_names(table.population(seat), base) for seat in range(1 if table.shared else table.seats)]
    iterations = _lines(base / "iterations.jsonl")[1:]
    ranking = _ranking(table)
    page = Environment(autoescape=True).from_string(_PAGE)
    text = page.render(
        title=f"{'League' if 'players' in header else 'PSRO'} on {header['env']}",
        lead=_lead(table, iterations),
        rows=_rows(table, names, ranking, iterations),
        left_out=sum(max(0, len(one) - MOST) for one in names),
        figures=[figure for figure in _figures(table, names, ranking, iterations) if figure[2]],
        settings=json.dumps(header, indent=1),
    )
    Path(out).write_text(text, encoding="utf-8")


def _load(folder: Path, trust: bool) -> tuple[dict[str, Any], PayoffTable]:
    header = next((_lines(folder / name)[0] for name in _HEADERS if (folder / name).is_file()), None)
    if header is None or not (folder / "payoffs.jsonl").is_file():
        raise UsageError(f"{shown(str(folder))} holds no run of psro or league; name the folder that --out or output_dir gave")
    about = _lines(folder / "payoffs.jsonl")[0]
    game = registry.recorded_game(about["env"], about["options"], trust=trust)
    table = PayoffTable(game, folder / "payoffs.jsonl", shared=about["shared"], seed=about["seed"])
    table.add_recorded()
    return header, table


def _lines(path: Path) -> list[dict[str, Any]]:
    return [parse(line.data) for line in numbered_lines(path) if line.whole] if path.is_file() else []


def _names(specs: Sequence[str], folder: Path) -> list[str]:
    """Short names: the folder of a policy's file, or the spec itself."""
    names = []
    for spec in specs:
        path = Path(spec.partition(":")[2].partition("?")[0])
        name = path.parent.name if spec.startswith(("table:", "rl:")) else spec
        names.append(printable(re.sub(r"^seat\d+-0*(\d+)", r"answer \1", name), 60))
    return names


def _ranking(table: PayoffTable) -> AlphaRank | None:
    tensor = table.tensor()
    profiles = len(tensor[0]) if table.shared and table.seats == 2 else tensor[0].size
    if not np.isfinite(tensor).all() or profiles > _RANKED:
        return None
    try:
        return alpharank(tensor[0] if table.shared and table.seats == 2 else list(tensor), alpha=np.inf)
    except (UsageError, NotSupported):
        return None


def _lead(table: PayoffTable, iterations: list[dict[str, Any]]) -> str:
    sizes = " and ".join(str(len(one)) for one in table.populations)
    deals = sum(map(table.deals, table.cells()))
    words = f"{sizes} policies; {'payoffs are exact' if not deals else f'{deals:,} deals were played'}."
    if iterations and iterations[-1].get("nash_conv") is not None:
        words += f" NashConv of the last mixtures: {max(0.0, iterations[-1]['nash_conv']):.3g}."
    return words


def _rows(table: PayoffTable, names: list[list[str]], ranking: AlphaRank | None, iterations: list[dict[str, Any]]) -> list[list[str]]:
    tensor = table.tensor()
    mixtures = iterations[-1].get("mixtures", []) if iterations else []
    marginals = None if ranking is None else ranking.marginals
    rows = []
    for seat, members in enumerate(names):
        others = tuple(axis for axis in range(table.seats) if axis != seat)
        means = tensor[seat].mean(axis=others)
        for place in range(max(0, len(members) - MOST), len(members)):
            share = mixtures[seat][place] if seat < len(mixtures) and place < len(mixtures[seat]) else None
            rank = "" if marginals is None else f"{marginals[seat][place]:.4f}"
            rows.append(
                [
                    "all" if table.shared else str(seat),
                    members[place],
                    printable(table.population(seat)[place], 200),
                    "" if share is None else f"{share:.4f}",
                    rank,
                    f"{means[place]:.4f}",
                ]
            )
    return rows


def _figures(
    table: PayoffTable, names: list[list[str]], ranking: AlphaRank | None, iterations: list[dict[str, Any]]
) -> list[tuple[str, str, str]]:
    figures = [("Learning", _curve_words(iterations), _curves(iterations))]
    unit = table.game.info.unit
    if table.seats == 2:
        words = "Mean return of the row against the column. Numbers below are half the width of 95 % intervals over deals, where cells were played."
        drawing = heat_map(table.tensor()[0], table.intervals()[0], names[0], names[-1], what=f"mean return of the row in {unit}s")
        figures.append(("Payoffs", words, drawing))
    if ranking is not None and ranking.distribution.size <= _GRAPH:
        words = (
            "alpha-Rank at infinite alpha. An arrow goes where switching pays; orange are the profiles that evolution never leaves, and a circle is "
            "as large as its long-run share. The 24 profiles of greatest share are drawn."
        )
        figures.append(("Response graph", words, response_graph(ranking, _gains(table), _profiles(table, names))))
    return figures


def _curve_words(iterations: list[dict[str, Any]]) -> str:
    if not iterations:
        return ""
    if "returns" in iterations[0] and isinstance(iterations[0]["returns"], dict):
        return "Mean return of each player's newest checkpoint against all members alike."
    exact = "NashConv is exact. " if iterations[0].get("nash_conv") is not None else ""
    return (
        f"{exact}What the answers gain is an estimate of a lower bound of it: what the oracle's new policies earn more than the mixtures."
    )


def _curves(iterations: list[dict[str, Any]]) -> str:
    series: dict[str, list[tuple[float, float]]] = {}
    for one in iterations:
        values = one["returns"] if isinstance(one.get("returns"), dict) else {}
        values = {**values, "NashConv": one.get("nash_conv"), "answers gain": one.get("lower_bound")}
        for name, value in values.items():
            if isinstance(value, int | float):
                series.setdefault(name, []).append((float(one["number"]), float(value)))
    return lines(series, x="iteration", y="the game's unit") if series else ""


def _gains(table: PayoffTable) -> list[tuple[int, int]]:
    """Switches that pay, as pairs of profile numbers."""
    tensor = table.tensor()
    if table.shared and table.seats == 2:
        first = tensor[0]
        return [(s, r) for s in range(len(first)) for r in range(len(first)) if first[r, s] > first[s, r]]
    shape, pairs = tensor.shape[1:], []
    for number, profile in enumerate(itertools.product(*map(range, shape))):
        for seat, size in enumerate(shape):
            for other in range(size):
                target = (*profile[:seat], other, *profile[seat + 1 :])
                if tensor[seat][target] > tensor[seat][profile] + 1e-12:
                    pairs.append((number, int(np.ravel_multi_index(target, shape))))
    return pairs


def _profiles(table: PayoffTable, names: list[list[str]]) -> list[str]:
    if table.shared and table.seats == 2:
        return names[0]
    of_seat = [names[0 if table.shared else seat] for seat in range(table.seats)]
    return [" · ".join(name.removeprefix("answer ") for name in profile) for profile in itertools.product(*of_seat)]
