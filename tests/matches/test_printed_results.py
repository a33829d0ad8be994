"""What `print` shows of results."""

import agentarena as aa


def test_results_print_as_a_table_with_the_reasons_why_intervals_are_missing():
    lines = str(aa.play("KuhnPoker-v0", ["random", "kuhnpoker/nash"], matches=4, seed=0)).splitlines()
    assert lines[0] == "Results of 4 matches of KuhnPoker-v0"
    assert lines[1].split()[:3] == ["agent", "matches", "won"]
    assert {line.split()[0] for line in lines[2:4]} == {"random", "kuhnpoker/nash"}
    assert any(line.startswith("No interval of return") for line in lines)
    assert all(len(line) < 120 for line in lines)


def test_a_tournament_prints_its_standings():
    cup = aa.tournament("TicTacToe-v0", ["random", "tictactoe/tactical"], rounds=1)
    assert str(cup) == str(cup.standings)


def test_where_every_seat_is_a_side_the_sides_are_not_shown_a_second_time():
    cup = aa.tournament("Dhumbal-v0", ["random", "dhumbal/aggressive"], rounds=1)
    titles = [title for title, _, _ in cup.tables()]
    assert any(title.startswith("By seat") for title in titles)
    assert not any(title.startswith("By side") for title in titles)
