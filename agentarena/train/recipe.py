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

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.errors import UsageError
from agentarena.core.record import Fixture, Record
from agentarena.core.trajectory import Trajectory

from . import checkpoint, parallel
from .config import SelfPlayConfig
from .critic import Critic
from .curriculum import Curriculum
from .engines import seated
from .judges import EXACT, PolicyAverage, exact, held_out, judged
from .learner import Learner
from .logs import cut_log, log_lines, write_samples
from .monitor import Monitor, game_signals, last_good
from .opponents import POLICY, Opponents
from .optimizer import optimizer
from .player import PolicyPlayer
from .policy import Policy
from .rollout import fixtures, play, policy_seats, seat_trajectories, sides
from .shaping import shaped
from .trackers import trackers

__all__ = ["SelfPlay", "selfplay"]


def selfplay(
    config: SelfPlayConfig, *, report: Callable[[dict[str, Any]], None] | None = None, stop: Callable[[], bool] | None = None
) -> SelfPlay:
    """Train a policy by playing; a run that is there already in `output_dir` goes on.

    Args:
        config: Everything that shapes the run.
        report: Called with the figures of every update, which also go to `output_dir/log.jsonl` and the trackers of `report_to`.
        stop: Asked after every update; `True` saves a checkpoint and ends the run there. For runs of one process.

    Returns:
        The run, with the trained policy in `.policy`.

    Raises:
        UsageError: The folder holds a run of another configuration, an update gave no finite loss (the message names the last good
            checkpoint), or signs of a collapse stood and `on_alert` is "stop".
        BadOption: A setting does not fit a game, or needs a package that is not installed.
    """
    parallel.join()
    run = SelfPlay(config)
    logged = max((line["step"] for line in log_lines(run.folder)), default=0)
    if not parallel.rank():
        cut_log(run.folder, run.state.step)
    with trackers(config, run.state.step, logged) as track:
        while run.state.step < config.max_steps:
            figures, step = run.update(), run.state.step
            if step == config.max_steps or (config.eval_steps and step % config.eval_steps == 0):
                figures |= run.judged()
            stopped = run.monitor.stopped_by
            interrupted = stop is not None and stop()
            if not parallel.rank():
                run.log(figures)
                track(figures)
                if stopped or interrupted or step == config.max_steps or (config.save_steps and step % config.save_steps == 0):
                    checkpoint.save(run.state, config)
                if config.sample_steps and step % config.sample_steps == 0:
                    write_samples(run.player, run.games, run.folder / "samples", step, config.seed)
                if report is not None:
                    report(figures)
            if stopped:
                raise UsageError(f"update {step}: stopped by on_alert. {stopped}. The policy as it is: {run.folder}/checkpoint-{step}")
            if interrupted:
                break
    return run


class SelfPlay:
    """A run under way; it begins at its newest checkpoint.

    Attributes:
        config: Everything that shapes it.
        games: The rules, by id.
        held_out: The rules and the judges of the games of `eval_games`, by id.
        state: Everything that it has learned.
        player: The policy at the table.
        opponents: Whom it meets.
        curriculum: How many matches each game gets.
        learner: What changes it.
        monitor: What watches it.
        average: The policy's average over the updates, where a judge asks for it.
    """

    def __init__(self, config: SelfPlayConfig) -> None:
        self.config = config
        self._ids = {name: registry.resolve(name) for name in config.games}
        self.games = {env_id: registry.game(name, **config.options.get(name, {})) for name, env_id in self._ids.items()}
        self.held_out = held_out(config)
        self._opponents_of = {self._ids[name]: config.opponents_of.get(name, config.opponents) for name in config.games}
        policy = checkpoint.model(config, self.games.values())
        reference = policy.copy()
        adam = optimizer(config, policy.model.parameters())
        critic = Critic(policy.model.config.hidden_size, config.value_learning_rate) if config.estimator == "turn_gae" else None
        self.state = checkpoint.State(policy, reference, adam, critic=critic)
        checkpoint.resume(self.state, config)
        parallel.require_equal("the policy", checkpoint.digest(checkpoint.weights(policy)))
        self.player = self._seated(policy, POLICY, self.state.step)
        self.opponents = Opponents(config, self.state, self._seated)
        self.opponents.check(self.games, self._opponents_of)
        weights = {self._ids[name]: weight for name, weight in config.games.items()}
        self.curriculum = Curriculum(config, self.games, weights, self._opponents_of, self.state)
        self.learner = Learner(config, self.state)
        self.monitor = Monitor(config, self.state)
        averaged = "averaged" in config.judges
        self.average = PolicyAverage(self.games, self.state.statistics.setdefault("average", {})) if averaged else None

    def update(self) -> dict[str, Any]:
        """One update: roll out, learn, move the reference. Returns its figures."""
        began = time.perf_counter()
        self.opponents.remember()
        self.player.renew(str(self.state.step))  # what judges computed is not known after a resume
        turns: dict[int, Trajectory] = {}
        shares, records = self.curriculum.shares(), self.rollout(turns)
        trajectories = [one for record in records for one in seat_trajectories(record, POLICY, turns.get(record.match))]
        played = time.perf_counter()
        figures: dict[str, Any] = {"step": self.state.step + 1, **game_signals(records, trajectories)}
        figures |= self.learner.learn(shaped(trajectories, self.games, self.config))
        self.opponents.count(records)
        mean_advantages = {game: figures[f"advantage/{game}"] for game in self.games if f"advantage/{game}" in figures}
        self.curriculum.update(records, trajectories, mean_advantages)
        figures |= {f"share/{game}": share for game, share in shares.items()}
        self.state.step += 1
        self.learner.follow()
        self.player.renew(str(self.state.step))
        if self.average is not None and self.state.step % self.config.average_steps == 0:
            self.average.add(self.player, self.state.step)
        spent = time.perf_counter() - began
        figures |= {"seconds": spent, "seconds_playing": played - began, "matches_per_second": len(records) / spent}
        figures["alerts"] = self.monitor.watch(figures)
        if self.monitor.restarts:
            self.restart()
        return figures

    def restart(self) -> None:
        """Go back to what was learned up to the last checkpoint without signs of a collapse; the number of updates goes on."""
        checkpoint.restore(self.state, self.config, last_good(self.state), self.games.values())
        parallel.require_equal("the restarted policy", checkpoint.digest(checkpoint.weights(self.state.policy)))
        self.player.renew(str(self.state.step))

    # --- roll out ---------------------------------------------------------------------------------------------------------

    def rollout(self, turns: dict[int, Trajectory] | None = None) -> list[Record]:
        """The matches of this update. Their numbers, deals and opponents follow from the seed and what has been learned so far.

        Args:
            turns: Filled with the turns of the matches that this process plays, by number, where it is given.
        """
        config, step, first = self.config, self.state.step, self.state.step * self.config.matches
        table: dict[str, tuple[list[Agent], list[Fixture]]] = {}
        own = {self._ids[name]: opponents for name, opponents in config.opponents_of.items()}
        how: dict[str, Any] = {"opponents_of": own, "generations": config.num_generations}
        for env_id, opponent, number in fixtures(config.seed, step, self.curriculum.shares(), config.opponents, config.matches, **how):
            agents, seating = table.setdefault(env_id, ([self.player], []))
            match, deal = first + number, (first + number) // config.num_generations
            seating.append(Fixture(match, deal, self._seats(env_id, opponent, deal, number // config.num_generations, agents)))
        out: list[Record] = []
        for env_id, (agents, seating) in table.items():
            here = parallel.share(seating)
            finished = play(self.games[env_id], agents, here, seed=config.seed, turns=turns) if here else []
            out += parallel.gather_records([one.record for one in finished])
        return out

    def _seats(self, env_id: str, opponent: str, deal: int, turn: int, agents: list[Agent]) -> tuple[int, ...]:
        """Who holds each seat, by its index among `agents`, to whom the opponent is added. Alike for all matches of a deal."""
        game, config = self.games[env_id], self.config
        if opponent == "self":
            return (0,) * game.info.seats
        other = self.opponents.of(opponent, deal, env_id)
        if other not in agents:
            agents.append(other)
        of_seats = sides(game, config.seed, deal) if config.seats_of_policy == "side" else range(game.info.seats)
        own = policy_seats(of_seats, config.seats_of_policy, turn)
        return tuple(0 if seat in own else agents.index(other) for seat in range(game.info.seats))

    def _seated(self, policy: Policy, name: str, step: int) -> PolicyPlayer:
        player = seated(policy, self.config, name, learns=name == POLICY)
        player.renew(str(step))
        return player

    def judged(self) -> dict[str, Any]:
        """What the configured judges say of the policy as it is, in the games that it trains and those that it does not."""
        config = self.config
        others = [judge for judge in config.judges if judge not in EXACT or judge == "exact"]
        figures: dict[str, Any] = {}
        for games, judges in [(self.games, others), *(({name: game}, own) for name, (game, own) in self.held_out.items())]:
            figures |= judged(self.player, games, judges, matches=config.judge_matches, greedy=config.judge_greedy)
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
