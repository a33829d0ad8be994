"""Information set Monte Carlo tree search: search that is honest about what the seat does not know."""

from __future__ import annotations

from typing import Any

from agentarena.core.agent import Agent, View
from agentarena.core.game import Game, Information

from .uct import Settings, TreeSearch

__all__ = ["ISMCTS"]


class ISMCTS(Agent):
    """Monte Carlo tree search over information sets (single-observer ISMCTS): honest about what the seat does not know.

    Its moves are a function of the view and its stream alone, unless `time_s` is set.

    Every simulation starts from a fresh state the seat cannot tell from the truth (`view.imagine`, all the search ever sees of
    the game), restricts the tree to what is legal there, and weighs exploration by how often an action was available. Nodes are
    the searching seat's information sets: two lines that look alike to it are one node, two that differ in what chance has shown
    it are two. In games without `information` keys nodes are the actions played. Opponents choose within the
    searching seat's nodes, each for its own return: like the seat they do not know what it cannot see, nor use what only they know.

    Any number of seats, simultaneous moves (each seat's choice hidden from the rest), any rewards.
    `view.memory["search"]` holds the last search's visits and values.

    Args:
        simulations: Passes through the tree a decision.
        c: Weight of exploration, on the scale where a win and a loss differ by 1 (see `agentarena.agents.search.uct`).
        rollouts: Plays from each new leaf.
        rollout: Who plays them: "random", or the spec of an agent, e.g. a heuristic of the game.
        rollout_limit: Steps after which such a play is cut off, the rest counting 0; `None` plays to the end.
        time_s: Wall-clock limit of a decision in seconds. With it the same seed need not give the same moves.

    Reference: P. Cowling, E. Powley, D. Whitehouse, "Information set Monte Carlo tree search", IEEE TCIAIG 4 (2012), algorithm 1.
    """

    def __init__(
        self,
        simulations: int = 100,
        c: float = 0.7,
        rollouts: int = 1,
        rollout: str = "random",
        rollout_limit: int | None = None,
        time_s: float | None = None,
    ) -> None:
        self.settings = Settings("ismcts", simulations, c, rollouts, rollout, rollout_limit, time_s)

    def cannot_play(self, game: Game[Any]) -> str | None:
        return self.settings.cannot_play(game)

    def choose(self, view: View) -> int:
        informed = isinstance(view.game, Information) and (view.game.info.hidden or view.game.info.chance)
        search = TreeSearch(view, self.settings, availability=True, informed=informed)
        if len(search.legal) == 1:
            return search.legal[0]  # nothing to decide
        action = search.run()
        view.memory["search"] = search.report()
        return action
