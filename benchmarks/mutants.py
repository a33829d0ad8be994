"""Mutation testing: how many small defects, put into a module one at a time, its tests notice.

    pip install cosmic-ray
    python -m benchmarks.mutants                          # every module of `TESTS`, 20 mutants each
    python -m benchmarks.mutants evaluate/nash --sample 100 --survivors

The mutants are cosmic-ray's (another operator, a number one larger or smaller, a condition turned round). Those that change
annotations or docstrings alone are left out, as they change nothing. A mutant is killed when a test of the module fails or
runs ten times as long. The work is done in a copy of the tree. The score of a module is the share of its mutants that were killed;
some survivors behave as the original does, so a score below 1 is a list to read and not a failure.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent

_MATCH = ("matches/test_matches_match.py", "matches/test_matches_trajectories.py", "core/test_core.py")
_RECORD = ("matches/test_matches_records.py", "core/test_core.py")
_STANDING = ("evaluate/test_standings.py", "evaluate/test_shares.py")
TESTS: dict[str, tuple[str, ...]] = {
    "core/actions": ("core/test_actions.py", "adapters/test_action_faces.py", "core/test_core.py"),
    "core/batch_match": ("matches/test_play_arrays.py", "adapters/test_vector_arrays.py"),
    "core/config": _MATCH,
    "core/episode": ("core/test_episode.py", *_MATCH),
    "core/forfeits": ("core/test_forfeits.py", "core/test_batch.py"),
    "core/intervals": ("core/test_intervals.py", "evaluate/test_stats.py"),
    "core/match": (*_MATCH, "matches/test_openings.py", "matches/test_matches_fates.py"),
    "core/openings": ("matches/test_openings.py",),
    "core/record": _RECORD,
    "core/replay": _RECORD,
    "core/result": (*_MATCH, "core/test_forfeits.py"),
    "core/rng": ("core/test_core.py",),
    "core/tabular": ("core/test_tabular.py",),
    "core/trajectory": _MATCH,
    "evaluate/_stationary": ("evaluate/test_alpharank.py",),
    "evaluate/alpha_rank": ("evaluate/test_alpharank.py",),
    "evaluate/exact": ("evaluate/test_exploitability.py",),
    "evaluate/match_table": _STANDING,
    "evaluate/nash": ("evaluate/test_nash.py",),
    "evaluate/online_elo": ("evaluate/test_ratings.py",),
    "evaluate/pair_contrasts": _STANDING,
    "evaluate/power": ("evaluate/test_power.py",),
    "evaluate/rank_intervals": ("evaluate/test_alpharank.py",),
    "evaluate/ratings": ("evaluate/test_ratings.py",),
    "evaluate/share": _STANDING,
    "evaluate/standing": _STANDING,
    "evaluate/stats": ("evaluate/test_stats.py",),
    "envs/dhumbal/rules": ("envs/test_dhumbal_rules.py",),
    "envs/kuhn/game": ("envs/test_kuhn.py",),
    "envs/economist/rules/labour": ("envs/test_economist_numbers.py",),
}
"""Module -> the tests that hold it, those that fail most often first."""

_LEFT_OUT = ("VariableInserter", "VariableReplacer", "RemoveDecorator", "ReplaceUnaryOperator_USub_Not", "ReplaceUnaryOperator_USub_Invert")
_ARITHMETIC = {
    "Add_Sub",
    "Sub_Add",
    "Mul_Div",
    "Div_Mul",
    "Pow_Mul",
    "Mod_Add",
    "FloorDiv_Mul",
    "BitAnd_BitOr",
    "BitOr_BitAnd",
    "BitXor_BitOr",
}
_COMPARISONS = {"Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_GtE", "Gt_LtE", "Is_IsNot", "IsNot_Is"}


def operators() -> list[str]:
    """cosmic-ray's operators, one or two for each operator of Python."""
    names = []
    for name in sorted(operator_names()):
        kind, _, pair = name.removeprefix("core/").partition("_")
        wanted = {"ReplaceBinaryOperator": _ARITHMETIC, "ReplaceComparisonOperator": _COMPARISONS}.get(kind)
        if name.removeprefix("core/") not in _LEFT_OUT and (wanted is None or pair in wanted):
            names.append(name)
    return names


def mutants(source: str) -> Iterator[str]:
    """Every mutant of a module that does something else, as source."""
    original = _behaviour(source)
    for name in operators():
        for occurrence in range(10_000):
            mutant = mutate_code(source, get_operator(name)(), occurrence)
            if mutant is None:
                break
            if _behaviour(mutant) not in (original, None):
                yield mutant


def _behaviour(source: str) -> str | None:
    """The code without annotations and docstrings; `None` when it is not Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):  # which arguments may be given by position
            node.args, node.posonlyargs, node.kwonlyargs = [*node.posonlyargs, *node.args, *node.kwonlyargs], [], []
        elif isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.dump(tree)


def copy_tree(target: Path) -> None:
    """What the tests need, without compiled files."""
    for name in ("agentarena", "tests", "benchmarks", "docs", "examples"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"), symlinks=True)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, target / name)


def passes(tree: Path, tests: tuple[str, ...], timeout_s: float) -> bool:
    """Whether the tests pass in the tree within the time."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not slow"]
    files = [str(tree / "tests" / test) for test in tests]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run([*command, *files], cwd=tree, env=environment, timeout=timeout_s, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def survivors(tree: Path, module: str, sample: int, seed: int) -> tuple[int, list[str]]:
    """How many mutants of a module were tried, and those that no test noticed, each as a diff."""
    path = tree / "agentarena" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    every = list(mutants(source))
    chosen = random.Random(f"{seed} {module}").sample(every, min(sample, len(every)))
    start = time.perf_counter()
    if not passes(tree, TESTS[module], 600.0):
        raise SystemExit(f"{module}: its tests fail without a mutant")
    limit = 10 * (time.perf_counter() - start) + 10
    left = []
    for mutant in chosen:
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
            compiled.unlink()
        path.write_text(mutant, encoding="utf-8")
        if passes(tree, TESTS[module], limit):
            lines = difflib.unified_diff(source.splitlines(), mutant.splitlines(), module, module, lineterm="", n=0)
            left.append("\n".join(list(lines)[2:]))
    path.write_text(source, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()
    return len(chosen), left


def main() -> None:
    parser = argparse.ArgumentParser(description="Mutation testing of the package's modules.")
    parser.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE", help="e.g. evaluate/nash, or evaluate for all in it")
    parser.add_argument("--sample", type=int, default=20, help="mutants a module")
    parser.add_argument("--seed", type=int, default=0, help="which mutants are drawn")
    parser.add_argument("--survivors", action="store_true", help="show what no test noticed")
    arguments = parser.parse_args()
    modules = [module for module in TESTS if any(module == name or module.startswith(f"{name}/") for name in arguments.modules)]
    total = killed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        for module in modules:
            if not (ROOT / "agentarena" / f"{module}.py").exists():
                continue
            tried, left = survivors(tree, module, arguments.sample, arguments.seed)
            total, killed = total + tried, killed + tried - len(left)
            print(f"{module:28} {tried - len(left):4} of {tried:4} killed ({(tried - len(left)) / max(1, tried):.0%})", flush=True)
            if arguments.survivors:
                print(*left, sep="\n", flush=True)
    print(f"{'all':28} {killed:4} of {total:4} killed ({killed / max(1, total):.0%})")


if __name__ == "__main__":
    main()
