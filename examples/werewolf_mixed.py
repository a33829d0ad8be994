"""One match of Werewolf between numbers and words: scripted seats play speech acts, one seat speaks freely, all hear each other.

    python examples/werewolf_mixed.py [seed]

`Talker` stands for a language model: it reads the prompt and replies in words. Put `"openai:..."`, `"hf:..."` or any agent of yours in
its place. Prints the match as an onlooker sees it, then what the metrics say.
"""

from __future__ import annotations

import argparse

import agentarena as aa
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture
from agentarena.envs.werewolf.analysis import measure


class Talker(aa.Agent):
    """Replies in words, as a language model would: talks when it may, else takes the first choice offered."""

    def choose(self, view: aa.View) -> aa.Reply:
        if "Legal:" in view.text and "It is your turn to speak" in view.text:
            return aa.Reply("<say>I have no proof, but somebody here is lying. What does the seer say?</say>")
        return aa.Reply(f"<answer>{view.options.replies[0]}</answer>")


def main() -> None:
    """Play, show, measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seed", nargs="?", type=int, default=0)
    arguments = parser.parse_args()
    game = aa.game("Werewolf-v0", preset="lspo7")
    agents = [Talker(), *(aa.agent("werewolf/scripted") for _ in range(6))]
    match = Match(RunConfig(game, seed=arguments.seed), Fixture(0, 0))
    while not match.over:
        for seat in match.pending():
            match.answer(seat, agents[seat].choose(match.view(seat)))
    for event in match.episode.log:
        if event.audience is None:
            print(game.text.tell(event, -1))
    print(measure(match.episode.log))


if __name__ == "__main__":
    main()
