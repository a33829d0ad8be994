"""Pages as lists of parts, and the three ways to write them: WebShop's text, its rich text, and lines for people."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BUTTON", "OPTION", "OPTION_NAME", "PRODUCT", "TEXT", "Part", "as_lines", "as_plain", "as_rich"]

TEXT, BUTTON, OPTION, PRODUCT, OPTION_NAME = range(5)
"""What a part of a page is."""


class Part(NamedTuple):
    """One string of a page.

    Attributes:
        kind: What it is.
        text: The string.
        clicked: Whether it is an option that is chosen or a product that was opened.
    """

    kind: int
    text: str
    clicked: bool = False


def as_plain(parts: list[Part]) -> str:
    """All strings with " [SEP] " between them."""
    return " [SEP] ".join([part.text.strip() for part in parts])


def as_rich(parts: list[Part], *, ascii_only: bool = False) -> str:
    """A string a line, with what can be clicked and what was clicked in marks; chosen options are named at the top, the last first.

    Args:
        parts: The page.
        ascii_only: Whether options with other characters are never marked as chosen, as in the original.
    """
    lines = []
    top = []
    for kind, text, clicked in parts:
        if kind == BUTTON:
            lines.append(f"[button] {text} [button_]")
        elif kind == OPTION:
            clicked = clicked and (text.isascii() or not ascii_only)
            lines.append(f"  [clicked button] {text} [clicked button_]" if clicked else f"  [button] {text} [button_]")
            if clicked:
                top.append(f"You have clicked {text}.")
        elif kind == PRODUCT:
            lines.append(f"\n[clicked button] {text} [clicked button_]" if clicked else f"\n[button] {text} [button_]")
        else:
            lines.append(text)
    return "\n".join([*reversed(top), *lines]) + "\n"


def as_lines(parts: list[Part]) -> str:
    """A page for people: buttons together on a line, an option with its values on a line, a product with its title and price on a line.
    What can be clicked stands in brackets, with a star where it was."""
    lines: list[str] = []
    joining = False
    after = 0  # how many strings still belong to the line of a product
    for kind, text, clicked in parts:
        if kind in (BUTTON, OPTION, PRODUCT):
            mark = f"[{text}]{'*' if clicked else ''}"
            if (kind == BUTTON and joining) or kind == OPTION:
                lines[-1] += f" {mark}"
            else:
                lines.append(mark)
            joining, after = kind == BUTTON, 2 if kind == PRODUCT else 0
        elif kind == OPTION_NAME:
            lines.append(f"{text}:")
            joining = False
        elif after:
            lines[-1] += f" {text}" if after == 2 else f", {text}"
            after -= 1
        elif lines and lines[-1] == "Instruction:":
            lines[-1] += f" {text}"
        else:
            lines.append(text)
            joining = False
    return "\n".join(lines)
