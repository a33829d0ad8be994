"""Pictures of screens: marks as data and SVG, a match as a still and an animated file, as an image."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from agentarena.core.animation import animated, still, together, trail_strength
from agentarena.core.errors import NotSupported
from agentarena.core.marks import SHAPES, TONES, Mark, mark_data
from agentarena.core.pixels import pixels
from agentarena.core.screen import MOST_MARKS, Block, Item, Screen, bounded, screen_data, screen_lines
from agentarena.core.svg import COLOURS, RULES, inline, values

EVIL = "</svg><script>alert(1)</script>"
TEMPLATES = Path(__file__).parents[2] / "agentarena/leaderboard/templates"


def _mark(shape: str, x: float = 20.0, **rest: object) -> Mark:
    points = ((x, 10.0), (30.0, 40.0)) if shape in ("line", "box") else ((x, 10.0),)
    return Mark(shape, points, **rest)  # type: ignore[arg-type]


def _screen(x: float, value: str = "0.5", *extra: Mark) -> Screen:
    marks = (_mark("box", 0.0, tone="ground"), *extra, _mark("disc", x, tone="first", words="QB", size=9.0, track="a"))
    return (
        Block("picture", (Item("a grid\n  of words"),), "Field", marks=marks, size=(100, 60)),
        Block("chart", (Item("run", value),), "Belief"),
    )


def test_every_shape_is_drawn_and_escaped() -> None:
    marks = tuple(_mark(shape, words=EVIL, title=EVIL) for shape in SHAPES)
    drawn = inline(Block("picture", marks=marks, title=EVIL, size=(100, 60)))
    tree = ElementTree.fromstring(drawn)
    assert "<script" not in drawn
    assert len(tree.findall("g")) == len(SHAPES)
    image = pixels(marks, (100, 60))
    assert image.shape == (60, 100, 3)
    assert image.dtype == np.uint8
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": "blob"},
        {"tone": "pink"},
        {"points": ()},
        {"points": ((float("nan"), 0.0),)},
        {"points": ((1e9, 0.0),)},
        {"size": float("inf")},
        {"dash": (float("nan"),)},
    ],
)
def test_marks_that_cannot_be_drawn_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a mark"):
        Mark(**{"shape": "disc", "points": ((0.0, 0.0),), **wrong})  # type: ignore[arg-type]


def test_a_picture_is_data_and_bounded() -> None:
    (picture, _) = bounded(_screen(5.0, "0.5", *(_mark("disc", words="w" * 999),) * 5000))
    assert len(picture.marks) == MOST_MARKS
    assert max(len(mark.words) for mark in picture.marks) <= 300
    data = json.loads(json.dumps(screen_data(_screen(5.04))))
    assert data[0]["size"] == [100, 60]
    assert data[0]["marks"][-1] == {"shape": "disc", "points": [[5.0, 10.0]], "tone": "first", "size": 9.0, "words": "QB", "track": "a"}
    assert mark_data(_mark("disc", strength=0.256))["strength"] == 0.26


def test_a_picture_in_a_terminal_keeps_its_lines() -> None:
    assert screen_lines(_screen(5.0)).split("\n") == ["Field", "a grid", "  of words", "Belief: run 0.5"]


def test_values_of_a_chart() -> None:
    block = Block("chart", (Item("a", "0.25"), Item("b", "2"), Item("c", "nan"), Item("d", "words")))
    assert values(block) == {"a": 0.25, "b": 1.0}


def test_a_match_moves_and_leaves_a_trail() -> None:
    steps = [_screen(10.0, "0.5"), _screen(40.0, "0.75", _mark("cross", 70.0, tone="alert")), _screen(40.0, "1")]
    film = animated(steps, title="A <match>", seconds=1.0)
    tree = ElementTree.fromstring(film)
    assert tree.find("{http://www.w3.org/2000/svg}title").text == "A <match>"  # type: ignore[union-attr]
    assert "<script" not in film
    assert "prefers-reduced-motion" in film
    assert "translate(10px,10px)" in film
    assert re.search(r'<line class="t1 first"[^>]* x1="10" y1="10" x2="40" y2="10"', film), "one piece: in the last step it stands still"
    assert 'class="t2' not in film
    end = still(steps)
    assert "@keyframes" not in end
    assert 'transform="translate(40 10)"' in end
    assert re.search(r'<g class="s1" opacity="0">.*cross', end), "what was there for one step is not there at the end"
    assert trail_strength(0) > trail_strength(3) > trail_strength(30) > 0


def test_marks_that_come_and_go() -> None:
    late = _mark("ring", 50.0, tone="alert", track="b")
    film = animated([_screen(10.0), _screen(20.0, "0.5", late), _screen(30.0)])
    ElementTree.fromstring(film)
    assert re.search(r'<g class="v0" opacity="0"><g class="m0" transform="translate\(50 10\)">', film), (
        "drawn under the disc, as in its step"
    )
    assert animated([_screen(1.0)])


def test_screens_without_a_picture() -> None:
    for screens in ([], [(Block("text", (Item("words"),)),)]):
        with pytest.raises(NotSupported, match="Football-v0"):
            animated(screens)


def test_the_referee_sees_every_chart_once() -> None:
    other = (*_screen(10.0), Block("chart", (Item("run", "0.1"),), "Report"))
    assert [block.title for block in together([_screen(10.0), other])] == ["Field", "Belief", "Report"]


def test_pages_have_the_colours_and_the_rules() -> None:
    css = (TEMPLATES / "style.css").read_text()
    assert set(TONES) < set(COLOURS)
    for which in (0, 1):
        assert " ".join(f"--tone-{tone}: {both[which]};" for tone, both in COLOURS.items()) in css
    for rule in re.findall(r"[^{}\n]+\{[^}]+\}", RULES):
        assert rule in css
    script = (TEMPLATES / "replay.js").read_text()
    assert all(re.search(rf"\b{shape}: function|SHAPES\.{shape} =", script) for shape in SHAPES)
