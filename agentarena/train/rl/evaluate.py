"""How good a policy is: matches against named agents with intervals, and NashConv where the game can be listed.

Axis letters: E matches, S seats.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from agentarena.agents.arrays import array_rules
from agentarena.agents.rl.agent import NetworkAgent
from agentarena.agents.specs import agent as agent_of
from agentarena.core.agent import Agent
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game
from agentarena.core.intervals import Interval, mean_interval
from agentarena.core.record import Fixture
from agentarena.evaluate.exact import nash_conv
from agentarena.evaluate.share import win_interval
from agentarena.matches.api import run
from agentarena.matches.arrays import play_arrays

from .config import RLConfig
from .opponents import points

__all__ = ["Meeting", "check_exact", "figures_of", "judged", "meet"]


class Meeting(NamedTuple):
    """Matches of one agent, which moves on by a seat from match to match, with another agent in all other seats.

    Attributes:
        seats: The agent's seat. Shape (E,), int.
        returns: Its return, in the game's unit. Shape (E,).
        points: 1 a win, 1/2 a draw, 0 a loss, by return. Shape (E,).
        lengths: Steps. Shape (E,), int.
    """

    seats: np.ndarray
    returns: np.ndarray
    points: np.ndarray
    lengths: np.ndarray


def meet(
    game: Game[Any], policy: str | os.PathLike[str] | Agent, opponent: str, *, matches: int, seed: int = 0, greedy: bool | None = None
) -> Meeting:
    """Play matches, on array rules where the game has them and the opponent plays on arrays.

    Args:
        game: The rules.
        policy: A policy file, or an agent.
        opponent: Spec string of the agent in all other seats.
        matches: E.
        seed: Seed of the matches.
        greedy: Whether a policy file plays its likeliest actions; by default as the file says.
    """
    own = policy if isinstance(policy, Agent) else NetworkAgent(str(policy), greedy=greedy)
    other = agent_of(opponent)
    policies = [_on_arrays(own, game), _on_arrays(other, game) if opponent != "random" else "random"]
    try:
        array_rules(game)
        fast = all(one is not None for one in policies)
    except NotSupported:
        fast = False
    try:
        return _on_array_rules(game, policies, matches, seed) if fast else _by_matches(game, own, other, matches, seed)
    finally:
        other.close()


def _on_arrays(agent: Agent, game: Game[Any]) -> Any:
    batch_policy: Any = getattr(agent, "batch_policy", None)
    return None if batch_policy is None else batch_policy(game)


def _on_array_rules(game: Game[Any], policies: list[Any], matches: int, seed: int) -> Meeting:
    own, other = policies
    results = play_arrays(game, [own, *[other] * (game.info.seats - 1)], matches=matches, seed=seed, rotate=True)
    seats = (results.seats == 0).argmax(1)
    return _meeting(seats, results.returns, results.lengths)


def _by_matches(game: Game[Any], own: Agent, other: Agent, matches: int, seed: int) -> Meeting:
    count = game.info.seats
    fixtures = [Fixture(n, n, tuple(0 if seat == n % count else 1 for seat in range(count))) for n in range(matches)]
    records = run(game, [own, other], fixtures, seed=seed).records
    returns = np.array([[seat.return_ for seat in record.seats] for record in records])
    lengths = np.array([record.steps for record in records])
    return _meeting(np.array([record.match % count for record in records]), returns, lengths)


def _meeting(seats: np.ndarray, returns: np.ndarray, lengths: np.ndarray) -> Meeting:
    scores = np.array([points(row, seat) for row, seat in zip(returns, seats.tolist(), strict=True)])
    return Meeting(seats, returns[np.arange(len(seats)), seats], scores, lengths)


def figures_of(meeting: Meeting) -> dict[str, Any]:
    """Mean return and shares of matches won and not lost, with 95 % intervals where the matches differ.

    Returns:
        "return", "won", "not lost", and "return 0" and so on by seat; "return interval" and so on as [low, high]. There are no
        intervals where each seat played the same match over and over, as greedy policies do in games without chance.
    """
    figures: dict[str, Any] = {}
    alike = len(np.unique(np.stack([meeting.seats, meeting.returns, meeting.lengths], 1), axis=0)) <= len(np.unique(meeting.seats))
    deals = np.arange(len(meeting.seats))
    interval = None if alike else mean_interval(meeting.returns)
    figures |= _figure("return", float(meeting.returns.mean()), interval)
    for name, values in (("won", meeting.points == 1), ("not lost", meeting.points > 0)):
        figures |= _figure(name, float(values.mean()), None if alike else win_interval(values.astype(float), deals))
    for seat in np.unique(meeting.seats).tolist():
        figures[f"return {seat}"] = float(meeting.returns[meeting.seats == seat].mean())
    return figures


def _figure(name: str, value: float, interval: Interval | None) -> dict[str, Any]:
    ends = [] if interval is None or np.isnan(interval.low) else [float(interval.low), float(interval.high)]
    return {name: value} | ({f"{name} interval": ends} if ends else {})


def check_exact(config: RLConfig, game: Game[Any]) -> None:
    """Raise before the run where `eval_exact` cannot be computed.

    Raises:
        BadOption: The game cannot be listed, or is too large.
    """
    if config.eval_exact:
        try:
            nash_conv(game, "uniform")
        except NotSupported as error:
            raise BadOption(f"eval_exact: NashConv of {config.env} cannot be computed: {error}. Leave eval_exact out") from None


def judged(config: RLConfig, game: Game[Any], policy: str | os.PathLike[str]) -> dict[str, Any]:
    """What the evaluations of a configuration say about a policy file.

    Returns:
        Figures by name, e.g. "KuhnPoker-v0 nash_conv", "ConnectFour-v0 return against random", and intervals, whose names end so.
    """
    figures: dict[str, Any] = {}
    if config.eval_exact:
        figures[f"{config.env} nash_conv"] = nash_conv(game, NetworkAgent(str(policy), greedy=config.eval_greedy))
    for opponent in config.eval:
        meeting = meet(game, policy, opponent, matches=config.eval_matches, seed=config.seed, greedy=config.eval_greedy)
        for name, value in figures_of(meeting).items():
            end = " interval" if isinstance(value, list) else ""
            figures[f"{config.env} {name.removesuffix(end)} against {opponent}{end}"] = value
    return figures
