"""One match of Werewolf between numbers and words: scripted seats play speech acts, one seat speaks freely, all hear each other.

    python examples/werewolf_mixed.py [seed]

`Talker` stands for a language model: it reads the prompt and replies in words. Put `"openai:..."`, `"hf:..."` or any agent of yours in
its place. Prints the match as an onlooker sees it, then what the metrics say.
"""

from __future__ import annotations

import sys

import agentarena as aa
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.werewolf.analysis import measure


class Talker(aa.Agent):
    """Replies in words, as a language model would: talks when it may, else takes the first choice offered."""

    def choose(self, view: aa.View) -> aa.Reply:
        if "Legal:" in view.text and "It is your turn to speak" in view.text:
            return aa.Reply("<say>I have no proof, but somebody here is lying. What does the seer say?</say>")
        return aa.Reply(f"<answer>{view.options.replies[0]}</answer>")


def main() -> None:
    """Play, tell, measure."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    game = aa.game("Werewolf-v0", preset="lspo7")
    agents = [Talker(), *(aa.agent("werewolf/scripted") for _ in range(6))]
    episode, turns = Episode(game, stream(seed, CHANCE, 0)), [0] * 7
    while episode.to_move:
        moves = {}
        for seat in episode.to_move:
            view = aa.View(game, episode.state, seat, news=episode.unread(seat), seed=seed, turn=turns[seat])
            decision = agents[seat].choose(view)
            moves[seat] = view.read(decision.text) if isinstance(decision, aa.Reply) else decision
            turns[seat] += 1
            episode.mark_read(seat)
        episode.step(moves)
    for event in episode.log:
        if event.audience is None:
            print(game.text.tell(event, -1))
    print(measure(episode.log))


if __name__ == "__main__":
    main()
