"""What the render modes give: the table in words, or as an RGB picture that keeps its size.

A game that has a `drawing` is drawn by it; of others the words are set in a grid of characters.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.errors import MissingExtra
from agentarena.core.registry import drawing, table

from .layout import Layout

__all__ = ["frame", "in_words", "rgb", "words_as_picture"]

COLUMNS, ROWS = 100, 40
"""Characters of a picture of words."""
_CELL = (9, 18)
"""Pixels of a character: width, height. The picture's sides are even, as video encoders want them."""
_MARGIN = 10
_INK, _PAPER = 20, 250


def in_words(layout: Layout, state: Any, seats: Sequence[int]) -> str:
    """The table in words, as seen by `seats`; once for all where nothing is hidden, and where the game sets it in characters."""
    in_characters = table(layout.game)
    if in_characters is not None:
        return in_characters(layout.game, state, tuple(seats))
    look = layout.game.text.look
    if not layout.game.info.hidden:
        return look(state, seats[0])
    return "\n\n".join(f"[{layout.agents[seat]}]\n{look(state, seat)}" for seat in seats)


def rgb(layout: Layout, state: Any, seats: Sequence[int]) -> np.ndarray:
    """The table as a picture, uint8 of shape (height, width, 3), as seen by `seats`; all pictures of a game have one size."""
    draw = drawing(layout.game)
    return words_as_picture(in_words(layout, state, seats)) if draw is None else draw(layout.game, state, tuple(seats))


def frame(mode: str | None, layout: Layout, state: Any, seats: Sequence[int]) -> str | np.ndarray | None:
    """What `render` returns: words in mode "ansi", a picture in mode "rgb_array"; in mode "human" the words go to standard output."""
    if mode is None:
        gymnasium.logger.warn(
            "render() does nothing without a render mode; make the environment with render_mode='ansi', 'human' or 'rgb_array'"
        )
    elif mode == "rgb_array":
        return rgb(layout, state, seats)
    elif mode == "ansi":
        return in_words(layout, state, seats)
    else:
        sys.stdout.write(in_words(layout, state, seats) + "\n")
    return None


def words_as_picture(words: str) -> np.ndarray:
    """Words in a grid of 100 by 40 characters; what has no room is left out, with an ellipsis in its place.

    Returns:
        uint8 of shape (height, width, 3).

    Raises:
        MissingExtra: Pillow, which draws the characters, is not installed.
    """
    lines = [part for line in words.expandtabs(4).splitlines() for part in textwrap.wrap(line, COLUMNS, drop_whitespace=False) or [""]]
    if len(lines) > ROWS:
        lines = [*lines[: ROWS - 1], "..."]
    (width, height), margin = _CELL, _MARGIN
    grey = np.full((2 * margin + ROWS * height, 2 * margin + COLUMNS * width), _PAPER, np.uint8)
    for row, line in enumerate(lines):
        for column, character in enumerate(line[:COLUMNS]):
            if not character.isspace():
                top, left = margin + row * height, margin + column * width
                grey[top : top + height, left : left + width] = _glyph(character)
    return np.repeat(grey[..., None], 3, axis=2)


@lru_cache(maxsize=1024)
def _glyph(character: str) -> np.ndarray:
    """One character, uint8 of the size of a cell."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise MissingExtra("Pillow, which draws words as pictures,", "render") from None
    image = Image.new("L", _CELL, _PAPER)
    ImageDraw.Draw(image).text((_CELL[0] / 2, _CELL[1] - 5), character, fill=_INK, font=ImageFont.load_default(13), anchor="ms")
    return np.asarray(image)
