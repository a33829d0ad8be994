"""Werewolf in words: prompts, replies, how free words are heard, replaceable speech."""

from __future__ import annotations

import re

import pytest
from werewolf_table import Table

from agentarena.core.actions import Spoken
from agentarena.core.errors import NotSupported
from agentarena.core.rng import stream
from agentarena.core.text import Choices, Pattern, Unreadable
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.actions import Act, Acts, SpeechSpace, bid, named_in, pass_, sentence_of, spaces_for, speech
from agentarena.envs.werewolf.options import NAMES, ROLES
from agentarena.envs.werewolf.text.wording import keywords


class Clusters(SpeechSpace):
    """A learned space, as a plug-in: three clusters of utterances."""

    @property
    def size(self):
        return 3

    def name(self, index, label):
        return f"cluster {index}"

    def sentence(self, index, label, variant):
        return ("Let us be careful.", "I know something.", f"{label(0)} should speak.")[index]


def hear_a_duck(words, names):
    """A reader, as a plug-in."""
    return Act("accuse", 2) if "quack" in words else Act("silent")


def talking(**options):
    return Table("V V S W V", start="day", **{"discussion": "round_robin", **options})


def act_of(table, action):
    return table.game.space_of(0).act(int(action) - speech(5))


@pytest.mark.parametrize(
    ("reply", "act", "words"),
    [
        ("claim seer", Act("claim", value=ROLES.index("seer")), ""),
        ("<answer>accuse Player 3</answer>", Act("accuse", 3), ""),
        ("<answer>accuse seat 3</answer>", Act("accuse", 3), ""),
        ("<answer>Report  PLAYER 3 wolf</answer>", Act("result", 3, 1), ""),
        ("<say>Hello all.</say><answer>silent</answer>", Act("silent"), "Hello all."),
        ("Hm. <say>Player 3 is lying, vote for Player 3!</say>", Act("accuse", 3), "Player 3 is lying, vote for Player 3!"),
        ("<say>Lovely weather.</say>", Act("silent"), "Lovely weather."),
        ("<say>No <answer>claim seer</answer> here.</say>", Act("silent"), "No <answer>claim seer</answer> here."),
    ],
)
def test_what_is_said(reply, act, words):
    table = talking()
    read = table.game.text.read(table.state, 0, reply)
    assert not isinstance(read, Unreadable), read
    assert act_of(table, read) == act
    assert getattr(read, "words", "") == words
    assert isinstance(read, Spoken) == bool(words)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("<say>a</say><say>b</say>", "2 <say> parts"),
        ("<say>never closed", "without its partner"),
        ("<say>x</say><answer>claim seer</answer><answer>silent</answer>", "2 answers"),
        ("<answer>claim wizard</answer>", "not exactly one move"),
        ("", "empty"),
        ("<say>" + "x" * 601 + "</say>", "at most 600"),
        ("<guess>Player 9 0.5</guess><answer>silent</answer>", "no belief"),
        ("<guess>Player 1 1.5</guess><answer>silent</answer>", "a probability"),
        ("I accuse Player 3", "not exactly one move"),
    ],
)
def test_what_cannot_be_read(reply, says):
    table = talking()
    read = table.game.text.read(table.state, 0, reply)
    assert isinstance(read, Unreadable)
    assert says in read.reason


def test_beliefs_are_stated_in_private():
    table = talking()
    read = table.game.text.read(table.state, 0, "<guess>Player 3 70%, seat 1: 0.1</guess><say>Hi.</say>")
    assert (read.words, read.notes["wolves"]) == ("Hi.", {"1": 0.1, "3": 0.7})
    table(s0=read)
    assert [event.audience for event in table.log if event.kind == "guess"] == [(0,)]
    assert "0.7" not in table.game.text.view(table.state, 1, table.game.news(table.state))


@pytest.mark.parametrize("verb", ["vote ", "vote for ", ""])
def test_votes_by_name_and_seat(verb):
    game = Werewolf.build(start="day", discussion="none", abstain=True)
    state = game.start(stream(4))
    name = NAMES[state.deal.names[3]]
    assert game.text.read(state, 0, f"{verb}{name}") == 3
    assert game.text.read(state, 0, f"<say>words are not heard now</say><answer>{verb}seat 3</answer>") == 3
    assert game.text.read(state, 0, "pass") == game.text.read(state, 0, "abstain") == pass_(7)
    assert isinstance(game.text.read(state, 0, "attack seat 3"), Unreadable)


def test_bids_as_bare_numbers():
    table = talking(discussion="bidding")
    assert table.game.text.read(table.state, 0, "<answer>3</answer>") == bid(5, 3)
    assert table.game.text.read(table.state, 0, "bid 3") == bid(5, 3)


def test_options_for_guided_decoding():
    table = talking()
    pattern = table.game.text.options(table.state, 0)
    assert isinstance(pattern, Pattern)
    for reply in ("silent", "<say>Hello.</say><answer>claim seer</answer>", "<answer>accuse Player 3</answer>"):
        assert re.fullmatch(pattern.regex, reply)
        assert not isinstance(table.game.text.read(table.state, 0, reply), Unreadable)
    assert not re.fullmatch(pattern.regex, "accuse Player 0")
    assert isinstance(talking(words=0).game.text.options(table.state, 0), Choices)


def test_a_prompt_tells_what_a_player_needs():
    table = Table("W S D V V", discussion="round_robin")
    table(s0=3, s1=0, s2=4)
    view = table.game.text.view(table.state, 1, tuple(event for event in table.log if event.visible_to(1)))
    for needed in ("you are the seer", "You tested Player 0: werewolf", "Player 3 was killed in night 1", "Alive: Player 0 (seat 0)"):
        assert needed in view
    rules = table.game.text.rules(1)
    for needed in ("5 players", "1 werewolf", "as many werewolves as others live", "<say>", "drawn at random"):
        assert needed in rules
    wolf = table.game.text.look(table.state, 0)
    assert "The werewolves are Player 0." in wolf


@pytest.mark.parametrize("name", Werewolf.presets)
def test_rules_differ_from_preset_to_preset(name):
    rules = Werewolf.build(name).text.rules(0)
    assert rules.isascii()
    assert sum(Werewolf.build(other).text.rules(0) == rules for other in Werewolf.presets) == 1


@pytest.mark.parametrize(
    ("words", "act"),
    [
        ("I'm the doctor.", Act("claim", value=ROLES.index("doctor"))),
        ("I am a wolf, just kidding", Act("claim", value=ROLES.index("werewolf"))),
        ("I am the seer! I checked Ben: he is a werewolf.", Act("result", 1, 1)),
        ("I investigated Ben and he is innocent.", Act("result", 1, 0)),
        ("BEN seems suspicious.", Act("accuse", 1)),
        ("I don't think so; Ben is not a wolf.", Act("defend", 1)),
        ("Cy makes sense, I agree.", Act("agree", 2)),
        ("What do you know, Cy?", Act("question", 2)),
        ("Bensonhurst is lovely.", Act("silent")),
    ],
)
def test_the_keyword_reader(words, act):
    assert keywords(words, ("Ada", "Ben", "Cy")) == act


def test_every_sentence_is_heard_as_its_act():
    """A text-only seat's words in our own wording reach a seat that plays by numbers with their meaning."""
    names = tuple(NAMES[:7])
    space = Acts(7, tuple(range(10)))
    for index in range(space.size):
        act = space.act(index)
        for variant in range(3):
            assert keywords(sentence_of(act, names.__getitem__, variant), names) == act, (act, variant)


def test_sentences_vary_and_draw_nothing():
    forms = {sentence_of(Act("accuse", 1), str, variant) for variant in range(3)}
    assert len(forms) == 3
    table = talking()
    said = []
    while table.phase == "speak":
        table(**{f"s{table.state.to_move[0]}": speech(5)})
        said.append(table.events("speech")[-1]["words"])
    assert len(set(said)) > 1


def test_names_are_distinct_words():
    assert len(set(NAMES)) == len(NAMES) >= 24
    for name in NAMES:
        assert bin(named_in(name, NAMES)).count("1") == 1
        assert name.lower() not in ROLES


def test_speech_spaces_are_replaceable_by_role():
    """The rules do not change: wolves speak in three learned clusters, the others in hand-written acts."""
    spec = "werewolf=test_werewolf_text:Clusters,*=acts"
    table = Table("W V S V V", start="day", discussion="round_robin", speech=spec)
    game, base = table.game, speech(5)
    assert game.legal(table.state, 0) == (base, base + 1, base + 2)
    assert game.text.name(table.state, 0, base + 1) == "cluster 1"
    assert game.text.read(table.state, 0, game.text.write(table.state, 0, base + 1)) == base + 1
    table(s0=base + 2)
    assert table.events("speech")[0]["words"] == "Player 0 should speak."
    assert table.events("speech")[0]["act"] == "talk", "which cluster it was is the speaker's secret"
    assert game.information(table.state, 1) != game.information(Table("W V S V V", start="day", discussion="round_robin").state, 1)
    sizes = {space.size for space in spaces_for(spec, 5, (0, 1, 2))}
    assert sizes == {3, Acts(5, (0, 1, 2)).size}


def test_readers_are_replaceable():
    table = talking(reader="test_werewolf_text:hear_a_duck")
    read = table.game.text.read(table.state, 0, "<say>quack</say>")
    assert act_of(table, read) == Act("accuse", 2)
    deaf = talking(reader="nothing")
    assert act_of(deaf, deaf.game.text.read(deaf.state, 0, "<say>I am the seer.</say>")) == Act("silent")


def test_numbers_hear_words():
    """A language model's free words change the observation of a seat that plays by numbers."""
    table = talking()
    table(s0=table.game.text.read(table.state, 0, "<say>I am the seer. I checked Player 3, a werewolf!</say>"))
    parts = table.game.layout.parts(table.game.observe(table.state, 1))
    assert parts["wolves"][0, 3] == 1
    assert parts["wolves"].sum() == 1


@pytest.mark.parametrize(
    "words",
    [
        "Good morning.",
        "I am the seer. I checked Player 3: a werewolf!",
        "two\nlines",
        "a <say>tag</ say> and <answer>claim seer</answer>",
        "<guess>Player 3 0.5</guess>",
        "half a <guess> with",
        "Player 1 & Player 2 > Player 3; \u201cquoted\u201d",
    ],
)
@pytest.mark.parametrize("beliefs", [{}, {"1": 0.25, "3": 0.7}, {"0": 1e-05, "4": 1.0, "2": 1 / 3}])
def test_words_are_written_as_they_are_read(words, beliefs):
    table = talking()
    game, state = table.game, table.state
    for act in (Act("silent"), Act("accuse", 3), Act("claim", value=ROLES.index("seer"))):
        action = Spoken(speech(5) + game.space_of(0).index(act), words, {"wolves": beliefs} if beliefs else {})
        reply = game.text.write(state, 0, action)
        read = game.text.read(state, 0, reply)
        assert not isinstance(read, Unreadable), (reply, read)
        assert (read, read.words) == (action, words)
        if "<guess>" not in words:  # else the words themselves state other beliefs
            assert read.notes == action.notes
        assert f"<say>{words}</say>" in reply
        assert reply.count("<answer>") - words.count("<answer>") == 1


@pytest.mark.parametrize(
    "reply", ["<say>I am the seer.</say>", "<guess>Player 3 70%</guess><say>Hello.</say>", "<say>quiet</say><answer>silent</answer>"]
)
def test_what_was_read_is_written_and_read_again(reply):
    table = talking()
    action = table.game.text.read(table.state, 0, reply)
    again = table.game.text.read(table.state, 0, table.game.text.write(table.state, 0, action))
    assert (again, again.words, again.notes) == (action, action.words, action.notes)


def test_writing_where_words_are_not_heard_or_cannot_be():
    table = talking(discussion="none", abstain=True)
    vote = Spoken(pass_(5), "Nobody hears this.", {"wolves": {"1": 0.5}})
    assert table.game.text.write(table.state, 0, vote) == "<guess>seat 1 0.5</guess><answer>pass</answer>"
    speaking = talking()
    assert speaking.game.text.write(speaking.state, 0, speech(5)) == "silent"
    for words in ("a</say><answer>claim seer</answer>", "a <guess> or </guess>"):
        with pytest.raises(NotSupported, match="tags"):
            speaking.game.text.write(speaking.state, 0, Spoken(speech(5), words))


def test_views_depend_on_the_state_alone():
    """Views are made from notes kept between calls: other matches, earlier states and other courses of a match do not show in them."""
    game = Werewolf.build("arena8", witch=True, hunter=True, rounds=3)
    states = []
    for seed in range(3):
        rng = stream(seed)
        state = game.start(rng)
        while state.to_move:
            states.append(state)
            legal = {seat: game.legal(state, seat) for seat in state.to_move}
            state = game.step(state, {seat: moves[int(rng.random() * len(moves))] for seat, moves in legal.items()}, rng)
        states.append(state)
    order = stream(9).permutation(len(states)).tolist()
    for at in order:
        for seat in range(game.players):
            fresh = Werewolf.build("arena8", witch=True, hunter=True, rounds=3)
            assert game.text.view(states[at], seat) == fresh.text.view(states[at], seat)
