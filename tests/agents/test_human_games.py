"""People at the table of every kind of game: moves as people write them, plain speech, and what is never guessed."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable

import pytest

import agentarena as aa
from agentarena.agents.human import Human
from agentarena.core.agent import View
from agentarena.core.display import wrapped
from agentarena.core.errors import AgentFault
from agentarena.core.registry import env_ids, game
from agentarena.core.rng import stream
from agentarena.core.text import Choices, Unreadable


class Typist(io.StringIO):
    """A person who reads the screen before typing: each line is what a function of the latest text says."""

    def __init__(self, types: Callable[[str], str]) -> None:
        super().__init__()
        self._types = types
        self.screen = io.StringIO()
        self._read = 0

    def readline(self, *_: int) -> str:
        text = self.screen.getvalue()
        latest, self._read = text[self._read :], len(text)
        return self._types(latest) + "\n"


def typed(types: Callable[[str], str]) -> tuple[Human, Typist]:
    typist = Typist(types)
    return Human(typist, typist.screen), typist


def answered(view: View, line: str) -> tuple[object, str]:
    """What a line is understood as (`None`: asked again), and the screen."""
    sink = io.StringIO()
    try:
        return Human(io.StringIO(line + "\n"), sink).choose(view), sink.getvalue()
    except AgentFault:
        return None, sink.getvalue()


def first_view(env: str, seat: int = 0, **options) -> View:
    rules = game(env, **options)
    state = rules.start(stream(3))
    return View(rules, state, seat, news=rules.news(state))


@pytest.mark.parametrize("line", ["1,1", "(1,1)", "1 1", "1, 1", "( 1 , 1 )", "<answer>(1,1)</answer>"])
def test_bare_coordinates_name_a_cell(line):
    assert answered(first_view("TicTacToe-v0"), line)[0] == 4


def test_a_taken_cell_is_said_to_be_illegal_not_unknown():
    rules = game("TicTacToe-v0")
    state = rules.step(rules.start(stream(0)), {0: 4}, stream(0))
    action, screen = answered(View(rules, state, 1), "1,1")
    assert action is None
    assert "not legal now" in screen


def test_a_card_is_discarded_and_the_stock_is_taken_by_their_bare_names():
    lines = []

    def types(text: str) -> str:
        legal = text.rpartition("Legal: ")[2].split("\n")[0].split(", ")
        lines.append("stock" if "take stock" in legal else legal[-1].removeprefix("discard ") if "discard" in legal[-1] else legal[-1])
        return lines[-1].lower()

    person, typist = typed(types)
    (record,) = aa.play("Dhumbal-v0", [person, "random"], matches=1, seed=1).records
    assert record.outcome == "won"
    assert not record.faults
    assert "stock" in lines
    assert "not exactly" not in typist.screen.getvalue()


def test_cards_of_a_set_are_named_in_any_order_and_what_fits_two_moves_is_asked_again():
    rules = game("Dhumbal-v0")
    for seed in range(200):
        state = rules.start(stream(seed))
        (seat,) = rules.to_move(state)
        view = View(rules, state, seat)
        pairs = [move for move in view.options.replies if len(move.split()) == 3]
        if pairs:
            break
    _, one, other = pairs[0].split()
    for line in (f"{one} {other}", f"{other},{one}", f"{other} {one}".lower()):
        assert view.write(answered(view, line)[0]) == pairs[0]
    assert view.write(answered(view, one)[0]) == f"discard {one}"
    action, screen = answered(view, "discard")
    assert action is None
    assert "could be" in screen


@pytest.mark.parametrize(("line", "value"), [("0.25", 0.25), (".25", 0.25), ("0,25", 0.25), ("1", 1.0)])
def test_numbers_are_read_as_people_write_them(line, value):
    action, _ = answered(first_view("Commons-v0"), line)
    assert float(action["amount"]) == value


def test_a_bare_number_names_a_seat_where_only_players_can_be_meant():
    rules = game("Werewolf-v0")
    state = rules.start(stream(3))
    seat = rules.to_move(state)[0]
    view = View(rules, state, seat, news=rules.news(state))
    other = next(seat for seat in range(7) if not isinstance(view.read(f"seat {seat}"), Unreadable) and seat != view.seat)
    assert answered(view, f"{other}")[0] == view.read(f"seat {other}")


def test_rates_and_hours_are_bare_numbers():
    assert list(answered(first_view("Economist-v0"), "10, 20, 30")[0]) == [10, 20, 30]
    assert list(answered(first_view("Economist-v0"), "10 20 30")[0]) == [10, 20, 30]


def test_plain_speech_is_spoken_where_speaking_is_asked_and_nowhere_else():
    heard = "I have a bad feeling about this, friends"

    def types(text: str) -> str:
        if "plain words are spoken" in text:
            return heard
        assert heard not in text.rpartition("Legal: ")[2]
        return text.rpartition("Legal: ")[2].split("\n")[0].split(", ")[0].lower()

    person, typist = typed(types)
    results = aa.play("Werewolf-v0", [person, *["werewolf/scripted"] * 6], matches=3, seed=2)
    assert not any(record.faults for record in results.records)
    assert typist.screen.getvalue().count(f'said: "{heard}"') >= 1
    action, screen = answered(first_view("Werewolf-v0", results.records[0].game().to_move(first_view("Werewolf-v0")._state)[0]), heard)
    assert action is None
    assert "plain words" not in screen


@pytest.mark.parametrize("env", env_ids())
def test_help_shows_the_rules_and_moves_that_can_be_typed(env):
    rules = game(env)
    state = rules.start(stream(0))
    seat = rules.to_move(state)[0]
    view = View(rules, state, seat)
    _, screen = answered(view, "help")
    shown = screen.rpartition("\n> ")[0].rpartition("\n")[2] if "Legal: " in screen else screen
    assert "Type one move" in screen
    assert "<answer>" not in screen
    if isinstance(view.options, Choices):
        assert view.options.replies[0] in shown
    else:
        example = screen.partition("For example: ")[2].split("\n")[0].split("; or: ")[0]
        assert answered(view, example)[0] is not None
        assert "regular expression" not in screen
        assert "(?:" not in screen


def test_moves_of_the_name_of_a_command_count_as_moves():
    view = first_view("MatrixGame-v0")
    object.__setattr__(view.game.text, "read", lambda state, seat, reply: 0 if reply == "help" else 1)
    try:
        assert answered(view, "help")[0] == 0
    finally:
        object.__delattr__(view.game.text, "read")


def test_an_empty_line_and_control_characters_do_no_harm():
    sink = io.StringIO()
    assert Human(io.StringIO("\n\n\x1b[2J\n0,0\n"), sink).choose(first_view("TicTacToe-v0")) == 0
    assert "\x1b" not in sink.getvalue()


def test_what_others_say_cannot_act_on_the_terminal():
    sink = io.StringIO()
    Human(io.StringIO(), sink)._say("Ada said: \x1b[2J\x9b31m\u202e")
    assert sink.getvalue().isascii()
    assert "\x1b" not in sink.getvalue()


def test_a_terminal_that_cannot_show_a_character_does_not_end_the_match():
    sink = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert Human(io.StringIO("caf\u00e9\n0,0\n"), sink).choose(first_view("TicTacToe-v0")) == 0


@pytest.mark.parametrize("env", env_ids())
def test_anything_may_be_typed(env):
    rules = game(env)
    state = rules.start(stream(0))
    view = View(rules, state, rules.to_move(state)[0])
    for line in (
        "(",
        "))((",
        "<say>",
        "<answer>",
        "</say>",
        "0x10",
        "1e999",
        "9" * 5000,
        "a" * 5000,
        ",",
        "\u00b2,\u00b2",
        "[/]",
        "-1",
        ".5.",
        "None",
        "\0",
    ):
        answered(view, line)  # understood or asked again


def test_bytes_that_are_no_utf8_do_not_end_the_match():
    source = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n0,\xe9\n0,0\n"), encoding="utf-8")
    assert Human(source, io.StringIO()).choose(first_view("TicTacToe-v0")) == 0


def test_lines_are_broken_between_words():
    text = "A line that is too long for so narrow a terminal\n. . .\n  indented words of a list that goes on"
    lines = wrapped(text, 20).split("\n")
    assert max(map(len, lines)) <= 20
    assert [word for line in lines for word in line.split()] == text.split()
    assert ". . ." in lines


def test_a_person_at_a_terminal_of_eighty_columns_sees_whole_words():
    """On a pseudo-terminal, as on a real one."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    code = (
        "from agentarena.agents.human import Human; from agentarena.core.agent import View; from agentarena.core.registry import game\n"
        "from agentarena.core.rng import stream; rules = game('TicTacToe-v0'); print(Human().choose(View(rules, rules.start(stream(0)), 0)))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen([sys.executable, "-c", code], stdin=child, stdout=child, stderr=child, env=environment) as process:
        os.close(child)
        os.write(parent, b"2,2\n")
        screen = b""
        while chunk := _read(parent):
            screen += chunk
        assert process.wait(30) == 0
    os.close(parent)
    lines = screen.decode().replace("\r\n", "\n").split("\n")
    assert max(map(len, lines)) <= 80
    assert lines[-2].endswith("8")
    assert set(game("TicTacToe-v0").text.rules(0).partition("Reply")[0].split()) <= {word for line in lines for word in line.split()}


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""
