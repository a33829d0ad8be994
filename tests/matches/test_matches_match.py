"""One match: who is asked, what counts as an answer, what a fault costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures.games import Adventure, Duel, Market, Moles, Parley
from rascals import First, Speaks

from agentarena.core.actions import sample
from agentarena.core.agent import Reply
from agentarena.core.errors import AgentFault, AgentTimeout, UsageError
from agentarena.core.match import Match, OnUnreadable, Player, RunConfig
from agentarena.core.record import Fixture
from agentarena.core.registry import game
from agentarena.core.replay import replay
from agentarena.matches.api import play

TTT = game("TicTacToe-v0")


def table(rules=TTT, policy=None, match=0, seed=0):
    seats = rules.info.seats
    return Match(
        RunConfig(rules, tuple(Player(f"p{s}", "1") for s in range(seats)), seed, policy or OnUnreadable()),
        Fixture(match, match, tuple(range(seats))),
    )


def finish(match):
    """Play on with the first legal moves, or random ones where there is no first."""
    while not match.over:
        for seat in match.pending():
            view = match.view(seat)
            match.answer(seat, sample(view.legal, view.rng))
    return match.record()


def test_a_match_between_first_movers_is_known_by_hand():
    """Cells 0 2 4 6 against 1 3 5: seat 0 completes the diagonal 2 4 6 with its fourth mark."""
    match = table()
    while not match.over:
        (seat,) = match.pending()
        match.answer(seat, First().choose(match.view(seat)))
    record = match.record()
    assert record.actions == [((k % 2, k),) for k in range(7)]
    assert (record.winner, record.outcome, record.returns, record.turns, record.steps) == (0, "won", (1.0, -1.0), 7, 7)


def test_a_view_carries_turn_and_only_unread_news():
    match = table()
    match.answer(0, 4)
    view = match.view(1)
    assert (view.turn, view.match, view.seat) == (0, 0, 1)
    assert [event.data["cell"] for event in view.news] == [4]
    match.answer(1, 0)
    match.answer(0, 8)
    again = match.view(1)
    assert again.turn == 1
    assert [event.data["cell"] for event in again.news] == [0, 8]
    assert match.view(1).news == again.news  # looking twice loses nothing
    match.view(1).memory["plan"] = "corner"
    assert match.view(1).memory == {"plan": "corner"}


@pytest.mark.parametrize("wrong", [99, -1, float("nan"), None, "4", True, [4], {}, object(), np.float32(3.5), np.float64(99)])
def test_an_answer_that_is_no_move_forfeits(wrong):
    match = table()
    assert match.answer(0, 4) == (1,)
    assert match.answer(1, wrong) == ()
    record = match.record()
    assert record.outcome == "forfeited"
    assert record.winner == 0
    assert record.returns == (0.0, TTT.info.forfeit_return)
    (fault,) = record.faults
    assert (fault["step"], fault["seat"], fault["kind"], fault["then"]) == (1, 1, "nonsense", "forfeit")
    assert " at 0x" not in fault["reason"]
    assert replay(record) == record


def test_numpy_integers_are_moves():
    match = table()
    match.answer(0, np.int64(4))
    match.answer(1, np.uint8(0))
    assert match.record().actions == [((0, 4),), ((1, 0),)]


def test_forfeits_wait_for_the_other_seats_so_that_order_does_not_matter():
    records = []
    for order in ((0, 1), (1, 0)):
        match = table(Duel())
        for seat in order:
            match.answer(seat, 99 if seat == 0 else AgentTimeout("no answer within 1 s"))
        records.append(match.record())
    assert records[0] == records[1]
    assert records[0].winner is None
    assert records[0].returns == (Duel().info.forfeit_return,) * 2
    assert [fault["kind"] for fault in records[0].faults] == ["nonsense", "timeout"]


def test_the_move_of_a_step_that_was_not_taken_is_kept():
    match = table(Duel())
    for seat in (0, 1):
        match.answer(seat, 1)
    match.answer(1, 0)
    match.answer(0, "heads")
    record = match.record()
    assert record.actions == [((0, 1), (1, 1))]
    assert record.aborted == ((1, 0),)
    assert record.winner == 1
    assert record.returns == (Duel().info.forfeit_return, -1.0)  # what seat 1 had earned
    assert replay(record) == record


def test_a_team_wins_when_the_other_forfeits():
    rules = Moles()
    match = table(rules)
    mole = next(seat for seat in range(5) if rules.role(match.episode.state, seat) == "mole")
    for seat in range(5):
        match.answer(seat, (seat + 1) % 5 if seat != mole else mole)
    record = match.record()
    assert record.winner == "gardeners"
    assert record.returns[mole] == rules.info.forfeit_return
    assert sorted(seat.role for seat in record.seats) == ["gardener"] * 3 + ["mole"] * 2
    assert {seat.team for seat in record.seats} == {"gardeners", "moles"}
    assert replay(record) == record


@pytest.mark.parametrize("rules", [Adventure(), Market(), Parley()], ids=lambda rules: type(rules).__name__)
def test_words_and_numbers_replay_exactly(rules):
    for number in range(3):
        record = finish(table(rules, match=number))
        assert type(record).parse(record.line()) == record
        assert replay(record).line() == record.line()


def test_the_ends_of_matches_are_told_apart():
    assert finish(table(Adventure())).outcome == "ended"
    draw = table()
    for cell in (4, 0, 8, 2, 1, 7, 3, 5, 6):
        draw.answer(*draw.pending(), cell)
    assert (draw.record().outcome, draw.record().winner) == ("drawn", None)
    cut = table()
    cut.episode.limit = 2
    cut.answer(0, 0)
    cut.answer(1, 1)
    assert cut.over
    assert cut.record().outcome == "truncated"


# --- words ------------------------------------------------------------------------------------------------------------


def test_a_reply_is_read_and_kept_whole():
    match = table()
    match.answer(0, Reply("The centre. <answer>(1,1)</answer>", thinking="hm", usage={"tokens": 3}, extra={"top": [1, 2]}))
    assert match.record().actions == [((0, 4),)]
    assert match.record().replies == [
        {
            "step": 0,
            "seat": 0,
            "attempts": [
                {"text": "The centre. <answer>(1,1)</answer>", "thinking": "hm", "outcome": "read", "reason": "", "extra": {"top": [1, 2]}}
            ],
        }
    ]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [("", "empty"), ("<answer>(1,1)", "truncated"), ("I would play (1,1) or so", "unreadable"), ("(0,0)", "illegal")],
)
def test_each_kind_of_bad_reply_is_named_and_asked_again_with_the_reason(words, outcome):
    match = table(policy=OnUnreadable(retries=1))
    match.answer(0, 0)
    news = match.view(1).news
    assert match.answer(1, Reply(words)) == (1,)
    again = match.view(1)
    assert again.attempt == 1
    assert outcome in again.retry_reason
    assert again.news == news
    assert again.turn == 0
    assert match.answer(1, Reply("(1,1)")) == (0,)
    (reply,) = match.record().replies
    assert [attempt["outcome"] for attempt in reply["attempts"]] == [outcome, "read"]
    assert match.record().faults == []


def test_the_reason_for_an_illegal_move_does_not_list_the_legal_ones():
    match = table()
    match.answer(0, 0)
    match.answer(1, Reply("(0,0)"))
    assert "(0,0) is not legal now" in match.view(1).retry_reason
    assert "(2,2)" not in match.view(1).retry_reason


def test_a_second_attempt_has_its_own_stream():
    match = table()
    first = match.view(0).rng.integers(1 << 40)
    assert match.view(0).rng.integers(1 << 40) == first
    match.answer(0, Reply("?"))
    assert match.view(0).rng.integers(1 << 40) != first


@pytest.mark.parametrize("then", ["forfeit", "random", "pass"])
def test_out_of_tries(then):
    babbler = Speaks("no idea")
    results = play(TTT, [babbler, First()], matches=1, on_unreadable=OnUnreadable(retries=1, then=then))
    (record,) = results.records
    assert babbler.retry_reasons[0] == ""
    assert "no idea" in babbler.retry_reasons[1]
    assert all(fault["then"] == then and fault["kind"] == "unreadable" for fault in record.faults)
    assert all(len(reply["attempts"]) == 2 for reply in record.replies)
    if then == "forfeit":
        assert record.outcome == "forfeited"
        assert record.winner == 1
        assert len(record.faults) == 1
    elif then == "pass":
        assert [move for ((_, move),) in record.actions] == [0, 1, 2, 3, 4, 5, 6]
        assert len(record.faults) == 4
    else:
        assert record.outcome in ("won", "drawn")
        assert len(record.faults) == sum(seat == 0 for ((seat, _),) in record.actions)
    assert replay(record) == record


def test_moves_made_in_a_seats_place_do_not_depend_on_the_agent():
    runs = [
        play(TTT, [Speaks(words), First()], matches=3, on_unreadable=OnUnreadable(retries=0, then="random")).records
        for words in ("eh", "what")
    ]
    assert [record.actions for record in runs[0]] == [record.actions for record in runs[1]]


@pytest.mark.parametrize(
    "bad",
    [
        Reply(4),
        Reply("(1,1)", extra={"x": object()}),
        Reply("(1,1)", usage={"tokens": float("nan")}),
        Reply("(1,1)", usage={"tokens": float("inf")}),
        Reply("(1,1)", usage={"tokens": 10**400}),
        Reply("(1,1)", extra={"x": float("inf")}),
    ],
)
def test_a_malformed_reply_is_nonsense(bad):
    match = table()
    match.answer(0, bad)
    assert match.record().faults[0]["kind"] == "nonsense"
    assert match.record().line()


def test_usage_of_a_fault_that_cannot_be_added_up_is_left_out():
    fault = AgentFault("no more")
    fault.usage = {"tokens": "many"}
    match = table()
    match.answer(0, fault)
    assert match.record().faults[0]["kind"] == "resigned"
    assert match.over


def test_usage_is_summed_and_retries_count():
    results = play(TTT, [Speaks("what?", "MOVE"), First()], matches=2, rotate=False)
    talker = next(ledger for name, ledger in results.ledger.items() if "Speaks" in name)
    assert talker.usage == {"tokens": 10 * talker.decisions}
    assert talker.decisions == 2 * sum(seat == 0 for record in results.records for ((seat, _),) in record.actions)
    assert talker.ms_per_decision > 0


def test_policies_are_checked():
    with pytest.raises(UsageError, match="retries"):
        OnUnreadable(retries=-1)
    with pytest.raises(UsageError, match="'forfeit', 'random', 'pass'"):
        OnUnreadable(then="guess")  # type: ignore[arg-type]


def test_the_files_agents_are_where_specs_say():
    import rascals

    assert Path(rascals.__file__) == rascals.HERE
