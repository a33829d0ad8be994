"""Speed of the AI Economist's one-step economy (package ai-economist 1.7.1), the peer of `economist_speed.py`.

The package pins libraries of 2021; in a fresh virtual environment of Python 3.11 its economy runs with

    pip install --no-deps ai-economist pycryptodome && pip install "numpy<2" scipy pyyaml tqdm lz4
    python benchmarks/economist_peer.py

Libraries that only its other scenarios use are replaced by empty modules. An episode is two steps, one to set taxes and one
to work, 100 workers, seven brackets.
"""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import Any

import numpy as np

WORKERS, EPISODES = 100, 10


def economy() -> Any:
    """The one-step economy of the package."""
    for name in ("GPUtil", "pandas", "matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, ModuleType(name))
    sys.modules["GPUtil"].getAvailable = lambda *_, **__: []  # type: ignore[attr-defined]  # a stand-in
    from ai_economist import foundation

    labour = ("SimpleLabor", {"mask_first_step": False, "payment_max_skill_multiplier": 3, "pareto_param": 4})
    tax = ("PeriodicBracketTax", {"bracket_spacing": "us-federal", "period": 2, "tax_model": "model_wrapper", "usd_scaling": 1000.0})
    return foundation.make_env_instance(
        scenario_name="one-step-economy",
        components=[labour, tax],
        n_agents=WORKERS,
        world_size=[1, 1],
        episode_length=2,
        multi_action_mode_agents=False,
        multi_action_mode_planner=True,
        flatten_observations=True,
        flatten_masks=False,
        agent_reward_type="coin_minus_labor_cost",
        planner_reward_type="inv_income_weighted_utility",
        labor_exponent=3.5,
        labor_cost=0.0005,
    )


def main() -> None:
    env, rng, best = economy(), np.random.default_rng(0), float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(EPISODES):
            env.reset()
            for _ in range(2):
                moves: dict[str, Any] = {str(worker): int(rng.integers(100)) for worker in range(WORKERS)}
                env.step({**moves, "p": [int(rate) for rate in rng.integers(20, size=7)]})
        best = min(best, time.process_time() - start)
    print(f"AI Economist, one-step economy, {WORKERS} workers: {2 * WORKERS * EPISODES / best:,.0f} worker-steps/s")


if __name__ == "__main__":
    main()
