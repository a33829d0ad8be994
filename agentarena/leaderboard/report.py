"""A report on matches as one HTML file that needs nothing else: standings, comparisons, seats, costs, faults, replays, methods.

    report.write(tournament, "report.html")
    report.write(["runs/a.jsonl", "runs/b.jsonl"], "report.html", title="Two runs")

Everything in it that came from agents or records is data: escaped in the page, and in the script block that carries the
replays. The page loads nothing and its content policy forbids it to.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentarena.core import registry
from agentarena.core.display import printable
from agentarena.core.errors import RecordMismatch
from agentarena.core.record import Record
from agentarena.evaluate import Interval, Standings, contrasts
from agentarena.evaluate.prompt_forms import prompt_forms
from agentarena.evaluate.standing import standings as compute_standings
from agentarena.matches.results import Ledger, Results
from agentarena.matches.tournaments import Tournament

from .figures import Axis, axis
from .published import Published, PublishedRow, beside
from .replays import replay_data, select
from .sections import fault_table, heat_map
from .templating import environment, script_json, signed

__all__ = ["Published", "PublishedRow", "Source", "render", "write"]

Source = Tournament | Results | str | os.PathLike[str] | Sequence["str | os.PathLike[str]"]
"""A tournament, results, or paths of record files and tournament folders."""


def write(
    source: Source,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    published: Published | Iterable[Any] | None = None,
    replays: int = 4,
    command: str = "",
    trust: bool = False,
) -> Path:
    """Write the report and return its path; see `render` for the arguments. The file appears whole or not at all."""
    target = Path(path)
    html = render(source, title=title, published=published, replays=replays, command=command, trust=trust)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    partial.write_text(html, encoding="utf-8")
    partial.replace(target)
    return target


def render(
    source: Source,
    *,
    title: str | None = None,
    published: Published | Iterable[Any] | None = None,
    replays: int = 4,
    command: str = "",
    trust: bool = False,
) -> str:
    """The report as a string of HTML. The same records give the same bytes.

    Args:
        source: What to report on.
        title: Heading; the environment's name when left out.
        published: Figures to print beside ours: a `Published`, or a game's rows (see `Published.of`; the mean return is
            then looked for under the unit's plural, e.g. `coins`).
        replays: How many matches to include as replays.
        command: How to repeat the run; worked out for tournaments.
        trust: Whether files may name code of their own, as in `Results.load`.

    Raises:
        UsageError: There are no matches, or they are of different games.
        CorruptRecord: A record file is damaged.
        RecordMismatch: A match is in two of the files.
        UntrustedRecord: The records name code that is not registered, and are not trusted.
    """
    report = _read(source, trust)
    standings = report.standings
    game = report.records[0].game()
    theirs = beside(published, standings)
    template = environment(signed=signed((row.return_interval.high - row.return_interval.low) / 2 for row in standings.rows)).get_template(
        "report.html.j2"
    )
    return str(
        template.render(
            title=title or report.records[0].env,
            env=report.records[0].env,
            facts=_facts(report, game),
            about=report.about,
            standings=standings,
            rows=_rows(standings, report.ledgers, theirs),
            axes=_axes(standings, theirs, (game.info.teams is None and len(report.records[0].seats)) or 0),
            columns=_columns(standings, report.ledgers),
            heat_map=[] if standings.ratings is None else heat_map(standings.head_to_head),
            contrasts=contrasts(report.records, level=standings.level) if len(standings.rows) > 1 else (),
            places=_places(standings),
            prompt_forms=prompt_forms(report.records, level=standings.level),
            published=theirs,
            ours={row.agent: row for row in standings.rows},
            ledgers=report.ledgers,
            faults=fault_table(report.records),
            command=command or _command(report.about, _changed(report.records[0], game)),
            packages=sorted({record.package for record in report.records}),
            seeds=sorted({record.seed for record in report.records}),
            replays=script_json([replay_data(record) for record in select(report.records, replays)]),
            replay_count=min(replays, len(report.records)),
            figures=_figures(report.records, game),
        )
    )


# --- what is reported -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Report:
    records: list[Record]
    standings: Standings
    ledgers: Mapping[str, Ledger]
    about: Mapping[str, Any] = field(default_factory=dict)


def _read(source: Source, trust: bool = False) -> _Report:
    if isinstance(source, str | os.PathLike):
        return _read([source], trust)
    if isinstance(source, Tournament):
        return _Report(source.results.records, source.standings, source.results.ledger, source.about)
    if isinstance(source, Results):
        return _Report(source.records, compute_standings(source.records), source.ledger)
    parts = [(Tournament if Path(path).is_dir() else Results).load(path, trust=trust) for path in source]
    if len(parts) == 1:
        return _read(parts[0])
    results = [part.results if isinstance(part, Tournament) else part for part in parts]
    records = [record for result in results for record in result.records]
    _expect_different(records, source)
    ledgers: dict[str, Ledger] = {}
    for result in results:
        for name, entry in result.ledger.items():
            ledgers[name] = ledgers.get(name, Ledger()).plus(entry)
    return _Report(records, compute_standings(records), ledgers)


def _expect_different(records: Sequence[Record], source: Sequence[str | os.PathLike[str]]) -> None:
    """Raise `RecordMismatch` where one match is there twice, as when a file is named twice: it would count twice."""
    lines: set[bytes] = set()
    for record in records:
        line = hashlib.sha256(record.line().encode()).digest()
        if line in lines:
            raise RecordMismatch(
                f"match {record.match} is in two of {', '.join(printable(str(path), 100) for path in source)}; name each run once"
            )
        lines.add(line)


def _changed(record: Record, game: Any) -> dict[str, Any]:
    """The options that are not the game's defaults."""
    defaults = json.loads(json.dumps(type(game)().options))
    return {name: value for name, value in record.options.items() if value != defaults.get(name)}


def _facts(report: _Report, game: Any) -> list[tuple[str, str]]:
    record, standings = report.records[0], report.standings
    changed = _changed(record, game)
    return [
        ("environment", record.env),
        ("options", ", ".join(f"{name}={value}" for name, value in changed.items()) or "defaults"),
        ("seats", str(len(record.seats))),
        ("matches", f"{standings.matches:,}"),
        ("deals", f"{standings.deals:,}"),
        *([("distinct games", f"{standings.courses:,}")] if standings.courses < standings.matches else []),
        ("agents", str(len(standings.rows))),
        ("returns", game.info.facts()["returns"]),
    ]


def _rows(standings: Standings, ledgers: Mapping[str, Ledger], published: Published | None) -> list[dict[str, Any]]:
    """The standings with costs and published figures."""
    theirs = {row.agent: row for row in (published.rows if published else ())}
    return [{"row": row, "cost": ledgers.get(row.agent), "theirs": theirs.get(row.agent)} for row in standings.rows]


def _axes(standings: Standings, published: Published | None, seats: int) -> dict[str, Axis]:
    """One axis a column, wide enough for every interval and published figure in it."""
    theirs = published.rows if published else ()
    returns = _ends((row.mean_return, row.return_interval) for row in standings.rows) + [
        r.mean_return for r in theirs if r.agent and r.mean_return is not None
    ]
    places = {"seat": standings.by_seat, "role": standings.by_role, "side": standings.by_side}
    return {
        "return": axis(returns, 0.0),
        "win": axis(
            _ends((row.win_share, row.win_interval) for row in standings.rows)
            + [r.win_share for r in theirs if r.agent and r.win_share is not None],
            1 / seats if seats > 1 else None,
        ),
        "elo": axis(_ends((row.elo, row.elo_interval) for row in standings.rows), 1000.0),
        "mass": Axis(0.0, 1.0, 1 / len(standings.rows)),
        **{what: axis(_ends((row.mean_return, row.return_interval) for row in rows), 0.0) for what, rows in places.items()},
    }


def _ends(figures: Iterable[tuple[float, Interval]]) -> list[float]:
    """The figures and their intervals' ends, missing ones left out."""
    return [value for figure, interval in figures for value in (figure, *interval) if not math.isnan(value)]


def _columns(standings: Standings, ledgers: Mapping[str, Ledger]) -> dict[str, bool]:
    rows = standings.rows
    return {
        "wins": any(not math.isnan(row.win_share) for row in rows),
        "elo": standings.ratings is not None,
        "mass": standings.evolution is not None,
        "both_sides": any(row.both_sides for row in rows),
        "courses": standings.courses < standings.matches,
        "nash": any(not math.isnan(row.nash) for row in rows),
        "forfeits": any(row.forfeits for row in rows),
        "cost": any(ledgers.get(row.agent) for row in rows),
        "tokens": any(entry.usage for entry in ledgers.values()),
    }


def _figures(records: Sequence[Record], game: Any) -> list[tuple[str, Any]]:
    """The figures that the game's package draws of its matches, as (title, SVG); none without `figures.py` (`registry.figures`)."""
    import markupsafe

    draw = registry.figures(game)
    return [] if draw is None else [(title, markupsafe.Markup(svg)) for title, svg in draw(records)]


def _places(standings: Standings) -> list[tuple[str, list[Any], list[tuple[str, dict[Any, Any]]]]]:
    """The tables by seat, by role and by side: their title, the places in order and, for each agent, its row of each place."""
    out = []
    for what, rows in (("seat", standings.by_seat), ("role", standings.by_role), ("side", standings.by_side)):
        if rows and len({row.place for row in rows}) > 1:
            agents = [(name, {row.place: row for row in rows if row.agent == name}) for name in dict.fromkeys(row.agent for row in rows)]
            out.append((what, sorted({row.place for row in rows if row.place is not None}), agents))
    return out


def _command(about: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """The command that repeats a tournament."""
    import shlex

    if not about:
        return ""
    words = ["agentarena", "tournament", about["env"], *about["agents"], "--rounds", str(about["rounds"]), "--seed", str(about["seed"])]
    words += [] if about["duplicate"] else ["--fresh-deals"]
    words += [word for name, value in changed.items() for word in ("--set", f"{name}={value}")]
    return shlex.join(words)
