"""Every outcome of something random, by trying all that it may draw."""

from __future__ import annotations

import math
from collections.abc import Callable

from agentarena.core.errors import NotSupported

from .state import Script, State

__all__ = ["outcomes"]

_MOST = 20_000


def outcomes(draw: Callable[[Script], State]) -> tuple[tuple[float, State], ...]:
    """The distribution of `draw(script)`, whose only randomness are uniform choices taken from the script.

    Raises:
        NotSupported: There are too many combinations, as when names are drawn.
    """
    found: dict[State, float] = {}
    pending: list[tuple[int, ...]] = [()]
    tried = 0
    while pending:
        choices = pending.pop()
        script = Script(choices)
        made = draw(script)
        for at in range(len(choices), len(script.sizes)):  # draws beyond the script gave 0; their other values are yet to be tried
            prefix = choices + (0,) * (at - len(choices))
            pending.extend((*prefix, other) for other in range(1, script.sizes[at]))
        tried += 1
        if tried + len(pending) > _MOST or math.prod(script.sizes) > _MOST**2:
            raise NotSupported(f"Werewolf: more than {_MOST} outcomes to list; fewer players, names='numbers' or less to draw help")
        found[made] = found.get(made, 0.0) + 1.0 / math.prod(script.sizes)
    return tuple((probability, outcome) for outcome, probability in found.items())
