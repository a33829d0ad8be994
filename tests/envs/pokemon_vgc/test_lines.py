"""Lines of the protocol in words, from both sides."""

from __future__ import annotations

import pytest

from agentarena.envs.pokemon_vgc.text.lines import in_words

CASES = [
    ("|move|p1a: Minior|Rock Slide|p2b: Glastrier|[spread] p2a,p2b", "Your Minior used Rock Slide on both."),
    ("|move|p2a: Hawlucha|Protect|p2a: Hawlucha", "Their Hawlucha used Protect."),
    ("|switch|p2b: Carbink|Carbink, L88|100/100", "Their Carbink came in (100/100)."),
    ("|-damage|p2b: Glastrier|0 fnt", "Their Glastrier at 0."),
    ("|-heal|p2b: Glastrier|68/100|[from] item: Sitrus Berry", "Their Glastrier at 68/100 (Sitrus Berry)."),
    ("|-unboost|p1a: Flapple|atk|1", "Your Flapple atk -1."),
    ("|-weather|RainDance|[from] ability: Drizzle|[of] p1a: Pelipper", "Weather: RainDance (Drizzle)."),
    ("|-weather|RainDance|[upkeep]", ""),
    ("|-sidestart|p2: Player 2|move: Tailwind", "Their side: Tailwind began."),
    ("|-terastallize|p1a: Minior|Ground", "Your Minior Terastallized: Ground."),
    ("|cant|p1a: Minior|flinch", "Your Minior could not move (flinch)."),
    ("|win|Player 1", "You won."),
    ("|win|Player 2", "The other side won."),
    ("|-boost|p1a: Minior", ""),  # shorter than it should be: nothing is told, nothing breaks
    ("|no such kind|x", ""),
    ("|move|p2a: Flabébé|Moonblast|p1a: Farfetch’d", "Their Flabebe used Moonblast on your Farfetch'd."),
]


@pytest.mark.parametrize(("line", "words"), CASES)
def test_a_line_is_told_in_words(line: str, words: str) -> None:
    assert in_words([line], 0) == words


def test_the_other_side_is_told_the_same_the_other_way_round() -> None:
    assert in_words(["|move|p1a: Minior|Rock Slide|p2b: Glastrier"], 1) == "Their Minior used Rock Slide on your Glastrier."


def test_turns_are_paragraphs_and_the_one_that_begins_is_left_to_the_view() -> None:
    lines = ["|-crit|p1a: X", "|turn|3", "|-resisted|p1a: X", "|turn|4"]
    assert in_words(lines, 0) == "Critical hit.\nTurn 3; resisted."
