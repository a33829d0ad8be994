"""Self-play, top to bottom: roll out, estimate advantages, take PPO steps, move the reference, judge, save.

After MARS / MARSHAL (arXiv 2510.15414): one policy in every seat, returns-to-go of turns, baselines by seat, a clipped
objective and a divergence to a reference. What differs by default, and why:

- no format and length rewards: replies are drawn among the legal ones;
- no dense rewards added to the games' own;
- the reference may follow the policy slowly (`ref_model_mixup_alpha`): a divergence to a moving copy is what makes self-play
  converge in poker, where a fixed one, or entropy alone, goes round in circles.

Everything random comes from streams of (seed, update), and everything that is learned is in the checkpoint, so a run that was
killed goes on to the same weights.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agentarena.agents.llm.settings import Prompting
from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.record import Fixture, Record

from . import checkpoint, parallel
from .config import SelfPlayConfig
from .judges import EXACT, PolicyAverage, exact, judged
from .learner import Learner
from .monitor import alerts, game_signals
from .opponents import POLICY, Opponents
from .optimizer import optimizer
from .player import PolicyPlayer
from .policy import Policy
from .rollout import fixtures, play, seat_trajectories

__all__ = ["SelfPlay", "selfplay"]


def selfplay(config: SelfPlayConfig, *, report: Callable[[dict[str, Any]], None] | None = None) -> SelfPlay:
    """Train a policy by playing; a run that is there already in `output_dir` goes on.

    Args:
        config: Everything that shapes the run.
        report: Called with the figures of every update, which also go to `output_dir/log.jsonl`.

    Returns:
        The run, with the trained policy in `.policy`.

    Raises:
        UsageError: The folder holds a run of another configuration, or an update gave no finite loss; the message names the last good checkpoint.
    """
    parallel.start()
    run = SelfPlay(config)
    while run.state.step < config.max_steps:
        figures, step = run.update(), run.state.step
        if step == config.max_steps or (config.eval_steps and step % config.eval_steps == 0):
            figures |= run.judged()
        if not parallel.is_main():
            continue
        run.log(figures)
        if step == config.max_steps or (config.save_steps and step % config.save_steps == 0):
            checkpoint.save(run.state, config)
        if report is not None:
            report(figures)
    parallel.stop()
    return run


class SelfPlay:
    """A run under way; it begins at its newest checkpoint.

    Attributes:
        config: Everything that shapes it.
        games: The rules, by id.
        state: Everything that it has learned.
        player: The policy at the table.
        opponents: Whom it meets.
        learner: What changes it.
        average: The policy's average over the updates, where a judge asks for it.
    """

    def __init__(self, config: SelfPlayConfig) -> None:
        self.config = config
        self._ids = {name: registry.resolve(name) for name in config.games}
        self.games = {env_id: registry.game(name, **config.options.get(name, {})) for name, env_id in self._ids.items()}
        policy = checkpoint.model(config, self.games.values())
        reference = Policy(copy.deepcopy(policy.model), policy.tokenizer)
        self.state = checkpoint.State(policy, reference, optimizer(config, policy.model.parameters()))
        checkpoint.resume(self.state, config)
        parallel.require_equal("the policy", checkpoint.digest(checkpoint.weights(policy)))
        self.player = self._seated(policy, POLICY, self.state.step)
        self.opponents = Opponents(config, self.state, self._seated)
        self.learner = Learner(config, self.state)
        averaged = "averaged" in config.judges
        self.average = PolicyAverage(self.games, self.state.statistics.setdefault("average", {})) if averaged else None

    def update(self) -> dict[str, Any]:
        """One update: roll out, learn, move the reference. Returns its figures."""
        began = time.perf_counter()
        self.opponents.remember()
        records = self.rollout()
        trajectories = [one for record in records for one in seat_trajectories(record, POLICY)]
        played = time.perf_counter()
        figures: dict[str, Any] = {"step": self.state.step + 1, **game_signals(records, trajectories)}
        figures |= self.learner.learn(trajectories)
        self.state.step += 1
        self.learner.follow()
        self.player.renew(str(self.state.step))
        if self.average is not None and self.state.step % self.config.average_steps == 0:
            self.average.add(self.player, self.state.step)
        spent = time.perf_counter() - began
        figures |= {"seconds": spent, "seconds_playing": played - began, "matches_per_second": len(records) / spent}
        figures["alerts"] = [f"{alert.sign}: {alert.reason}; {alert.remedy}" for alert in alerts(figures)]
        return figures

    # --- roll out ---------------------------------------------------------------------------------------------------------

    def rollout(self) -> list[Record]:
        """The matches of this update. Their numbers, deals and opponents follow from the seed and the update alone."""
        config, first = self.config, self.state.step * self.config.matches
        table: dict[str, tuple[list[Agent], list[Fixture]]] = {}
        for name, opponent, number in fixtures(config.seed, self.state.step, config.games, config.opponents, config.matches):
            env_id = self._ids[name]
            game = self.games[env_id]
            agents, seating = table.setdefault(env_id, ([self.player], []))
            seats = [0] * game.info.seats
            if opponent != "self":
                other = self.opponents.of(opponent, first + number)
                if other not in agents:
                    agents.append(other)
                seats = [agents.index(other)] * game.info.seats
                seats[number % game.info.seats] = 0
            match = first + number
            seating.append(Fixture(match, match // config.num_generations, tuple(seats)))
        out: list[Record] = []
        for name, (agents, seating) in table.items():
            own = parallel.share(seating)
            finished = play(self.games[name], agents, own, seed=config.seed) if own else []
            out += parallel.gather_records([one.record for one in finished])
        return out

    def _seated(self, policy: Policy, name: str, step: int) -> PolicyPlayer:
        player = PolicyPlayer(policy, name=name, temperature=self.config.temperature, prompting=Prompting(memory=self.config.memory))
        player.renew(str(step))
        return player

    def judged(self) -> dict[str, float]:
        """What the configured judges say of the policy as it is."""
        config = self.config
        others = [judge for judge in config.judges if judge not in EXACT or judge == "exact"]
        figures = judged(self.player, self.games, others, matches=config.judge_matches, greedy=config.judge_greedy)
        for name, game in self.games.items():
            if "reference" in config.judges:
                figures[f"{name} reference nash_conv"] = exact(self._seated(self.state.reference, "reference", self.state.step), game)
            if self.average is not None:
                figures[f"{name} averaged nash_conv"] = self.average.nash_conv(name)
        return figures

    # --- keep -------------------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where it keeps everything."""
        return Path(self.config.output_dir)

    def log(self, figures: Mapping[str, Any]) -> None:
        """Append an update's figures to the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")
