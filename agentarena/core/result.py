"""What a match came to: its returns, who won, how it finished, and its record."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .config import RunConfig
from .episode import Episode
from .forfeits import forfeit_returns, sides_of, winning_side
from .game import Game
from .record import Fixture, Outcome, Record, Seat

__all__ = ["Result", "forfeit_rewards", "record_of", "result_of"]

Result = tuple[list[float], int | str | None, Outcome]
"""Returns, winner and outcome."""


def result_of(game: Game[Any], episode: Episode, failed: Collection[int]) -> Result:
    """Returns so far, winner and outcome.

    Args:
        game: The rules.
        episode: The match.
        failed: The seats that forfeited; see `forfeits` for what that costs them and brings the others.
    """
    returns = [float(value) for value in episode.returns]
    if failed:
        sides = sides_of(game, episode.state)
        return forfeit_returns(game.info, sides, returns, failed).tolist(), winning_side(sides, failed), "forfeited"
    if episode.truncated:
        return returns, None, "truncated"
    winner = None if episode.to_move else game.winner(episode.state, tuple(returns))
    if winner is not None:
        return returns, winner, "won"
    return returns, None, "ended" if game.info.sum == "common" or game.info.seats == 1 else "drawn"


def forfeit_rewards(game: Game[Any], episode: Episode, failed: Collection[int]) -> tuple[float, ...]:
    """What the forfeits of the `failed` seats add to each seat's return. Shape (S,)."""
    ends = forfeit_returns(game.info, sides_of(game, episode.state), episode.returns, failed)
    return tuple((ends - episode.returns).tolist())


def record_of(config: RunConfig, fixture: Fixture, episode: Episode, result: Result, **parts: Any) -> Record:
    """The record of a match that is over.

    Args:
        config: What it shares with the others of its run.
        fixture: Its number, deal and seating.
        episode: Its state.
        result: Returns, winner and outcome.
        parts: turns, openings, actions, aborted, replies, faults, samples: see `Record`.
    """
    (returns, winner, outcome), game, state = result, config.game, episode.state
    players = [(index, config.players[index]) for index in fixture.seats]
    seats = [
        Seat(player.name, index, player.version, game.role(state, seat), game.team(state, seat), returns[seat])
        for seat, (index, player) in enumerate(players)
    ]
    return Record(
        env=config.env,
        options=config.options,
        package=config.package,
        seed=config.seed,
        match=fixture.match,
        deal=fixture.deal,
        policy=config.policy,
        seats=tuple(seats),
        winner=winner,
        outcome=outcome,
        steps=episode.steps,
        with_samples=config.record_samples,
        **parts,
    )
