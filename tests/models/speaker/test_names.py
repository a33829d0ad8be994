"""Names that a model knows, in place of those at the table."""

from __future__ import annotations

from pathlib import Path

from small_speaker import lessons

from agentarena.models.speaker.corpus import TABLE
from agentarena.models.speaker.names import Names, swap
from agentarena.models.speaker.prompts import SpeechPrompt


def test_hidden_and_put_back_is_what_it_was() -> None:
    view = 'You are Ivan, a villager. It is day 1.\nAlive: Ben, Ivan, Ada.\nDead: Player 3, Player 13.\nBen: "I suspect Ada."'
    hidden, table = TABLE.hide(SpeechPrompt("villager", view, ("I trust Ada.", "Ben is right.")))
    assert hidden.view.startswith("You are Ada, a villager.")
    assert "Alive: Ben, Ada, Carl.\nDead: Dan, Eve." in hidden.view
    assert hidden.listed == ("I trust Carl.", "Ben is right.")
    back = {known: name for name, known in table.items()}
    assert swap(hidden.view, back) == view
    assert tuple(swap(words, back) for words in hidden.listed) == ("I trust Ada.", "Ben is right.")


def test_the_speaker_is_always_the_first_known_name() -> None:
    for one in lessons(100):
        assert one.view.startswith("You are Ada, ")


def test_names_of_nobody_are_counted_and_files_read_back(tmp_path: Path) -> None:
    assert TABLE.strangers("I trust Hugo and Ben.", {"Ada": "Zoe", "Ben": "Udo"}) == 1
    TABLE.write(tmp_path)
    assert Names.read(tmp_path) == TABLE
    assert Names.read(tmp_path / "nowhere") is None


def test_a_view_without_names_stays_as_it_is() -> None:
    prompt = SpeechPrompt("player", "Round 1 of 1. You choose one of rock, paper.", ("I play rock.",))
    assert TABLE.hide(prompt) == (prompt, {})
