"""Monte Carlo tree search (UCT) for any game that can be branched."""

from __future__ import annotations

from typing import Any

from agentarena.core.agent import Agent, View
from agentarena.core.game import Game

from .uct import Settings, TreeSearch

__all__ = ["MCTS"]


class MCTS(Agent):
    """Monte Carlo tree search (UCT).

    Its moves are a function of the view and its stream alone, unless `time_s` is set.

    The tree is over the actions played (open loop): chance is drawn anew on every pass, and an action leads to one node whatever
    chance decides. With hidden information every simulation starts from one fresh state the seat cannot tell from the truth
    (a single determinization, as the MCTS of arXiv 2510.11736 means to) and all of them share this tree. The bandit ignores
    that an action may not have been legal in some of them, and does not tell apart what the seat will learn; `ismcts` does both.

    Any number of seats, simultaneous moves, any rewards. `view.memory["search"]` holds the last search's visits and values.

    Args:
        simulations: Passes through the tree a decision.
        c: Weight of exploration, on the scale where a win and a loss differ by 1 (see `agentarena.agents.search.uct`).
        rollouts: Plays from each new leaf.
        rollout: Who plays them: "random", or the spec of an agent, e.g. a heuristic of the game.
        rollout_limit: Steps after which such a play is cut off, the rest counting 0; `None` plays to the end.
        time_s: Wall-clock limit of a decision in seconds. With it the same seed need not give the same moves.
    """

    def __init__(
        self,
        simulations: int = 100,
        c: float = 1.414,
        rollouts: int = 1,
        rollout: str = "random",
        rollout_limit: int | None = None,
        time_s: float | None = None,
    ) -> None:
        self.settings = Settings("mcts", simulations, c, rollouts, rollout, rollout_limit, time_s)

    def cannot_play(self, game: Game[Any]) -> str | None:
        return self.settings.cannot_play(game)

    def choose(self, view: View) -> int:
        search = TreeSearch(view, self.settings, availability=False, informed=False)
        if len(search.legal) == 1:
            return search.legal[0]  # nothing to decide
        action = search.run()
        view.memory["search"] = search.report()
        return action
