"""The consensus game in numbers: example A, random candidate sets, and instances of 4 candidates solved per second.

python -m benchmarks.consensus_numbers
python -m benchmarks.consensus_numbers --instances 40000 --workers 2
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from agentarena.envs.consensus import Equilibrium, best_responses, equilibrium_ranking, fixed_point

EXAMPLE_A = ([[0.5, 0.3, 0.2], [0.4, 0.2, 0.4]], [0.4, 0.7, 0.2])


def random_sets(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sets of 4 candidates: standard normal log-probabilities and log-odds. Shapes (count, 2, 4) and (count, 4)."""
    rng = np.random.default_rng(seed)
    weight = np.exp(rng.normal(size=(count, 2, 4)))
    return weight / weight.sum(axis=-1, keepdims=True), 1 / (1 + np.exp(-rng.normal(size=(count, 4))))


def best(result: Equilibrium) -> np.ndarray:
    """The candidate that the generator ranks first. Shape (count,)."""
    return np.asarray(result.generator[:, 0].argmax(axis=-1))


def agreement(result: Equilibrium) -> str:
    return f"{(best(result) == result.discriminator.argmax(axis=-1)).mean():.1%}"


def example_a() -> None:
    for lam in (0.1, 1.0, 1e-3):
        for iterations in (0, 1, 100, 5000):
            result = equilibrium_ranking(*EXAMPLE_A, lam=lam, iterations=iterations)
            row = np.concatenate([result.generator[0], result.discriminator])
            print(f"example A, lam {lam:g}, {iterations} updates: {row.round(6).tolist()}, payoff {result.payoff:.6f}")
        limit = fixed_point(*EXAMPLE_A, lam=lam)
        row = np.concatenate([limit.generator[0], limit.discriminator])
        print(f"example A, lam {lam:g}, fixed point: {row.round(6).tolist()}, payoff {limit.payoff:.6f}")


def random_statistics(count: int = 400) -> None:
    generator, discriminator = random_sets(count)
    before, half, after = (equilibrium_ranking(generator, discriminator, iterations=n) for n in (0, 500, 5000))
    strong = equilibrium_ranking(generator, discriminator, lam=1.0)
    print(f"{count} sets, ER-G and ER-D agree: before {agreement(before)}, after {agreement(after)}, with lam 1 {agreement(strong)}")
    print(f"{count} sets, first candidate after 500 updates as after 5,000: {(best(half) == best(after)).mean():.1%}")
    print(
        f"{count} sets, first candidate of the fixed point as after 5,000: {(best(fixed_point(generator, discriminator)) == best(after)).mean():.1%}"
    )
    _, path = best_responses(generator, discriminator)
    print(f"{count} sets, least change of the potential in 200 best replies: {np.diff(path, axis=0).min():.1e}")


def speed(count: int, workers: int | None) -> None:
    generator, discriminator = random_sets(count, seed=1)
    for what, solve in (
        ("5,000 updates", lambda: equilibrium_ranking(generator, discriminator, workers=workers)),
        ("5,000 updates, one thread", lambda: equilibrium_ranking(generator, discriminator, workers=1)),
        ("fixed point, tolerance 1e-12", lambda: fixed_point(generator, discriminator)),
        ("fixed point, tolerance 1e-6", lambda: fixed_point(generator, discriminator, tolerance=1e-6)),
    ):
        began, used = time.perf_counter(), time.process_time()
        solve()
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        print(f"{what}: {count / wall:,.0f} instances of 4 candidates a second, {count / cpu:,.0f} a second of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--instances", type=int, default=16384)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    example_a()
    random_statistics()
    speed(arguments.instances, arguments.workers)


if __name__ == "__main__":
    main()
