"""Reference players of the commons. They act on observations; that they know the constants of the resource is their advantage over newcomers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption, NotSupported

from . import dynamics
from .moves import action_of
from .observe import Sight
from .state import HARVEST, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, Move

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["BOTS",
    "Conditional", "Constant", "Greedy", "Imitator", "Member", "NormFollower", "Punisher", "Sustainable", "Threshold", "fair_harvest", "most",
]  # fmt: skip


def most(game: Commons, sight: Sight) -> float:
    """All that a seat can ask for: effort 1, the whole stock, or all its tokens."""
    return {"logistic": 1.0, "doubling": sight.general["stock"], "static": float(game.tokens)}[game.resource]


def fair_harvest(game: Commons, sight: Sight) -> float:
    """An equal part of what can be taken for ever, in units or tokens.

    Of a doubling pool the threshold, of a logistic stock whatever brings it to K/2, where it grows fastest, and of the group account the tokens of the
    greatest rent; each divided by the seats that take part.
    """
    seats, stock = max(1.0, float(sight.column("active").sum())), sight.general["stock"]
    if game.resource == "doubling":
        return sight.general["share"]
    if game.resource == "static":
        return (game.pool_a - game.outside) / (2 * game.pool_b) / seats if game.pool_b else float(game.tokens)
    grown = stock if game.order == "harvest_then_grow" else float(dynamics.grow(stock, game.growth, game.capacity))
    return max(0.0, grown - game.capacity / 2) / seats


def asking_for(game: Commons, sight: Sight, harvest: float) -> float:
    """What to ask for in order to get a harvest: an effort, or whole units or tokens that do not exceed it."""
    if game.resource != "logistic":
        return float(min(most(game, sight), max(0, math.floor(harvest + 1e-9))))
    stock = sight.general["stock"]
    base = float(dynamics.grow(stock, game.growth, game.capacity)) if game.order == "grow_then_harvest" else stock
    return min(1.0, max(0.0, harvest / (game.alpha * base))) if base > 0 else 0.0


class Member(Agent):
    """What all have in common: one method a phase, of which a subclass overrides those that matter to it.

    By default a member neither watches nor punishes, proposes and names its idea of a fair harvest as the cap, agrees once it has named
    one, and votes for the proposal nearest to its own.
    """

    def choose(self, view: View) -> Action:
        game: Any = view.game
        if not hasattr(game, "layout"):
            raise NotSupported(f"{self.name or type(self).__name__} plays the commons only")
        sight: Sight = game.layout.read(view.observation)
        move = _PHASES[sight.phase](self, game, sight, view)
        return action_of(game, sight.phase, move)

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        """How much to harvest."""
        raise NotImplementedError(f"{type(self).__name__} must define harvest")

    def talk(self, game: Commons, sight: Sight, view: View) -> Move:
        """What to say."""
        if sight.column("named")[0] >= 0:
            return Move(0.0, 1)
        return Move(min(game.top, self.cap(game, sight, view)))

    def watch(self, game: Commons, sight: Sight, view: View) -> Move:
        """Whether to watch another."""
        return Move()

    def sanction(self, game: Commons, sight: Sight, view: View) -> Move:
        """Whom to punish, or whether to punish the one that was watched."""
        return Move()

    def reflect(self, game: Commons, sight: Sight, view: View) -> Move:
        """What to note."""
        return Move()

    def propose(self, game: Commons, sight: Sight, view: View) -> Move:
        """Which cap to propose."""
        return Move(min(game.top, self.cap(game, sight, view)))

    def vote(self, game: Commons, sight: Sight, view: View) -> Move:
        """Whose proposal to vote for: the nearest to one's own idea; of equals the first round the table from oneself."""
        caps, own = sight.column("proposed"), self.cap(game, sight, view)
        distance = np.where(caps >= 0, np.abs(caps - own), np.inf)
        return Move(0.0, 2 + (view.seat + int(distance.argmin())) % game.players)

    def cap(self, game: Commons, sight: Sight, view: View) -> float:
        """Its idea of what one seat should take, in units or tokens."""
        return fair_harvest(game, sight)


_PHASES = {
    TALK: lambda bot, *what: bot.talk(*what),
    HARVEST: lambda bot, *what: bot.harvest(*what),
    WATCH: lambda bot, *what: bot.watch(*what),
    SANCTION: lambda bot, *what: bot.sanction(*what),
    REFLECT: lambda bot, *what: bot.reflect(*what),
    PROPOSE: lambda bot, *what: bot.propose(*what),
    VOTE: lambda bot, *what: bot.vote(*what),
}


class Constant(Member):
    """Asks for the same every round.

    Args:
        amount: Effort in [0, 1], units or tokens; as much of it as can be asked for.
    """

    def __init__(self, amount: float = 0.5) -> None:
        _number("constant", "amount", amount, 0.0, math.inf)
        self.amount = float(amount)

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        return Move(min(self.amount, most(game, sight)))


class Greedy(Member):
    """Asks for all it can."""

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        return Move(most(game, sight))

    def cap(self, game: Commons, sight: Sight, view: View) -> float:
        return game.top


class Sustainable(Member):
    """Takes an equal part of what can be taken for ever; see `fair_harvest`."""

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        return Move(asking_for(game, sight, fair_harvest(game, sight)))


class Threshold(Member):
    """Harvests only while the stock stands above a share of the capacity.

    Args:
        above: The share.
        amount: What it asks for then: effort, units or tokens.
    """

    def __init__(self, above: float = 0.5, amount: float = 1.0) -> None:
        _number("threshold", "above", above, 0.0, 1.0)
        _number("threshold", "amount", amount, 0.0, math.inf)
        self.above, self.amount = float(above), float(amount)

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        rich = game.resource == "static" or sight.general["stock"] > self.above * game.capacity
        return Move(min(self.amount, most(game, sight)) if rich else 0.0)


class Conditional(Member):
    """A conditional cooperator: takes its fair part first, then as much as the others did on average, times a bias towards itself.

    Args:
        bias: Factor on the others' mean harvest; people match others imperfectly, to their own advantage.
    """

    def __init__(self, bias: float = 1.05) -> None:
        _number("conditional", "bias", bias, 0.0, 100.0)
        self.bias = float(bias)

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        own = float(sight.column("taken")[0])
        others = float((sight.column("active")[1:]).sum())
        if not sight.general["shown"] or own < 0 or not others:
            return Move(asking_for(game, sight, fair_harvest(game, sight)))
        mean = (sight.general["total"] - own) / others
        if game.resource == "logistic" and sight.general["before"] > 0:  # the same effort, whatever the stock
            mean *= sight.general["stock"] / sight.general["before"]
        wanted = self.bias * mean
        if game.resource != "logistic":  # whole units: the fraction is a chance
            wanted = math.floor(wanted) + float(view.rng.random() < wanted % 1.0)
        return Move(asking_for(game, sight, wanted))


class NormFollower(Member):
    """Keeps to the norm in force, or to the lowest cap that was named in the last conversation and that most did not oppose by naming a higher one.

    Args:
        otherwise: Share of all it can that it asks for where there is no norm.
        obeys: Chance of keeping to the norm in a round; otherwise it behaves as if there were none.
        fear: Chance that it surely keeps to the norm after a round in which it was punished, or without a norm to that round's mean harvest.
        resents: Chance that it ignores the norm after a round in which all together took more than the norm allows and nobody was punished.
    """

    def __init__(self, otherwise: float = 1.0, obeys: float = 1.0, fear: float = 0.0, resents: float = 0.0) -> None:
        for name, value in (("otherwise", otherwise), ("obeys", obeys), ("fear", fear), ("resents", resents)):
            _number("norm_follower", name, value, 0.0, 1.0)
        self.otherwise, self.obeys, self.fear, self.resents = float(otherwise), float(obeys), float(fear), float(resents)

    def limit(self, game: Commons, sight: Sight) -> float:
        """The cap it feels bound to; -1 for none."""
        if sight.general["norm"] >= 0:
            return sight.general["norm"]
        named = np.sort(sight.column("named")[sight.column("named") >= 0])
        return float(named[(len(named) - 1) // 2]) if len(named) else -1.0

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        free, limit = self.otherwise * most(game, sight), self.limit(game, sight)
        free = free if game.resource == "logistic" else float(math.floor(free + 1e-9))
        draws, seats = view.rng.random(3).tolist(), max(1.0, float(sight.column("active").sum()))
        punished = sight.column("fined_by")
        afraid = draws[1] < self.fear and punished[0] > 0
        broken = 0 <= limit * seats * (1 + 1e-6) < sight.general["total"] and not punished.any()
        keeps = draws[0] < self.obeys and not (broken and draws[2] < self.resents)
        if afraid and limit < 0:
            limit = sight.general["total"] / seats
        if limit < 0 or not (keeps or afraid):
            return Move(free)
        return Move(min(free, asking_for(game, sight, limit)))


class Punisher(NormFollower):
    """A norm follower that watches others and punishes those above the norm; where it may choose, the worst of them.

    Without a norm it holds others to the mean harvest.

    Args:
        watches: Chance of watching.
        punishes: Chance of punishing a violation it sees.
        otherwise: As for the norm follower.
        obeys: Likewise.
        fear: Likewise.
        resents: Likewise.
    """

    def __init__(
        self,
        watches: float = 1.0,
        punishes: float = 1.0,
        otherwise: float = 1.0,
        obeys: float = 1.0,
        fear: float = 0.0,
        resents: float = 0.0,
    ) -> None:
        super().__init__(otherwise, obeys, fear, resents)
        _number("punisher", "watches", watches, 0.0, 1.0)
        _number("punisher", "punishes", punishes, 0.0, 1.0)
        self.watches, self.punishes = float(watches), float(punishes)

    def watch(self, game: Commons, sight: Sight, view: View) -> Move:
        return Move(0.0, int(view.rng.random() < self.watches))

    def sanction(self, game: Commons, sight: Sight, view: View) -> Move:
        taken, limit = sight.column("taken"), self.limit(game, sight)
        if limit < 0:
            limit = sight.general["total"] / max(1.0, float(sight.column("active").sum()))
        if view.rng.random() >= self.punishes:
            return Move()
        if game.sanction == "random":
            seen = int(sight.column("watched").argmax())
            return Move(0.0, int(taken[seen] > limit * (1 + 1e-6)))
        worst = 1 + int(taken[1:].argmax())
        return Move(0.0, 2 + (view.seat + worst) % game.players) if taken[worst] > limit * (1 + 1e-6) else Move()


class Imitator(Member):
    """A strategy of four numbers that social learning spreads: effort e, watching m, punishing p, and a belief b, what part of the stock may be taken.

    It harvests with effort e, or under a norm keeps to it with chance `obeys`; watches with chance m and punishes with chance p who took more than the norm;
    proposes the cap b R / N, and believes less when the stock falls: b is multiplied by R' / R. When it learns from another it copies what it is told and
    what all see: the effort, the proposal, how often the other watched, and how often it punished for each violation it can be supposed to have seen. Small errors
    come with copying.
    Initial strategies are drawn by disposition: selfish e ~ U(0.6, 1), m and p ~ U(0, 0.2), b ~ U(0.2, 0.6); altruistic e ~ U(0, 0.4),
    m and p ~ U(0.5, 1), b ~ U(0, 0.2); neither: all of [0, 1], b of [0, 0.6]. All of this is this project's proposal, not a paper's. [PROP]

    Args:
        disposition: "selfish", "altruistic", "none", or "" for the game's own.
        obeys: Chance of keeping to a norm.
        error: Standard deviation of what is added to a copied effort.
    """

    def __init__(self, disposition: str = "", obeys: float = 0.7, error: float = 0.02) -> None:
        if disposition not in ("", *_STARTS):
            raise BadOption(f"imitator: disposition is {disposition!r}; allowed: {', '.join(_STARTS)}")
        _number("imitator", "obeys", obeys, 0.0, 1.0)
        _number("imitator", "error", error, 0.0, 1.0)
        self.disposition, self.obeys, self.error = disposition, float(obeys), float(error)

    def _mind(self, game: Commons, sight: Sight, view: View) -> dict[str, Any]:
        """Its strategy in this match, brought up to date with the round shown."""
        mind = view.memory
        if not mind:
            draws = view.rng.random(4).tolist()
            drawn = (low + (high - low) * u for (low, high), u in zip(_STARTS[self.disposition or game.disposition], draws, strict=True))
            mind.update(zip("empb", drawn, strict=True))
            zeros = [0.0] * game.players
            mind.update(seen=0, watches=zeros, duties=zeros, fines=zeros, looked=0, guilty=0)
        shown = int(sight.general["shown"])
        if sight.phase == HARVEST and shown > mind["seen"]:
            mind["seen"] = shown
            under_norm = float(sight.general["shown_norm"] >= 0)
            for name, seen in (
                ("watches", sight.column("watches")),
                ("duties", sight.column("watches") * under_norm),
                ("fines", sight.column("fines")),
            ):
                mind[name] = (np.array(mind[name]) + seen).tolist()
            if sight.general["before"] > 0 and game.resource != "static":
                mind["b"] = min(1.0, mind["b"] * min(1.0, sight.general["stock"] / sight.general["before"]))
            if sight.column("model").any():
                self._copy(game, sight, view, mind)
        return mind

    def _copy(self, game: Commons, sight: Sight, view: View, mind: dict[str, Any]) -> None:
        other = int(sight.column("model").argmax())
        asked = float(sight.column("asked")[other])
        if asked >= 0:
            whole = (
                1.0 if game.resource == "logistic" else max(1.0, sight.general["before"] if game.resource == "doubling" else game.tokens)
            )
            mind["e"] = min(1.0, max(0.0, asked / whole + self.error * float(view.rng.standard_normal())))
        cap, before = float(sight.column("model_cap")[other]), sight.general["before"]
        if cap >= 0 and before > 0:
            mind["b"] = min(1.0, cap * game.players / before)
        mind["m"] = mind["watches"][other] / mind["seen"]
        if mind["duties"][other]:  # how often it punished a violation, if it met as many as I did
            violations = mind["duties"][other] * (mind["guilty"] + 1) / (mind["looked"] + 2)
            mind["p"] = min(1.0, mind["fines"][other] / violations)

    def harvest(self, game: Commons, sight: Sight, view: View) -> Move:
        mind = self._mind(game, sight, view)
        whole, norm = most(game, sight), sight.general["norm"]
        free = mind["e"] * whole if game.resource == "logistic" else float(math.floor(mind["e"] * whole))
        if norm < 0 or view.rng.random() >= self.obeys:
            return Move(free)
        return Move(min(free, asking_for(game, sight, norm)))

    def watch(self, game: Commons, sight: Sight, view: View) -> Move:
        return Move(0.0, int(view.rng.random() < self._mind(game, sight, view)["m"]))

    def sanction(self, game: Commons, sight: Sight, view: View) -> Move:
        norm, seen = sight.general["shown_norm"], int(sight.column("watched").argmax())
        guilty = norm >= 0 and sight.column("taken")[seen] > norm * (1 + 1e-6)
        mind = self._mind(game, sight, view)
        mind["looked"] += int(norm >= 0)
        mind["guilty"] += int(guilty)
        punishes = guilty and view.rng.random() < mind["p"]
        choice = 2 + (view.seat + seen) % game.players if game.sanction == "chosen" else 1
        return Move(0.0, choice) if punishes else Move()

    def cap(self, game: Commons, sight: Sight, view: View) -> float:
        stock = sight.general["stock"] if game.resource != "static" else float(game.tokens * game.players)
        return float(self._mind(game, sight, view)["b"] * stock / game.players)


_STARTS: dict[str, tuple[tuple[float, float], ...]] = {
    "selfish": ((0.6, 1.0), (0.0, 0.2), (0.0, 0.2), (0.2, 0.6)),
    "altruistic": ((0.0, 0.4), (0.5, 1.0), (0.5, 1.0), (0.0, 0.2)),
    "none": ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
}


def _number(bot: str, name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadOption(f"{bot}: {name} is {value!r}; expected a number from {low:g} to {high:g}")


BOTS: dict[str, type[Agent]] = {
    "commons/constant": Constant,
    "commons/greedy": Greedy,
    "commons/sustainable": Sustainable,
    "commons/threshold": Threshold,
    "commons/conditional": Conditional,
    "commons/norm_follower": NormFollower,
    "commons/punisher": Punisher,
    "commons/imitator": Imitator,
}
"""Names of the reference players -> class."""
