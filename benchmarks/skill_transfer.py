"""Pre-train on generated skill games, then transfer to another text game: success against training on the target.

    python -m benchmarks.skill_transfer --out transfer.jsonl --figure docs/figures/skill-transfer.svg      # 3 seeds, 5 minutes of one core
    python -m benchmarks.skill_transfer --quick                                                           # a smoke test, under a minute
    python -m benchmarks.skill_transfer --target textworld --folder games --out textworld.jsonl           # games of TextWorld, where installed

A small policy (`benchmarks.word_policy`) imitates the planner of `SkillGame-v0` in five worlds. Then it learns the target in two ways:

    demonstrations  imitation of the target's own player; every variant takes the same number of optimizer steps
    updates         reinforcement on its own play of the target, the return-to-go policy gradient with a value baseline (`--reinforce`)

and is compared with the same network from scratch. "scratch, all steps" takes as many optimizer steps on the demonstrations as
pre-training and transfer together. Success is the share of held-out games that are done, commands drawn from the policy.

One line a run in `--out`; runs that are there are not repeated. Intervals are Student's over seeds, 95 %.

Reference: the protocol is that of STARLING (Findings of ACL 2024), read second-hand; its targets and recurrent agent are others.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

import agentarena as aa
from agentarena.core.game import Game
from agentarena.core.record import Record
from agentarena.core.replay import steps
from agentarena.envs.skillgame.engine.loading import WORLDS
from benchmarks.runs import Run, interval, markdown, missing
from benchmarks.word_policy import Decision, Episode, WordPolicy, collate, features, play

TRAINED, SCRATCH, LONG = "pre-trained", "scratch", "scratch, all steps"
VARIANTS = (TRAINED, SCRATCH, LONG)
BY_PLAY = ", by play"
"""Ends the names of runs of reinforcement."""
FULL: dict[str, Any] = {
    "games": 200,
    "pre_steps": 1000,
    "demos": [10, 50, 250],
    "steps": 400,
    "updates": 24,
    "episodes": 32,
    "every": 8,
    "test": 134,
}
QUICK: dict[str, Any] = {"games": 4, "pre_steps": 20, "demos": [2, 4], "steps": 10, "updates": 2, "episodes": 3, "every": 1, "test": 4}
"""Games of each world and optimizer steps of pre-training; numbers of demonstrations and steps on them; updates of reinforcement,
episodes of each, and updates between two tests; games of a test."""
BATCH, RATE, RL_RATE, ENTROPY = 32, 2e-3, 1e-3, 0.01
_TEST = 10**6
"""First seed of the games of tests where a split is drawn from."""

Example = tuple[Decision, int]


# --- targets ----------------------------------------------------------------------------------------------------------------


class Household:
    """`Household-v0`: demonstrations by the player that knows what it has seen; tests in layouts that no other split has."""

    name = "Household-v0"

    def demonstrations(self, count: int) -> list[list[Example]]:
        """Decisions of so many matches."""
        run = aa.play("Household-v0", ["household/searcher"], matches=count, seed=0, options={"split": "train"})
        return [examples_of(record) for record in run.records]

    @lru_cache(maxsize=1)  # noqa: B019  # one target a run
    def training(self) -> list[Game[Any]]:
        """Games for its own play; each draws from its split."""
        return [aa.game("Household-v0", options={"split": "train", "reward": "dense"})]

    @lru_cache(maxsize=1)  # noqa: B019
    def test(self) -> list[Game[Any]]:
        """Games for tests, one each."""
        return [aa.game("Household-v0", options={"split": "valid_unseen", "game": number}) for number in range(134)]


class TextWorld:
    """Games of TextWorld in a folder, as `agentarena.bridges.textworld.make_games` writes them: every fourth is for tests. It has no player
    that could demonstrate, so that only reinforcement is compared.

    Args:
        folder: The games, at least four.
    """

    name = "TextWorld"

    def __init__(self, folder: str) -> None:
        def game(number: int) -> Game[Any]:
            return aa.game("agentarena.bridges.textworld:TextWorldGame", options={"path": folder, "backend": "json", "game": number})

        count = game(-1).count()  # type: ignore[attr-defined]  # games of engines know how many they are
        self._games = [game(number) for number in range(count)]

    def demonstrations(self, count: int) -> list[list[Example]]:
        """None."""
        return []

    def training(self) -> list[Game[Any]]:
        """Games for its own play."""
        return [game for number, game in enumerate(self._games) if number % 4]

    def test(self) -> list[Game[Any]]:
        """Games for tests."""
        return self._games[::4]


Target = Household | TextWorld


def examples_of(record: Record) -> list[Example]:
    """The decisions of a match as the policy would have seen them, with the command that was given."""
    out: list[Example] = []
    past: list[str] = []
    for match, actions in steps(record):
        if 0 not in actions:
            continue
        game, state, command = match.config.game, match.episode.state, str(actions[0])
        legal = game.legal(state, 0)
        commands = tuple(legal if isinstance(legal, tuple) else legal.suggestions)
        seen = game.diagnostics(state, 0)  # type: ignore[attr-defined]  # text games have them
        if command in commands:
            decision = features(seen["task"], seen["feedback"], past, commands, len(past) / game.info.max_steps)
            out.append((decision, commands.index(command)))
        past.append(command)
    return out


# --- learning ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def skill_examples(games: int) -> list[Example]:
    """What the planner does in so many games of each world."""
    out: list[Example] = []
    for world in WORLDS:
        game = aa.game("SkillGame-v0", options={"world": world, "hints": True})
        for seed in range(games):
            episode = Episode.begin(game, seed)
            while not episode.over:
                commands = episode.look()
                hint = next(str(event.data["command"]) for event in game.news(episode.state) if event.kind == "hint")
                episode.act(commands, commands.index(hint))
            out += zip(episode.decisions, episode.chosen, strict=True)
    return out


def fresh(seed: int) -> WordPolicy:
    """The network from scratch."""
    torch.manual_seed(seed)
    return WordPolicy()


def imitate(policy: WordPolicy, examples: Sequence[Example], count: int, seed: int) -> None:
    """So many optimizer steps of cross-entropy, at a rate that falls to nothing."""
    optimizer, rng = torch.optim.Adam(policy.parameters(), RATE), np.random.default_rng(seed)
    for step in range(count):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / count)
        chosen = [examples[k] for k in rng.integers(len(examples), size=BATCH)]
        batch = collate([decision for decision, _ in chosen])
        logs, _ = policy(batch)
        loss = -logs[batch.starts + torch.tensor([index for _, index in chosen])].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def reinforce(policy: WordPolicy, games: Sequence[Game[Any]], settings: dict[str, Any], seed: int) -> Iterator[int]:
    """Updates by the policy gradient on its own play, with rewards-to-go against the value; gives the number of updates after each.

    loss = - A log p(command) + 0.5 (value - reward-to-go)^2 - ENTROPY * H,   A = reward-to-go - value, over its deviation
    """
    optimizer, rng = torch.optim.Adam(policy.parameters(), RL_RATE), np.random.default_rng((seed, 1))
    for update in range(1, settings["updates"] + 1):
        episodes = [Episode.begin(games[int(rng.integers(len(games)))], int(rng.integers(2**31))) for _ in range(settings["episodes"])]
        play(episodes, policy, rng)
        togo = torch.tensor(np.concatenate([np.cumsum(one.rewards[::-1])[::-1] for one in episodes]), dtype=torch.float32)
        batch = collate([decision for one in episodes for decision in one.decisions])
        logs, values = policy(batch)
        advantages = (togo - values).detach()
        advantages = advantages / (advantages.std() + 1e-6)
        taken = logs[batch.starts + torch.tensor([index for one in episodes for index in one.chosen])]
        entropy = -(logs.exp() * logs).sum() / len(togo)
        loss = -(advantages * taken).mean() + 0.5 * (values - togo).square().mean() - ENTROPY * entropy
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()
        yield update


def success(policy: WordPolicy, games: Sequence[Game[Any]]) -> float:
    """Share of games that are done."""
    episodes = [Episode.begin(game, _TEST + number) for number, game in enumerate(games)]
    play(episodes, policy, np.random.default_rng(0))
    return float(np.mean([one.won for one in episodes]))


# --- runs -------------------------------------------------------------------------------------------------------------------


def runner(target: Target, settings: dict[str, Any]) -> Callable[[str, int], tuple[float, dict[str, float]]]:
    """What makes one run: (variant, seed) -> (seconds, figures)."""
    demonstrations = lru_cache(maxsize=1)(lambda: target.demonstrations(max(settings["demos"])))
    skilled = lru_cache(maxsize=1)(lambda seed: _skilled(settings, seed))

    def run(variant: str, seed: int) -> tuple[float, dict[str, float]]:
        began = time.perf_counter()
        test = target.test()[: settings["test"]]
        start = skilled if variant.startswith(TRAINED) else fresh
        if variant.endswith(BY_PLAY):
            return _by_play(start(seed), target, test, settings, seed)
        figures = {"demonstrations 0": success(start(seed), test)}
        count = settings["steps"] + (settings["pre_steps"] if variant == LONG else 0)
        for number in settings["demos"]:
            policy = copy.deepcopy(start(seed))
            imitate(policy, [one for match in demonstrations()[:number] for one in match], count, seed)
            figures[f"demonstrations {number}"] = success(policy, test)
        return time.perf_counter() - began, figures

    return run


def _by_play(
    policy: WordPolicy, target: Target, test: Sequence[Game[Any]], settings: dict[str, Any], seed: int
) -> tuple[float, dict[str, float]]:
    """A run of reinforcement."""
    began = time.perf_counter()
    policy = copy.deepcopy(policy)
    figures = {"updates 0": success(policy, test)}
    for update in reinforce(policy, target.training(), settings, seed):
        if update % settings["every"] == 0:
            figures[f"updates {update}"] = success(policy, test)
    return time.perf_counter() - began, figures


def _skilled(settings: dict[str, Any], seed: int) -> WordPolicy:
    """The network after imitation of the planner in skill games."""
    policy = fresh(seed)
    imitate(policy, skill_examples(settings["games"]), settings["pre_steps"], seed)
    return policy


def curves(runs: Sequence[Run], what: str) -> dict[str, list[tuple[int, float, float]]]:
    """By variant, the points of one kind of training on the target: how much of it, mean success, half-width of its interval."""
    out: dict[str, list[tuple[int, float, float]]] = {}
    for variant in VARIANTS:
        own = [
            one["figures"]
            for one in runs
            if one["variant"].removesuffix(BY_PLAY) == variant and any(n.startswith(what) for n in one["figures"])
        ]
        names = [name for name in (own[0] if own else {}) if name.startswith(what)]
        out[variant] = [(int(name.split(" ")[1]), *interval([one[name] for one in own])) for name in names]
    return {variant: points for variant, points in out.items() if points}


def table(runs: Sequence[Run]) -> str:
    """Success in percent, one row an amount of training and one column a variant, as Markdown."""
    rows = [["training on the target", *VARIANTS], ["---"] * (1 + len(VARIANTS))]
    for what in ("demonstrations", "updates"):
        by_variant = {variant: {number: rest for number, *rest in points} for variant, points in curves(runs, what).items()}
        for number in sorted({number for points in by_variant.values() for number in points}):
            cells = (by_variant.get(variant, {}).get(number) for variant in VARIANTS)
            rows.append([f"{number} {what}", *(f"{100 * one[0]:.1f} ± {100 * one[1]:.1f}" if one else "" for one in cells)])
    return markdown(rows)


def draw(runs: Sequence[Run], path: Path, target: str) -> None:
    """Both curves as an SVG file."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    with plt.rc_context({"svg.hashsalt": "agentarena", "font.size": 9}):
        kinds = [what for what in ("demonstrations", "updates") if curves(runs, what)]
        figure, axes = plt.subplots(1, len(kinds), figsize=(4.2 * len(kinds), 3.2), sharey=True, squeeze=False)
        axes = axes[0]
        for axis, what in zip(axes, kinds, strict=True):
            for variant, points in curves(runs, what).items():
                x, mean, half = (np.array(values) for values in zip(*points, strict=True))
                axis.errorbar(x, 100 * mean, 100 * np.nan_to_num(half), marker="o", markersize=3, capsize=2, label=variant)
            axis.set_xlabel(f"{what} of {target}")
            axis.grid(alpha=0.3)
        if kinds[0] == "demonstrations":
            axes[0].set_xscale("symlog", linthresh=5)
        axes[0].set_ylabel("held-out games done, %")
        axes[0].set_ylim(-2, 102)
        axes[0].legend(frameon=False)
        figure.tight_layout()
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, help="File of finished runs; a folder of its own for a quick test.")
    parser.add_argument("--figure", type=Path, help="SVG file of the curves.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--target", choices=("household", "textworld"), default="household")
    parser.add_argument("--folder", help="Games of TextWorld.")
    parser.add_argument("--reinforce", action="store_true", help="Learn from play of the target, too.")
    parser.add_argument("--quick", action="store_true", help="A smoke test on few games.")
    arguments = parser.parse_args()
    if arguments.target == "textworld" and not arguments.folder:
        parser.error("--target textworld needs --folder, a folder of games")
    torch.set_num_threads(1)
    target: Target = TextWorld(arguments.folder) if arguments.target == "textworld" else Household()
    settings = {"target": target.name, **(QUICK if arguments.quick else FULL)}
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.out or Path(folder) / "runs.jsonl"
        seeds, run = 1 if arguments.quick else arguments.seeds, runner(target, settings)
        names = [] if arguments.target == "textworld" else [*VARIANTS]
        played = [TRAINED + BY_PLAY, SCRATCH + BY_PLAY] if arguments.reinforce or arguments.target == "textworld" or arguments.quick else []
        runs = [one for part in (names, played) for one in missing(out, part, seeds, settings, run) if one["variant"] in part]
    print(table(runs))
    if arguments.figure:
        draw(runs, arguments.figure, target.name)


if __name__ == "__main__":
    main()
