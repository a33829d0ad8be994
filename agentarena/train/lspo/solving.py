"""Stage 3 of LSPO: solve the latent game, and say what the solution is worth against best responses.

Small games are solved on their tree (CFR+ and its kin), larger ones by sampling: tabular MCCFR, or Deep CFR. Whatever the solver, where
the tree can be had the result is judged on it exactly. Best responses are reported apart (`lspo.judging`): of a role's seats one by one,
and of a side whose seats act together without telling each other what they know.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.agents.search.array_tree import ArrayTree, array_tree
from agentarena.agents.search.cfr import solve_tree
from agentarena.agents.search.size import histories
from agentarena.agents.search.tree import tree_of
from agentarena.core.batch import ListedBatch
from agentarena.core.capabilities import Lockstep
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of
from agentarena.core.rng import stream
from agentarena.core.speech import Speech
from agentarena.train.settings import check_fields, setting

from .judging import Judge
from .playing import played_figures
from .policy import LatentPolicy, NetworkPolicy, TablePolicy
from .sampling import MCCFRTables

__all__ = ["METHODS", "SolveConfig", "latent_tree", "role_of", "solve"]

METHODS = ("auto", "cfr+", "dcfr", "mccfr", "deep-cfr", "ppo")
_PPO_MATCHES, _PPO_STEPS, _PPO_STAGE = 64, 16, 20
"""Of PPO: most matches at once, least decisions of a seat in a round, rounds between two checkpoints."""
_MOST = 2**31 - 1
_TABULAR = {"cfr+": "plus", "dcfr": "dcfr"}
_ITERATIONS = {"cfr+": 300, "dcfr": 300, "mccfr": 200, "deep-cfr": 100, "ppo": 150}


@dataclass(frozen=True, kw_only=True)
class SolveConfig:
    """Settings of the solver.

    Attributes:
        method: "cfr+" and "dcfr" (discounted CFR) work on the whole tree, "mccfr" on sampled matches with tables, "deep-cfr" with
            networks; "ppo" is self-play of one network for all seats; "auto" is "dcfr" where the tree is small enough, else "deep-cfr".
        iterations: How often every seat learns; 0 for 300 on the tree, 200 of MCCFR, 100 of Deep CFR, 150 rounds of PPO.
        seed: Of everything random.
        starts: Random first policies that "cfr+" and "dcfr" begin from; the best end is the result. From uniform play no signal would
            ever get a meaning: all are treated alike.
        max_histories: Largest tree that is built, to solve on it or to judge by.
        traversals: Traversals of a seat in an iteration of MCCFR and Deep CFR.
        sampling: "external" follows every own action, "outcome" one: for games too long for that.
        restarts: Starts of the search for a side's best response together.
        matches: Matches by which the policy is judged where there is no tree.
        memory_mb: Memory of Deep CFR's reservoirs together, in megabytes: they hold fewer rows where `buffer` would need more.
        hidden, batch_size, learning_rate: Of Deep CFR and PPO.
        steps, reinitialise, average_steps, buffer: Of Deep CFR; see `DeepCFRConfig`.
        decisions: Of PPO: what a round learns from, of all seats together; 16 of each at least.
        entropy: Of PPO: weight of the entropy bonus; it falls to 0 with the last round.

    Raises:
        BadOption: A setting is out of range.
    """

    method: str = setting("auto", choices=METHODS)
    iterations: int = setting(0, low=0, high=_MOST)
    seed: int = setting(0, low=0, high=_MOST)
    starts: int = setting(3, low=1, high=_MOST)
    max_histories: int = setting(2_000_000, low=1, high=_MOST)
    traversals: int = setting(500, low=1, high=_MOST)
    sampling: str = setting("external", choices=("external", "outcome"))
    restarts: int = setting(4, low=0, high=_MOST)
    matches: int = setting(2000, low=1, high=_MOST)
    hidden: tuple[int, ...] = (64, 64)
    steps: int = setting(100, low=1, high=_MOST)
    batch_size: int = setting(512, low=1, high=_MOST)
    learning_rate: float = setting(2e-3, low=1e-12, high=1.0)
    reinitialise: bool = False
    average_steps: int = setting(2000, low=1, high=_MOST)
    buffer: int = setting(1_000_000, low=1, high=_MOST)
    decisions: int = setting(7_000, low=1, high=_MOST)
    entropy: float = setting(0.01, low=0.0, high=100.0)
    memory_mb: int = setting(1500, low=1, high=_MOST)

    def __post_init__(self) -> None:
        check_fields(self, "lspo: solve")


Report = Callable[[dict[str, float]], None]


def solve(game: Game[Any], config: SolveConfig | None = None, report: Report | None = None) -> tuple[LatentPolicy, dict[str, float]]:
    """A policy of the latent game, and what is known of it.

    Args:
        game: The game in which one speaks by latent moves, or any other with listed actions and a vector face.
        config: The settings.
        report: Called with `iteration` and more after each iteration of a sampling solver.

    Returns:
        The average policy of the solver's iterates, and figures: `seconds` and `cpu_seconds` of solving (without the tree), `histories` and `sets` of the tree, and those of
        `judging.Judge.figures` where the tree could be had, else of `playing.played_figures` where there are array rules.

    Raises:
        NotSupported: The method does not suit the game.
    """
    config = config or SolveConfig()
    tree = latent_tree(game, config.max_histories)
    method = config.method if config.method != "auto" else "deep-cfr" if tree is None else "dcfr"
    iterations = config.iterations or _ITERATIONS[method]
    begun, cpu = time.perf_counter(), time.process_time()
    figures: dict[str, float] = {}
    policy: LatentPolicy
    if method in _TABULAR:
        if tree is None:
            raise NotSupported(f"lspo solve: {method} needs the game's tree, of at most {config.max_histories:,} histories; use deep-cfr")
        policy = table_of(game, tree, _best_of_starts(game, config, tree, _TABULAR[method], iterations, figures))
    elif method == "mccfr":
        policy = _mccfr(game, config, iterations, report)
    elif method == "ppo":
        policy = _ppo(game, config, iterations, report)
    else:
        policy = _deep_cfr(game, config, iterations, tree, report, figures)
    figures |= {"iterations": float(iterations), "seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - cpu}
    if tree is not None:
        figures |= {"histories": float(tree.tree.histories), "sets": float(sum(len(side.sets) for side in tree.tree.sides))}
        figures |= Judge(game, tree, role_of(game), config.restarts, config.seed).figures(slots_of_policy(game, tree, policy))
    elif (rules := array_rules(game)) is not None:
        figures |= played_figures(game, rules, role_of(game), policy, config.matches, config.seed)
    return policy, figures


def _best_of_starts(
    game: Game[Any], config: SolveConfig, tree: ArrayTree, variant: str, iterations: int, figures: dict[str, float]
) -> list[np.ndarray]:
    """Average policies of the start that ended best: by what the larger side wins at worst, else by NashConv."""
    judge = Judge(game, tree, role_of(game))
    best: tuple[float, list[np.ndarray]] | None = None
    for start in range(config.starts):
        rng = stream(config.seed, 3, start)
        policies, _ = solve_tree(tree.tree, iterations, variant, None, rng)  # type: ignore[arg-type]  # a name in VARIANTS
        worth = judge.worth(policies)
        if best is None or worth > best[0]:
            best = worth, policies
            figures["start"] = float(start)
    assert best is not None
    return best[1]


# --- trees ------------------------------------------------------------------------------------------------------------------------


def role_of(game: Game[Any]) -> Callable[[np.ndarray, int], str]:
    """The function that names the role of a seat from what it sees."""
    if isinstance(game, Speech):
        return lambda observation, seat: game.speech_seat(observation, seat)[0]
    return lambda observation, seat: "player"


def array_rules(game: Game[Any]) -> ListedBatch[Any] | None:
    """The game's array rules, where it has some for its options."""
    try:
        return game.lockstep() if isinstance(game, Lockstep) else None
    except NotSupported:
        return None


def latent_tree(game: Game[Any], max_histories: int) -> ArrayTree | None:
    """The game's tree with what each information set looks like; `None` where it is too large or cannot be listed."""
    rules = array_rules(game)
    try:
        if rules is not None:
            return array_tree(game, rules, max_histories)
        if histories(game).least > max_histories:
            return None
        tree = tree_of(game, max_histories, True)
    except NotSupported:
        return None
    observations, masks = [], []
    for seat, side in enumerate(tree.sides):
        width = int(game.action_space(seat).n)  # type: ignore[attr-defined]  # listed actions
        observations.append(np.stack([np.ravel(game.observe(one.state, seat)) for one in side.sets]) if side.sets else np.zeros((0, 0)))
        mask = np.zeros((len(side.sets), width), bool)
        for row, one in enumerate(side.sets):
            mask[row, list(one.actions)] = True
        masks.append(mask)
    return ArrayTree(tree, tuple(observations), tuple(masks))


def table_of(game: Game[Any], tree: ArrayTree, policies: Iterable[np.ndarray]) -> TablePolicy:
    """Policies over the tree's slots as a table of observations; sets that look alike share a row, the mean of theirs."""
    role = role_of(game)
    rows: dict[str, dict[bytes, tuple[np.ndarray, np.ndarray]]] = {}
    for seat, slots in enumerate(policies):
        observations, masks = tree.observations[seat], tree.masks[seat]
        probabilities = np.zeros(masks.shape)
        probabilities[masks] = slots[1:]
        for observation, row in zip(observations, probabilities, strict=True):
            known = rows.setdefault(role(observation, seat), {})
            key = observation.astype(np.float32).tobytes()
            known[key] = (observation, known[key][1] + row) if key in known else (observation, row)
    return TablePolicy({name: list(known.values()) for name, known in rows.items()})


def slots_of_policy(game: Game[Any], tree: ArrayTree, policy: LatentPolicy) -> list[np.ndarray]:
    """A policy over the tree's slots."""
    role, slots = role_of(game), []
    for seat, side in enumerate(tree.tree.sides):
        out = np.ones(side.size)
        observations, masks = tree.observations[seat], tree.masks[seat]
        roles = np.array([role(observation, seat) for observation in observations])
        probabilities = np.zeros(masks.shape)
        for name in dict.fromkeys(roles.tolist()):
            here = roles == name
            probabilities[here] = policy.probabilities(name, observations[here], masks[here])
        out[1:] = probabilities[masks]
        slots.append(out)
    return slots


# --- sampling solvers ---------------------------------------------------------------------------------------------------------------


def _mccfr(game: Game[Any], config: SolveConfig, iterations: int, report: Report | None) -> LatentPolicy:
    rules = array_rules(game)
    if rules is None:
        raise NotSupported(f"lspo solve: mccfr here needs array rules, and {type(game).__name__} has none for these options; use deep-cfr")
    run = MCCFRTables(rules, game.info.seats, config.sampling)  # type: ignore[arg-type]  # checked by the settings
    for iteration in range(1, iterations + 1):
        run.iterate(config.traversals, stream(config.seed, iteration))
        if report is not None:
            report({"iteration": float(iteration), "sets": float(run.sets)})
    role = role_of(game)
    rows: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for seat, observation, row in run.averages():
        rows.setdefault(role(observation, seat), []).append((observation, row))
    return TablePolicy(rows)


def _deep_cfr(
    game: Game[Any], config: SolveConfig, iterations: int, tree: ArrayTree | None, report: Report | None, figures: dict[str, float]
) -> LatentPolicy:
    """Deep CFR; with a tree, figures of the exact average of its iterates too, beside those of the network that was fitted to them."""
    from agentarena.train.deep_cfr import DeepCFR, DeepCFRConfig

    names = {field.name for field in dataclasses.fields(DeepCFRConfig)}
    shared = {field.name: getattr(config, field.name) for field in dataclasses.fields(config) if field.name in names}
    shared["buffer"] = min(config.buffer, _rows_that_fit(game, config.memory_mb))
    run = DeepCFR(game, DeepCFRConfig(**{**shared, "env": "latent", "iterations": iterations}), exact=False)
    totals = [np.zeros(side.size) for side in tree.tree.sides] if tree is not None else []
    for iteration in range(1, iterations + 1):
        for seat, total in enumerate(totals):
            assert tree is not None
            observations, masks = tree.observations[seat], tree.masks[seat]
            slots = np.concatenate([[1.0], run.decide_rows(seat, observations, masks)[masks]])
            total += iteration * tree.tree.sides[seat].reach(slots)
        of_iteration = run.iterate()
        if report is not None:
            report(of_iteration)
    if tree is not None:
        average = [side.normalised(total) for side, total in zip(tree.tree.sides, totals, strict=True)]
        exact = Judge(game, tree, role_of(game), config.restarts, config.seed).figures(average)
        figures |= {f"iterates.{name}": value for name, value in exact.items()}
    (network,) = run.average()
    return _network_policy(game, network, run.seats[0].scales)


def _rows_that_fit(game: Game[Any], memory_mb: int) -> int:
    """Rows of each reservoir, one a seat and one of policies, within so much memory; at least a thousand."""
    from agentarena.train.deep_cfr.decisions import Seat

    face = Seat(game, 0)
    row = 4 * face.inputs + 5 * face.actions + 4  # float32 observation and targets, mask, iteration
    return max(1000, int(memory_mb * 1e6 / row / (game.info.seats + 1)))


def _ppo(game: Game[Any], config: SolveConfig, iterations: int, report: Report | None) -> LatentPolicy:
    """PPO in self-play. Unlike an average of iterates it has no guarantee; it learns in games too long for sampled regrets."""
    from agentarena.agents.rl.policy_file import load_policy
    from agentarena.train.rl import RLConfig, train

    seats = game.info.seats
    slots = seats * max(1, min(_PPO_MATCHES, config.decisions // (seats * _PPO_STEPS)))
    n_steps = max(_PPO_STEPS, config.decisions // slots)
    with tempfile.TemporaryDirectory(prefix="agentarena-lspo-") as folder:
        run = train(
            RLConfig(
                env=env_id_of(game),
                options=game.options,
                seed=config.seed,
                hidden=config.hidden,
                learning_rate=config.learning_rate,
                lr_schedule="linear",
                ent_coef=config.entropy,
                ent_schedule="linear",
                num_envs=slots,
                n_steps=n_steps,
                batch_size=max(2, config.batch_size),
                total_steps=iterations * n_steps * slots,
                stage_steps=_PPO_STAGE * n_steps * slots,
                eval_every=0,
                output_dir=folder,
            ),
            report,
        )
        return _network_policy(game, load_policy(run.policy).network, None)


def _network_policy(game: Game[Any], network: Any, scale: np.ndarray | None) -> NetworkPolicy:
    """One network for all seats and roles: who one is must show in what one sees."""
    import torch

    layers = [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in network.policy if isinstance(layer, torch.nn.Linear)
    ]
    roles = game.speech_roles() if isinstance(game, Speech) else ("player",)
    return NetworkPolicy(dict.fromkeys(roles, layers), scale)
