"""Colours of options: two options are compared by the colour in them, where there is one."""

from __future__ import annotations

import functools

__all__ = ["COLOURS", "colour_of"]

_COLOURS = """
amber apricot aqua aquamarine ash azure beige berry black blond blue blush bronze brown burgundy burnt camel camo caramel celadon
    champagne charcoal cherry chestnut chocolate clear cobalt cocoa coffee copper coral cream crimson cyan dark denim ebony ecru emerald
    fuchsia gold graphite gray green grey heather honey indigo ivory jade khaki lavender leopard light lilac lime magenta mahogany maroon
    mauve mint mocha multi mustard natural navy nude oak ochre olive onyx orange orchid peach pearl periwinkle pewter pink plum pumpkin purple
    rainbow red rose ruby rust sage salmon sand sapphire scarlet silver slate tan taupe teal turquoise violet walnut white wine yellow
"""
COLOURS: tuple[str, ...] = tuple(_COLOURS.split())
"""102 words in alphabetical order. The original has a list of this length and order, in other words in part; which words is our choice."""


@functools.lru_cache(maxsize=16_384)
def colour_of(option: str) -> str:
    """The first colour of the list that stands anywhere in an option, else the option itself: the original's rule, with what follows from it.

    >>> colour_of("navy blue"), colour_of("dark green"), colour_of("standard"), colour_of("x-large")
    ('blue', 'dark', 'tan', 'x-large')
    """
    return next((colour for colour in COLOURS if colour in option), option)
