"""The short view of the commons: what one sees, and what was said this round."""

from __future__ import annotations

from agentarena.core import registry
from agentarena.core.actions import sample
from agentarena.core.agent import View
from agentarena.core.episode import Episode
from agentarena.core.rng import stream
from agentarena.envs.commons.state import TALK


def test_a_speaker_reads_what_was_said_this_round_alone() -> None:
    game = registry.game("Commons-v0", players=3, talk=3, floor="turns")
    rng = stream(1)
    with Episode(game, stream(0)) as episode:
        heard: list[tuple[int, int]] = []
        for _ in range(60):
            if episode.over:
                break
            state, actions = episode.state, {}
            for seat in episode.to_move:
                actions[seat] = sample(game.legal(state, seat), rng)
                if state.phase == TALK:
                    actions[seat] = {"amount": 0.0, "choice": 0, "words": f"I am {seat}."}
                    lines = View(game, state, seat).compact.splitlines()
                    assert lines[0] == f"You are player {seat}."
                    assert sum("said" in line for line in lines) == sum(number == state.number for number, _ in heard)
            if state.phase == TALK:
                heard += [(state.number, seat) for seat in actions]
            episode.step(actions)
        assert len({number for number, _ in heard}) > 1
