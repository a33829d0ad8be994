"""Figures of the shop: reference players by split and difficulty, the reward against its slow twin, the search engine, the sampler.

python benchmarks/shop_numbers.py table | difficulty | twin | search | sampler
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence

import numpy as np

import agentarena as aa
from agentarena.envs.shop.analysis.adaptive import AdaptiveEnv, AdaptiveSampler
from agentarena.envs.shop.analysis.metrics import figures
from agentarena.envs.shop.analysis.slow_reward import slow_reward
from agentarena.envs.shop.game import Shop
from agentarena.envs.shop.rules.reward import reward

BOTS = ("random", "shop/rule", "shop/options", "shop/oracle")
MATCHES = 500


def line(label: str, bot: str, visits: int, **options: object) -> str:
    """A row: score with its error, success rate with its interval."""
    runs = aa.play(aa.game("Shop-v0", **options), [bot], matches=visits, seed=0)
    result = figures([float(returns[0]) for returns in runs.returns])
    success = f"{result.success:.1f} ({result.success_low:.1f} to {result.success_high:.1f})"
    return f"| {label} | {bot} | {result.score:.1f} +- {result.score_error:.1f} | {success} |"


def table() -> None:
    """Every player on every split, for both kinds of instructions and two sizes."""
    print("| split | player | score | success % |\n|---|---|---|---|")
    for goals in ("human", "synthetic"):
        for split in ("train", "dev", "test"):
            for bot in BOTS:
                print(line(f"{split}, {goals}", bot, MATCHES, split=split, goals=goals), flush=True)
    for bot in BOTS:
        print(line("test, 50,000 products", bot, MATCHES, split="test", products=50_000), flush=True)


def difficulty() -> None:
    """The players by the number of siblings."""
    print("| siblings | player | score | success % |\n|---|---|---|---|")
    for siblings in (0, 2, 4, 6):
        for bot in BOTS[1:]:
            print(line(str(siblings), bot, MATCHES, split="all", difficulty=siblings), flush=True)
    for bot in BOTS[1:]:
        print(line("hard preset, 12", bot, MATCHES, split="all", difficulty=12, preset="hard"), flush=True)


def twin(purchases: int = 10_000) -> None:
    """Random goals, products and options: the reward against the slow one."""
    rng = np.random.default_rng(0)
    different, counts = 0, {True: 0, False: 0}
    for goals in ("human", "synthetic"):
        shop = Shop(goals=goals, split="all")
        catalogue = shop.catalogue
        for number in range(purchases // 2):
            goal = catalogue.goal(int(rng.integers(len(catalogue.order))))
            near = rng.random() < 0.5  # half of the purchases from the target's own family and its neighbours
            place = goal.product + int(rng.integers(-3, 4)) if near else int(rng.integers(len(catalogue)))
            product = catalogue.product(min(max(place, 0), len(catalogue) - 1))
            chosen = {name: values[int(rng.integers(len(values)))] for name, values in product.options if rng.random() < 0.8}
            wanted, sold = goal.as_dict(catalogue.product(goal.product)), product.as_dict()
            original = number % 2 == 0
            quick = reward(wanted, sold, chosen, product.price, original_options=original).total
            slow = slow_reward(wanted, sold, chosen, product.price, original_options=original)
            different += quick != slow
            counts[quick > 0] += 1
    print(f"{purchases:,} purchases, {counts[True]:,} with a reward: {different} differ")


def search(products: int = 1000) -> None:
    """How often the target is among the fifty found, and on the first page."""
    shop = Shop(products=products, split="all")
    catalogue, places = shop.catalogue, []
    for number in catalogue.order[:1000]:
        goal = catalogue.goal(int(number))
        hits = catalogue.index.search(goal.instruction)
        places.append(hits.index(goal.product) if goal.product in hits else 999)
    ranks = np.array(places)
    first, page, fifty = (float(np.mean(ranks < bound)) for bound in (1, 10, 50))
    print(f"{products:,} products: target first {first:.3f}, on page 1 {page:.3f}, found {fifty:.3f}")


def sampler(visits: int = 1500) -> None:
    """The sampler with the player that chooses options, in the Gymnasium environment: the success rate it holds."""
    import gymnasium

    from agentarena.core.agent import View

    for target in (0.2, 0.35, 0.5):
        ladder = AdaptiveSampler(target=target)
        env = AdaptiveEnv(functools.partial(gymnasium.make, "agentarena/Shop-v0", split="all"), ladder)
        bot, ended, levels = aa.agent("shop/options"), [], []
        for visit in range(visits):
            _, info = env.reset(seed=visit)
            levels.append(info["level"])
            inner, memory = env.of(info["level"]).unwrapped, {}
            over = False
            while not over:
                view = View(inner.game, inner.episode.state, 0, news=inner.episode.unread(0), memory=memory)
                _, total, terminated, truncated, info = env.step(bot.choose(view))
                over = terminated or truncated
            ended.append(total >= 1.0)
        half = visits // 3
        print(f"target {target}: success {np.mean(ended[half:]):.3f} after {half} visits, mean level {np.mean(levels[half:]):.2f}")


def main(names: Sequence[str]) -> None:
    parts = {"table": table, "difficulty": difficulty, "twin": twin, "search": search, "sampler": sampler}
    for name in names or parts:
        parts[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
