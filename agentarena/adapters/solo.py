"""One seat of a game as a Gymnasium environment; agents play the other seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.display import shown
from agentarena.core.episode import Episode
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match
from agentarena.core.registry import game as build

from .layout import MAX_CHARS, RENDER_MODES, Layout, OnIllegal, ViewName, choice_of, marginals, metadata, one_of, step_limit
from .pictures import frame
from .table import Opponents, Spec, Table, seat_table

__all__ = ["ArenaSolo", "Seating", "make_solo", "seat_for"]

Seating = int | Literal["random", "rotate"]
"""Which seat is played from outside: a number, a random one each match, or each in turn."""


def make_solo(
    env_id: str | Game[Any],
    *,
    opponents: Spec | Sequence[Spec] | None = None,
    seat: Seating = 0,
    view: ViewName = "vector",
    on_illegal: OnIllegal = "forfeit",
    max_cycles: int | None = None,
    max_chars: int = MAX_CHARS,
    render_mode: str | None = None,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    **env_options: Any,
) -> ArenaSolo:
    """One seat of a game as a Gymnasium environment; the entry point of Gymnasium's registry.

    Args:
        env_id: E.g. "Dhumbal-v0", or a game.
        opponents: One agent or spec string for all other seats, or one for each in the order of the seats; random by default.
        seat: The seat to play; "random" and "rotate" choose one each match.
        view: "vector" for numbers, "text" for numbers and words.
        on_illegal: What an illegal action costs: "forfeit" the match, or "raise" an error.
        max_cycles: Truncate after so many steps of the game; `info.max_steps` when it is `None` or larger.
        max_chars: Longest text observation; a longer text loses its beginning.
        render_mode: "ansi" for a string, "human" to write it to standard output after each step, "rgb_array" for a picture.
        preset: A named setting of the game's options.
        options: The game's options by name, also those that are named like an argument here.
        env_options: More of them, as keywords.
    """
    return ArenaSolo(
        build(env_id, preset=preset, options=options, **env_options),
        opponents=opponents,
        seat=seat,
        view=view,
        on_illegal=on_illegal,
        max_cycles=max_cycles,
        max_chars=max_chars,
        render_mode=render_mode,
    )


make_solo.__dict__["metadata"] = {"render_modes": list(RENDER_MODES), "render_fps": 1}
"""Where Gymnasium looks for what its own modes, such as "rgb_array_list", can be made of."""


class ArenaSolo(gymnasium.Env[Any, Any]):
    """Matches seen from one seat: a step is its decision and everything up to its next one.

    The reward is what the seat was credited meanwhile. Opponents are asked as in `agentarena.play`: a reply that cannot be read is
    asked for again, and an opponent that fails forfeits, which ends the match (`info["forfeit"]`, `info["faults"]`).

    Attributes:
        game: The rules.
        seat: The seat played in this match.
    """

    def __init__(
        self,
        game: Game[Any],
        *,
        opponents: Spec | Sequence[Spec] | None = None,
        seat: Seating = 0,
        view: ViewName = "vector",
        on_illegal: OnIllegal = "forfeit",
        max_cycles: int | None = None,
        max_chars: int = MAX_CHARS,
        render_mode: str | None = None,
    ) -> None:
        one_of("on_illegal", on_illegal, ("forfeit", "raise"))
        one_of("render_mode", render_mode, (None, *RENDER_MODES))
        self.game = game
        self.metadata = metadata(game, render_mode)
        self.render_mode = render_mode
        self.on_illegal = on_illegal
        self._layout = Layout(game, view, max_chars)
        self._limit = step_limit(game, max_cycles)
        self._seating = check_seating(seat, self._layout)
        self._opponents = Opponents(self._layout, opponents, own=1)
        self._table: Table | None = None
        self._matches = 0
        self.seat = self._seating if isinstance(self._seating, int) else 0
        self.observation_space = self._layout.observation_spaces[self.seat]
        self.action_space = self._layout.action_spaces[self.seat]

    @property
    def match(self) -> Match | None:
        """The match under way; `None` before the first reset."""
        return None if self._table is None else self._table.match

    @property
    def episode(self) -> Episode | None:
        """Its state, log and returns; `None` before the first reset."""
        return None if self._table is None else self._table.episode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start a match and play it up to this seat's first decision; `options={"seat": n}` chooses the seat once.

        Matches that end before this seat is asked are passed over; `info["skipped"]` counts them.
        """
        super().reset(seed=seed)
        if seed is not None:
            self._matches = 0
        seating = check_seating((options or {}).get("seat", self._seating), self._layout)
        if isinstance(seating, int):
            self._check_spaces(seating)

        def draw() -> tuple[int]:
            self.seat = seat_for(seating, self._matches, self._layout, self.np_random)
            return (self.seat,)

        if self._table is not None:
            self._table.close()
            self._table = None
        self._table, skipped = seat_table(self.game, self._opponents, self.np_random, draw, self._limit)
        self._matches += 1
        if self.render_mode == "human":
            self.render()
        observation, info = self._observed(self._table)
        return observation, {**info, "skipped": skipped}

    def _check_spaces(self, seat: int) -> None:
        """Raise unless a seat's spaces are those that this environment declares."""
        layout = self._layout
        for name, declared, own in (
            ("observation", self.observation_space, layout.observation_spaces[seat]),
            ("action", self.action_space, layout.action_spaces[seat]),
        ):
            if declared != own:
                raise UsageError(
                    f"seat {seat} of {type(self.game).__name__} has another {name} space than this environment declares; "
                    f"make one for it with seat={seat}"
                )

    def step(self, action: Action) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """This seat acts, then the others until it is asked again or the match ends.

        Raises:
            UsageError: Before the first reset.
            MatchOver: The match has ended.
            IllegalAction: Under `on_illegal="raise"`; nothing has changed.
        """
        table, seat = self._table, self.seat
        if table is None:
            raise UsageError("call reset(seed=...) before step()")
        if not table.to_move:
            raise MatchOver("the match is over; call reset() before step()")
        if self.on_illegal == "raise":
            _, reason = choice_of(self._layout, table.match, seat, action)
            if reason is not None:
                raise IllegalAction(f"{self._layout.agents[seat]} played {shown(action)}: {reason}")
        table.submit(self._layout, {seat: action})
        self._opponents.advance([table])
        if self.render_mode == "human":
            self.render()
        truncated = table.episode.truncated
        observation, info = self._observed(table)
        return observation, float(table.collect()[seat]), not table.to_move and not truncated, truncated, info

    def _observed(self, table: Table) -> tuple[Any, dict[str, Any]]:
        seat, layout = self.seat, self._layout
        mask = layout.mask(table.match, seat) if seat in table.to_move else layout.no_mask(seat)
        info = {**layout.info(seat, mask, table.match), "seat": seat}
        if not table.to_move:
            info["returns"] = np.array(table.returns)
            if table.forfeits:
                info["forfeit"] = [layout.agents[other] for other in table.forfeits]
                info["faults"] = {layout.agents[other]: reason for other, reason in table.forfeits.items()}
            if seat in table.forfeits:
                info["illegal"] = table.forfeits[seat]
        return layout.observe(table.episode, seat, None if mask is None else mask.copy()), info

    def action_masks(self) -> np.ndarray:
        """The legal actions as bool of shape (A,), the parts of a `MultiDiscrete` space one after the other, under the name that SB3-contrib's MaskablePPO looks for."""
        if self._table is None:
            raise UsageError("call reset(seed=...) before action_masks()")
        moving = self.seat in self._table.to_move
        mask = self._layout.mask(self._table.match, self.seat) if moving else self._layout.no_mask(self.seat)
        if mask is None:
            raise UsageError(f"{type(self.game).__name__} has no action masks: its actions are not Discrete")
        return np.concatenate(marginals(mask)).astype(bool)

    def sample(self) -> Action:
        """A random action, legal now whatever kind of actions the game has; from the generator of `action_space`.

        Raises:
            UsageError: The seat is not to move.
        """
        if self._table is None or not self._table.to_move:
            raise UsageError("the seat is not to move; call reset(seed=...) first")
        return self._layout.sample(self._table.match, self.seat, self.action_space.np_random)

    def render(self) -> str | np.ndarray | None:
        """The table as this seat sees it: words in mode "ansi", a picture in mode "rgb_array"; in mode "human" the words go to standard output.

        Raises:
            UsageError: Before the first reset.
            MissingExtra: A picture of words without Pillow.
        """
        if self._table is None:
            raise UsageError("call reset(seed=...) before render()")
        return frame(self.render_mode, self._layout, self._table.episode.state, (self.seat,))

    def close(self) -> None:
        """Let the opponents go, and release what the match holds open."""
        if self._table is not None:
            self._table.close()
        self._opponents.close()


def check_seating(seat: Seating, layout: Layout) -> Seating:
    """`seat`, known to be possible in this game.

    Raises:
        BadOption: It is neither a seat nor "random" nor "rotate".
        UsageError: It may change between matches, and the seats' spaces differ.
    """
    seats = layout.game.info.seats
    seat = int(seat) if isinstance(seat, np.integer) else seat
    if seat in ("random", "rotate"):
        layout.same_for_all_seats(f"seat={seat!r}")
    elif isinstance(seat, bool) or not isinstance(seat, int) or not 0 <= seat < seats:
        raise BadOption(f"seat is {seat!r}; allowed: 0 to {seats - 1}, 'random', 'rotate'")
    return seat


def seat_for(seating: Seating, match: int, layout: Layout, rng: np.random.Generator) -> int:
    """The seat played in the given match."""
    if isinstance(seating, int):
        return seating
    return match % layout.game.info.seats if seating == "rotate" else int(rng.integers(layout.game.info.seats))
