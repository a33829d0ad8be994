"""Speed of the shop: steps a second, what a second worker costs, and searching a million products.

    python benchmarks/shop_speed.py steps                       # 1,000 and 50,000 products
    python benchmarks/shop_speed.py workers                     # a second process on the index of the first
    python benchmarks/shop_speed.py index bm25s 1000000         # 2 GB of memory; tantivy 0.3 GB

CPU seconds of one core. Indexes lie in $AGENTARENA_CACHE; an index that is there already is not built again.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

from agentarena.envs.shop.game import Shop


def memory() -> float:
    """Greatest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rate(game: Shop, seconds: float, *, words: bool) -> float:
    """Steps a CPU second of random admissible commands; with the page in words and the list of commands at each step, or the rules alone."""
    rng = np.random.default_rng(0)
    end, steps = time.process_time() + seconds, 0
    begin = time.process_time()
    while time.process_time() < end:
        state = game.start(rng)
        while game.to_move(state):
            command = game.legal(state, 0).sample(rng)
            if words:
                game.text.look(state, 0)
            state = game.step(state, {0: command}, rng)
            steps += 1
    return steps / (time.process_time() - begin)


def steps() -> None:
    """Random play."""
    for products in (1_000, 50_000):
        begin = time.process_time()
        game = Shop(products=products)
        len(game.numbers)
        built = time.process_time() - begin
        rate(game, 3.0, words=True)  # products that are looked at often are remembered
        rates = [rate(game, 2.0, words=True) for _ in range(3)]
        print(f"{products:,} products: ready after {built:.1f} s; {max(rates):,.0f} steps/s with pages in words and commands listed")


def workers() -> None:
    """Time and memory of a process that makes the index of 50,000 products, and of one that finds it in the cache."""
    code = (
        "import time, resource; t = time.process_time(); from agentarena.envs.shop import Shop; a = time.process_time() - t\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; game = Shop(products=50_000); len(game.numbers)\n"
        "game.catalogue.index.search('quiet switches keyboards'); after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(f'import {a:.2f} s, catalogue {time.process_time() - t - a:.2f} s, {(after - before) / 1024:.0f} MB')"
    )
    with tempfile.TemporaryDirectory() as cache:
        for name in ("first", "second"):
            environment = {**os.environ, "AGENTARENA_CACHE": cache}
            out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout
            print(f"{name} process: {out.strip()}", flush=True)


def index(engine: str, products: int) -> None:
    """Build or open an index, and search."""
    begin = time.process_time()
    game = Shop(products=products, engine=engine)
    catalogue = game.catalogue
    built = time.process_time() - begin
    print(f"{engine}, {products:,} products, {len(catalogue.order):,} goals: {built:.1f} s, {memory():,.0f} MB at most", flush=True)
    goals = [catalogue.goal(int(number)) for number in catalogue.order[:200]]
    for name, queries in (
        ("short", [f"{goal.attributes[0]} {catalogue.product(goal.product).query}" for goal in goals]),
        ("long", [goal.instruction for goal in goals]),
    ):
        catalogue.index.search(queries[0])
        begin = time.process_time()
        hits = [catalogue.index.search(query) for query in queries]
        spent = (time.process_time() - begin) / len(queries) * 1000
        hit_rate = np.mean([goal.product in hit for goal, hit in zip(goals, hits, strict=True)])
        print(f"  {name} queries: {spent:.2f} ms, the target among the 50 found: {hit_rate:.2f}", flush=True)


if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or ["steps"]
    if name == "index":
        index(arguments[0], int(arguments[1]))
    else:
        {"steps": steps, "workers": workers}[name]()
