"""Matrix games: the equilibria of one round of every named table.

python benchmarks/matrix_numbers.py
"""

from __future__ import annotations

import numpy as np

from agentarena.envs.matrix.options import NAMED
from agentarena.envs.matrix.solver import equilibria


def main() -> None:
    for name, payoffs in NAMED.items():
        table = np.array(payoffs, np.float64)
        for first, second in equilibria(table):
            worth = np.einsum("a,abk,b->k", first, table, second)
            mixtures = " / ".join("(" + ", ".join(f"{chance:.4f}" for chance in mixture) + ")" for mixture in (first, second))
            print(f"{name:28} {mixtures}  worth {worth[0]:.4g}, {worth[1]:.4g}")


if __name__ == "__main__":
    main()
