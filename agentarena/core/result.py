"""What a match came to: its returns, who won, how it finished, and its record."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .config import RunConfig
from .episode import Episode
from .game import Game
from .record import Fixture, Outcome, Record, Seat

__all__ = ["Result", "record_of", "result_of"]

Result = tuple[list[float], int | str | None, Outcome]
"""Returns, winner and outcome."""


def result_of(game: Game[Any], episode: Episode, failed: Collection[int]) -> Result:
    """Returns so far, winner and outcome.

    Args:
        game: The rules.
        episode: The match.
        failed: The seats that forfeited: each ends at `game.info.forfeit_return`, and where there are two sides the other wins.
    """
    returns = [float(value) for value in episode.returns]
    if failed:
        for seat in failed:
            returns[seat] = float(game.info.forfeit_return)
        return returns, _other_side(game, episode.state, failed), "forfeited"
    if episode.truncated:
        return returns, None, "truncated"
    winner = None if episode.to_move else game.winner(episode.state, tuple(returns))
    if winner is not None:
        return returns, winner, "won"
    return returns, None, "ended" if game.info.sum == "common" or game.info.seats == 1 else "drawn"


def _other_side(game: Game[Any], state: Any, failed: Collection[int]) -> int | str | None:
    """The side that did not forfeit, where there are two sides."""
    sides: list[int | str] = []
    for seat in range(game.info.seats):
        team = game.team(state, seat)
        sides.append(seat if team is None else team)
    left = set(sides) - {sides[seat] for seat in failed}
    return left.pop() if len(set(sides)) == 2 and len(left) == 1 else None


def record_of(config: RunConfig, fixture: Fixture, episode: Episode, result: Result, *, turns: int, **parts: Any) -> Record:
    """The record of a match that is over.

    Args:
        config: What it shares with the others of its run.
        fixture: Its number, deal and seating.
        episode: Its state.
        result: Returns, winner and outcome.
        turns: Decisions taken, of all seats together.
        parts: actions, aborted, replies, faults, samples: see `Record`.
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
        turns=turns,
        steps=episode.steps,
        with_samples=config.record_samples,
        **parts,
    )
