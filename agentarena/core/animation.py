"""A match as one picture: the screens of its steps as an animated SVG, or as a still one with the ways that everything went.

Marks with a `track` move and leave a trail that fades, other marks are there for their step, charts are drawn as time goes on.
The animation is style alone: no script. Where the reader asks for reduced motion the end is shown, with the trails.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .errors import NotSupported
from .marks import Mark
from .screen import Screen
from .svg import STYLE, chart_frame, curve, element, number, picture_of, shape, values

__all__ = ["animated", "still", "together"]

_SIDE, _GAP, _HEAD = 210, 34, 34
_CHART = 110
_PAUSE = 2.5
"""Steps that the end is shown for."""
_FRESH, _FADING, _FAINTEST = 0.85, 0.78, 0.25
"""How strong a trail is at first, what is left of it at each step, and what stays."""

Key = tuple[str, str, str, str, float]
Place = tuple[float, float]


def together(screens: Sequence[Screen]) -> Screen:
    """What an onlooker who sees all seats' screens sees: the first seat's picture, and every chart once."""
    blocks = list(screens[0])
    for other in screens[1:]:
        blocks += [block for block in other if block.kind == "chart" and block not in blocks]
    return tuple(blocks)


def animated(screens: Sequence[Screen], *, title: str = "", seconds: float = 0.8) -> str:
    """The match as an animated SVG that starts again after its end.

    Args:
        screens: One a step, from the start.
        title: Heading.
        seconds: Length of a step.

    Raises:
        NotSupported: The screens have no picture.
    """
    film = _film(screens)
    return _document(film, title, f"<style>{STYLE}{_moving(film, seconds)}</style>")


def still(screens: Sequence[Screen], *, title: str = "", inline: bool = False) -> str:
    """The last screen as an SVG, with the trails that led there and the charts.

    Args:
        screens: One a step, from the start.
        title: Heading.
        inline: For a page that has the colours: without a style of its own.

    Raises:
        NotSupported: The screens have no picture.
    """
    return _document(_film(screens), title, "" if inline else f"<style>{STYLE}</style>")


# --- what moves ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Film:
    """A match taken apart.

    Attributes:
        size: Of the picture.
        fixed: Marks that every step has, without a track.
        passing: The other marks without a track, by step.
        moving: Marks with a track, in the order of drawing: where they are at each step, `None` for not there.
        charts: Values over time of each series, by the chart's title; `None` where a step does not say.
        marks: A mark of each key of `moving`.
    """

    size: tuple[int, int]
    fixed: tuple[Mark, ...]
    passing: tuple[tuple[Mark, ...], ...]
    moving: Mapping[Key, list[Place | None]]
    charts: Mapping[str, Mapping[str, list[float | None]]]
    marks: Mapping[Key, Mark]

    @property
    def steps(self) -> int:
        return len(self.passing)


def _film(screens: Sequence[Screen]) -> _Film:
    pictures = [picture_of(screen) for screen in screens]
    blocks = [block for block in pictures if block is not None]
    if len(blocks) != len(screens) or not blocks:
        raise NotSupported("these screens have no picture; games with a field have one, e.g. Football-v0 and Hexner-v0")
    plain = [tuple(mark for mark in block.marks if not mark.track) for block in blocks]
    fixed = tuple(mark for mark in plain[0] if all(mark in marks for marks in plain))
    tracked = [{_key(mark): mark for mark in block.marks if mark.track} for block in blocks]
    moving = {key: [marks[key].points[0] if key in marks else None for marks in tracked] for key in _order(tracked)}
    passing = tuple(tuple(mark for mark in each if mark not in fixed) for each in plain)
    marks = {key: mark for marks in tracked for key, mark in marks.items()}
    return _Film(blocks[0].size, fixed, passing, moving, _charts(screens), marks)


def _order(steps: Sequence[Mapping[Key, Mark]]) -> list[Key]:
    """All keys in the order of drawing: each after the one that it comes after at its first step."""
    order: list[Key] = []
    for keys in steps:
        at = 0
        for key in keys:
            if key not in order:
                order.insert(at, key)
            at = order.index(key) + 1
    return order


def _key(mark: Mark) -> Key:
    """Marks of one key differ in their place alone."""
    return (mark.track, mark.shape, f"{mark.tone} {mark.dash}", mark.words, round(mark.size + mark.strength / 10, 3))


def _charts(screens: Sequence[Screen]) -> dict[str, dict[str, list[float | None]]]:
    charts: dict[str, dict[str, list[float | None]]] = {}
    for step, screen in enumerate(screens):
        for block in screen:
            if block.kind == "chart":
                for name, value in values(block).items():
                    charts.setdefault(block.title, {}).setdefault(name, [None] * len(screens))[step] = value
    return charts


def _trails(film: _Film) -> list[tuple[int, str, Place, Place]]:
    """Pieces of the ways: the step that they lead to, their tone, from where, to where. One way a track, whatever it looks like."""
    ways: dict[str, tuple[str, list[Place | None]]] = {}
    for key, places in film.moving.items():
        if key[1] not in ("disc", "square"):
            continue
        tone, way = ways.setdefault(key[0], (film.marks[key].tone, [None] * film.steps))
        way[:] = [own or other for own, other in zip(places, way, strict=True)]
    pieces = []
    for tone, way in ways.values():
        for step in range(1, film.steps):
            before, now = way[step - 1], way[step]
            if before is not None and now is not None and before != now:
                pieces.append((step, tone, before, now))
    return pieces


def trail_strength(age: int) -> float:
    """How strong a piece of a trail is so many steps after it was drawn."""
    return max(_FAINTEST, _FRESH * _FADING**age)


# --- the document -------------------------------------------------------------------------------------------------------


def _document(film: _Film, title: str, style: str) -> str:
    """The whole file. What moves has classes, and without rules for them stands as at the end."""
    width, height = film.size
    last = film.steps - 1
    wide = width + (_GAP + _SIDE if film.charts else 0)
    tall = number(max(height, 14 + sum(map(_room, film.charts.values()))) + _HEAD)
    words = html.escape(title or "match")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" font-size="11" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}" role="img" '
        f'aria-label="{words}"><title>{words}</title>{style}',
        f'<rect class="paper" width="{wide}" height="{tall}"/>',
        f'<text class="ink start" x="8" y="22" font-size="14">{html.escape(_shortened(title, width))}</text>',
        *(_for_step(step, last, _count(step, last, width)) for step in range(film.steps)),
        f'<svg y="{_HEAD}" width="{width}" height="{height}">',
        *map(element, film.fixed),
        *(_for_step(step, last, "".join(map(element, marks))) for step, marks in enumerate(film.passing)),
        *(_piece(piece, last) for piece in _trails(film)),
        *(_mover(at, film.marks[key], places) for at, (key, places) in enumerate(film.moving.items())),
        "</svg>",
        _side(film, width + _GAP, _HEAD + 20),
    ]
    return "".join([*parts, "</svg>\n"])


def _shortened(title: str, width: int) -> str:
    """A heading that leaves room for the step."""
    room = max(1, (width - 120) // 8)
    return title if len(title) <= room else title[: room - 1] + "…"


def _count(step: int, last: int, width: int) -> str:
    return f'<text class="soft end" x="{width - 8}" y="22">step {step} of {last}</text>'


def _for_step(step: int, last: int, inside: str) -> str:
    """What is there for one step."""
    hidden = "" if step == last else ' opacity="0"'
    return f'<g class="s{step}"{hidden}>{inside}</g>' if inside else ""


def _piece(piece: tuple[int, str, Place, Place], last: int) -> str:
    """A piece of a trail."""
    step, tone, start, end = piece
    ends = " ".join(f'x{n}="{number(x)}" y{n}="{number(y)}"' for n, (x, y) in ((1, start), (2, end)))
    return f'<line class="t{step} {tone}" opacity="{trail_strength(last - step):.2g}" stroke-width="2.5" stroke-linecap="round" {ends}/>'


def _mover(at: int, mark: Mark, places: Sequence[Place | None]) -> str:
    """A mark that moves, at its last place."""
    strength = 0.0 if places[-1] is None else mark.strength
    opacity = "" if strength >= 1 else f' opacity="{strength:.2g}"'
    name = f"<title>{html.escape(mark.title)}</title>" if mark.title else ""
    x, y = [place for place in places if place is not None][-1]
    return (
        f'<g class="v{at}"{opacity}><g class="m{at}" transform="translate({number(x)} {number(y)})">{name}{shape(mark, 0.0, 0.0)}</g></g>'
    )


def _room(series: Mapping[str, Sequence[float | None]]) -> float:
    """Height of a chart with its title and names."""
    return _CHART + 36 + 15 * (-(-len(series) // 2))


def _side(film: _Film, left: float, top: float) -> str:
    """The charts beside the picture, one below the other."""
    parts, width, last = [], _SIDE - 14, max(1, film.steps - 1)
    for title, series in film.charts.items():
        parts.append(chart_frame(title, list(series), (left, top, width, _CHART)))
        for at, line in enumerate(series.values()):
            points = [(left + width * step / last, top + _CHART * (1 - value)) for step, value in enumerate(line) if value is not None]
            parts.append(curve(at, points))
        parts.append(
            f'<rect class="paper cover" x="{number(left)}" y="{number(top - 3)}" width="{width + 4}" height="{_CHART + 6}" opacity="0"/>'
        )
        top += _room(series)
    return "".join(parts)


# --- motion -------------------------------------------------------------------------------------------------------------


def _moving(film: _Film, seconds: float) -> str:
    """The rules that move what is drawn: one set of keyframes for what appears at each step, and one for each mark that moves."""
    last = film.steps - 1
    total = last + _PAUSE
    rules = ["@media (prefers-reduced-motion:no-preference){"]

    def percent(step: float) -> str:
        return f"{100 * step / total:.5g}%"

    def animate(name: str, frames: str, timing: str = "linear") -> None:
        rules.append(f"@keyframes {name}{{{frames}}}.{name}{{animation:{name} {total * seconds:.4g}s {timing} infinite}}")

    for step in range(film.steps):
        end = "100%" if step == last else percent(step + 1)
        animate(
            f"s{step}",
            f"0%{{opacity:{int(step == 0)}}}{percent(step)}{{opacity:1}}{end}{{opacity:{int(step == last)}}}100%{{opacity:{int(step == last)}}}",
            "step-end",
        )
    for step in range(1, film.steps):
        ages = range(last - step + 1)
        shades = "".join(f"{percent(step + age)}{{opacity:{trail_strength(age):.2g}}}" for age in ages)
        animate(f"t{step}", f"0%,{percent(step - 1)}{{opacity:0}}{shades}100%{{opacity:{trail_strength(last - step):.2g}}}")
    for at, (key, places) in enumerate(film.moving.items()):
        animate(f"m{at}", _path(places, percent))
        if None in places:
            strength = film.marks[key].strength
            shades = "".join(f"{percent(step)}{{opacity:{0 if place is None else strength:.2g}}}" for step, place in enumerate(places))
            animate(f"v{at}", f"{shades}100%{{opacity:{0 if places[-1] is None else strength:.2g}}}", "step-end")
    animate("cover", f"0%{{opacity:1;transform:translateX(0)}}{percent(last)},100%{{opacity:1;transform:translateX({_SIDE}px)}}")
    return "".join([*rules, "}"])


def _path(places: Sequence[Place | None], percent: Callable[[float], str]) -> str:
    frames, before = [], next(place for place in places if place is not None)
    for step, place in enumerate(places):
        before = before if place is None else place
        frames.append(f"{percent(step)}{{transform:translate({number(before[0])}px,{number(before[1])}px)}}")
    return "".join(frames) + f"100%{{transform:translate({number(before[0])}px,{number(before[1])}px)}}"
